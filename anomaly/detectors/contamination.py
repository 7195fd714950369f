"""Sign of contamination in a sample: the share of held-out events beyond the normal cluster."""

import numpy as np
import numpy.typing as npt

from anomaly.detectors.combination import ScoreCombination
from anomaly.embedding.deduplicated import SomeEvents
from anomaly.numerics.spacing import evenly_spaced

_NEARLY_ALL = 0.99
"""Share of the normal cluster that an event has to be more surprising than, to lie beyond it."""
_ROWS = 16_384
"""Normal events, evenly spread, that this quantile comes from."""
_ROUNDING = 1e-4
"""Surprisals that differ by less than this share of them are one, as in the calibration."""


def beyond_reference(
    combination: ScoreCombination, normal: SomeEvents, held_out: npt.NDArray[np.float32]
) -> float:
    """Return the share of held-out events more surprising than nearly all of the normal cluster.

    It is one in a hundred where nothing was trimmed. The held-out events are not trimmed. So up to
    about the trimmed share lies beyond: anomalies, or the outer part of the normal events.
    The share is smaller where anomalies stayed in the cluster and widen it. It is larger where the
    held-out events are of another kind. So the share alone does not show contamination.

    Parameters
    ----------
    combination
        The scores fitted on the normal cluster.
    normal
        The events of the normal cluster.
    held_out
        float32 (n_calibration,): the surprisals of held-out events.
    """
    spread = normal.take(evenly_spaced(normal.n_events, _ROWS))
    cut = float(np.quantile(combination.score(spread).surprisal, _NEARLY_ALL))
    return float(np.mean(held_out > cut + _ROUNDING * abs(cut)))
