"""Judging a log by outfield's default job, and the evidence among its incidents."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import outfield
from flows.pipelines.detect import detect_events
from flows.runtime.runner import DirectRunner
from flows.storage.runs.reader import PublishedRun
from schemas.job.job import build_job
from tests.bench.nights.logs import write_part
from tests.bench.nights.measure import run_night
from tests.bench.quality.outfield_job import record_ids
from tests.bench.scenarios.office import date_of, make_log
from tests.bench.scenarios.planting import Entity, Flags, Planted
from tests.bench.scenarios.scenarios import SCENARIOS, Scenario

FIRST = 10
"""Incidents among which a planted thing counts as found."""
_JOB = "scenarios"


class Draw(NamedTuple):
    """A log to judge."""

    scenario: str
    """Empty for a control."""
    base: str
    """Kind of the clean log."""
    last: bool
    """Whether things are planted on the last day."""
    seed: int
    history: bool
    """Whether the last day is judged by the days before it; else all days are one batch."""


@dataclass(frozen=True)
class Outcome:
    """The result of a run on a log."""

    rows: int
    incidents: int
    """Those that are shown."""
    grave: int
    """Of these, how many are of a severity above low."""
    alarms: int
    findings: int
    rank: int | None = None
    """Of the first incident that holds the evidence; of those among the first ten, the first that
    tells the cause, if one does."""
    told: bool = False
    """Whether that incident names the true cause."""
    title: str = ""
    reason: str = ""
    """Its first reason."""
    event_rank: int | None = None
    """Of the oddest planted event among all judged events, by score; None if there is none."""
    rows_share: float = 0.0
    """Share of the judged rows that are planted."""
    findings_share: float = 0.0
    """Share of the findings that are planted rows, or are about the days of the evidence."""

    @property
    def found(self) -> bool:
        """Say whether the evidence is in one of the first ten incidents."""
        return self.rank is not None and self.rank <= FIRST


def draw_of(scenario: Scenario, seed: int, *, history: bool) -> Draw:
    """Return the draw of a scenario."""
    return Draw(scenario.name, scenario.base, history or scenario.last, seed, history)


def control_of(draw: Draw) -> Draw:
    """Return the clean log of a draw. It is the same for many scenarios."""
    return Draw("", draw.base, draw.history, draw.seed, draw.history)


def planted_log(draw: Draw) -> Planted:
    """Make the log of a draw; that of a control has nothing planted."""
    log = make_log(draw.base, draw.seed, last=draw.last)
    if not draw.scenario:
        return Planted(log.events, np.zeros(len(log.events), dtype=bool))
    random = np.random.default_rng([draw.seed, zlib.crc32(draw.scenario.encode())])
    return SCENARIOS[draw.scenario].plant(log, random)


def write_log(draw: Draw, folder: Path) -> None:
    """Write the log of a draw as Parquet, and beside it what is planted."""
    planted = planted_log(draw)
    name = f"{draw.scenario or f'control-{draw.base}'.replace(' ', '-')}-{draw.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table_of(planted), folder / f"{name}.parquet")
    evidence = {
        "request_ids": planted.events.loc[planted.records, "request_id"].tolist(),
        "entities": planted.entities,
        "days": [str(date_of(day)) for day in planted.days],
    }
    (folder / f"{name}.json").write_text(json.dumps(evidence, indent=1) + "\n", encoding="utf-8")


def table_of(planted: Planted) -> pa.Table:
    """Return the events as outfield reads them."""
    return pa.Table.from_pandas(planted.events, preserve_index=False)


def judge(draw: Draw) -> Outcome:
    """Make the log of a draw, and judge it by outfield with default settings."""
    planted = planted_log(draw)
    with TemporaryDirectory(prefix="bench-") as folder:
        run_one = _judge_last_day if draw.history else _judge_batch
        run, judged = run_one(planted, Path(folder), draw.seed)
        return outcome_of(draw, run, judged)


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


def _judge_batch(planted: Planted, folder: Path, seed: int) -> tuple[PublishedRun, Planted]:
    """Judge all days as one batch: `outfield detect FILE`."""
    location = folder / "log.parquet"
    pq.write_table(table_of(planted), location)
    job = build_job(_settings(str(location), folder, seed), "the benchmark")
    return detect_events(job, DirectRunner(1), lambda *_: None), planted


def _judge_last_day(planted: Planted, folder: Path, seed: int) -> tuple[PublishedRun, Planted]:
    """Judge the last day by the days before it, as a schedule does."""
    dates, table = planted.events["time"].dt.date, table_of(planted)
    last = dates.max()
    for day in dates.unique():
        write_part(table.filter(pa.array(dates == day)), folder / "log", str(day))
    settings = _settings(f"{folder}/log/date={{date}}", folder, seed)
    run = run_night(build_job(settings, "the benchmark"), str(last))
    today = (dates == last).to_numpy()
    events = planted.events[today].reset_index(drop=True)
    return run, Planted(events, planted.records[today], planted.entities, planted.days)


def _settings(location: str, folder: Path, seed: int) -> dict[str, object]:
    return {"input": location, "output": str(folder / "out"), "name": _JOB, "seed": seed}


# --- what the outputs say --------------------------------------------------------------------


def outcome_of(draw: Draw, run: PublishedRun, judged: Planted) -> Outcome:
    """Read what a run says of the log that it judged, from its public outputs."""
    folder = str(run.job_folder)
    incidents, findings = outfield.read_incidents(folder), outfield.read_findings(folder)
    counts = {
        "rows": len(judged.events),
        "incidents": len(incidents),
        "grave": int((incidents["severity"] != "low").sum()),
        "alarms": int(incidents["alarm"].sum()),
        "findings": len(findings),
    }
    if not draw.scenario:
        return Outcome(**counts)
    evidence = Evidence.of(run, judged)
    flags = holding(incidents, outfield.read_members(folder), evidence)
    return Outcome(
        **counts,
        **telling(SCENARIOS[draw.scenario], incidents[flags]),
        event_rank=_event_rank(outfield.read_scores(folder), evidence),
        rows_share=float(judged.records.mean()),
        findings_share=findings_share(findings, incidents, evidence),
    )


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


def telling(scenario: Scenario, holds: pd.DataFrame) -> dict[str, Any]:
    """Return the rank and words of the incident that counts, as fields of `Outcome`."""
    if holds.empty:
        return {}
    rows = holds.to_dict("records")
    first = [row for row in rows if row["rank"] <= FIRST]
    row = next((row for row in first if _told(scenario, row)), rows[0])
    return {
        "rank": int(row["rank"]),
        "told": row["rank"] <= FIRST and _told(scenario, row),
        "title": row["title"],
        "reason": row["reasons"][0]["sentence"] if len(row["reasons"]) else "",
    }


def _told(scenario: Scenario, incident: dict[str, Any]) -> bool:
    reasons = incident["reasons"]
    column, sentence = (reasons[0]["column"], reasons[0]["sentence"]) if len(reasons) else ("", "")
    return scenario.is_told_by(column, sentence, incident["title"])


def _event_rank(scores: pd.DataFrame, evidence: Evidence) -> int | None:
    planted = scores["record_id"].isin(evidence.records)
    if not planted.any():
        return None
    return 1 + int((scores["anomaly_score"] > scores["anomaly_score"][planted].max()).sum())


def findings_share(findings: pd.DataFrame, incidents: pd.DataFrame, evidence: Evidence) -> float:
    """Return the share of the findings that are planted records, or windows of their days."""
    incident_of = {row["incident"]: row for row in incidents.to_dict("records")}
    flags = [
        record in evidence.records
        or (record not in evidence.everything and overlaps(incident_of[name], evidence.days))
        for record, name in zip(findings["record_id"], findings["incident"], strict=True)
    ]
    return float(np.mean(flags)) if flags else 0.0
