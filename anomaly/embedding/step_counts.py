"""Step counts of a session: the log count of each step, on one scale."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from anomaly.embedding.category import count_names

MOST_STEPS = 64
"""Steps with an axis of their own; the others share one."""
_DEVIATION_FLOOR = 0.1
"""In log counts. Another count of a step with a nearly constant count is odd, but not infinitely.
One step that no other session holds is log(2) / 0.1, about seven deviations, off."""


@dataclass(frozen=True)
class StepCounts:
    """An axis for each common step: its log count in the session, centred and standardised.

    Counts, not surprisals: a step may be missing, or happen three times where two are the rule.
    That shows only against the usual variation of its count.
    """

    names: tuple[str, ...]
    """The steps with an axis, the most common first."""
    centre: npt.NDArray[np.float32]
    """(n_names + 1,): the mean log count of each, that of all other steps last."""
    deviation: npt.NDArray[np.float32]
    """(n_names + 1,)."""

    @classmethod
    def fit(cls, column: pa.ListArray) -> "StepCounts":
        """Learn from `column`, list<string> (n_sessions,)."""
        names, _ = count_names(column.flatten().dictionary_encode())
        common = tuple(names[:MOST_STEPS])
        counts = _log_counts(column, pa.array(common, pa.string()))
        deviation = np.maximum(counts.std(axis=0), _DEVIATION_FLOOR)
        return cls(common, counts.mean(axis=0), deviation)

    @property
    def n_dims(self) -> int:
        """Return the number of dimensions."""
        return len(self.names) + 1

    @cached_property
    def _value_set(self) -> pa.Array:
        return pa.array(self.names, pa.string())

    def transform(self, column: pa.ListArray) -> npt.NDArray[np.float32]:
        """Embed `column`, list<string> (n_sessions,), as float32 (n_sessions, n_dims)."""
        return (_log_counts(column, self._value_set) - self.centre) / self.deviation


def _log_counts(column: pa.ListArray, names: pa.Array) -> npt.NDArray[np.float32]:
    """Return log(1 + count) of each of `names` in each session, and of all others last."""
    steps = column.flatten().dictionary_encode()
    axes = pc.index_in(steps.dictionary, value_set=names).fill_null(len(names))
    lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = axes.take(steps.indices).to_numpy(zero_copy_only=False)
    ones = np.ones(len(places), dtype=np.float32)
    counts = sparse.csr_matrix((ones, places, offsets), shape=(len(lengths), len(names) + 1))
    logs: npt.NDArray[np.float32] = np.log1p(counts.toarray())
    return logs
