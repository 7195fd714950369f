"""The findings over time: by their score, and a lane for each entity."""

import altair as alt
import pyarrow as pa

from flows.report.marks import CHOSEN, Row, finding_marks, finding_rows, inline
from flows.report.times import EventTimes, event_times
from flows.report.wording import visible

_MOST_LANES = 12
_NAME = 26
"""Characters of an entity's name beside its lane."""
_LANE = 26
"""Its height in pixels."""


def over_time(findings: pa.Table, time_column: str | None) -> alt.Chart | None:
    """Draw the findings over time, by anomaly score; None without times."""
    times = event_times(findings, time_column)
    if times is None:
        return None
    placed = [row for row in _timed(findings, times) if row["time"] is not None]
    drawn: alt.Chart = (
        finding_marks(alt.Chart(inline(placed)))
        .encode(
            x=_time_axis(times),
            y=alt.Y("score:Q", title="Anomaly score", scale=alt.Scale(zero=False, nice=True)),
        )
        .add_params(CHOSEN)
        .properties(height=290, description="Findings over time, by anomaly score.")
    )
    return drawn


def lanes(findings: pa.Table, incidents: pa.Table, time_column: str | None) -> alt.Chart | None:
    """Draw a lane over time for each of the entities with the oddest incidents.

    None without times or entities.
    """
    times = event_times(findings, time_column)
    if times is None:
        return None
    whose: dict[str, str | None] = dict(
        zip(incidents["incident"].to_pylist(), incidents["entity"].to_pylist(), strict=True)
    )
    names = [whose.get(incident) or "" for incident in findings["incident"].to_pylist()]
    shown = list(dict.fromkeys(name for name in names if name))[:_MOST_LANES]
    rows = [
        row | {"lane": shown.index(name)}
        for row, name in zip(_timed(findings, times), names, strict=True)
        if name in shown and row["time"] is not None
    ]
    if not rows:
        return None
    labels = [visible(name[:_NAME]) for name in shown]
    spelt = " : ".join(f"datum.value == {i} ? labels[{i}]" for i in range(len(labels)))
    drawn: alt.Chart = (
        finding_marks(alt.Chart(inline(rows)))
        .encode(
            x=_time_axis(times),
            y=alt.Y(
                "lane:O",
                title=None,
                sort=None,
                scale=alt.Scale(domain=list(range(len(labels)))),
                axis=alt.Axis(grid=True, labelExpr=f"{spelt} : ''", labelLimit=170, domain=False),
            ),
        )
        .add_params(CHOSEN, alt.param(name="labels", value=labels))
        .properties(
            height=_LANE * len(labels) + 10, description="Findings over time, a lane an entity."
        )
    )
    return drawn


def _timed(findings: pa.Table, times: EventTimes) -> list[Row]:
    moments = times.milliseconds.to_pylist()
    return [row | {"time": at} for row, at in zip(finding_rows(findings), moments, strict=True)]


def _time_axis(times: EventTimes) -> alt.X:
    zone = f" ({times.zone})" if times.zone else ""
    return alt.X(
        "time:T",
        title=f"Time of the event{zone}",
        scale=alt.Scale(type="utc", padding=12),
        axis=alt.Axis(grid=False, tickCount=8),
    )
