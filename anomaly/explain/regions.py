"""Names the regions of the map by the values that dominate them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.cluster import KMeans

from schemas.events.texts import as_text
from schemas.shortening import shortened

_REGIONS = 4
_SMALLEST = 0.05
"""Share of the normal records that a region holds at least."""
_DOMINANT, _LIFT = 0.5, 0.1
"""A value dominates a region where at least this share holds it, so much more than elsewhere."""
_VALUES = 3
_LONGEST = 32
"""Characters of a value."""


def regions(points: npt.NDArray[np.float32], records: pa.Table, names: Sequence[str]) -> pa.Array:
    """Name the region of each normal record by its two or three dominant values.

    The regions are the clusters of k-means on the plane. A region without two such values has no
    name, and its records null.

    Parameters
    ----------
    points
        float32 (n_records, 2).
    records
        The records that lie there.
    names
        The columns whose values may name a region.

    Returns
    -------
    pa.Array
        string (n_records,), such as `list_objects, Platform`.
    """
    values = [_codes(records[name]) for name in names]
    found = np.full(len(points), None, dtype=object)
    for inside in _clusters(points):
        told = sorted(filter(None, (_dominant(codes, texts, inside) for codes, texts in values)))
        if len(told) > 1:
            found[inside] = ", ".join(text for _, text in told[:_VALUES])
    return pa.array(found, pa.string())


def _clusters(points: npt.NDArray[np.float32]) -> list[npt.NDArray[np.bool_]]:
    xy = points.astype(np.float64)
    if len(np.unique(xy, axis=0)) <= _REGIONS:
        return []
    label = KMeans(_REGIONS, n_init=10, random_state=0).fit_predict(xy)
    inside = [label == place for place in range(_REGIONS)]
    return [each for each in inside if each.mean() >= _SMALLEST]


def _codes(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], list[str | None]]:
    encoded = pc.dictionary_encode(as_text(column.combine_chunks()), null_encoding="encode")
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()


def _dominant(
    codes: npt.NDArray[np.int64], texts: list[str | None], inside: npt.NDArray[np.bool_]
) -> tuple[float, str] | None:
    """Return the value that dominates, behind how little it does: the most comes first."""
    held = np.bincount(codes[inside], minlength=len(texts)) / inside.sum()
    outside = np.bincount(codes[~inside], minlength=len(texts)) / max(1, (~inside).sum())
    most = int(held.argmax())
    text, lift = texts[most], float(held[most] - outside[most])
    if text is None or held[most] < _DOMINANT or lift < _LIFT:
        return None
    return -lift, shortened(text, _LONGEST)
