"""Colours of the map by the values of a column: its commonest values, and all others together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from anomaly.numerics.arrays import Integers
from flows.report.marks import Spec
from flows.report.text import count, visible

_VALUES = 6
"""Values of a column that have a colour of their own; all others share one."""
OTHER = _VALUES
"""The code of the others."""
_LONGEST = 40
"""Characters of a value in the legend."""
_NAME = 80

COLOURED: Spec = {"name": "coloured", "value": -1}
"""The place of the column that colours the map, or -1: the page's script sets it."""
COLOURS = tuple(f"var(--value-{name})" for name in (*"abcdef", "other"))
"""The colour of each code."""


@dataclass(frozen=True)
class Swatch:
    """A line of the legend of a column."""

    colour: str
    label: str
    """The value, with how many normal records on the map hold it."""


@dataclass(frozen=True)
class ColouredColumn:
    """A column that the map can be coloured by."""

    name: str
    normal: list[int]
    """The code of each normal record on the map."""
    findings: list[int]
    """The code of each finding."""
    values: list[str]
    """The value of each code, as it is shown."""
    swatches: list[Swatch]


def coloured_columns(values: pa.Table, findings: pa.Table) -> list[ColouredColumn]:
    """Code the values of each column.

    Parameters
    ----------
    values
        Columns of names, a row for each normal record on the map.
    findings
        The findings, with their own columns.
    """
    return [
        _coded(name, values[name].to_pylist(), _own(findings, name)) for name in values.column_names
    ]


def _own(findings: pa.Table, name: str) -> list[Any]:
    at = f"event.{name}" if f"event.{name}" in findings.column_names else name
    return findings[at].to_pylist() if at in findings.column_names else [None] * len(findings)


def _coded(name: str, normal: Sequence[Any], found: Sequence[Any]) -> ColouredColumn:
    counts = Counter(map(_text, normal))
    often = sorted(counts, key=lambda value: (-counts[value], value))[:_VALUES]
    codes = {value: code for code, value in enumerate(often)}
    told = [
        Swatch(COLOURS[code], f"{_label(value)} ({count(counts[value])})")
        for value, code in codes.items()
    ]
    others = len(normal) - sum(counts[value] for value in often)
    of_normal, of_found = (
        [codes.get(_text(value), OTHER) for value in some] for some in (normal, found)
    )
    if others or OTHER in of_found:
        told.append(Swatch(COLOURS[OTHER], f"other ({count(others)})"))
    labels = [*map(_label, often), *[""] * (_VALUES - len(often)), "other values"]
    return ColouredColumn(visible(name[:_NAME]), of_normal, of_found, labels, told)


def _text(value: Any) -> str:
    """Spell a value as its column in the log does; a missing one is empty.

    Examples
    --------
    >>> _text(True), _text(None), _text("a")
    ('true', '', 'a')
    """
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _label(value: str) -> str:
    if not value:
        return "no value"
    return visible(value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…")


def commonest(columns: Sequence[ColouredColumn], nearest: Integers) -> list[list[int]]:
    """Return the code that most of some records have, for each cell, column by column.

    Parameters
    ----------
    columns
        What the map can be coloured by.
    nearest
        int64 (n_cells, n): the normal records nearest to each cell; in doubt the commoner value.
    """
    found = []
    for column in columns:
        near = np.array(column.normal)[nearest]
        counts = (near[:, :, None] == np.arange(OTHER + 1)).sum(axis=1)
        found.append(counts.argmax(axis=1))
    return np.column_stack(found).tolist() if found else []
