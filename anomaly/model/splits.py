"""Splits of a sample: what the scores are fitted on, and the held-out part that calibrates them.

p-values hold for events that are to the model what the calibration is to it. Events of the days
that it was fitted on are like held-out events of these days. Events of another day are not. What is
new every day, such as a name or an address, is odd to a model that does not know the day. For
them, whole days are held out (block cross-validation; Roberts et al., 2017).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from anomaly.numerics.arrays import Integers

_PARTS = 3
"""A third of the sample calibrates what the other two fit."""
_LEAST = 0.5
"""A part of whole days has at least so much of its share of the events."""


class Split(NamedTuple):
    """One way to part a sample: positions in it, each int64 and ascending."""

    reference: npt.NDArray[np.int64]
    """What the normal cluster comes from."""
    calibration: npt.NDArray[np.int64]
    """What the curves of the surprisals and the p-values come from."""
    embed_seed: int
    draw_seed: int


def splits(n: int, seed: int, days: Integers | None = None) -> list[Split]:
    """Part `n` events in three; each part calibrates one split, the last one first.

    Parameters
    ----------
    n
        Events of the sample.
    seed
        Seeds the parts, and what each split draws.
    days
        int64 (n,): the day of each event. The parts are of whole days, if the days can be dealt
        into parts of about one size; of two days, there are two. Else they are drawn at random.
    """
    embed_seed, split_seed, draw_seed, *others = np.random.SeedSequence(seed).generate_state(
        1 + 2 * _PARTS
    )
    rng = np.random.default_rng(split_seed)
    parts = None if days is None else _of_whole_days(days, rng)
    if parts is None:
        parts = np.split(rng.permutation(n), [round(n / _PARTS), round(2 * n / _PARTS)])
    seeds = [embed_seed, draw_seed, *others]
    return [
        Split(
            np.sort(np.concatenate([part for j, part in enumerate(parts) if j != held])),
            np.sort(parts[held]),
            int(seeds[2 * place]),
            int(seeds[2 * place + 1]),
        )
        for place, held in enumerate(reversed(range(len(parts))))
    ]


def held_out(n: int, seed: int, days: Integers | None = None) -> npt.NDArray[np.int64]:
    """Return which of `n` events the first fold of a model of this seed calibrates on, ascending.

    Its embedding, normal cluster, density and distance do not come from them.
    """
    return splits(n, seed, days)[0].calibration


def _of_whole_days(days: Integers, rng: np.random.Generator) -> list[Integers] | None:
    """Deal the days, the largest first, each to the part that has the fewest events.

    Returns
    -------
    list of int64 arrays, or None
        The positions of each part; None where there is one day, or a part would be too small.
    """
    known, place, sizes = np.unique(days, return_inverse=True, return_counts=True)
    n_parts = min(_PARTS, len(known))
    if n_parts < 2:
        return None
    shuffled = rng.permutation(len(known))
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    part_of, filled = np.empty(len(known), dtype=np.int64), np.zeros(n_parts, dtype=np.int64)
    for day in order:
        part_of[day] = part = int(np.argmin(filled))
        filled[part] += sizes[day]
    if filled.min() < _LEAST * len(days) / n_parts:
        return None
    parts = part_of[place]
    return [np.flatnonzero(parts == part) for part in range(n_parts)]
