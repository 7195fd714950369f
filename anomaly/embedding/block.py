"""Facts about a column that a block gives besides coordinates: drift bins and rarity of a value."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from anomaly.numerics.arrays import Floats, Integers

_NATS = 16
"""Bins by the surprisal of the rarest word or step, a nat each."""


class DriftBins(NamedTuple):
    """The bin of each value of a column: drift is a difference between counts of them."""

    codes: Integers
    """(n_rows,): 0 for what the sample never held, then the bins, and the missing last."""
    n_bins: int
    """0 where the column has none."""


@dataclass(frozen=True)
class Rarity:
    """The rarity of a value, in figures; `anomaly.explain.sentences` puts them in words."""

    kind: Literal[
        "name",
        "address",
        "number",
        "word",
        "hour",
        "weekday",
        "weekday hour",
        "step",
        "entity name",
        "entity number",
        "entity hour",
        "number given number",
        "look-alike",
    ]
    """What the figures are about. `entity`: among the events of one entity alone."""
    part: str = ""
    """The rarest word or step of the value, or the network of an address; empty if none."""
    count: int = 0
    """Events that hold the value, or its part."""
    total: int = 0
    """Events of the sample, or of the entity."""
    around: int = 0
    """Events of the network of an address."""
    share: float = 0.0
    """Of a number, the events below it. Of a moment, those around its hour, or on its weekday; or,
    of those on its weekday, the ones around its hour."""
    above: float = 0.0
    """Of a number, the share of the events above it."""
    usual: Any = None
    """What the entity mostly holds there, of numbers a tuple; None or empty if not known. Of a
    weekday, its usual hour. Of a look-alike, the common name."""


def surprisal_bins(rarest: Floats, largest: float, missing: Any) -> DriftBins:
    """Bin values by the surprisal of what is rarest in them.

    Parameters
    ----------
    rarest
        (n_rows,): those surprisals, in nats.
    largest
        That of what the sample never held.
    missing
        bool (n_rows,): where there is no value.
    """
    codes = np.clip(rarest, 0, _NATS - 1).astype(np.int64) + 1
    codes[rarest >= largest - 1e-3] = 0
    codes[missing] = _NATS + 1
    return DriftBins(codes, _NATS + 2)
