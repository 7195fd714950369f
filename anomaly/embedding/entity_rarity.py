"""The surprisal of an entity itself: a user, host or address that is rarely seen."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.embedding.block import DriftBins, Rarity
from anomaly.embedding.category import CategoryBlock, distinct
from anomaly.embedding.rarity import surprisal


@dataclass(frozen=True)
class EntityRarityBlock:
    """One dimension: the surprisal of the entity, with at most the variance of one column.

    The entity's name itself does not count. Where all entities are rare (a customer in a hundred
    thousand), one more rare entity says little: there the dimension is scaled down.
    """

    names: CategoryBlock
    """The entities and their counts."""
    scale: float

    n_dims = 1

    @classmethod
    def fit(cls, names: CategoryBlock) -> "EntityRarityBlock":
        """Learn the scale from the counts of the entities."""
        return cls(names, scale_of(surprisal(names.counts, names.total), names))

    def transform(self, column: pa.DictionaryArray) -> npt.NDArray[np.float32]:
        """Embed `column`, dictionary<string> (n_rows,), as float32 (n_rows, 1)."""
        names, rows = distinct(column)
        counts = self.names.count_of(self.names.codes(names))
        lengths = surprisal(counts, self.names.total) * self.scale
        return lengths.astype(np.float32)[rows, None]

    def rarity(self, name: str | None) -> Rarity:
        """Return how many events of the whole reference are of the entity `name`."""
        return self.names.rarity(name)

    def drift_bins(self, column: pa.DictionaryArray) -> DriftBins:
        """Return a bin for each common entity, and one for the others."""
        return self.names.drift_bins(column)


def scale_of(surprisals: npt.NDArray[np.float64], names: CategoryBlock) -> float:
    """Return what brings the surprisals of `names`, (n_names,), to at most one deviation."""
    shares = names.counts / max(names.total, 1)
    variance = float(np.sum(shares * (surprisals - np.sum(shares * surprisals)) ** 2))
    return float(1.0 / np.sqrt(max(variance, 1.0)))
