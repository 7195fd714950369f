"""The plan of the input as a file of the run: a task is sent the file's name.

The plan of a few thousand files takes a megabyte. Sent with each of some hundred tasks it would be
most of what passes through a scheduler.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from typing import Any

import pyarrow as pa

from flows.storage.fs.atomic import write_whole
from flows.storage.fs.scratch import Scratch
from flows.storage.fs.store_path import Place
from flows.storage.input.footers import DamagedFile, PlannedFile
from flows.storage.input.plan import InputPlan
from flows.storage.tables.live_files import TableState
from flows.storage.tables.table_fields import TableFields

_NAME = "plan.json"


@dataclass(frozen=True)
class StoredPlan(InputPlan):
    """A plan that is also in a file: what is sent to a worker is that file's name."""

    path: Place = field(kw_only=True)

    def __reduce__(self) -> tuple[Any, ...]:
        """Be read from the file."""
        return load_plan, (self.path,)


def store_plan(plan: InputPlan, scratch: Scratch) -> StoredPlan:
    """Keep a plan in the scratch of its run.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    parts = {part.name: getattr(plan, part.name) for part in fields(plan)}
    document = {
        **parts,
        "files": [asdict(file) for file in plan.files],
        "damaged": [asdict(file) for file in plan.damaged],
        "schema": plan.schema.serialize().to_pybytes().hex(),
        "table": None if plan.table is None else asdict(plan.table),
    }
    path = scratch.path / _NAME
    write_whole(path, json.dumps(document))
    return StoredPlan(**parts, path=path)


@lru_cache(maxsize=4)
def load_plan(path: Place) -> StoredPlan:
    """Read a stored plan, once for all tasks of a process."""
    parts = _with_tuples(json.loads(path.read_bytes()))
    parts["files"] = tuple(PlannedFile(**file) for file in parts["files"])
    parts["damaged"] = tuple(DamagedFile(**file) for file in parts["damaged"])
    parts["table"] = _table(parts["table"])
    parts["schema"] = pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(parts["schema"])))
    return StoredPlan(**parts, path=path)


def _table(stored: dict[str, Any] | None) -> TableState | None:
    if stored is None:
        return None
    fields = None if stored["fields"] is None else TableFields(**stored["fields"])
    return TableState(**{**stored, "fields": fields})


def _with_tuples(value: Any) -> Any:
    """Give what was read as JSON the tuples that it was written from."""
    if isinstance(value, list):
        return tuple(_with_tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: _with_tuples(item) for key, item in value.items()}
    return value
