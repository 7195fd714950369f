"""Predictive distributions of counts and levels, from the other windows of an entity.

A count of a window is Poisson with a rate of its entity. The rate is unknown and has a gamma prior
of Jeffreys' shape 1/2, whose mean is that of all entities. Given the other windows, the count has
a negative binomial distribution (Gelman et al., Bayesian Data Analysis, 2013, section 2.6). Where
the other windows vary more than that, the distribution is as wide as they are.
"""

from typing import NamedTuple, Self

import numpy as np
from scipy.special import betainc
from scipy.stats import t as student_t

from anomaly.numerics.arrays import Doubles, Integers

_SHAPE = 0.5
"""Of the prior (Jeffreys, 1946)."""
_PRIOR_WINDOWS = 2.0
"""So many windows the mean of all entities weighs at the most."""
_MOST_VARY = 0.75
"""The quantile of the variation of entities that stands for all."""
_DISPERSED = 3.0
"""So many windows the common variance weighs."""
_FEWEST_WINDOWS = 3
"""Other windows that tell the variance of an entity."""
_SMALLEST = 1e-300
_ROWS_AT_ONCE = 65_536
"""Windows whose variances are worked out together."""


class Predicted(NamedTuple):
    """The rate of a window, given the other ones: a gamma distribution."""

    mean: Doubles
    shape: Doubles


def predicted(
    past: Doubles, exposure: Doubles, mean: Doubles, most: float = _PRIOR_WINDOWS
) -> Predicted:
    """Return the rate of a window of exposure 1.

    Parameters
    ----------
    past
        The events of the other windows.
    exposure
        How many other windows there are; a rate in events needs events instead.
    mean
        The prior mean, above 0.
    most
        The exposure that the prior weighs at the most: where most entities have no count at all,
        they say little of one that has.
    """
    weight = np.minimum(_SHAPE / mean, most)
    shape = weight * mean + past
    return Predicted(shape / (weight + exposure), shape)


def prior_windows(sums: Doubles, windows: Doubles, mean: float) -> float:
    """Return how many windows the rate of all entities weighs: fewer where entities differ more.

    V is the variance of the rates of entities beyond that of Poisson counts. A gamma prior with
    mean m and variance V weighs m / V windows (the method of moments). It is at least
    `_PRIOR_WINDOWS`.

    Parameters
    ----------
    sums, windows
        Of each entity: its counts together, and of how many windows they are.
    mean
        m: the mean count of a window of all.
    """
    told = windows >= _FEWEST_WINDOWS
    if not told.any():
        return _PRIOR_WINDOWS
    rates = sums[told] / windows[told]
    beyond = float(((rates - mean) ** 2).mean()) - mean * float((1.0 / windows[told]).mean())
    return max(mean / beyond, _PRIOR_WINDOWS) if beyond > 0.0 else np.inf


def dispersion(past: Doubles, squares: Doubles, exposure: Doubles, expected: Doubles) -> Doubles:
    """Return the variance of counts over their mean, at least 1, shrunk to that of all.

    The variance of all is mean + c mean^2 with the middle c of all entities: that of a negative
    binomial distribution.

    Parameters
    ----------
    past, squares
        Sums of the counts of the other windows and of their squares.
    exposure
        How many there are.
    expected
        The mean that `predicted` gives.
    """
    firsts = range(0, len(past), _ROWS_AT_ONCE)
    blocks = [slice(first, first + _ROWS_AT_ONCE) for first in firsts]
    beyond = [beyond_poisson(past[rows], squares[rows], exposure[rows]) for rows in blocks]
    variation = common_variation(np.concatenate([np.zeros(0), *beyond]))
    found = np.empty(len(past))
    for rows in blocks:
        told = (past[rows], squares[rows], exposure[rows], expected[rows])
        found[rows] = shrunk_dispersion(*told, variation)
    return found


def beyond_poisson(past: Doubles, squares: Doubles, exposure: Doubles) -> Doubles:
    """Return c of the windows that tell their variance, (n_told,)."""
    mean, own = _mean_and_variance(past, squares, exposure)
    tell = (exposure >= _FEWEST_WINDOWS) & (mean >= 1.0)
    return (own[tell] - mean[tell]) / mean[tell] ** 2


def common_variation(beyond: Doubles) -> float:
    """Return c of all, from those that `beyond_poisson` gives."""
    return max(float(np.quantile(beyond, _MOST_VARY)), 0.0) if len(beyond) else 0.0


