"""The map of the embedding: how densely normal records lie, and where the findings are."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.ndimage import gaussian_filter
from scipy.spatial import KDTree

from flows.report.map_colours import COLOURED, COLOURS, ColouredColumn, commonest
from flows.report.marks import (
    CHOSEN,
    LEFT,
    Row,
    Spec,
    finding_marks,
    finding_rows,
    nominal,
    quantitative,
)
from flows.report.text import visible

_GRID = (64, 40)
"""Cells of the surface, across and up."""
_BLUR = 1.6
"""Cells that a normal record is spread over, as the deviation of a normal distribution."""
_LEVELS = 7
_NEAR = 9
"""Normal records that give a cell its colour: those nearest to its middle."""
_MARGIN = 0.15
"""Of the extent of the normal records: how far the surface reaches beyond."""

_APART = (0.35, 0.08)
"""Of the extent of the map: names of two regions that are nearer than this are one too many."""

Points = npt.NDArray[np.float64]


def embedding_map(
    points: pa.Table, findings: pa.Table, columns: Sequence[ColouredColumn] = ()
) -> Spec | None:
    """Draw the surface of the normal records and the findings on it; None without both.

    The page may colour it by one of the `columns`, whose codes are those of these points.
    """
    points = points.filter(pc.and_(pc.is_finite(points["x"]), pc.is_finite(points["y"])))
    ranks = points["rank"].combine_chunks()
    normal = pc.is_null(ranks).to_numpy(zero_copy_only=False)
    if normal.all() or not len(findings):
        return None
    xy = _compressed(np.column_stack([points["x"].to_numpy(), points["y"].to_numpy()]), normal)
    places = dict(zip(ranks.drop_null().to_pylist(), xy[~normal].tolist(), strict=True))
    marks = [
        row | dict(zip("xy", places[row["rank"]], strict=True)) | _values(columns, place)
        for place, row in enumerate(finding_rows(findings))
        if row["rank"] in places
    ]
    named = _named(points, normal)
    cells = _surface(xy[normal])
    _tell_regions(cells, xy[normal], named, columns)
    found = finding_marks(marks, quantitative("x", axis=None), quantitative("y", axis=None))
    if columns:
        found = _by_value(found)
    return {
        "description": "Map of the embedding: the density of normal records, and the findings.",
        "height": 330,
        "params": [CHOSEN, LEFT, *_params(columns)],
        "layer": [_ground(cells, columns), *_labels(_places(xy, xy[normal], named)), found],
        "resolve": {"scale": {"opacity": "independent", "color": "independent"}},
    }


def _values(columns: Sequence[ColouredColumn], place: int) -> Row:
    return {"values": [column.findings[place] for column in columns]} if columns else {}


def _params(columns: Sequence[ColouredColumn]) -> list[Spec]:
    names = {"name": "names", "value": [column.values for column in columns]}
    return [COLOURED, names] if columns else []


def _by_value(found: Spec) -> Spec:
    """Colour findings by the chosen column, or by their severity where none is chosen."""
    by_severity = found["encoding"]["color"]["scale"]
    domain = [*by_severity["domain"], *range(len(COLOURS))]
    scale = {"domain": domain, "range": [*by_severity["range"], *COLOURS]}
    shade = "coloured < 0 ? datum.severity : datum.values[coloured]"
    color = nominal("shade", scale=scale, legend=None)
    return found | {
        "transform": [{"calculate": shade, "as": "shade"}],
        "encoding": found["encoding"] | {"color": color},
    }


def _ground(cells: list[Row], columns: Sequence[ColouredColumn]) -> Spec:
    plain = _plain_ground(cells)
    if not columns:
        return plain
    scale = {"domain": [-1, *range(len(COLOURS))], "range": ["var(--cloud)", *COLOURS]}
    told = "coloured < 0 ? datum.region : 'Mostly ' + names[coloured][datum.values[coloured]]"
    tooltip = {"condition": {"test": "datum.told", **nominal("told")}, "value": None}
    return plain | {
        "transform": [
            {"calculate": "coloured < 0 ? -1 : datum.values[coloured]", "as": "shade"},
            {"calculate": told, "as": "told"},
        ],
        "encoding": plain["encoding"]
        | {"color": nominal("shade", scale=scale, legend=None), "tooltip": tooltip},
    }


def _plain_ground(cells: list[Row]) -> Spec:
    strength = {"domain": [0, _LEVELS], "range": [0.0, 0.95]}
    return {
        "data": {"values": cells},
        "mark": {
            "type": "rect",
            "color": "var(--cloud)",
            "strokeWidth": 0,
            "aria": False,
        },
        "encoding": {
            "x": quantitative("x", axis=None, scale={"nice": False}),
            "y": quantitative("y", axis=None, scale={"nice": False}),
            "x2": {"field": "x2"},
            "y2": {"field": "y2"},
            "opacity": quantitative("level", legend=None, scale=strength),
            "tooltip": {
                "condition": {"test": "datum.region", **nominal("region")},
                "value": None,
            },
        },
    }


def _named(points: pa.Table, normal: npt.NDArray[np.bool_]) -> list[str | None]:
    """Give the name of the region of each normal record; runs before there were names have none."""
    if "region" not in points.column_names:
        return [None] * int(normal.sum())
    found = points["region"].filter(pa.array(normal)).to_pylist()
    return [None if name is None else visible(name) for name in found]


def _tell_regions(
    cells: list[Row],
    normal: Points,
    named: list[str | None],
    columns: Sequence[ColouredColumn],
) -> None:
    """Add to each cell the region of the nearest normal record, and the commonest values near."""
    if not cells:
        return
    middles = [((cell["x"] + cell["x2"]) / 2, (cell["y"] + cell["y2"]) / 2) for cell in cells]
    n = min(_NEAR, len(normal))
    nearest = np.asarray(KDTree(normal).query(np.array(middles), k=n)[1]).reshape(len(cells), n)
    for cell, place in zip(cells, nearest[:, 0].tolist(), strict=True):
        if named[place] is not None:
            cell["region"] = f"Mostly {named[place]}"
    if columns:
        for cell, values in zip(cells, commonest(columns, nearest), strict=True):
            cell["values"] = values


def _places(xy: Points, normal: Points, named: list[str | None]) -> list[Row]:
    """Say where the name of each region stands, the largest first; none too near to another."""
    names = np.array([name or "" for name in named], dtype=object)
    often = sorted(
        {name for name in names if name}, key=lambda name: (-(names == name).sum(), name)
    )
    extent = np.maximum(np.ptp(xy, axis=0), 1e-9)
    shown: list[Row] = []
    for name in often:
        x, y = np.median(normal[names == name], axis=0).round(3).tolist()
        near = [(abs(x - o["x"]) / extent[0], abs(y - o["y"]) / extent[1]) for o in shown]
        if not any(across < _APART[0] and up < _APART[1] for across, up in near):
            shown.append({"x": x, "y": y, "region": name})
    return shown


def _labels(places: list[Row]) -> list[Spec]:
    """Write the names of the regions, each over an outline that sets it off from the ground."""
    text = {"type": "text", "fontSize": 11, "fontWeight": 600, "limit": 170, "tooltip": None}
    outline = {"stroke": "var(--surface)", "strokeWidth": 4, "strokeOpacity": 0.85}
    encoding = {
        "x": quantitative("x", axis=None),
        "y": quantitative("y", axis=None),
        "text": nominal("region"),
    }
    marks = [text | outline | {"aria": False}, text | {"color": "var(--ink)"}]
    data = {"values": places}
    return [{"data": data, "mark": mark, "encoding": encoding} for mark in marks if places]


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
