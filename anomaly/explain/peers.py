"""Peers of an entity: the others that hold the same category, where a job names such columns."""

from dataclasses import dataclass

import numpy as np

from anomaly.explain.known_records import KnownRecords

_NAMED = 5
"""Peers that are named."""


@dataclass(frozen=True)
class Peers:
    """The peers of an entity in one column."""

    column: str
    value: str
    """The value that most of the entity's known records hold."""
    n: int
    """Other entities of which a known record holds it, too."""
    names: list[str]
    """Those with the most such records."""


def peers_of(known: KnownRecords, entity_column: str, entity: str, column: str) -> Peers | None:
    """Return the entities that share a category with one; None where none is known.

    Parameters
    ----------
    known
        The known records; all counts are of them.
    entity_column, entity
        Whose peers are asked for.
    column
        The category.
    """
    if not {entity_column, column} <= known.roles.keys() or entity_column == column:
        return None
    own = known.holding(entity_column, entity)
    value, n_own = known.column(column).commonest(own, None)
    if value is None or not n_own:
        return None
    entities = known.column(entity_column)
    codes = entities.codes[known.holding(column, value) & ~own]
    counts = np.bincount(codes[codes >= 0], minlength=len(entities.names))
    often = np.lexsort((np.array(entities.names), -counts))[:_NAMED]
    names = [entities.names[code] for code in often.tolist() if counts[code]]
    return Peers(column, value, int((counts > 0).sum()), names)
