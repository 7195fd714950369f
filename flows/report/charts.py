"""The charts of the page, as Vega-Lite specifications.

Colours are the style sheet's custom properties, so that one drawing fits light, dark and paper.
Every field has a name of ours: names and values from the log are data, never Vega expressions.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from anomaly.numerics.spacing import stride
from flows.report.columns import Driver
from flows.report.data import ReportData
from flows.report.map import embedding_map
from flows.report.map_colours import ColouredColumn
from flows.report.marks import Row, Spec, nominal, quantitative
from flows.report.text import share
from flows.report.timeline import lanes, over_time

_MAX_FINDINGS = 1_000
_MAX_BARS = 80
_MAX_COLUMNS = 8

_CONFIG: Spec = {
    "font": "system-ui, sans-serif",
    "autosize": {"type": "fit-x", "contains": "padding"},
    "view": {"stroke": None},
    "axis": {
        "domainColor": "var(--line-strong)",
        "gridColor": "var(--line)",
        "tickColor": "var(--line-strong)",
        "labelColor": "var(--muted)",
        "titleColor": "var(--muted)",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "titlePadding": 10,
    },
}


def charts(
    data: ReportData, leading: list[Driver], coloured: Sequence[ColouredColumn]
) -> dict[str, Spec]:
    """Draw what there is something to draw of; the map can take the colours of some columns.

    Returns
    -------
    dict
        `time`, `lanes`, `map`, `scores`, `columns`: each a Vega-Lite specification. A chart that
        would be empty is left out.
    """
    findings = data.findings.slice(0, _MAX_FINDINGS)
    drawn = {
        "time": over_time(findings, data.time_column),
        "lanes": lanes(findings, data.incidents, data.time_column),
        "map": embedding_map(data.map_points, findings, coloured),
        "scores": _score_distribution(data),
        "columns": _driving_columns(leading),
    }
    page = {"width": "container", "background": "transparent", "config": _CONFIG}
    return {title: chart | page for title, chart in drawn.items() if chart is not None}


def _score_distribution(data: ReportData) -> Spec | None:
    counts, edges = merged_bins(data.score_counts, data.score_edges)
    if not counts.any():
        return None
    score_cut = data.manifest.selection.score_cut
    above = edges[:-1] >= score_cut if score_cut is not None else np.zeros(len(counts), bool)
    bars = [
        {"low": low, "high": high, "records": number, "above": bool(is_above)}
        for low, high, number, is_above in zip(
            edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), above, strict=True
        )
        if number
    ]
    layers = [_score_bars(bars)]
    if score_cut is not None:
        layers += _cut_line(score_cut)
    return {
        "description": "Scored records by anomaly score, with the cut.",
        "height": 330,
        "layer": layers,
    }


def merged_bins(
    counts: npt.NDArray[np.int64], edges: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Merge neighbouring bins until they can be told apart; drop the empty ones at the end.

    Examples
    --------
    >>> counts, edges = merged_bins(np.array([5, 0, 2, 0, 0]), np.arange(6.0))
    >>> counts.tolist(), edges.tolist()
    ([5, 0, 2], [0.0, 1.0, 2.0, 3.0])
    """
    last = int(np.flatnonzero(counts)[-1]) + 1 if counts.any() else len(counts)
    step = stride(last, _MAX_BARS)
    starts = np.arange(0, last, step)
    return np.add.reduceat(counts[:last], starts), np.append(edges[starts], edges[last])


def _score_bars(bars: list[Row]) -> Spec:
    most = max(bar["records"] for bar in bars)
    lowest = 0.7  # below one record: a bar of one is seen, on an axis whose steps are tenfold
    return {
        "data": {"values": bars},
        "mark": {"type": "rect", "stroke": "var(--surface)", "strokeWidth": 0.5},
        "encoding": {
            "x": quantitative("low", title="Anomaly score", axis={"grid": False}),
            "x2": {"field": "high"},
            "y": quantitative(
                "records",
                title="Records (log scale)",
                scale={"type": "log", "domain": [lowest, most * 1.5], "nice": False},
                axis={"values": [10**power for power in range(len(str(most)))], "format": "~s"},
            ),
            "y2": {"datum": lowest},
            "color": {
                "condition": {"test": "datum.above", "value": "var(--high)"},
                "value": "var(--bar)",
            },
            "tooltip": [
                quantitative("records", title="Records", format=","),
                quantitative("low", title="Score from", format=".1f"),
                quantitative("high", title="to", format=".1f"),
            ],
        },
    }


def _cut_line(score_cut: float) -> list[Spec]:
    at = {"values": [{"cut": score_cut, "label": f"cut {score_cut:.1f}"}]}
    line = {"type": "rule", "color": "var(--ink)", "strokeDash": [4, 3], "strokeWidth": 1.5}
    label = {
        "type": "text",
        "align": "left",
        "baseline": "top",
        "dx": 6,
        "color": "var(--ink)",
        "fontWeight": 600,
    }
    x = quantitative("cut")
    return [
        {"data": at, "mark": line, "encoding": {"x": x}},
        {
            "data": at,
            "mark": label,
            "encoding": {"x": x, "y": {"value": 0}, "text": nominal("label")},
        },
    ]


def _driving_columns(leading: list[Driver]) -> Spec | None:
    if not leading:
        return None
    bars = [
        {
            "column": driver.column,
            "share": driver.share,
            "text": share(driver.share),
            "findings": driver.findings,
        }
        for driver in leading[:_MAX_COLUMNS]
    ]
    return {
        "description": "Columns by their share in the findings.",
        "height": 34 * len(bars),
        "data": {"values": bars},
        "encoding": {
            "y": nominal("column", sort=None, axis=None),
            "tooltip": [
                nominal("column", title="Column"),
                nominal("text", title="Share"),
                quantitative("findings", title="Findings that name it"),
            ],
        },
        "layer": _named_bars(),
    }


def _named_bars() -> list[Spec]:
    bar = {"type": "bar", "height": 7, "yOffset": 9, "cornerRadius": 3, "color": "var(--accent)"}
    # The name stands above its bar, not beside it: long names need no margin, phones least of all.
    above = {"type": "text", "dy": -6, "fontSize": 12}
    left = above | {"align": "left", "color": "var(--ink)", "limit": 230}
    right = above | {"align": "right", "color": "var(--muted)"}
    return [
        {"mark": bar, "encoding": {"x": quantitative("share", axis=None, scale={"nice": False})}},
        {"mark": left, "encoding": {"x": {"value": 0}, "text": nominal("column")}},
        {"mark": right, "encoding": {"x": {"value": "width"}, "text": nominal("text")}},
    ]
