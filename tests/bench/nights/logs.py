"""Logs in the order of their nights, and which of their events are attacked, fraud or planted."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from anomaly.preprocess.profile import profile
from data.generate import generate, write
from schemas.columns.roles import Role, infer_roles
from schemas.events.flattening import flatten
from tests.bench.quality.outfield_job import ROOT

ALERTS = ("alerts_fox", "alerts_santos", "alerts_wardbeck", "alerts_wheeler")
"""Real logs with an attacked night each."""
UNLABELLED = ("web_access", "ssh_auth")
"""Real logs without labels."""
CARDS = "card_fraud"
SAMPLES: Mapping[str, float] = {"sample": 0.0, "sample, drift .5": 0.5}
"""Name of a generated log -> its share of accounts that come to work in another way."""
LOGS = (*ALERTS, *UNLABELLED, CARDS, *SAMPLES)

HISTORY = 2
"""The first nights, which are judged and not counted."""
NIGHTS = 28
"""Of the generated logs."""
ROWS = 200_000
_PART = "part-0.parquet"


class Drawn(NamedTuple):
    """A log; of the generated ones also which draw and how large."""

    name: str
    seed: int = 0
    rows: int = 0
    """Rows of all nights; 0 for a log that is read as it is."""


@dataclass(frozen=True)
class NightLog:
    """A log: its nights, and what is true of them."""

    name: str
    events: Path
    """The folder of `date=…/part-0.parquet`."""
    nights: list[str]
    """Dates, the first one first."""
    columns: Mapping[str, str]
    """Column -> its role, as the job file states it."""
    true: frozenset[str]
    """Ids of the events that do not belong."""

    def read(self, night: str) -> pa.Table:
        """Read the events of a night."""
        return read_part(self.events, night)


def read_part(events: Path, night: str) -> pa.Table:
    """Read the events of a night from the folder of a log."""
    return pq.ParquetFile(events / f"date={night}" / _PART).read()


def write_part(table: pa.Table, events: Path, night: str) -> None:
    """Write the events of a night into the folder of a log, in the place of those it has."""
    folder = events / f"date={night}"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / _PART)


def open_log(drawn: Drawn, data: Path, folder: Path) -> NightLog:
    """Find a log, or make it.

    Parameters
    ----------
    drawn
        Which log.
    data
        The folder of the sets.
    folder
        An empty one: a log that is not there by nights is written into it.
    """
    if drawn.name in SAMPLES:
        write(*generate(drawn.rows, NIGHTS, drawn.seed, SAMPLES[drawn.name]), folder)
        return _log(drawn.name, folder, _nightly_columns)
    if drawn.name == CARDS:
        source = data / "events" / CARDS
        labels = pq.read_table(source / "labels.parquet")
        fraud = labels.filter(labels["is_anomaly"])
        write(pq.read_table(source / "events.parquet"), fraud, folder)
        return _log(drawn.name, folder, inferred_columns)
    return _log(drawn.name, data / "nights" / drawn.name, inferred_columns)


def _log(name: str, folder: Path, columns: Callable[[pa.Table], Mapping[str, str]]) -> NightLog:
    events, labels = folder / "events", folder / "labels.parquet"
    nights = sorted(day.name.removeprefix("date=") for day in events.glob("date=*"))
    first = pa.concat_tables([read_part(events, night) for night in nights[:HISTORY]])
    true = pq.read_table(labels)["event_id"].to_pylist() if labels.exists() else []
    return NightLog(name, events, nights, columns(first), frozenset(map(str, true)))


def _nightly_columns(_: pa.Table) -> Mapping[str, str]:
    job = tomllib.loads((ROOT / "data/jobs/nightly.toml").read_text(encoding="utf-8"))
    return {column: role for column, role in job["columns"].items() if column != "date"}


def inferred_columns(first: pa.Table) -> Mapping[str, str]:
    """Return the roles that `outfield init` would write after the first nights."""
    choices = infer_roles(profile(flatten(first)))
    return {name: choice.role.value for name, choice in choices.items()} | {
        "event_id": Role.ID.value
    }
