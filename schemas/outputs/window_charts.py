"""The days of an entity around an odd window, which the report draws."""

import pyarrow as pa

POINT = pa.struct(
    [
        ("start", pa.timestamp("us", "UTC")),
        ("observed", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)
"""What was judged in one window, and the least and the most that were expected of the odd one."""

WINDOW_CHARTS = pa.schema(
    {
        "incident": pa.string(),
        "view": pa.string(),
        "entity": pa.string(),
        "column": pa.string(),
        "value": pa.string(),
        "start": pa.timestamp("us", "UTC"),
        "stop": pa.timestamp("us", "UTC"),
        "points": pa.list_(POINT),
        "days": pa.string(),
    }
)
"""A row for each incident with an odd window: what is oddest about it, as `Observation` says.

`value` is the one that it is about, of a share or of what is away; `stop` is its end, exclusive.
`days` says which days are drawn, where days have names: a clause after a comma, else empty.
"""
