"""The data dictionary: the meaning of each column of the outputs.

It is written out as Markdown, and stands in the Parquet files themselves.
"""

import json
from collections.abc import Iterator

import pyarrow as pa

from schemas.outputs.tables import (
    ACTIVITY_OF_RUN,
    FINDING,
    INCIDENT,
    MAP,
    MEMBER,
    OF_SESSIONS,
    RECORD,
    REJECTION,
    SCORES,
)

_SCORES = {
    "record_id": "The record: the value of the `id` column, or the file and row it stands in.",
    "anomaly_score": "-10 log10 of the p-value; higher is more anomalous.",
    "p_value": "The share of new normal records that are as surprising.",
    "density_score": "How far it is from the normal mass, all columns together.",
    "distance_score": "How far it is from the normal records in the column where it is farthest.",
}

_TOLD = {
    "severity": "By how many records would be as odd if all of the run were ordinary: `critical`"
    " for at most a tenth of one, `high` for one, `medium` for ten, else `low`. An incident that"
    " is an alarm is at least `high`; beside earlier nights, one that is none is at most `medium`.",
    "summary": "The sentences of its most telling reasons.",
    "reasons": "Its columns, the most telling first: what it holds, what was to be expected, and"
    " the column's `share` of the surprise.",
}

DATASETS: dict[str, tuple[pa.Schema, dict[str, str]]] = {
    "incidents": (
        INCIDENT,
        {
            "incident": "Its id, made of the job and its first record. It stays as long as that"
            " record is the first.",
            "rank": "The alarms come first, then by the score, as far as no verdict moves it.",
            "title": "What happened, in one sentence: who did what, how often, and what is odd.",
            "status": "`new`, `recurring`, or `worse`: ten times as rare as it ever was, or with"
            " more than three times the records.",
            "basis": "`rule` if the job's rule selects its oddest record, `rank` if it is a lead.",
            "records": "Its records above the cut of the run, findings or not: those as odd as the"
            " oddest of the last incident, and all that the rule selects, among the 20,000"
            " oddest. Of an odd window, at most 1,000 that tell it.",
            "first_time": "When its first record happened; null without a time column.",
            "last_time": "When its last record happened.",
            "entities": "Whom it is about: for each entity column how many names, and the first.",
            "identity": "What it is known by in other runs: job, entity and pattern.",
            "entity_column": "The column of the entity that its most telling record is of, and more"
            " than half of its records with it.",
            "entity": "That entity; null where there is none.",
            "pattern": "The column that tells most, with its value where that is a name.",
            "since": "When it happened first in earlier runs; null where it is new.",
            "occurrences": "How often it happened in earlier runs and this one.",
            "critical": "A value of it that the job file calls critical; null without one, and in"
            " runs of earlier versions.",
            "verdict": "The newest verdict that is about it; under `suppressed` the one that keeps"
            " it back.",
            "alarm": "Whether hardly any earlier night had a new incident as odd, or a verdict on"
            " its like says malicious.",
            "recurrence": "A night has one as odd once in so many nights; never more than the"
            " history can tell. Null with fewer than seven earlier nights. Where a partition is an"
            " hour it counts hours, and is null with fewer than 168.",
            "taught": "Which verdicts on similar incidents move it in the list; null where none"
            " do, and in runs of earlier versions.",
            "stack": "The id of the oddest incident of its stack: those of the run with the same"
            " pattern, all alarms or all leads. If the pattern is a column alone, they are of the"
            " same entity. Null if it has no look-alike, under `suppressed` and `unshown`, and in"
            " runs of earlier versions.",
            "view": "`records` if its records are odd by themselves, `window` if what its entity"
            " did on a day is unlike its other days. Of a window `p_value` is the number of"
            " ordinary windows as odd, over the records of the run. Null in runs of earlier"
            " versions.",
            "window_start": "When the odd window begins: the hour, the day, or the days of a"
            " growth. Null unless `view` is `window`, and in runs of earlier versions.",
            "window_end": "When it ends; no event of it happened then.",
            "record_p_value": "The p-value of its oddest record by itself. `p_value` is the smaller"
            " of this and the next. Null where `view` is `window`, and in runs of earlier"
            " versions.",
            "window_p_value": "The p-value of the odd day, or hour, that it is or that is evidence"
            " of it. Null without one, and in runs of earlier versions.",
        }
        | _SCORES
        | _TOLD,
    ),
    "findings": (
        FINDING,
        {
            "rank": "1 is the oddest record.",
            "basis": "`rule` if the job's rule selects it, `rank` if it is a lead, `window` if it"
            " is not odd by itself, but of an odd window.",
            "incident": "The incident that it is part of.",
            "nearest_normal": "The normal record that it is most like: what that holds in each"
            " column that is judged, and whether it `differs`. Null in runs of earlier versions.",
            "nearest_normal_of": "The column in which both hold the same name: the nearest normal"
            " record is then one of that entity or peer group. Null where it is one of all records,"
            " and in runs of earlier versions.",
        }
        | _SCORES
        | _TOLD,
    ),
    "findings of sessions": (
        OF_SESSIONS,
        {
            "session.oddest_events": "Its oddest events, at most five, the oddest first: `value` is"
            " what each holds in `column`, `holders` how many sessions hold the like, and the"
            " `sentence` says what is rare about it.",
            "session.events": "How many events it has.",
            "session.start": "When its first event happened; left out without a time column.",
            "session.seconds": "From its first event to its last; left out without a time column.",
        },
    ),
    "scores": (SCORES, _SCORES),
    "members": (
        MEMBER,
        {"record_id": _SCORES["record_id"], "incident": "The incident that it is part of."},
    ),
    "activity": (
        ACTIVITY_OF_RUN,
        {
            "entity_column": "The column that names the entity.",
            "kind": "What is counted: `events`; `values`: events with a value; `order`: events"
            " after another within an hour, by both values; `changes`: events within ten minutes of"
            " one with another value; `travel`: events over 100 km from the one before, at more"
            " than 1,000 km/h; `repeats`: events that hold the same as an earlier one of the day,"
            " but for ids and times; `rhythm`: events at regular intervals; `levels`: numbers.",
            "column": "The column whose values are counted, of `travel` that of latitudes; null"
            " where none are.",
            "entity": "The entity.",
            "start": "When the hour begins of `events`, and the day of other kinds.",
            "value": "The value, or both with an arrow between them; of `travel` latitude and"
            " longitude of both places, and the seconds between. Empty where none is counted, null"
            " where a batch holds too many.",
            "n": "The events counted.",
            "total": "The sum of the numbers, of `levels`.",
            "logs": "The sum of log(1 + |x|) of the numbers, each with the sign of x.",
        },
    ),
    "map": (
        MAP,
        {
            "x": "Where it lies on the plane that shows most of normal records and findings.",
            "y": "The same, across; neither has a unit.",
            "rank": "The finding; null for a normal record that the model measures against.",
            "record_id": "The id of the finding; null for a normal record, as a model holds no"
            " ids.",
            "region": "The two or three values that dominate where a normal record lies; null of"
            " findings, and where no two values do.",
        },
    ),
    "records": (RECORD, {"record_id": _SCORES["record_id"]}),
    "quarantine": (
        REJECTION,
        {
            "outfield_source_file": "The file of the input that the row is in.",
            "outfield_source_row": "Its row there, from 0 on.",
            "outfield_column": "The column that breaks the contract; null where it is the row.",
            "outfield_reason": "What is wrong with it.",
        },
    ),
}
"""Dataset -> its columns, and what each means. `suppressed` has the columns of `incidents`."""

