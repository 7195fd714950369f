"""A category as coordinates: each name an axis, as long as the name is surprising."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.embedding.block import DriftBins, Rarity
from anomaly.embedding.rarity import surprisal

MOST_AXES = 48
"""Names with an axis of their own; the rest share one, each with its own length on it."""

_FOREIGN, _MOSTLY_LAWFUL = 0.1, 0.25
"""Share of a sample that may be foreign (`anomaly.detectors.trimming`), and one so large that more
than half of it is lawful."""
_MOST_BINS = 48
"""Names with a bin of drift of their own; the other known ones share one."""

MISSING = "\x00missing"
"""The name that a null counts under: a missing value is a value, common or rare."""


@dataclass(frozen=True)
class CategoryBlock:
    """One axis a common name, one for all others, and one for the surprisal itself.

    A name has the coordinate `-log p` on its axis. So two rare names are far from the common ones
    and from each other, which one-hot encoding loses. The axes of names are scaled down together to
    the variance of one column; the axis of the surprisal is not scaled.
    """

    names: tuple[str, ...]
    """Every name of the sample, the most common first; ties in alphabetical order."""
    counts: npt.NDArray[np.int64]
    """(n_names,): the events that hold each."""
    total: int
    scale: float
    axes: int
    """The most names that get an axis of their own."""
    sample_counts: npt.NDArray[np.int64]
    """(n_names,): the events of the whole reference that hold each, as a reason tells."""
    sample_total: int

    @classmethod
    def fit(cls, column: pa.DictionaryArray, axes: int = MOST_AXES) -> "CategoryBlock":
        """Count the names of `column`, dictionary<string> (n_rows,); null is a name too."""
        names, counts = count_names(column)
        total, scale = len(column), _scale(counts, len(column))
        return cls(tuple(names), counts, total, scale, axes, counts, total)

    def recounted(self, column: pa.DictionaryArray) -> "CategoryBlock":
        """Count the same names in another `column`; some may not be in it at all."""
        names, rows = distinct(column)
        codes = self.codes(names)[rows]
        counts = np.bincount(codes[codes >= 0], minlength=len(self.names)).astype(np.int64)
        return replace(self, counts=counts, total=len(column), scale=_scale(counts, len(column)))

    @property
    def n_dims(self) -> int:
        """Return the number of dimensions."""
        return min(len(self.names), self.axes) + 2

    @property
    def typical_axes(self) -> npt.NDArray[np.int64]:
        """Return the axes of names that are many together, and about as common as each other.

        Less than a tenth of the events hold each. The names like that which are at most e times as
        common hold a quarter of the events together. That is more than twice what can be foreign,
        so most of them are lawful. One of forty about equal names is the rarest by chance. That
        makes it no more foreign than the others.
        """
        shares = self.counts / max(self.total, 1)
        small = np.sort(shares[shares < _FOREIGN])
        as_rare = np.searchsorted(small, np.e * shares, side="right")
        together = np.append(0.0, np.cumsum(small))[as_rare]
        typical = (shares < _FOREIGN) & (together >= _MOSTLY_LAWFUL)
        return np.flatnonzero(typical[: self.n_dims - 2])

    def pooled(self) -> "CategoryBlock":
        """Return the block with the typical names as common as all of them together."""
        counts, typical = self.counts.copy(), self.typical_axes
        counts[typical] = counts[typical].sum()
        return replace(self, counts=counts)

    @cached_property
    def _value_set(self) -> pa.Array:
        return pa.array(self.names, pa.string())

    def codes(self, names: pa.Array) -> npt.NDArray[np.int64]:
        """Return the position of each of `names`, string (n,), in `self.names`; -1 if unseen."""
        found = pc.index_in(pc.fill_null(names, MISSING), value_set=self._value_set)
        return pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)

    def count_of(self, codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return how many events of the sample hold each code; 0 for -1."""
        return np.append(self.counts, 0)[codes]

    def code_of(self, name: str | None) -> int:
        """Return the position of one name in `self.names`; -1 if unseen."""
        return int(self.codes(pa.array([name], pa.string()))[0])

    def sample_count_of(self, name: str | None) -> int:
        """Return how many events of the whole reference hold `name`."""
        return int(np.append(self.sample_counts, 0)[self.code_of(name)])

    def rarity(self, name: str | None) -> Rarity:
        """Return how many events of the whole reference hold `name`."""
        return Rarity("name", count=self.sample_count_of(name), total=self.sample_total)

    def drift_bins(self, column: pa.DictionaryArray) -> DriftBins:
        """Return a bin for each common name, and one for the others; a null is a name too."""
        names, rows = distinct(column)
        codes = np.minimum(self.codes(names), _MOST_BINS) + 1
        return DriftBins(codes[rows], min(len(self.names), _MOST_BINS + 1) + 1)

    def transform(self, column: pa.DictionaryArray) -> npt.NDArray[np.float32]:
        """Embed `column`, dictionary<string> (n_rows,), as float32 (n_rows, n_dims)."""
        names, rows = distinct(column)
        codes = self.codes(names)
        lengths = surprisal(self.count_of(codes), self.total)
        axes = self.n_dims - 2
        axis = np.where((codes >= 0) & (codes < axes), codes, axes)
        block = np.zeros((len(codes), self.n_dims), dtype=np.float32)
        block[np.arange(len(codes)), axis] = lengths * self.scale
        block[:, -1] = lengths
        return block[rows]


def _scale(counts: npt.NDArray[np.int64], total: int) -> float:
    """Return what brings the axes of the names together to the variance of one column."""
    lengths, shares = surprisal(counts, total), counts / max(total, 1)
    variance = float(np.sum(shares * lengths**2 * (1.0 - shares)))
    return float(1.0 / np.sqrt(max(variance, 1.0)))


def distinct(column: pa.DictionaryArray) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Split `column` into its dictionary with a null behind it, and each row's position in that."""
    indices = pc.fill_null(column.indices, len(column.dictionary))
    names = pa.concat_arrays([column.dictionary, pa.nulls(1, column.dictionary.type)])
    return names, indices.to_numpy(zero_copy_only=False).astype(np.int64)


def count_names(column: pa.DictionaryArray) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Count the names of `column`, the most common first, ties in alphabetical order."""
    names, rows = distinct(column)
    counts = np.bincount(rows, minlength=len(names))
    seen = np.flatnonzero(counts)
    labels = pc.fill_null(names.take(pa.array(seen)), MISSING).to_pylist()
    order = sorted(range(len(seen)), key=lambda i: (-counts[seen[i]], labels[i]))
    return [labels[i] for i in order], counts[seen[order]].astype(np.int64)
