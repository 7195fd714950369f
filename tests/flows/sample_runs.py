"""Small runs, made by hand, for tests of what reads and shows them."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from flows.storage.runs.reader import PublishedRun
from flows.storage.runs.writer import RunFolder
from schemas.outputs.manifest import (
    IncidentSummary,
    Ledger,
    ModelSummary,
    RunManifest,
    SelectionSummary,
)
from schemas.outputs.tables import FINDING, INCIDENT, MEMBER, REJECTION, SCORES, beside_own_columns

OWN = pa.schema(
    {
        "user": pa.string(),
        "time": pa.timestamp("us", "UTC"),
        "agent.name": pa.dictionary(pa.int32(), pa.string()),
        "agent": pa.int64(),
    }
)


def scores(n: int, first: int = 0) -> pa.Table:
    ids = [str(first + i) for i in range(n)]
    floats = [float(i) for i in range(n)]
    return pa.table(dict(zip(SCORES.names, [ids, *[floats] * 4], strict=True))).cast(SCORES)


def findings(n: int) -> pa.Table:
    reason = {"column": "user", "observed": "eve", "expected": None, "share": 0.5, "sentence": "s"}
    rows = [
        {
            "rank": rank,
            **{name: "r" if name == "record_id" else 0.5 for name in SCORES.names},
            "severity": "low",
            "basis": "rule",
            "summary": f"number {rank}",
            "reasons": [reason, reason],
            "nearest_normal": [],
            "nearest_normal_of": None,
            "incident": f"i-{rank}",
            "user": "eve",
            "time": datetime(2026, 1, rank, tzinfo=UTC),
            "agent.name": "curl",
            "agent": None,
        }
        for rank in range(1, n + 1)
    ]
    return pa.Table.from_pylist(rows, schema=beside_own_columns(FINDING, OWN))


def members(n: int) -> pa.Table:
    ids = [str(i) for i in range(n)]
    names = [f"i-{rank}" for rank in range(1, n + 1)]
    return pa.table([ids, names], schema=MEMBER)


def incidents(n: int, alarms: int = 0) -> pa.Table:
    rows = [
        {
            "incident": f"i-{rank}",
            "rank": rank,
            "title": f"number {rank}",
            "severity": "low",
            "status": "new",
            "basis": "rule",
            "records": 1,
            "first_time": datetime(2026, 1, rank, tzinfo=UTC),
            "last_time": datetime(2026, 1, rank, tzinfo=UTC),
            "entities": [{"column": "user", "distinct": 1, "names": ["eve"]}],
            **{name: "r" if name == "record_id" else 0.5 for name in SCORES.names},
            "summary": f"number {rank}",
            "reasons": [],
            "identity": f"k-{rank}",
            "entity_column": "user",
            "entity": "eve",
            "pattern": "user",
            "occurrences": 1,
            "alarm": rank <= alarms,
            "recurrence": 29.0 if rank <= alarms else None,
        }
        for rank in range(1, n + 1)
    ]
    return pa.Table.from_pylist(rows, schema=INCIDENT)


def rejected(n: int) -> pa.Table:
    row = {"outfield_source_file": "a", "outfield_source_row": 1, "outfield_reason": "null time"}
    return pa.Table.from_pylist([row] * n, schema=beside_own_columns(REJECTION, OWN))


def manifest(run_id: str, rows: tuple[int, int, int] = (0, 0, 0), day: int = 1) -> RunManifest:
    """Scored, found and quarantined rows of a run on a day of January."""
    scored, found, quarantined = rows
    when = datetime(2026, 1, day, tzinfo=UTC)
    return RunManifest(
        outfield_version="0",
        job="job",
        run_id=run_id,
        unit="event",
        seed=0,
        started=when,
        finished=when,
        input_files=[],
        ledger=Ledger(
            read=scored + quarantined, scored=scored, quarantined={"null time": quarantined}
        ),
        units_scored=scored,
        columns={},
        model=ModelSummary(
            model_id="m",
            dims=1,
            sample_rows=1,
            reference_rows=1,
            calibration_rows=1,
            trimmed_share=0,
        ),
        selection=SelectionSummary(
            rule="r", score_cut=None, selected=found, findings=found, budget=100
        ),
        severities={},
        incidents=IncidentSummary(incidents=found, records=found, statuses={"new": found}),
        seconds={},
    )


def published(
    output: Path,
    run_id: str = "one",
    day: int = 1,
    n: int = 3,
    alarms: int = 0,
    nights: int | None = None,
) -> PublishedRun:
    folder = RunFolder.create(str(output), "job", run_id)
    folder.write_part("scores", 0, scores(n))
    folder.write_part("findings", 0, findings(n))
    folder.write_part("incidents", 0, incidents(n, alarms))
    folder.write_part("members", 0, members(n))
    folder.write_part("quarantine", 0, rejected(n))
    made = manifest(run_id, (n, n, n), day)
    summary = made.incidents.model_copy(update={"alarms": alarms, "nights": nights, "members": n})
    return folder.publish(made.model_copy(update={"incidents": summary}), "<p>report</p>")
