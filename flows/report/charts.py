"""The charts of the page, as Vega-Lite specifications.

Colours are the style sheet's custom properties, so that one drawing fits light, dark and paper.
Every field has a name of ours: names and values from the log are data, never Vega expressions.
"""

from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
from altair.utils.schemapi import debug_mode

from flows.report.data import ReportData
from flows.report.drivers import Driver
from flows.report.lanes import lanes, over_time
from flows.report.map import embedding_map
from flows.report.marks import Row, inline
from flows.report.wording import share

_MAX_FINDINGS = 1_000
_MAX_BARS = 80
_MAX_COLUMNS = 8


Spec = dict[str, Any]
_Drawn = alt.Chart | alt.LayerChart | alt.FacetChart


def charts(data: ReportData, leading: list[Driver]) -> dict[str, Spec]:
    """Draw what there is something to draw of.

    Returns
    -------
    dict
        `time`, `lanes`, `map`, `scores`, `columns`: each a Vega-Lite specification. A chart that
        would be empty is left out.
    """
    findings = data.findings.slice(0, _MAX_FINDINGS)
    with debug_mode(False):  # Altair would hold each part against its schema: a third of the time.
        drawn: dict[str, _Drawn | None] = {
            "time": over_time(findings, data.time_column),
            "lanes": lanes(findings, data.incidents, data.time_column),
            "map": embedding_map(data.map_points, findings),
            "scores": _score_distribution(data),
            "columns": _driving_columns(leading),
        }
        return {name: _finished(chart) for name, chart in drawn.items() if chart is not None}


def _finished(chart: _Drawn) -> Spec:
    font = "system-ui, sans-serif"
    styled = (
        chart.properties(width="container", background="transparent")
        .configure(font=font, autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))
        .configure_view(stroke=None)
        .configure_axis(
            domainColor="var(--line-strong)",
            gridColor="var(--line)",
            tickColor="var(--line-strong)",
            labelColor="var(--muted)",
            titleColor="var(--muted)",
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            titlePadding=10,
        )
    )
    spec: Spec = styled.to_dict(validate=False)
    del spec["$schema"]  # An address: nothing in the page names a host.
    return spec


def _score_distribution(data: ReportData) -> _Drawn | None:
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
    return alt.layer(*layers).properties(
        height=330, description="Scored records by anomaly score, with the cut."
    )


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
    step = max(1, -(-last // _MAX_BARS))
    starts = np.arange(0, last, step)
    return np.add.reduceat(counts[:last], starts), np.append(edges[starts], edges[last])


def _score_bars(bars: list[Row]) -> alt.Chart:
    most = max(bar["records"] for bar in bars)
    heights = alt.Scale(type="log", domain=[0.7, most * 1.5], nice=False)
    decades = [10**power for power in range(len(str(most)))]
    return (
        alt.Chart(inline(bars))
        .mark_rect(stroke="var(--surface)", strokeWidth=0.5)
        .encode(
            x=alt.X("low:Q", title="Anomaly score", axis=alt.Axis(grid=False)),
            x2="high:Q",
            y=alt.Y(
                "records:Q",
                title="Records, each line ten times more",
                scale=heights,
                axis=alt.Axis(values=decades, format="~s"),
            ),
            y2=alt.datum(0.7),
            color=alt.condition("datum.above", alt.value("var(--high)"), alt.value("var(--bar)")),
            tooltip=[
                alt.Tooltip("records:Q", title="Records", format=","),
                alt.Tooltip("low:Q", title="Score from", format=".1f"),
                alt.Tooltip("high:Q", title="to", format=".1f"),
            ],
        )
    )


def _cut_line(score_cut: float) -> list[alt.Chart]:
    at = alt.Chart(inline([{"cut": score_cut, "label": f"cut {score_cut:.1f}"}]))
    x = alt.X("cut:Q")
    return [
        at.mark_rule(color="var(--ink)", strokeDash=[4, 3], strokeWidth=1.5).encode(x=x),
        at.mark_text(align="left", baseline="top", dx=6, color="var(--ink)", fontWeight=600).encode(
            x=x, y=alt.value(0), text="label:N"
        ),
    ]


def _driving_columns(leading: list[Driver]) -> _Drawn | None:
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
    base = alt.Chart(inline(bars)).encode(
        y=alt.Y("column:N", sort=None, axis=None),
        tooltip=[
            alt.Tooltip("column:N", title="Column"),
            alt.Tooltip("text:N", title="Share"),
            alt.Tooltip("findings:Q", title="Findings that name it"),
        ],
    )
    # The name stands above its bar, not beside it: long names need no margin, phones least of all.
    bar = base.mark_bar(height=7, yOffset=9, cornerRadius=3, color="var(--accent)").encode(
        x=alt.X("share:Q", axis=None, scale=alt.Scale(nice=False))
    )
    name = base.mark_text(align="left", dy=-6, color="var(--ink)", limit=230, fontSize=12)
    number = base.mark_text(align="right", dy=-6, color="var(--muted)", fontSize=12)
    return alt.layer(
        bar,
        name.encode(x=alt.value(0), text="column:N"),
        number.encode(x=alt.value("width"), text="text:N"),
    ).properties(height=34 * len(bars), description="Columns by their share in the findings.")
