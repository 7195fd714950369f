"""The figures as a picture: the mean AP of each detector, event logs and tables side by side."""

from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

from tests.bench.quality.detectors import OUTFIELD
from tests.bench.quality.figures import BEST, Figures
from tests.bench.quality.tables import TITLES, share

_COLOURS = {"outfield": "#d55e00", "best": "#576070", "peer": "#b4bdc9"}
"""Those of the report: what stands out, and what it stands beside."""
_INK, _MUTED = "#14181f", "#576070"


def draw(suites: dict[str, Figures], path: Path) -> None:
    """Draw the picture as PNG."""
    panels = [_panel(suite, figures) for suite, figures in suites.items()]
    chart = (
        alt.hconcat(*panels, spacing=36)
        .properties(padding=14)
        .configure(font="sans-serif", background="white")
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, labelColor=_INK, domain=False, ticks=False, grid=False)
        .configure_title(fontSize=13, anchor="start", color=_INK, subtitleColor=_MUTED)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(vl_convert.vegalite_to_png(chart.to_dict(), scale=2))


def _panel(suite: str, figures: Figures) -> alt.LayerChart:
    rows = _rows(figures)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("detector:N", title=None, sort=[row["detector"] for row in rows])
    )
    colour = alt.Color(
        "who:N",
        legend=None,
        scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
    )
    bars = base.mark_bar(height={"band": 0.72}).encode(
        x=alt.X("value:Q", title=None, axis=None, scale=alt.Scale(domain=[0, 1])), color=colour
    )
    texts = base.mark_text(align="left", dx=5, fontSize=12, color=_INK).encode(
        x="value:Q", text="label:N"
    )
    title = alt.TitleParams(
        f"{TITLES[suite]}: average precision", subtitle=f"mean over {len(figures.sets)} sets"
    )
    return (bars + texts).properties(width=330, height=alt.Step(21), title=title)


def _rows(figures: Figures) -> list[dict[str, Any]]:
    """Give the bars, longest first; a detector without a mean has none, and says why."""
    means, answered = figures.means("ap"), figures.answered()
    rows = []
    for name, mean in means.sort_values(ascending=False, na_position="last").items():
        who = {OUTFIELD: "outfield", BEST: "best"}.get(str(name), "peer")
        known = not pd.isna(mean)
        label = share(mean) if known else _absence(int(answered.get(name, 0)), len(figures.sets))
        value = float(mean) if known else 0.0
        rows.append({"detector": name, "value": value, "who": who, "label": label})
    return rows


def _absence(answered: int, sets: int) -> str:
    return f"– (a result on {answered} of {sets} sets)"
