"""Earlier incidents that are similar to one: the same again, or of its pattern, entity or columns.

Incidents are similar if they share an identity, an entity, or a pattern that names a value. They
are also similar if their surprisal lies in the same columns, by the cosine of their shares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

ALIKE = 0.8
"""Cosine from which on two incidents are odd for the same reasons."""


@dataclass(frozen=True)
class SimilarIncident:
    """An earlier incident that is like one of now."""

    place: int
    """Its place among the earlier ones."""
    why: str
    """`same`: known again; `pattern`: the same of another entity; `entity`: another thing of the
    same one; `reasons`: odd in the same columns."""
    times: int
    """How many of the earlier ones have its identity."""


def most_similar(
    incidents: Sequence[Mapping[str, Any]], past: Sequence[Mapping[str, Any]], n: int
) -> list[list[SimilarIncident]]:
    """Give for each incident the `n` earlier ones that are most like it, each identity once.

    Parameters
    ----------
    incidents
        Rows of `schemas.outputs.tables.INCIDENT`.
    past
        Rows of earlier runs, the oldest first: of alike ones the newest is taken.
    n
        How many to give at the most.
    """
    if not past:
        return [[] for _ in incidents]
    keys = {key: np.array([row[key] for row in past], dtype=object) for key in ("identity",)}
    keys["pattern"] = np.array([_named(row) for row in past], dtype=object)
    keys["entity"] = np.array([_whose(row) for row in past], dtype=object)
    both = [*past, *incidents]
    named = sorted({reason["column"] for row in both for reason in row["reasons"]})
    columns = {column: place for place, column in enumerate(named)}
    shares = directions(_shares(past), columns)
    newest_first = np.arange(len(past))[::-1]
    _, kinds, counts = np.unique(
        keys["identity"].astype(str), return_inverse=True, return_counts=True
    )
    found = []
    for row, direction in zip(incidents, directions(_shares(incidents), columns), strict=True):
        cosine = shares @ direction
        same = keys["identity"] == row["identity"]
        pattern = (keys["pattern"] == _named(row)) & (keys["pattern"] != "")
        entity = (keys["entity"] == _whose(row)) & (keys["entity"] != "")
        rank = 4 * same + 2 * pattern + 1 * entity + np.where(cosine >= ALIKE, 0.5, 0.0)
        order = newest_first[np.argsort(-(rank + cosine / 10)[newest_first], kind="stable")]
        alike = order[rank[order] > 0]
        firsts = np.sort(np.unique(kinds[alike], return_index=True)[1])[:n]
        found.append(
            [
                SimilarIncident(
                    int(place), _why(same, pattern, entity, place), int(counts[kinds[place]])
                )
                for place in alike[firsts]
            ]
        )
    return found


def _why(
    same: npt.NDArray[np.bool_],
    pattern: npt.NDArray[np.bool_],
    entity: npt.NDArray[np.bool_],
    place: int,
) -> str:
    named = (("same", same), ("pattern", pattern), ("entity", entity))
    return next((why for why, holds in named if holds[place]), "reasons")


def _named(row: Mapping[str, Any]) -> str:
    """Return the pattern where it names a value; that of a column alone says little."""
    columns = {reason["column"] for reason in row["reasons"]}
    return "" if row["pattern"] in columns else str(row["pattern"])


def _whose(row: Mapping[str, Any]) -> str:
    return "" if row["entity"] is None else f"{row['entity_column']}\0{row['entity']}"


def _shares(rows: Sequence[Mapping[str, Any]]) -> list[list[tuple[str, float]]]:
    return [[(each["column"], each["share"]) for each in row["reasons"]] for row in rows]


def directions(
    shares: Sequence[Sequence[tuple[str, float]]], columns: Mapping[str, int]
) -> npt.NDArray[np.float64]:
    """Return the shares of each incident's columns as a vector of length 1.

    Parameters
    ----------
    shares
        The columns of each incident's reasons, with their shares of the surprisal.
    columns
        Column -> its place in the vectors; others are left out.

    Returns
    -------
    float64 (n_incidents, n_columns); 0 where an incident has none of the columns.
    """
    found = np.zeros((len(shares), len(columns)))
    for place, reasons in enumerate(shares):
        for column, share in reasons:
            if column in columns:
                found[place, columns[column]] += share
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.divide(found, length, out=found, where=length > 0)
