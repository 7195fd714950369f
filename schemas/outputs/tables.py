"""The Arrow schemas of what a run writes, and their version."""

import pyarrow as pa

FORMAT_VERSION = "1"
"""Raised when a column of an output changes its name, type or meaning."""

_METADATA = {"outfield.format_version": FORMAT_VERSION}

REASON = pa.struct(
    [
        pa.field("column", pa.string(), nullable=False),
        pa.field("observed", pa.string()),
        pa.field("expected", pa.string()),
        pa.field("share", pa.float32(), nullable=False),
        pa.field("sentence", pa.string(), nullable=False),
    ]
)
"""One column's part in a finding: its `share` of the surprise, in [0, 1], and a sentence."""

NEAREST = pa.struct(
    [
        pa.field("column", pa.string(), nullable=False),
        pa.field("value", pa.string()),
        pa.field("differs", pa.bool_(), nullable=False),
    ]
)
"""What the nearest normal record holds in a column, and whether the record holds another thing."""

SCORES = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("anomaly_score", pa.float64(), nullable=False),
        pa.field("p_value", pa.float64(), nullable=False),
        pa.field("density_score", pa.float32(), nullable=False),
        pa.field("distance_score", pa.float32(), nullable=False),
    ],
    metadata=_METADATA,
)
"""One row for each scored record, in the order of the input."""

RECORD = pa.schema([SCORES.field("record_id")], metadata=_METADATA)
"""What stands before the columns of a stored record, which are as the model reads them."""

MAP = pa.schema(
    [
        pa.field("x", pa.float32(), nullable=False),
        pa.field("y", pa.float32(), nullable=False),
        pa.field("rank", pa.int32()),
        pa.field("record_id", pa.string()),
        pa.field("region", pa.string()),
    ],
    metadata=_METADATA,
)
"""The embedding in two dimensions, a row for each point: a finding by its rank, or a normal one."""

FINDING = pa.schema(
    [
        pa.field("rank", pa.int32(), nullable=False),
        *SCORES,
        pa.field("severity", pa.string(), nullable=False),
        pa.field("basis", pa.string(), nullable=False),
        pa.field("summary", pa.string(), nullable=False),
        pa.field("reasons", pa.list_(REASON), nullable=False),
        pa.field("incident", pa.string(), nullable=False),
        pa.field("nearest_normal", pa.list_(NEAREST)),
        pa.field("nearest_normal_of", pa.string()),
    ],
    metadata=_METADATA,
)
"""What stands before the record's own columns in `findings`, rank 1 (the oddest) first.

`basis` says why the record is a finding. The `rule` of the job selects it; or its `rank` among the
oddest does, because the rule selects fewer than an analyst has time for. `incident` names the
incident that the record is part of. `nearest_normal` is the normal record that it is most like,
column by column; null in runs before it was written. `nearest_normal_of` is the column whose name
both share, where it is the nearest of one entity's records; null where it is that of all.
"""

NAMES = pa.struct(
    [
        pa.field("column", pa.string(), nullable=False),
        pa.field("distinct", pa.int64(), nullable=False),
        pa.field("names", pa.list_(pa.string()), nullable=False),
    ]
)
"""Whom an incident is about: an entity column, how many names it has there, the first of them."""

