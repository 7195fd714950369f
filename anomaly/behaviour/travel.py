"""Travel: events of an entity too far from the one before for the time between them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.numerics.arrays import Doubles, Integers

FARTHER = 100.0
"""Kilometres: the place of an address may be wrong by tens of them.

For that reason MaxMind's `accuracy_radius` comes with each place.
"""
FASTER = 1_000.0
"""Kilometres an hour: airliners cruise at about 900, Mach 0.85 at their height."""
_EARTH = 6_371.0088
"""Kilometres: the mean radius of the Earth, of the IUGG."""
_NEAR = 0.8
"""Degrees of latitude and longitude together, each of at most 111.2 km: none as near is too far."""
_HOUR = 3_600.0
_SECOND = 1_000_000.0
"""Microseconds."""


class Move(NamedTuple):
    """A move from one place to another."""

    start: tuple[float, float]
    """Latitude and longitude, in degrees."""
    stop: tuple[float, float]
    kilometres: float
    seconds: float


def places_of(latitudes: Doubles, longitudes: Doubles) -> Doubles:
    """Return latitudes and longitudes in degrees, (n, 2); not a number where there is no place.

    0, 0 lies in the sea, and is written where no place is known.
    """
    known = (np.abs(latitudes) <= 90.0) & (np.abs(longitudes) <= 180.0)
    known &= (latitudes != 0.0) | (longitudes != 0.0)
    return np.where(known[:, np.newaxis], np.column_stack([latitudes, longitudes]), np.nan)


def too_fast(start: Doubles, stop: Doubles, after: Integers) -> npt.NDArray[np.bool_]:
    """Tell which moves between places (n, 2) are far and fast, in microseconds `after` (n,)."""
    found: npt.NDArray[np.bool_] = np.abs(stop - start).sum(axis=1) > _NEAR
    far = np.flatnonzero(found)
    away = kilometres(start[far], stop[far])
    found[far] = (away > FARTHER) & (away * _HOUR > FASTER * (after[far] / _SECOND))
    return found


def kilometres(start: Doubles, stop: Doubles) -> Doubles:
    """Return the great-circle distances between places (n, 2) in degrees, (n,).

    By the haversine formula (Sinnott, Virtues of the haversine, Sky and Telescope 68, 1984).
    """
    (latitude, longitude), (other, beside) = np.radians(start).T, np.radians(stop).T
    north, east = np.sin((other - latitude) / 2), np.sin((beside - longitude) / 2)
    haversine = north**2 + np.cos(latitude) * np.cos(other) * east**2
    # Of places opposite to each other it may be larger than 1 by what floats are rounded.
    found: Doubles = 2 * _EARTH * np.arcsin(np.sqrt(np.minimum(haversine, 1.0)))
    return found


def place_texts(places: Doubles) -> pa.Array:
    """Return places (n, 2) as texts, from which `places_in` reads the same floats."""
    return _texts(places.T)


def places_in(texts: pa.Array) -> Doubles:
    """Return the places that texts hold, (n, 2)."""
    return _numbers(texts, 2)


def move_texts(start: Doubles, stop: Doubles, after: Integers) -> pa.Array:
    """Return moves between places as texts: both places, and the seconds between them."""
    return _texts([*start.T, *stop.T, after / _SECOND])


def moves_in(texts: Sequence[str]) -> list[Move]:
    """Return the moves that texts hold."""
    numbers = _numbers(pa.array(texts, pa.string()), 5)
    away = kilometres(numbers[:, :2], numbers[:, 2:4])
    return [
        Move((row[0], row[1]), (row[2], row[3]), far, row[4])
        for row, far in zip(numbers.tolist(), away.tolist(), strict=True)
    ]


def fastest_first(texts: Sequence[str]) -> Integers:
    """Return the order of the texts of moves by their speed, the fastest first, (n,)."""
    numbers = _numbers(pa.array(texts, pa.string()), 5)
    away, seconds = kilometres(numbers[:, :2], numbers[:, 2:4]), numbers[:, 4]
    with np.errstate(divide="ignore"):
        return np.lexsort((-away, -away / seconds))


def _texts(columns: Sequence[Doubles] | Doubles) -> pa.Array:
    return pc.binary_join_element_wise(*(pa.array(c).cast(pa.string()) for c in columns), " ")


def _numbers(texts: pa.Array, n: int) -> Doubles:
    parts = pc.split_pattern(texts, " ").flatten()
    numbers: Doubles = parts.cast(pa.float64()).to_numpy().reshape(-1, n)
    return numbers
