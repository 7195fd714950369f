"""The findings over time: by their score, and a lane for each entity."""

import pyarrow as pa

from flows.report.marks import CHOSEN, LEFT, Row, Spec, finding_marks, finding_rows, quantitative
from flows.report.text import visible
from flows.report.times import EventTimes, event_times

_MOST_LANES = 12
_NAME = 26
"""Characters of an entity's name beside its lane."""
_LANE = 26
"""Its height in pixels."""
_CLOCK = (
    "utcFormat(datum.value, utcseconds(datum.value) ? '%H:%M:%S'"
    " : utchours(datum.value) || utcminutes(datum.value) ? '%H:%M'"
    " : utcdate(datum.value) == 1 && !utcmonth(datum.value) ? '%Y' : '%a %d %b')"
)
"""A tick: a time of 24 hours, a day, or the year that begins there."""

_SPAN: Spec = {
    "name": "span",
    "select": {
        "type": "interval",
        "encodings": ["x"],
        "mark": {"fill": "var(--accent)", "fillOpacity": 0.12, "stroke": "var(--accent)"},
    },
}
"""The span of time that is brushed: the page's script filters by it."""


def over_time(findings: pa.Table, time_column: str | None) -> Spec | None:
    """Draw the findings over time, by anomaly score; None without times."""
    times = event_times(findings, time_column)
    if times is None:
        return None
    placed = [row for row in _timed(findings, times) if row["time"] is not None]
    score = quantitative("score", title="Anomaly score", scale={"zero": False, "nice": True})
    return {
        "description": "Findings over time, by anomaly score.",
        "height": 290,
        "params": [CHOSEN, LEFT, _SPAN],
        **finding_marks(placed, _time_axis(times), score),
    }


def lanes(findings: pa.Table, incidents: pa.Table, time_column: str | None) -> Spec | None:
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
    lane = {
        "field": "lane",
        "type": "ordinal",
        "title": None,
        "sort": None,
        "scale": {"domain": list(range(len(labels)))},
        "axis": {"grid": True, "domain": False, "labelExpr": f"{spelt} : ''", "labelLimit": 170},
    }
    return {
        "description": "Findings over time, a lane an entity.",
        "height": _LANE * len(labels) + 10,
        "params": [CHOSEN, LEFT, {"name": "labels", "value": labels}],
        **finding_marks(rows, _time_axis(times), lane),
    }


def _timed(findings: pa.Table, times: EventTimes) -> list[Row]:
    moments = times.milliseconds.to_pylist()
    return [row | {"time": at} for row, at in zip(finding_rows(findings), moments, strict=True)]


def _time_axis(times: EventTimes) -> Spec:
    return {
        "field": "time",
        "type": "temporal",
        "title": "Time of the event" + (f" ({times.zone})" if times.zone else ""),
        "scale": {"type": "utc", "padding": 12},
        "axis": {"grid": False, "tickCount": 8, "labelExpr": _CLOCK},
    }
