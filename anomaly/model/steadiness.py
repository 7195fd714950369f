"""Steadiness of the columns: how odd their values of other days are beside those of known days.

Some things are new every day: who has which address, which text an agent sends. Such a column finds
many events of each other day odd, and hides what is odd in the columns that stay the same. So each
column is held against whole days that it was not fitted on, and is shrunk. One of their events in a
hundred then lies as far out as one in a hundred of the known days. A few days do not show what is
new every day: what is rare is then new, and a weekday of its own is too.
"""

from collections.abc import Sequence

import numpy as np

from anomaly.detectors.distance import FarthestColumn
from anomaly.embedding.deduplicated import EmbeddedEvents, Span
from anomaly.numerics.arrays import Integers
from anomaly.numerics.spacing import evenly_spaced

_FEWEST_DAYS = 7
_FAR = 0.99
"""Share of the events that lie nearer."""
_LEAST = 0.1
"""A column that is new every day still counts a tenth: its values may tell events apart."""
_REFERENCES, _ROWS = 2_048, 16_384
"""Events, evenly spaced, that a distance is measured from, and that are measured."""


def shows_steadiness(days: Integers | None) -> bool:
    """Return whether events of these days, int64 (n_events,), show what is new every day."""
    return days is not None and len(np.unique(days)) >= _FEWEST_DAYS


def steadiness(
    embedded: EmbeddedEvents,
    spans: Sequence[Span],
    normal: Integers,
    known: Integers,
    others: Integers,
) -> tuple[float, ...]:
    """Return the factor of each span, in [0.1, 1]: 1 where other days are like the known ones.

    Parameters
    ----------
    embedded
        The events of the sample.
    spans
        Which dimensions belong to which column.
    normal, known, others
        Positions in `embedded`: the normal cluster, all events of the days that it comes from, and
        the events of other days.
    """

    def some(positions: Integers, n: int) -> EmbeddedEvents:
        return embedded.take(positions[evenly_spaced(len(positions), n)])

    away = FarthestColumn.fit(some(normal, _REFERENCES).X, spans)
    here, there = (
        np.quantile(away.by_span(some(events, _ROWS).X).astype(np.float64), _FAR, axis=0)
        for events in (known, others)
    )
    smallest = np.finfo(np.float32).tiny
    return tuple(np.clip((here + smallest) / (there + smallest), _LEAST, 1.0).tolist())