def shrunk_dispersion(
    past: Doubles, squares: Doubles, exposure: Doubles, expected: Doubles, variation: float
) -> Doubles:
    """Return what `dispersion` does of some windows, with c of all."""
    mean, own = _mean_and_variance(past, squares, exposure)
    usual = expected + variation * expected**2
    # The own deviations are from the own mean: a larger expectation has as much larger ones.
    own = own * np.maximum(expected / np.maximum(mean, 1e-9), 1.0)
    variance = (_DISPERSED * usual + exposure * own) / (_DISPERSED + exposure)
    return np.maximum(variance / expected, 1.0)


def _mean_and_variance(
    past: Doubles, squares: Doubles, exposure: Doubles
) -> tuple[Doubles, Doubles]:
    known = np.maximum(exposure, 1.0)
    mean = past / known
    return mean, np.maximum(squares / known - mean**2, 0.0)


class Clumps(NamedTuple):
    """Rare counts of entities: their squared deviations, and what was expected, (n_entities,)."""

    squares: Doubles
    means: Doubles

    @classmethod
    def none(cls, size: int) -> Self:
        """Return those of no counts, of so many entities."""
        return cls(np.zeros(size), np.zeros(size))

    @classmethod
    def of(
        cls,
        entity: Integers,
        counts: Doubles,
        expected: Doubles,
        usual: Doubles | None = None,
        *,
        size: int,
    ) -> Self:
        """Add up rare counts, of so many entities, as `clumping` takes them."""
        rare = (expected if usual is None else usual) < 1.0
        squares = np.bincount(entity[rare], (counts[rare] - expected[rare]) ** 2, size)
        means = np.bincount(entity[rare], expected[rare], size)
        return cls(squares.astype(np.float64), means.astype(np.float64))

    def plus(self, other: "Clumps") -> "Clumps":
        """Return those of both, of other entities."""
        return Clumps(self.squares + other.squares, self.means + other.means)

    def of_each(self, entity: Integers, usual: Doubles) -> Doubles:
        """Return the variance of rare counts over their mean, at least 1, by the other entities."""
        squares, means = self.squares.sum() - self.squares, self.means.sum() - self.means
        ratio = squares / np.maximum(means, 1e-9)
        return np.where(usual < 1.0, np.maximum(ratio[entity], 1.0), 1.0)


def clumping(
    entity: Integers, counts: Doubles, expected: Doubles, usual: Doubles | None = None
) -> Doubles:
    """Return the variance of rare counts over their mean, at least 1, from the other entities.

    Where less than one is expected, the own windows do not tell whether one comes alone. Two people
    at one address on a day make twenty changes, not one.

    Parameters
    ----------
    entity
        (n,): whose window each is.
    counts, expected
        (n,): the counts, and what is expected of each.
    usual
        (n,): what is expected of a usual day, by which a count is rare; None: what is expected.
    """
    found = Clumps.of(entity, counts, expected, usual, size=int(entity.max(initial=-1)) + 1)
    return found.of_each(entity, expected if usual is None else usual)


def surprisal(counts: Doubles, expected: Doubles, size: Doubles) -> Doubles:
    """Return the surprisal of counts as high, -log P(X >= count), in nats (n,).

    Parameters
    ----------
    counts, expected
        The counts, and what `predicted` expects of each: the mean of a negative binomial.
    size
        Its size, as `size_of` gives it.
    """
    share = expected / (expected + size)
    size, share = np.broadcast_arrays(size, share, counts)[:2]
    tail = np.ones(len(counts))
    # Most counts are 1: P(X >= 1) = 1 - P(0) takes no incomplete beta function.
    one, more = counts == 1, (counts > 0) & (counts != 1)
    tail[one] = -np.expm1(size[one] * np.log1p(-share[one]))
    tail[more] = betainc(counts[more], size[more], share[more])
    return -np.log(np.maximum(tail, _SMALLEST))


def size_of(expected: Doubles, shape: Doubles, dispersed: Doubles) -> Doubles:
    """Return the size of the negative binomial distribution of a count, (n,).

    Parameters
    ----------
    expected, shape
        What `predicted` gives.
    dispersed
        The variance over the mean of a window.
    """
    return np.minimum(shape, expected / np.maximum(dispersed - 1.0, 1e-9))


def away(values: Doubles, means: Doubles, deviations: Doubles, known: Doubles) -> Doubles:
    """Return the surprisal of values as far from a mean on either side, in nats.

    Parameters
    ----------
    values, means, deviations
        The values, the mean of the other windows, and the standard deviation of a new one from it.
    known
        How many there are: the degrees of freedom.
    """
    distance = np.abs(values - means) / deviations
    log_tail = student_t.logsf(distance, np.maximum(known, 1.0)) + np.log(2.0)
    return np.maximum(-log_tail, 0.0)
