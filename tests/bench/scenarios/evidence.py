"""The evidence of a planted thing among the incidents and findings of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from flows.storage.runs.reader import PublishedRun
from tests.bench.quality.outfield_job import record_ids
from tests.bench.scenarios.days import date_of
from tests.bench.scenarios.draws import table_of
from tests.bench.scenarios.planting import Entity, Flags, Planted


@dataclass(frozen=True)
class Evidence:
    """The ids of the judged records, and which of them show the planted thing."""

    records: frozenset[str]
    """Ids of the planted records, and of those that what lacks belongs to."""
    everything: frozenset[str]
    """Ids of all records: another id is that of a window."""
    entities: tuple[Entity, ...]
    days: tuple[int, ...]

    @classmethod
    def of(cls, run: PublishedRun, planted: Planted) -> "Evidence":
        """Name the rows as the run does."""
        names = np.array(record_ids(run, table_of(planted)).to_pylist(), dtype=object)
        records = frozenset(names[planted.records])
        return cls(records, frozenset(names), planted.entities, planted.days)


def holding(incidents: pd.DataFrame, members: pd.DataFrame, evidence: Evidence) -> Flags:
    """Say of each incident whether it holds the evidence.

    It does if one of its records is planted. A window does if it is of the planted entity and of
    its days. Where no record is planted, any incident of that entity and those days does.
    """
    records_of = members.groupby("incident")["record_id"].agg(frozenset)
    flags = []
    for incident in incidents.to_dict("records"):
        records = records_of.get(incident["incident"], frozenset()) | {incident["record_id"]}
        by_entity = not evidence.records or not records <= evidence.everything
        about = by_entity and is_about(incident, evidence)
        flags.append(about or not records.isdisjoint(evidence.records))
    return np.array(flags, dtype=bool)


def is_about(incident: dict[str, Any], evidence: Evidence) -> bool:
    """Say whether an incident is of a planted entity, and overlaps its days."""
    named = {(incident["entity_column"], incident["entity"])}
    for entity in incident["entities"]:
        named |= {(entity["column"], name) for name in entity["names"]}
    return not named.isdisjoint(evidence.entities) and overlaps(incident, evidence.days)


def overlaps(incident: dict[str, Any], days: Sequence[int]) -> bool:
    """Say whether an incident happened on one of the days."""
    if pd.isna(incident["first_time"]):
        return False
    first, last = incident["first_time"], incident["last_time"]
    begins = [pd.Timestamp(date_of(day), tz="UTC") for day in days]
    return any(first < begin + pd.Timedelta(days=1) and last >= begin for begin in begins)


def findings_share(findings: pd.DataFrame, incidents: pd.DataFrame, evidence: Evidence) -> float:
    """Return the share of the findings that are planted records, or windows of their days."""
    incident_of = {row["incident"]: row for row in incidents.to_dict("records")}
    flags = [
        record in evidence.records
        or (record not in evidence.everything and overlaps(incident_of[name], evidence.days))
        for record, name in zip(findings["record_id"], findings["incident"], strict=True)
    ]
    return float(np.mean(flags)) if flags else 0.0