INCIDENT = pa.schema(
    [
        pa.field("incident", pa.string(), nullable=False),
        pa.field("rank", pa.int32(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("severity", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("basis", pa.string(), nullable=False),
        pa.field("records", pa.int64(), nullable=False),
        pa.field("first_time", pa.timestamp("us", tz="UTC")),
        pa.field("last_time", pa.timestamp("us", tz="UTC")),
        pa.field("entities", pa.list_(NAMES), nullable=False),
        *SCORES,
        pa.field("summary", pa.string(), nullable=False),
        pa.field("reasons", pa.list_(REASON), nullable=False),
        pa.field("identity", pa.string(), nullable=False),
        pa.field("entity_column", pa.string()),
        pa.field("entity", pa.string()),
        pa.field("pattern", pa.string(), nullable=False),
        pa.field("since", pa.timestamp("us", tz="UTC")),
        pa.field("occurrences", pa.int64(), nullable=False),
        pa.field("verdict", pa.string()),
        pa.field("critical", pa.string()),
        pa.field("alarm", pa.bool_(), nullable=False),
        pa.field("recurrence", pa.float64()),
        pa.field("taught", pa.string()),
        pa.field("stack", pa.string()),
        pa.field("view", pa.string()),
        pa.field("window_start", pa.timestamp("us", tz="UTC")),
        pa.field("window_end", pa.timestamp("us", tz="UTC")),
        pa.field("record_p_value", pa.float64()),
        pa.field("window_p_value", pa.float64()),
    ],
    metadata=_METADATA,
)
"""One row for each incident: the alarms first, of these and of the leads the critical ones.

Verdicts may change the order among the alarms, and among the leads.
`record_id`, the scores, `summary` and `reasons` are those of its most telling finding.
"""

MEMBER = pa.schema(
    [SCORES.field("record_id"), INCIDENT.field("incident")],
    metadata=_METADATA,
)
"""One row for each record of an incident, shown or not; the oddest first."""

ACTIVITY_OF_RUN = pa.schema(
    [
        pa.field("entity_column", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("column", pa.string()),
        pa.field("entity", pa.string(), nullable=False),
        pa.field("start", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("value", pa.string()),
        pa.field("n", pa.int64(), nullable=False),
        pa.field("total", pa.float64(), nullable=False),
        pa.field("logs", pa.float64(), nullable=False),
    ],
    metadata=_METADATA,
)
"""What each entity did in an hour or a day: later runs hold theirs against it."""

ODD_EVENT = pa.struct(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("time", pa.timestamp("us", tz="UTC")),
        pa.field("column", pa.string(), nullable=False),
        pa.field("value", pa.string()),
        pa.field("holders", pa.int64(), nullable=False),
        pa.field("sentence", pa.string(), nullable=False),
    ]
)
"""An event that makes its session odd.

`value` is what it holds in `column`; the sentence says what is rare about it. `holders` is how many
sessions hold the like, numbers and identifiers in a text aside.
"""

ODDEST_EVENTS = pa.field("session.oddest_events", pa.list_(ODD_EVENT), nullable=False)
"""What stands first of a session's own columns in `findings`: its oddest events, in that order."""

OF_SESSIONS = pa.schema(
    [
        ODDEST_EVENTS,
        pa.field("session.events", pa.int64()),
        pa.field("session.start", pa.timestamp("us", tz="UTC")),
        pa.field("session.seconds", pa.float64()),
    ]
)
"""What stands among the own columns of sessions in `findings`, besides what the log's columns
become."""

REJECTION = pa.schema(
    [
        pa.field("outfield_source_file", pa.string(), nullable=False),
        pa.field("outfield_source_row", pa.int64(), nullable=False),
        pa.field("outfield_column", pa.string()),
        pa.field("outfield_reason", pa.string(), nullable=False),
    ],
    metadata=_METADATA,
)
"""What stands before the rejected row's own columns in `quarantine`."""

SEVERITY_CUTS = (("critical", 0.1), ("high", 1.0), ("medium", 10.0), ("low", float("inf")))
"""Severity by the most records that would be as odd if all of the run were ordinary."""
SEVERITIES = tuple(name for name, _ in SEVERITY_CUTS)
"""The gravest first."""
SEVERITY_RANK = {name: place for place, name in enumerate(reversed(SEVERITIES))}
"""Severity -> a number that is higher for a graver one."""
STATUSES = ("new", "worse", "recurring")
"""What an incident may be beside those of earlier runs, in the order of interest."""


def beside_own_columns(lead: pa.Schema, own: pa.Schema) -> pa.Schema:
    """Put a record's own columns behind `lead`; an own name that is taken gets the prefix `event.`.

    Examples
    --------
    >>> own = pa.schema({"p_value": pa.string(), "user": pa.string()})
    >>> beside_own_columns(SCORES, own).names[-2:]
    ['event.p_value', 'user']
    """
    taken = set(lead.names)
    fields = list(lead)
    for field in own:
        name = field.name
        while name in taken:
            name = f"event.{name}"
        taken.add(name)
        fields.append(field.with_name(name))
    return pa.schema(fields, metadata=lead.metadata)
