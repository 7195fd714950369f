"""A session's events as coordinates: what happened, in which order, and how much of it."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy import sparse

from anomaly.embedding.block import DriftBins, Rarity, surprisal_bins
from anomaly.embedding.lsa import TokenSpace
from anomaly.embedding.number import NumberBlock
from anomaly.embedding.step_counts import StepCounts

_N_TOKENS = 2**14


@dataclass(frozen=True)
class SequenceBlock:
    """The steps of a session (log counts), how rare they and its transitions are, its length.

    A step is the name or masked message of one event; a transition is two steps in a row, the
    start of the session included. Which transitions they are does not count: the steps say that.
    """

    counts: StepCounts
    steps: TokenSpace
    transitions: TokenSpace
    length: NumberBlock
    total: int
    """Sessions of the sample."""

    @classmethod
    def fit(cls, column: pa.ListArray, seed: int) -> "SequenceBlock":
        """Learn from `column`, list<string> (n_sessions,)."""
        once = np.ones(len(column), dtype=np.int64)
        steps, transitions = _bags(column)
        return cls(
            StepCounts.fit(column),
            TokenSpace.fit(steps, once, 0, seed),
            TokenSpace.fit(transitions, once, 0, seed),
            NumberBlock.fit(_lengths(column)),
            len(column),
        )

    def recounted(self, column: pa.ListArray, seed: int) -> "SequenceBlock":
        """Learn steps and transitions from another `column`; the scale of the length stays."""
        return replace(SequenceBlock.fit(column, seed), length=self.length)

    @property
    def n_dims(self) -> int:
        """Return the number of dimensions."""
        return self.counts.n_dims + self.steps.n_dims + self.transitions.n_dims + 1

    def transform(self, column: pa.ListArray) -> npt.NDArray[np.float32]:
        """Embed `column`, list<string> (n_sessions,), as float32 (n_sessions, n_dims)."""
        steps, transitions = _bags(column)
        tokens = [self.steps.transform(steps), self.transitions.transform(transitions)]
        length = self.length.level(_lengths(column))
        return np.column_stack([self.counts.transform(column), *tokens, length]).astype(np.float32)

    def rarity(self, steps: list[str] | None) -> Rarity:
        """Return the rarest of the `steps` of a session, and the sessions that hold it."""
        step, holders = self.rarest_step(steps or [])
        return Rarity("step", part=step, count=holders, total=self.total)

    def drift_bins(self, column: pa.ListArray) -> DriftBins:
        """Return bins by the surprisal of the rarest step of each session."""
        rarest = self.transform(column)[:, self.counts.n_dims + self.steps.n_dims - 1]
        missing = column.is_null().to_numpy(zero_copy_only=False)
        return surprisal_bins(rarest, float(self.steps.surprisals.max()), missing)

    def rarest_step(self, steps: list[str]) -> tuple[str, int]:
        """Return the step in the fewest sessions, and how many hold it; "" if there is none."""
        names = list(dict.fromkeys(steps))
        if not names:
            return "", 0
        tokens = pd.util.hash_array(np.array(names, dtype=object)) % np.uint64(_N_TOKENS)
        at, holders = self.steps.rarest(tokens, self.total)
        return names[at], holders


def _lengths(column: pa.ListArray) -> npt.NDArray[np.float64]:
    return np.log1p(column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False))


def _bags(column: pa.ListArray) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Return the log counts of steps and of transitions, each csr (n_sessions, n_tokens)."""
    encoded = column.flatten().dictionary_encode()
    names = encoded.dictionary.to_numpy(zero_copy_only=False)
    hashes = pd.util.hash_array(names) if len(names) else np.zeros(0, dtype=np.uint64)
    steps = hashes[encoded.indices.to_numpy(zero_copy_only=False)]
    lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    before = np.roll(steps, 1)
    before[offsets[:-1][lengths > 0]] = 0
    pairs = steps * np.uint64(31) ^ (before >> np.uint64(7))
    return _bag(steps, offsets), _bag(pairs, offsets)


def _bag(tokens: npt.NDArray[np.uint64], offsets: npt.NDArray[np.int64]) -> sparse.csr_matrix:
    columns = (tokens % np.uint64(_N_TOKENS)).astype(np.int32)
    ones = np.ones(len(columns), dtype=np.float32)
    bag = sparse.csr_matrix((ones, columns, offsets), shape=(len(offsets) - 1, _N_TOKENS))
    bag.sum_duplicates()
    bag.data = np.log1p(bag.data)
    return bag
