"""Bags of tokens as coordinates: weighed by surprisal, reduced by a truncated SVD."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from anomaly.embedding.rarity import holders_of, surprisal
from anomaly.numerics.arrays import Integers
from anomaly.numerics.spacing import spread

_MOST_LEARNT, _FEWEST_LEARNT = 16_384, 2_048
"""Bags, or events, that the directions are learnt from: enough for some tens of directions."""
_MOST_TOKENS = 2**20
"""Of long texts fewer are learnt from, but for the fewest: as many as hold so many tokens."""


class Sums(NamedTuple):
    """Texts as sums of bags of tokens that they share."""

    held: sparse.csr_matrix
    """(n_texts, n_bags): a one where a text holds a bag."""
    bags: sparse.csr_matrix
    """(n_bags, n_tokens)."""

    @classmethod
    def alone(cls, bags: sparse.csr_matrix) -> "Sums":
        """Take each bag, csr (n_texts, n_tokens), for a text."""
        return cls(sparse.csr_matrix(sparse.eye_array(bags.shape[0], dtype=np.float32)), bags)

    @property
    def whole(self) -> sparse.csr_matrix:
        """Return how many bags of each text hold each token, csr (n_texts, n_tokens)."""
        return self.held @ self.bags


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

        The weights are those of all. The directions are learnt from all bags, or of many from some
        of the events, evenly spaced.
        """
        every = np.arange(len(counts)), counts
        rows, drawn = some_bags(counts, bags.nnz) if n_directions else every
        holders = np.asarray(_like(bags, np.ones_like(bags.data)).T @ counts).ravel()
        learnt = (Sums.alone(bags[rows]), drawn)
        return cls.of(holders, int(counts.sum()), learnt, n_directions, seed)

    @classmethod
    def of(
        cls,
        holders: npt.NDArray[np.int64],
        total: int,
        learnt: tuple[Sums, npt.NDArray[np.int64]],
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
            Texts, n_learnt of them, and how many events each stands for.
        n_directions
            How many directions there are to be.
        seed
            Seeds the truncated SVD.
        """
        texts, drawn = learnt
        bags = texts.whole
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
        coordinates = unscaled.transform_sums(texts)[:, :-2]
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
        return self.transform_sums(Sums.alone(bags))

    def transform_sums(self, texts: Sums) -> npt.NDArray[np.float32]:
        """Embed texts, each the sum of the bags that it holds, as float32 (n_texts, n_dims).

        A bag is embedded once. What different bags leave out is taken to be at right angles, as
        they seldom share a rare token. A token that several of them hold counts with each.
        """
        bags, held = texts.bags, texts.held
        weights = self.surprisals[bags.indices]
        weighed = bags.data * weights
        main = self._along_directions(_like(bags, weighed))
        length = _of_rows(np.add, weighed * weighed, bags)
        left_out = np.maximum(length - np.sum(main**2, axis=1), 0.0)
        counted = [left_out, _of_rows(np.add, weights, bags), np.diff(bags.indptr)]
        sums = held @ np.column_stack([main, *counted]).astype(np.float32)
        residual = np.sqrt(sums[:, -3])
        mean = sums[:, -2] / np.maximum(sums[:, -1], 1.0)
        rarest = _of_rows(np.maximum, _of_rows(np.maximum, weights, bags)[held.indices], held)
        sums[:, :-3] *= self.scale
        columns = [sums[:, :-3], residual * np.float32(self.scale), mean, rarest]
        return np.column_stack(columns).astype(np.float32)

    def _along_directions(self, weighed: sparse.csr_matrix) -> npt.NDArray[np.float32]:
        """Project weighed bags (n_bags, n_tokens), float32 (n_bags, n_directions)."""
        unseen = np.zeros((1, self.directions.shape[1]), dtype=np.float32)
        place = np.full(self.n_tokens, len(self.seen), dtype=np.int32)
        place[self.seen] = np.arange(len(self.seen))
        parts = (weighed.data, place[weighed.indices], weighed.indptr)
        of_seen = sparse.csr_matrix(parts, (weighed.shape[0], len(self.seen) + 1))
        along: npt.NDArray[np.float32] = of_seen @ np.vstack([self.directions, unseen])
        return along


def some_bags(counts: npt.NDArray[np.int64], n_tokens: int) -> tuple[Integers, Integers]:
    """Return which bags directions are learnt from, and how many of the events drawn each has.

    `counts` (n_bags,) are the events that each bag stands for; all bags hold `n_tokens` together.
    """
    most = max(_MOST_TOKENS * len(counts) // max(n_tokens, 1), _FEWEST_LEARNT)
    most = min(most, _MOST_LEARNT)
    if len(counts) <= most:
        return np.arange(len(counts)), counts
    ends = np.cumsum(counts)
    held = np.searchsorted(ends, spread(int(ends[-1]), most), side="right")
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
