"""The days of entities around odd windows, kept for the report."""

from collections.abc import Mapping

import pyarrow as pa

from anomaly.behaviour.activity import DAY, HOUR
from anomaly.behaviour.observations import OddWindow
from anomaly.behaviour.windows import FIRST_DAY
from anomaly.explain.window_reasons import other_days
from schemas.outputs.window_charts import WINDOW_CHARTS

CHARTS = "window-charts"
"""What the scratch holds of incidents with an odd window: `WINDOW_CHARTS`."""
_OF_ONE_VALUE = ("share", "absent value")


def window_charts(windows: Mapping[str, OddWindow]) -> pa.Table:
    """Return what was judged around the windows of incidents, as `WINDOW_CHARTS`.

    Parameters
    ----------
    windows
        Incident -> its odd window. What is oddest about it is drawn.
    """
    rows = []
    for incident, window in windows.items():
        head = window.observations[0]
        rows.append(
            {
                "incident": incident,
                "view": head.view,
                "entity": head.entity,
                "column": head.column,
                "value": head.values[0] if head.view in _OF_ONE_VALUE else None,
                "start": head.start,
                "stop": head.stop,
                "points": [
                    point._asdict() | {"start": FIRST_DAY * DAY + point.start * HOUR}
                    for point in head.points()
                ],
                "days": other_days(head),
            }
        )
    return pa.Table.from_pylist(rows, schema=WINDOW_CHARTS)
