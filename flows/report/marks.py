"""The marks of findings in the charts: what each shows, and how a chosen one stands out."""

from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa

from flows.report.wording import visible
from schemas.outputs import SEVERITY_CUTS

Row = dict[str, Any]

_SUMMARY_LENGTH = 160
_SEVERITIES = [name for name, _ in SEVERITY_CUTS]
_SHAPES = {"critical": "diamond", "high": "triangle-up", "medium": "circle", "low": "square"}
_SIZES = {"critical": 190, "high": 140, "medium": 95, "low": 60}

CHOSEN = alt.param(name="chosen", value=[])
"""The ranks of the findings whose cards are open: the page's script sets it."""
_IS_CHOSEN = "indexof(chosen, datum.rank) >= 0"


def inline(rows: list[Row]) -> alt.InlineData:
    """Give rows to a chart, as a tuple: Altair copies a list anew in every step of drawing."""
    return alt.InlineData(values=tuple(rows))


def finding_rows(findings: pa.Table) -> list[Row]:
    """Give what a mark shows of each finding."""
    columns = {"rank": "rank", "severity": "severity", "score": "anomaly_score"}
    rows: list[Row] = pa.table({ours: findings[name] for ours, name in columns.items()}).to_pylist()
    for row, summary in zip(rows, findings["summary"].to_pylist(), strict=True):
        row["summary"] = visible(summary[:_SUMMARY_LENGTH])
        row["score"] = row["score"] if np.isfinite(row["score"]) else None
    return rows


def finding_marks(chart: alt.Chart) -> alt.Chart:
    """Draw findings: colour, shape and size all tell the severity; the chosen have a ring."""
    colours = alt.Scale(domain=_SEVERITIES, range=[f"var(--{name})" for name in _SEVERITIES])
    shapes = alt.Scale(domain=_SEVERITIES, range=[_SHAPES[name] for name in _SEVERITIES])
    sizes = alt.Scale(domain=_SEVERITIES, range=[_SIZES[name] for name in _SEVERITIES])
    return chart.mark_point(
        filled=True,
        opacity=0.95,
        stroke="var(--ink)",
        cursor="pointer",
    ).encode(
        strokeWidth=alt.condition(_IS_CHOSEN, alt.value(4), alt.value(0.6)),
        color=alt.Color("severity:N", scale=colours, legend=None),
        shape=alt.Shape("severity:N", scale=shapes, legend=None),
        size=alt.Size("severity:O", scale=sizes, legend=None),
        order=alt.Order("rank:Q", sort="descending"),
        tooltip=[
            alt.Tooltip("rank:Q", title="Rank"),
            alt.Tooltip("severity:N", title="Severity"),
            alt.Tooltip("score:Q", title="Score", format=".1f"),
            alt.Tooltip("summary:N", title="Finding"),
        ],
    )
