"""The steps of sessions beside those of the nearest normal ones, which the report shows."""

import pyarrow as pa

LINE = pa.struct(
    [
        ("kind", pa.string()),
        ("here", pa.int32()),
        ("there", pa.int32()),
        ("elsewhere", pa.int32()),
    ]
)
"""A line of two aligned lists, as `anomaly.explain.aligned_steps.Line` says."""

ALIGNED_STEPS = pa.schema(
    {
        "rank": pa.int32(),
        "column": pa.string(),
        "here": pa.list_(pa.string()),
        "there": pa.list_(pa.string()),
        "n_here": pa.int64(),
        "n_there": pa.int64(),
        "lines": pa.list_(LINE),
        "rare": pa.list_(pa.struct([("step", pa.string()), ("words", pa.string())])),
    }
)
"""A row for each column of steps of the finding of that `rank`; none where records are events.

`here` are its steps that are compared, of `n_here`; `there` those of the nearest normal session.
`rare` says of its steps that few sessions hold how many do.
"""
