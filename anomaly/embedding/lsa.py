"""Bags of tokens as coordinates: weighed by surprisal, reduced by a truncated SVD."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from anomaly.embedding.rarity import holders_of, surprisal
from anomaly.numerics.arrays import Integers
from anomaly.numerics.spacing import evenly_spaced

_MOST_LEARNT = 16_384
"""Bags, or events, that the directions are learnt from: enough for some tens of directions."""


@dataclass(frozen=True)
class TokenSpace:
    """The main directions of a bag of tokens, its residual beside them, and its tokens' rarity.

    A token weighs the surprisal of being in an event (an inverse document frequency in nats). The
    directions are latent semantic analysis (Deerwester et al., 1990) on those weights. The residual
    is the length that they leave out: with it a bag of unseen tokens is far, not at the origin.
    """

    n_tokens: int
    """Tokens that there may be: those of the sample are few of them."""
    unseen_weight: float
    """The weight of a token that is not of the sample."""
    seen: npt.NDArray[np.int64]
    """(n_seen,): the tokens of the sample, ascending."""
    weights: npt.NDArray[np.float32]
    """(n_seen,): the weights of these."""
    directions: npt.NDArray[np.float32]
    """(n_seen, n_directions): the right singular vectors."""
    scale: float
    """Brings directions and residual together to the variance of one column."""

    @classmethod
    def fit(
        cls, bags: sparse.csr_matrix, counts: npt.NDArray[np.int64], n_directions: int, seed: int
    ) -> "TokenSpace":
        """Learn from `bags` (n_bags, n_tokens); row i stands for `counts[i]` events.

        The weights are those of all. The directions are learnt from all bags, or of more than
        16,384 from as many events, evenly spaced.
        """
        rows, drawn = some_bags(counts) if n_directions else (np.arange(len(counts)), counts)
        holders = np.asarray(_like(bags, np.ones_like(bags.data)).T @ counts).ravel()
        return cls.of(holders, int(counts.sum()), (bags[rows], drawn), n_directions, seed)

    @classmethod
    def of(
        cls,
        holders: npt.NDArray[np.int64],
        total: int,
        learnt: tuple[sparse.csr_matrix, npt.NDArray[np.int64]],
        n_directions: int,
        seed: int,
    ) -> "TokenSpace":
        """Learn the weights from all events, and the directions from some of them.

        Parameters
        ----------
        holders
            int64 (n_tokens,): how many of the events hold each token.
        total
            How many events there are.
        learnt
            Bags, csr (n_learnt, n_tokens), and how many events each stands for.
        n_directions
            How many directions there are to be.
        seed
            Seeds the truncated SVD.
        """
        bags, drawn = learnt
        seen = np.flatnonzero(holders)
        weights = surprisal(holders[seen], total).astype(np.float32)
        unseen_weight = float(surprisal(np.zeros(1), total).astype(np.float32)[0])
        weighed = bags[:, seen] @ sparse.diags_array(weights)
        shares = drawn / max(int(drawn.sum()), 1)
        rank = min(n_directions, len(seen) - 1, bags.shape[0] - 1)
        if rank < 1:
            directions = np.zeros((len(seen), n_directions), dtype=np.float32)
        else:
            sample = sparse.diags_array(np.sqrt(shares)) @ weighed
            _, _, rows = randomized_svd(sample, n_components=rank, random_state=seed)
            directions = np.zeros((len(seen), n_directions), dtype=np.float32)
            directions[:, :rank] = rows.T
        unscaled = cls(bags.shape[1], unseen_weight, seen, weights, directions, 1.0)
        coordinates = unscaled.transform(bags)[:, :-2]
        centre = np.sum(shares[:, None] * coordinates, axis=0)
        variance = float(np.sum(shares[:, None] * (coordinates - centre) ** 2))
        return replace(unscaled, scale=float(1.0 / np.sqrt(max(variance, 1.0))))

    @property
    def surprisals(self) -> npt.NDArray[np.float32]:
        """Return the weight of each token, float32 (n_tokens,), unseen ones included."""
        surprisals = np.full(self.n_tokens, self.unseen_weight, dtype=np.float32)
        surprisals[self.seen] = self.weights
        return surprisals

    def rarest(self, tokens: npt.NDArray[np.integer], total: int) -> tuple[int, int]:
        """Return which of `tokens` the fewest of `total` events hold, and how many do."""
        rarity = self.surprisals[tokens]
        unseen = np.isin(tokens, self.seen, invert=True)
        at = int(np.argmax(np.where(unseen, np.inf, rarity)))
        return at, 0 if unseen[at] else holders_of(float(rarity[at]), total)

    def cosines(self, bags: sparse.csr_matrix, row: int) -> npt.NDArray[np.float64]:
        """Return the cosine of each of `bags` (n_bags, n_tokens) with one, by the weights."""
        weighed = _like(bags, bags.data * self.surprisals[bags.indices])
        lengths = np.sqrt(_of_rows(np.add, weighed.data**2, bags)).astype(np.float64)
        products = (weighed @ weighed[[row]].T).toarray().ravel()
        scale = lengths * lengths[row]
        return np.divide(products, scale, out=np.zeros(len(scale)), where=scale > 0.0)

    @property
    def n_dims(self) -> int:
        """Return the number of dimensions: directions, residual, mean and highest surprisal."""
        return self.directions.shape[1] + 3

    def transform(self, bags: sparse.csr_matrix) -> npt.NDArray[np.float32]:
        """Embed `bags` (n_bags, n_tokens) as float32 (n_bags, n_dims)."""
        places, all_weights, directions = self._by_place
        held = places.take(bags.indices)
        weights = all_weights.take(held)
        weighed = bags.data * weights
        main = sparse.csr_matrix((weighed, held, bags.indptr), (bags.shape[0], len(directions)))
        X = np.empty((bags.shape[0], self.n_dims), dtype=np.float32)
        X[:, :-3] = main @ directions
        length = _of_rows(np.add, weighed * weighed, bags)
        length -= np.einsum("ij,ij->i", X[:, :-3], X[:, :-3])
        X[:, -3] = np.sqrt(np.maximum(length, 0.0))
        X[:, :-2] *= np.float32(self.scale)
        X[:, -2] = _of_rows(np.add, weights, bags) / np.maximum(np.diff(bags.indptr), 1)
        X[:, -1] = _of_rows(np.maximum, weights, bags)
        return X

    @cached_property
    def _by_place(
        self,
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return the place of each token, (n_tokens,), and the weights and directions by place.

        The tokens of the sample have the first places, all others share the last. So few
        directions are looked at that they fit the cache.
        """
        places = np.full(self.n_tokens, len(self.seen), dtype=np.int32)
        places[self.seen] = np.arange(len(self.seen), dtype=np.int32)
        weights = np.append(self.weights, np.float32(self.unseen_weight))
        directions = np.zeros((len(weights), self.directions.shape[1]), dtype=np.float32)
        directions[:-1] = self.directions
        return places, weights, directions


