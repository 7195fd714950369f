"""The marks of findings in the charts: what each shows, and how a chosen one stands out.

The charts are dictionaries in Vega-Lite's own terms. A library that builds them takes longer to
import than the whole page takes to draw. https://vega.github.io/vega-lite/docs/spec.html
"""

from typing import Any

import numpy as np
import pyarrow as pa

from flows.report.text import visible
from schemas.outputs.tables import SEVERITIES

Row = dict[str, Any]
Spec = dict[str, Any]
"""A part of a Vega-Lite specification."""

_SUMMARY_LENGTH = 160
_SEVERITIES = list(SEVERITIES)
_SHAPES = {"critical": "diamond", "high": "triangle-up", "medium": "circle", "low": "square"}
_SIZES = {"critical": 190, "high": 140, "medium": 95, "low": 60}

CHOSEN: Spec = {"name": "chosen", "value": []}
"""The ranks of the findings whose cards are open: the page's script sets it."""
_IS_CHOSEN = "indexof(chosen, datum.rank) >= 0"
LEFT: Spec = {"name": "left", "value": None}
"""The incidents that the filters leave, or null without filters: the page's script sets it."""
_IS_LEFT = "!left || indexof(left, datum.incident) >= 0"
_OPAQUE, _PALE = 0.95, 0.08


def quantitative(field: str, **settings: Any) -> Spec:
    """Encode a field that measures or counts."""
    return {"field": field, "type": "quantitative", **settings}


def nominal(field: str, **settings: Any) -> Spec:
    """Encode a field that names."""
    return {"field": field, "type": "nominal", **settings}


def finding_rows(findings: pa.Table) -> list[Row]:
    """Give what a mark shows of each finding."""
    columns = {"rank": "rank", "severity": "severity", "score": "anomaly_score"}
    columns["incident"] = "incident"
    rows: list[Row] = pa.table({ours: findings[name] for ours, name in columns.items()}).to_pylist()
    for row, summary in zip(rows, findings["summary"].to_pylist(), strict=True):
        row["summary"] = visible(summary[:_SUMMARY_LENGTH])
        row["score"] = row["score"] if np.isfinite(row["score"]) else None
    return rows


def finding_marks(rows: list[Row], x: Spec, y: Spec) -> Spec:
    """Draw findings: colour, shape and size all tell the severity; the chosen have a ring.

    Those that the filters of the page leave out are pale.
    """
    return {
        "data": {"values": rows},
        "mark": {
            "type": "point",
            "filled": True,
            "stroke": "var(--ink)",
            "cursor": "pointer",
        },
        "encoding": {
            "x": x,
            "y": y,
            "opacity": {"condition": {"test": _IS_LEFT, "value": _OPAQUE}, "value": _PALE},
            "strokeWidth": {"condition": {"test": _IS_CHOSEN, "value": 4}, "value": 0.6},
            "color": _by_severity({each: f"var(--{each})" for each in _SEVERITIES}),
            "shape": _by_severity(_SHAPES),
            "size": _by_severity(_SIZES) | {"type": "ordinal"},
            "order": quantitative("rank", sort="descending"),
            "tooltip": [
                quantitative("rank", title="Rank"),
                nominal("severity", title="Severity"),
                quantitative("score", title="Score", format=".1f"),
                nominal("summary", title="Finding"),
            ],
        },
    }


def _by_severity(shown: dict[str, Any]) -> Spec:
    scale = {"domain": _SEVERITIES, "range": [shown[each] for each in _SEVERITIES]}
    return nominal("severity", scale=scale, legend=None)
