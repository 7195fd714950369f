"""Column drift: how far the columns of a batch are from the data that a model was fitted on.

Both are counted in the bins that the model's blocks give. These are deciles of numbers, common
names of categories and entities, hours of the day, and the rarity of a text's rarest word. Counts
add up over the parts of a batch. The population stability index (Siddiqi, 2006) measures how far
apart two vectors of counts are. A bin of its own counts values that the model never saw.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.embedding.embedder import EventEmbedder
from anomaly.embedding.hours import MICROSECONDS_A_DAY
from schemas.columns.roles import Role
from schemas.outputs.figures import ColumnDrift

_LARGE = 0.25
"""A stability index beyond which a population is commonly taken for another one."""
_NOVELTY, _ERRORS = 0.05, 3.0
"""So many more unseen values than before, and so many standard errors, are news."""
_HALF = 0.5
"""What stands for an empty bin, in events."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BatchCounts:
    """Counts of some records; the sum of two is the counts of both together."""

    bins: dict[str, Counts]
    """Column -> records by bin: first what the model never saw, then the bins, missing last."""
    first: int | None
    """The earliest time of an event, in microseconds since 1970; None without a time column."""
    last: int | None

    @classmethod
    def of(cls, embedder: EventEmbedder, records: pa.Table) -> "BatchCounts":
        """Count conformed `records` in the bins of `embedder`."""
        bins, times = dict[str, Counts](), list[int]()
        for column, role in embedder.roles.items():
            if role in (Role.ID, Role.IGNORE) or not records.num_rows:
                continue
            found = embedder.drift_bins(column, records)
            if found.n_bins:
                counts = np.bincount(found.codes, minlength=found.n_bins)
                bins[column] = counts.astype(np.int64)
            if role == Role.TIME:
                times = list(pc.min_max(pc.cast(records[column], pa.int64())).as_py().values())
        return cls(bins, min(times, default=None), max(times, default=None))

    def __add__(self, other: "BatchCounts") -> "BatchCounts":
        """Return the counts of both."""
        bins = self.bins | other.bins
        for column in self.bins.keys() & other.bins.keys():
            bins[column] = self.bins[column] + other.bins[column]
        times = [t for t in (self.first, self.last, other.first, other.last) if t is not None]
        return BatchCounts(bins, min(times, default=None), max(times, default=None))

    @property
    def covers_a_day(self) -> bool:
        """Return whether the records span a day: every hour could have been seen."""
        if self.first is None or self.last is None:
            return False
        return self.last - self.first >= MICROSECONDS_A_DAY


NOTHING_COUNTED = BatchCounts({}, None, None)


def count_records(embedder: EventEmbedder, tables: Iterable[pa.Table]) -> BatchCounts:
    """Count the records of all `tables`, one after the other."""
    return sum((BatchCounts.of(embedder, table) for table in tables), NOTHING_COUNTED)


def compare_columns(
    embedder: EventEmbedder, reference: Mapping[str, Counts], batch: BatchCounts
) -> dict[str, ColumnDrift]:
    """Say for each column how far the batch is from the reference, and whether it moved.

    Parameters
    ----------
    embedder
        The embedding that both were counted by.
    reference
        Column -> records by bin, among events that the model was not fitted on.
    batch
        What was counted of the batch. The hours of one that is shorter than a day are left out.
    """
    hours = [c for c, role in embedder.roles.items() if role == Role.TIME]
    left_out = () if batch.covers_a_day else hours
    shared = [c for c in reference if c in batch.bins and c not in left_out]
    return {
        column: compare_counts(np.asarray(reference[column]), batch.bins[column])
        for column in shared
    }


def compare_counts(before: Counts, now: Counts) -> ColumnDrift:
    """Hold counts by bin against those before, each (n_bins,), of which the first is the unseen."""
    n, m, k = int(before.sum()), int(now.sum()), len(before)
    if not n or not m or len(now) != k:
        return ColumnDrift(stability_index=0.0, unseen=0.0, unseen_before=0.0, moved=False)
    p, q = ((counts + _HALF) / (counts.sum() + _HALF * k) for counts in (before, now))
    index = float(np.sum((q - p) * np.log(q / p)))
    by_chance = int(np.sum(before + now > 0) - 1) * (1.0 / n + 1.0 / m)
    old, new = float(before[0] / n), float(now[0] / m)
    error = np.sqrt(max(new * (1.0 - new), 1.0 / m) / m + max(old * (1.0 - old), 1.0 / n) / n)
    moved = index - by_chance > _LARGE or new - old > max(_NOVELTY, _ERRORS * float(error))
    return ColumnDrift(
        stability_index=round(index, 4), unseen=new, unseen_before=old, moved=bool(moved)
    )
