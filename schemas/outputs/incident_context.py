"""The context of an incident that the report shows beside what stands in the outputs."""

import pyarrow as pa

VALUE = pa.struct([("column", pa.string()), ("value", pa.string()), ("share", pa.float64())])
"""A value that an entity often shows in a column, and the share of its events that do."""

RUN = pa.struct([("run_id", pa.string()), ("day", pa.string()), ("incidents", pa.int64())])
"""An earlier run, the day that it judged, and how many incidents of an entity it had."""

PAST = pa.struct(
    [
        ("incident", pa.string()),
        ("run_id", pa.string()),
        ("day", pa.string()),
        ("title", pa.string()),
        ("severity", pa.string()),
        ("has_card", pa.bool_()),
        ("verdicts", pa.list_(pa.string())),
    ]
)
"""An incident of an entity in an earlier run, and whether the report of that run has its card."""

HISTORY = pa.struct(
    [
        ("column", pa.string()),
        ("entity", pa.string()),
        ("start", pa.timestamp("us", "UTC")),
        ("width", pa.int64()),
        ("counts", pa.list_(pa.int64())),
        ("usual", pa.list_(VALUE)),
        ("runs", pa.list_(RUN)),
        ("past", pa.list_(PAST)),
        ("earlier_runs", pa.int64()),
    ]
)
"""What an entity did in the run, what it usually does, and its incidents of earlier runs, counted.

Runs and past incidents are the newest first, of the past ones as many as are shown. What a run did
not show is not counted. Its events are in bins of `width` microseconds from `start` on, which is
null without times."""

EVENT = pa.struct(
    [
        ("record_id", pa.string()),
        ("time", pa.timestamp("us", "UTC")),
        ("rank", pa.int32()),
        ("values", pa.list_(pa.string())),
    ]
)
"""An event near an incident; its `rank` where it is a finding; its values in the told columns."""

SIMILAR_INCIDENT = pa.struct(
    [
        ("incident", pa.string()),
        ("run_id", pa.string()),
        ("day", pa.string()),
        ("has_card", pa.bool_()),
        ("title", pa.string()),
        ("severity", pa.string()),
        ("time", pa.timestamp("us", "UTC")),
        ("why", pa.string()),
        ("times", pa.int64()),
        ("verdicts", pa.list_(pa.string())),
    ]
)
"""An earlier incident like it, why it is like it, how often it happened, and its verdict.

A verdict is spelt as its label, and its note behind a colon."""

INCIDENT_CONTEXT = pa.schema(
    {
        "incident": pa.string(),
        "history": HISTORY,
        "told": pa.list_(pa.string()),
        "around": pa.list_(EVENT),
        "similar": pa.list_(SIMILAR_INCIDENT),
    }
)
"""A row for each incident that was looked around; `told` names the columns of its events."""

PEERS = pa.schema(
    {
        "entity_column": pa.string(),
        "entity": pa.string(),
        "column": pa.string(),
        "value": pa.string(),
        "n": pa.int64(),
        "names": pa.list_(pa.string()),
    }
)
"""The peers of an entity in a column, as `anomaly.explain.peers.Peers` says."""
