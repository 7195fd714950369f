"""Records of a run: the units that are scored, with one interface for events and sessions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flows.runtime.work import FieldsOnly
from flows.storage.fs.scratch import Scratch
from flows.storage.input.plan import Chunk, InputPlan
from flows.storage.input.rows import read_batches, read_rows, source_of
from schemas.columns.roles import Role
from schemas.columns.time_formats import PLAIN, Spelling
from schemas.events.contract import Conformed, conform, one_array
from schemas.events.flattening import flatten, flattened_origin
from schemas.events.secrets import NO_SECRETS, Secrets, mask_secrets
from schemas.events.texts import as_text

CHUNK_ROWS = 131_072
"""Rows of a chunk at least: what one task scores."""
MOST_CHUNKS = 800
"""Chunks of a run: each is a file of scores, and some share a task where there are many."""
BATCH_ROWS = 65_536
"""Rows held in memory at a time by a task, if they have no more columns than most logs."""
_BATCH_CELLS = 128 * BATCH_ROWS
_FEWEST_IN_BATCH = 64
REPEATED = "repeated-ids"
"""What the scratch holds of the records: the numbers of rows that repeat an id."""

Rows = npt.NDArray[np.int64]


def batch_rows(n_columns: int) -> int:
    """Return how many rows of so many columns a task holds in memory at a time.

    Examples
    --------
    >>> batch_rows(12), batch_rows(10_000)
    (65536, 838)
    """
    return min(BATCH_ROWS, max(_BATCH_CELLS // max(n_columns, 1), _FEWEST_IN_BATCH))


class Batch(NamedTuple):
    """Some records of a chunk."""

    records: pa.Table
    """Conformed: canonical types, one column for each role."""
    rows: Rows
    """int64 (n_records,): the number of each record in the run."""
    rejected: pa.Table
    """`row` int64, `column`, `reason`: the rows that are no records."""


class Records(Protocol):
    """The interface of a run's records, for events and sessions alike."""

    @property
    def roles(self) -> Mapping[str, Role]: ...  # noqa: D102 - column -> role of the records
    @property
    def total(self) -> int: ...  # noqa: D102 - records, rejected rows included
    @property
    def n_chunks(self) -> int: ...  # noqa: D102 - chunks that `read` takes
    def read(self, chunk: int) -> Iterator[Batch]: ...  # noqa: D102 - batch by batch
    def take(self, rows: Rows) -> pa.Table: ...  # noqa: D102 - conformed records by number
    def ids(self, records: pa.Table, rows: Rows) -> pa.Array: ...  # noqa: D102 - record ids
    def own_columns(self, rows: Rows) -> pa.Table: ...  # noqa: D102 - what a finding shows


@dataclass(frozen=True)
class EventRecords(FieldsOnly):
    """Every row of the input is a record, if it keeps the event contract."""

    plan: InputPlan
    roles: Mapping[str, Role]
    scratch: Scratch
    required: str | None = None
    """A column that must not be null."""
    secrets: Secrets = NO_SECRETS
    """Values masked wherever rows are read, so that no caller of this class sees them."""
    spelling: Spelling = PLAIN
    """How the time is written."""

    @property
    def total(self) -> int:
        """Return the number of rows."""
        return self.plan.rows

    @cached_property
    def _chunks(self) -> tuple[Chunk, ...]:
        return self.plan.chunks(max(CHUNK_ROWS, -(-self.plan.rows // MOST_CHUNKS)))

    @property
    def n_chunks(self) -> int:
        """Return the number of chunks."""
        return len(self._chunks)

    @cached_property
    def _columns(self) -> list[str]:
        """The top-level columns that some role needs."""
        origin = flattened_origin(self.plan.schema)
        read = {c for c, role in self.roles.items() if role is not Role.IGNORE}
        if self.spelling.date is not None:
            read.add(self.spelling.date)
        return sorted({origin[c] for c in read})

    @cached_property
    def _encoded(self) -> list[str]:
        """The columns whose distinct values are looked at, and of which the files hold codes."""
        return [c for c in self.plan.repetitive if self.roles.get(c) is not Role.ID]

    @cached_property
    def _repeated(self) -> Rows:
        return self.scratch.read_array(REPEATED)

    def read(self, chunk: int) -> Iterator[Batch]:
        """Read and conform a chunk, batch by batch."""
        size = batch_rows(len(self.roles))
        batches = read_batches(self.plan, self._chunks[chunk], self._columns, size, self._encoded)
        for first, table in batches:
            rows = np.arange(first, first + table.num_rows)
            conformed = self._conform(table, rows)
            faults = conformed.rejections
            rejected = faults.set_column(0, "row", pa.array(rows[faults["position"].to_numpy()]))
            yield Batch(conformed.events, rows[conformed.accepted], rejected)

    def take(self, rows: Rows) -> pa.Table:
        """Read and conform the records of these numbers, in their order; no rejected ones."""
        unique, order = np.unique(rows, return_inverse=True)
        table = read_rows(self.plan, unique, self._columns, self._encoded)
        conformed = self._conform(table, unique)
        place = np.full(len(unique), -1)
        place[conformed.accepted] = np.arange(len(conformed.accepted))
        wanted = place[order]
        return conformed.events.take(pa.array(wanted[wanted >= 0]))

    def ids(self, records: pa.Table, rows: Rows) -> pa.Array:
        """Return the id column, or the file and row that each record stands in."""
        named = next((c for c, role in self.roles.items() if role is Role.ID), None)
        if named is not None:
            return one_array(records[named])
        files, places = source_of(self.plan, rows)
        return pc.binary_join_element_wise(files, pa.array(places).cast(pa.string()), ":")

    def own_columns(self, rows: Rows) -> pa.Table:
        """Return the rows of these numbers whole, flattened, in their order."""
        unique, order = np.unique(rows, return_inverse=True)
        return flatten(mask_secrets(read_rows(self.plan, unique), self.secrets)).take(
            pa.array(order)
        )

    def texts(self, rows: Rows, columns: Sequence[str]) -> pa.Table:
        """Return some columns of the rows of these numbers as text, whether they are records."""
        unique, order = np.unique(rows, return_inverse=True)
        origin = flattened_origin(self.plan.schema)
        tops = sorted({origin[column] for column in columns})
        if not tops:
            return pa.table({})
        held = flatten(mask_secrets(read_rows(self.plan, unique, tops), self.secrets))
        texts = [as_text(one_array(held[column])).take(pa.array(order)) for column in columns]
        return pa.table(texts, names=list(columns))

    def chunks_of(self, rows: Rows) -> list[int]:
        """Return the chunks that hold some of the rows of these numbers, ascending."""
        starts = np.cumsum([0, *(chunk.rows for chunk in self._chunks)])
        return np.unique(np.searchsorted(starts, rows, side="right") - 1).tolist()

    def ids_of(self, rows: Rows) -> pa.Array:
        """Return the names of the rows of these numbers, as `ids` gives them of records."""
        named = next((c for c, role in self.roles.items() if role is Role.ID), None)
        if named is None:
            return self.ids(pa.table({}), rows)
        return one_array(self.texts(rows, [named])[named])

    def _conform(self, table: pa.Table, rows: Rows) -> Conformed:
        repeated = np.isin(rows, self._repeated, assume_unique=True)
        masked = flatten(mask_secrets(table, self.secrets))
        return conform(masked, self.roles, repeated, required=self.required, spelling=self.spelling)
