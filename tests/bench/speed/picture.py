"""Time and memory over the rows, as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from tests.bench.speed.trials import PREFECT, Trial

_COLOURS = {"outfield": "#d55e00", "floor": "#576070", "peers": "#8a96a5"}
_INK, _MUTED = "#14181f", "#576070"
_APART = 1.55
"""Between two names beside each other, as a share of the figures: a line of text."""


def draw(trials: Sequence[Trial], path: Path) -> None:
    """Draw the picture as PNG; programs that came to no end are left out."""
    rows = [
        {
            "program": trial.name,
            "who": trial.name if trial.name in _COLOURS else "peers",
            "events": trial.rows,
            "seconds": trial.measured.seconds,
            "memory": trial.measured.peak_mib,
        }
        for trial in trials
        if not trial.measured.failed and trial.name != PREFECT
    ]
    panels = [
        _panel(rows, "seconds", "Seconds, whole program"),
        _panel(rows, "memory", "Memory at the most, MiB"),
    ]
    chart = (
        alt.hconcat(*panels, spacing=48)
        .properties(padding=14)
        .configure(font="sans-serif", background="white")
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, labelColor=_INK, titleColor=_MUTED, gridColor="#e6e9ed")
        .configure_title(fontSize=13, anchor="start", color=_INK)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(vl_convert.vegalite_to_png(chart.to_dict(), scale=2))


def _panel(rows: Sequence[dict[str, Any]], figure: str, title: str) -> alt.LayerChart:
    last = {str(row["program"]): row for row in sorted(rows, key=lambda r: int(str(r["events"])))}
    log = alt.Scale(type="log")
    colour = alt.Color(
        "who:N",
        legend=None,
        scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
    )
    x = alt.X("events:Q", title="events", scale=log, axis=alt.Axis(format="~s", tickCount=4))
    y = alt.Y(f"{figure}:Q", title=None, scale=log, axis=alt.Axis(format=",~g", tickCount=5))
    lines = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(point=True)
        .encode(x=x, y=y, color=colour, detail="program:N")
    )
    names = (
        alt.Chart(alt.InlineData(values=_apart(list(last.values()), figure)))
        .mark_text(align="left", dx=7, fontSize=12)
        .encode(x=x, y=alt.Y("place:Q", title=None), text="program:N", color=colour)
    )
    return (lines + names).properties(width=330, height=280, title=title)


def _apart(rows: Sequence[dict[str, Any]], figure: str) -> list[dict[str, Any]]:
    """Give each row the `place` of its name: at its figure, or above that of another name."""
    placed: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: float(row[figure])):
        below = [other["place"] for other in placed if other["events"] == row["events"]]
        placed.append(row | {"place": max(row[figure], _APART * max(below, default=0.0))})
    return placed
