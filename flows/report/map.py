"""The map of the embedding: how densely normal records lie, and where the findings are."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.ndimage import gaussian_filter

from flows.report.marks import CHOSEN, LEFT, Row, Spec, finding_marks, finding_rows, quantitative

_GRID = (64, 40)
"""Cells of the surface, across and up."""
_BLUR = 1.6
"""Cells that a normal record is spread over, as the deviation of a normal distribution."""
_LEVELS = 7
_MARGIN = 0.15
"""Of the extent of the normal records: how far the surface reaches beyond."""

Points = npt.NDArray[np.float64]


def embedding_map(points: pa.Table, findings: pa.Table) -> Spec | None:
    """Draw the surface of the normal records and the findings on it; None without both."""
    points = points.filter(pc.and_(pc.is_finite(points["x"]), pc.is_finite(points["y"])))
    ranks = points["rank"].combine_chunks()
    normal = pc.is_null(ranks).to_numpy(zero_copy_only=False)
    if normal.all() or not len(findings):
        return None
    xy = _compressed(np.column_stack([points["x"].to_numpy(), points["y"].to_numpy()]), normal)
    places = dict(zip(ranks.drop_null().to_pylist(), xy[~normal].tolist(), strict=True))
    marks = [
        row | dict(zip("xy", places[row["rank"]], strict=True))
        for row in finding_rows(findings)
        if row["rank"] in places
    ]
    found = finding_marks(marks, quantitative("x", axis=None), quantitative("y", axis=None))
    return {
        "description": "Map of the embedding: the density of normal records, and the findings.",
        "height": 330,
        "params": [CHOSEN, LEFT],
        "layer": [_ground(_surface(xy[normal])), found],
        "resolve": {"scale": {"opacity": "independent"}},
    }


def _ground(cells: list[Row]) -> Spec:
    strength = {"domain": [0, _LEVELS], "range": [0.0, 0.95]}
    return {
        "data": {"values": cells},
        "mark": {
            "type": "rect",
            "color": "var(--cloud)",
            "strokeWidth": 0,
            "aria": False,
            "tooltip": None,
        },
        "encoding": {
            "x": quantitative("x", axis=None, scale={"nice": False}),
            "y": quantitative("y", axis=None, scale={"nice": False}),
            "x2": {"field": "x2"},
            "y2": {"field": "y2"},
            "opacity": quantitative("level", legend=None, scale=strength),
        },
    }


def _surface(normal: Points) -> list[Row]:
    """Give the cells in which normal records lie, each with its level of density, 1 to `_LEVELS`.

    A histogram, smoothed; a level is an equal step of the square root of the density, so that what
    is thin can still be seen.
    """
    if not len(normal):
        return []
    low, high = normal.min(axis=0), normal.max(axis=0)
    reach = np.maximum(_MARGIN * (high - low), 0.1)
    ranges = [(low[i] - reach[i], high[i] + reach[i]) for i in range(2)]
    counts, xs, ys = np.histogram2d(normal[:, 0], normal[:, 1], bins=_GRID, range=ranges)
    density = gaussian_filter(counts, _BLUR, mode="constant")
    levels = np.ceil(_LEVELS * np.sqrt(density / density.max()) - 0.5).astype(int)
    xs, ys = np.round(xs, 3), np.round(ys, 3)
    return [
        {"x": xs[i], "x2": xs[i + 1], "y": ys[j], "y2": ys[j + 1], "level": int(levels[i, j])}
        for i, j in np.argwhere(levels > 0).tolist()
    ]


def _compressed(
    xy: npt.NDArray[np.float32], normal: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Centre on the normal records and draw far distances shorter, so that both can be seen."""
    reference = xy[normal] if normal.any() else xy
    centred = xy - np.median(reference, axis=0)
    spread = np.quantile(np.abs(reference - np.median(reference, axis=0)), 0.9, axis=0)
    return np.round(np.arcsinh(centred / np.where(spread > 0, spread, 1.0)).astype(float), 3)