_BEHIND = {
    "findings": "Then the record's own columns, as they are in the log; of a session, what is known"
    " of it.",
    "findings of sessions": "These stand among a session's own columns. Each number of the log"
    " becomes its `.mean` and its `.max`, and each entity how many it has, `.distinct`. Names and"
    " texts become the list of the session's steps.",
    "records": "Only with `store = true` under `[search]`. Then the record's own columns, as the"
    " model reads them; vector number i of `indexes/*.faiss` is that of row i, all parts in order.",
    "quarantine": "Then the row's own columns, whole.",
}
"""What stands behind the columns that have a meaning of ours."""


def described(dataset: str, schema: pa.Schema) -> pa.Schema:
    """Give a dataset's columns their meanings: each in its field's metadata, under `description`.

    All together they are the file's metadata `outfield.columns`, a JSON object, for tools that do
    not read the metadata of fields.
    """
    known = dict(_described(dataset))
    told = {f.name: known[f.name][1] for f in schema if known.get(f.name, (None,))[0] == f.type}
    fields = [
        field.with_metadata({"description": told[field.name]}) if field.name in told else field
        for field in schema
    ]
    metadata = {**(schema.metadata or {}), b"outfield.columns": json.dumps(told)}
    return pa.schema(fields, metadata=metadata)


def _described(dataset: str) -> Iterator[tuple[str, tuple[pa.DataType, str]]]:
    alike = {"suppressed": "incidents", "unshown": "incidents"}
    names = ["findings of sessions"] if dataset == "findings" else []
    for name in [*names, alike.get(dataset, dataset)]:
        schema, meanings = DATASETS[name]
        for field in schema:
            yield field.name, (field.type, meanings[field.name])


def dictionary() -> str:
    """Write the data dictionary: a table for each dataset."""
    parts = ["# The columns of the outputs", ""]
    for name, (schema, meanings) in DATASETS.items():
        parts += [f"## {name}", "", "| column | type | meaning |", "|---|---|---|"]
        for field in schema:
            null = "" if not field.nullable else ", may be null"
            parts.append(
                f"| `{field.name}` | {_spelt(field.type)}{null} | {meanings[field.name]} |"
            )
        parts += ["", _BEHIND[name], ""] if name in _BEHIND else [""]
    return "\n".join(parts)


def _spelt(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_spelt(kind.value_type)}"
    if pa.types.is_struct(kind):
        return f"({', '.join(kind.field(i).name for i in range(kind.num_fields))})"
    if pa.types.is_timestamp(kind):
        return "timestamp, µs, UTC"
    return str(kind)
