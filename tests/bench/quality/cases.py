"""The labelled sets of a data folder; events and labels are read by different functions.

`events/NAME/` holds `events.parquet`, `labels.parquet` and `case.json`; `adbench/NAME.parquet` is a
table of numbers with its labels in the column `y`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

LABEL = "y"
"""The label's column in an ADBench table."""
FEWEST_ANOMALIES = 30
"""That a draw from a large table keeps, where it has as many."""


@dataclass(frozen=True)
class Case:
    """A labelled set."""

    name: str
    suite: str
    """`events` or `adbench`."""
    events: Path
    labels: Path
    key: str | None = None
    """The column that joins the labels; None where they stand in the events' own rows."""
    session_key: str | None = None
    """The column that names the session, where sessions are judged."""
    rows: int | None = None
    """The most rows of the set that are used; None for all."""

    def digest(self) -> str:
        """Return a hash of the set: the same for the same rows and labels."""
        drawn = f" {FEWEST_ANOMALIES}" if self.rows else ""
        content = hashlib.sha256(f"{self.session_key} {self.rows}{drawn}".encode())
        for path in sorted({self.events, self.labels}):
            content.update(path.read_bytes())
        return content.hexdigest()[:12]


def find_cases(data: Path, rows: int) -> list[Case]:
    """Find the sets of a data folder: events first, each suite by name, numbers by value.

    Parameters
    ----------
    data
        The folder that holds `events/` or `adbench/`.
    rows
        The most rows of an ADBench table that are used.
    """
    found = [_event_case(path) for path in data.glob("events/*/case.json")]
    for path in data.glob("adbench/*.parquet"):
        used = rows if pq.read_metadata(path).num_rows > rows else None
        found.append(Case(path.stem, "adbench", path, path, rows=used))
    return sorted(found, key=lambda case: (case.suite != "events", *_by_number(case.name)))


def _event_case(described: Path) -> Case:
    folder, case = described.parent, json.loads(described.read_text(encoding="utf-8"))
    key = case["label_key"]
    return Case(
        folder.name,
        "events",
        folder / "events.parquet",
        folder / "labels.parquet",
        key,
        key if case["unit"] == "session" else None,
    )


def _by_number(name: str) -> tuple[int, str]:
    number = name.partition("_")[0]
    return (int(number) if number.isdigit() else 0, name)


def read_events(case: Case) -> pa.Table:
    """Read what a user would have: no label is among the columns."""
    names = [name for name in pq.read_schema(case.events).names if case.key or name != LABEL]
    table = pq.read_table(case.events, columns=names)
    return table.take(_drawn(case, table.num_rows)).combine_chunks()


def units_of(case: Case, events: pa.Table) -> pa.Array:
    """Name what is judged: rows by their key or number, sessions as they first appear."""
    if case.key is None:
        return _drawn(case, pq.read_metadata(case.events).num_rows)
    keys = events[case.key].combine_chunks()
    return keys if case.session_key is None else pc.drop_null(keys.unique())


def read_labels(case: Case, units: pa.Array) -> npt.NDArray[np.bool_]:
    """Read which of the units are anomalous.

    Raises
    ------
    ValueError
        A unit has no label.
    """
    if case.key is None:
        return pq.read_table(case.labels, columns=[LABEL])[LABEL].take(units).to_numpy() == 1
    labels = pq.read_table(case.labels, columns=[case.key, "is_anomaly"])
    places = pc.index_in(units, labels[case.key].combine_chunks().cast(units.type))
    if places.null_count:
        raise ValueError(f"{places.null_count} units of {case.name} have no label")
    return labels["is_anomaly"].take(places).to_numpy()


def _drawn(case: Case, total: int) -> pa.Array:
    """Give the rows that are used, the same for every detector and seed.

    A draw keeps the table's share of anomalies, but at least `FEWEST_ANOMALIES`: the average
    precision of a single one is a coin toss.
    """
    if case.rows is None:
        return pa.array(np.arange(total))
    anomalous = pq.read_table(case.labels, columns=[LABEL])[LABEL].to_numpy() == 1
    anomalies, normals = np.flatnonzero(anomalous), np.flatnonzero(~anomalous)
    wanted = max(round(case.rows * len(anomalies) / total), FEWEST_ANOMALIES)
    n = min(wanted, len(anomalies), case.rows)
    rng = np.random.default_rng(0)
    drawn = [
        rng.choice(anomalies, n, replace=False),
        rng.choice(normals, case.rows - n, replace=False),
    ]
    return pa.array(np.sort(np.concatenate(drawn)))


def chosen(cases: Sequence[Case], names: Sequence[str] | None) -> list[Case]:
    """Keep the cases of these names, or all.

    Raises
    ------
    ValueError
        There is no such case.
    """
    known = [case.name for case in cases]
    unknown = sorted(set(names or ()) - set(known))
    if unknown or not known:
        raise ValueError(f"no set {', '.join(unknown)}; there are: {', '.join(known) or 'none'}")
    return [case for case in cases if names is None or case.name in names]
