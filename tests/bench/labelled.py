"""Labelled event sets for the benchmarks: what the program reads, and the labels it never sees.

The sets lie beside the checkout, see `shared/README.md`; the sample log is made by `data.generate`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from anomaly.preprocess.profile import profile
from anomaly.preprocess.session_windows import ByKey
from anomaly.preprocess.sessions import sessionize
from data.generate import generate
from schemas.columns.roles import Role, infer_roles
from schemas.events.contract import conform
from schemas.events.flattening import flatten

DATA = Path(__file__).parents[3] / "shared" / "data"
"""Where the sets lie unless a benchmark is told otherwise."""
SAMPLE = "sample"
"""The name of the sample log among the sets."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Labelled:
    """One set: its records as a run would have them, and which of them are anomalous."""

    name: str
    records: pa.Table
    """Conformed events, or the sessions made of them."""
    roles: Mapping[str, Role]
    anomalous: npt.NDArray[np.bool_]
    """(n_records,)."""

    @property
    def normal_rows(self) -> Rows:
        """Return the positions of the normal records."""
        return np.flatnonzero(~self.anomalous)

    @property
    def anomalous_rows(self) -> Rows:
        """Return the positions of the anomalous records."""
        return np.flatnonzero(self.anomalous)

    def take(self, rows: Rows) -> pa.Table:
        """Return the records at these positions, in their order."""
        return self.records.take(pa.array(rows)).combine_chunks()


def read(name: str, data: Path = DATA) -> Labelled:
    """Read the set of this name with the roles that a run would infer.

    Parameters
    ----------
    name
        A folder of `data/events`, a file of `data/adbench` without its ending, or `SAMPLE`.
    data
        The folder of the sets.
    """
    if name == SAMPLE:
        events, planted = generate()
        return conformed(name, events, pc.is_in(events["event_id"], planted["event_id"]))
    table = data / "adbench" / f"{name}.parquet"
    if table.exists():
        events = pq.read_table(table)
        return conformed(name, events.drop_columns(["y"]), pc.equal(events["y"], 1))
    return _event_log(name, data / "events" / name)


def _event_log(name: str, folder: Path) -> Labelled:
    case = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    events = pq.read_table(folder / "events.parquet")
    labels = pq.read_table(folder / "labels.parquet")
    key = case["label_key"]
    odd = labels.filter(labels["is_anomaly"])[key]
    flags = pc.is_in(events[key], odd)
    if case["unit"] == "event":
        return conformed(name, events, flags)
    as_events = conformed(name, events, flags, required=key)
    found = sessionize(as_events.records, key, as_events.roles, ByKey())
    sessions, roles = found.table, found.roles
    return Labelled(name, sessions, roles, _array(pc.is_in(sessions[key], odd.cast(pa.string()))))


def conformed(
    name: str, events: pa.Table, flags: pa.ChunkedArray, required: str | None = None
) -> Labelled:
    """Read events as a run does with inferred roles; `flags` say which are anomalous."""
    flat = flatten(events)
    roles = {column: choice.role for column, choice in infer_roles(profile(flat)).items()}
    read = conform(flat, roles, np.zeros(flat.num_rows, dtype=bool), required=required)
    used = {column: role for column, role in roles.items() if role is not Role.IGNORE}
    return Labelled(name, read.events, used, _array(flags)[read.accepted])


def _array(flags: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    return flags.fill_null(False).to_numpy().astype(bool)