def some_bags(counts: npt.NDArray[np.int64]) -> tuple[Integers, Integers]:
    """Return which bags directions are learnt from, and how many of the events drawn each has.

    `counts` (n_bags,) are the events that each bag stands for.
    """
    if len(counts) <= _MOST_LEARNT:
        return np.arange(len(counts)), counts
    ends = np.cumsum(counts)
    held = np.searchsorted(ends, evenly_spaced(int(ends[-1]), _MOST_LEARNT), side="right")
    rows, drawn = np.unique(held, return_counts=True)
    return rows, drawn


def _like(bags: sparse.csr_matrix, data: npt.NDArray[np.float32]) -> sparse.csr_matrix:
    """Put other numbers where `bags` holds tokens."""
    return sparse.csr_matrix((data, bags.indices, bags.indptr), bags.shape)


def _of_rows(
    reduce: np.ufunc, values: npt.NDArray[np.float32], bags: sparse.csr_matrix
) -> npt.NDArray[np.float32]:
    """Reduce the values of the tokens that each row of `bags` holds; 0 where it holds none."""
    filled = np.diff(bags.indptr) > 0
    reduced = np.zeros(len(filled), dtype=np.float32)
    if len(values):
        reduced[filled] = reduce.reduceat(values, bags.indptr[:-1][filled])
    return reduced
