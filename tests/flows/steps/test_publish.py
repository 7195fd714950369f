"""The end of a run: the ledger, the quarantine, the manifest, and what must not be written."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from flows.steps.publish import PUBLISH
from flows.storage.runs.reader import read_scores
from schemas.errors import LedgerError
from schemas.events.contract import RejectReason
from tests.flows.sample_logs import (
    STEP_NAMES,
    FailingRunner,
    detect,
    detect_in,
    job,
    rejected_rows,
    small_log,
    written,
)

TEXTS = {
    "event_id": "id",
    "time": "time",
    "user": "entity",
    "bytes": "number",
    "message": "text",
    "ok": "flag",
}
EVENT_FAULTS = (
    ("event_id", None, RejectReason.NULL_ID),
    ("event_id", "e0", RejectReason.DUPLICATE_ID),
    ("time", None, RejectReason.NULL_TIME),
    ("time", "the day before yesterday", RejectReason.IMPOSSIBLE_TIME),
    ("bytes", "a few", RejectReason.UNREADABLE_NUMBER),
    ("ok", "perhaps", RejectReason.UNREADABLE_FLAG),
)
ALL_FAULTS = (*EVENT_FAULTS, ("user", None, RejectReason.NULL_SESSION_KEY))


def log_as_texts(n: int = 100) -> list[dict[str, str | None]]:
    rows = small_log(n).drop("action").to_pylist()
    return [
        {name: str(value) for name, value in row.items()} | {"ok": ("yes", "no")[i % 2]}
        for i, row in enumerate(rows)
    ]


def faulty_log(faults=EVENT_FAULTS) -> list[dict[str, str | None]]:
    """Each fault stands in a row of its own, the first in row 10; each user has three events."""
    rows = [row | {"user": f"u{i // 3}"} for i, row in enumerate(log_as_texts())]
    for row, (column, value, _) in enumerate(faults, 10):
        rows[row][column] = value
    return rows


def detect_faulty(tmp_path, rows, **settings):
    written(tmp_path / "logs/a.parquet", pa.Table.from_pylist(rows[:15]))
    written(tmp_path / "logs/b.parquet", pa.Table.from_pylist(rows[15:]))
    columns = {"columns": TEXTS, **settings}
    return detect(job(str(tmp_path / "logs"), tmp_path / "out", **columns))


@pytest.mark.slow
def test_every_row_is_scored_or_stands_whole_in_the_quarantine(tmp_path):
    faults, rows = EVENT_FAULTS, faulty_log()
    run = detect_faulty(tmp_path, rows)
    expected = [
        {
            "outfield_source_file": "a.parquet" if row < 15 else "b.parquet",
            "outfield_source_row": row % 15,
            "outfield_column": column,
            "outfield_reason": str(reason),
            **rows[row],
        }
        for row, (column, _, reason) in enumerate(faults, 10)
    ]
    assert rejected_rows(run) == expected
    bad = range(10, 10 + len(faults))
    scored = [row["event_id"] for i, row in enumerate(rows) if i not in bad]
    assert read_scores(run)["record_id"].to_pylist() == scored


@pytest.mark.slow
def test_the_ledger_counts_every_reason_and_adds_up(tmp_path):
    ledger = detect_faulty(tmp_path, faulty_log()).manifest.ledger
    assert ledger.quarantined == Counter(str(reason) for *_, reason in EVENT_FAULTS)
    assert (ledger.read, ledger.scored) == (100, 94)
    ledger.check()


@pytest.mark.slow
def test_the_ledger_of_sessions_counts_their_events(tmp_path):
    rows = faulty_log(ALL_FAULTS)
    run = detect_faulty(tmp_path, rows, unit="session", session_key="user")
    ledger = run.manifest.ledger
    assert ledger.quarantined == Counter(str(reason) for *_, reason in ALL_FAULTS)
    assert (ledger.read, ledger.scored) == (100, 93)
    ledger.check()


def sessions(n: int = 30) -> pa.Table:
    """Sessions of ten events each; in the last one something is erased again and again."""
    log = small_log(10 * n)
    keys = [f"s{i // 10:02d}" for i in range(10 * n)]
    actions = log["action"].to_pylist()[:-10] + ["erase"] * 10
    return (
        log.drop(["event_id", "action"])
        .append_column("session", [keys])
        .append_column("action", [actions])
    )


@pytest.mark.slow
def test_each_session_is_one_record_named_by_its_key(tmp_path):
    log = sessions()
    shuffled = log.take(pa.array(np.random.default_rng(0).permutation(len(log))))
    run = detect_in(shuffled, tmp_path, unit="session", session_key="session")
    assert sorted(read_scores(run)["record_id"].to_pylist()) == [f"s{i:02d}" for i in range(30)]
    assert (run.manifest.units_scored, run.manifest.ledger.scored) == (30, 300)


@pytest.mark.slow
def test_a_chunk_of_rejected_rows_alone_is_no_fault(tmp_path):
    good = small_log(70_000).select(["time", "bytes"])
    bad = good.set_column(0, "time", pa.nulls(len(good), good["time"].type))
    written(tmp_path / "logs/a.parquet", good)
    written(tmp_path / "logs/b.parquet", bad)
    run = detect(job(str(tmp_path / "logs"), tmp_path / "out", columns={"time": "time"}))
    assert run.manifest.ledger.quarantined == {"null time": 70_000}
    assert run.manifest.ledger.scored == 70_000


@pytest.mark.slow
def test_a_run_that_loses_rows_is_not_published(tmp_path):
    class Forgetful(FailingRunner):
        """Does not report the rows it rejected."""

        def call(self, step, *arguments):
            if step is PUBLISH:
                run, gathered, fitted, judged, *rest = arguments
                forgotten = replace(judged.scored, rejected={})
                return step.function(
                    run, gathered, fitted, replace(judged, scored=forgotten), *rest
                )
            return super().call(step, *arguments)

    written(tmp_path / "log.parquet", pa.Table.from_pylist(faulty_log()))
    spec = job(str(tmp_path / "log.parquet"), tmp_path / "out", columns=TEXTS)
    with pytest.raises(LedgerError, match="100 rows read, but 94 accounted for"):
        detect(spec, Forgetful("none", done=False))
    assert list((tmp_path / "out/log/runs").iterdir()) == []


@pytest.mark.slow
def test_the_manifest_tells_what_was_read_and_how(tmp_path):
    columns = {"bytes": {"role": "number", "weight": 2.0}}
    manifest = detect_in(small_log(), tmp_path, columns=columns, seed=3).manifest
    assert [(file.name, file.rows) for file in manifest.input_files] == [("log.parquet", 200)]
    assert (manifest.job, manifest.seed, manifest.unit) == ("log", 3, "event")
    assert manifest.columns["bytes"].weight == 2.0
    assert manifest.columns["user"].role == "entity"
    assert all(column.why for column in manifest.columns.values())
    assert manifest.started < manifest.finished
    assert list(manifest.seconds) == list(STEP_NAMES)


@pytest.mark.slow
def test_no_path_of_the_machine_and_no_credential_is_written(tmp_path):
    secret = "wJalrXUtnFEMI-planted"  # noqa: S105 - not one
    location = written(tmp_path / "private-folder/log.parquet", small_log())
    outfield = Path(sys.executable).with_name("outfield")
    subprocess.run(  # noqa: S603 - our own code
        [outfield, "detect", location, "--output", tmp_path / "out", "--direct"],
        env={"PATH": "", "HOME": "/home/planted", "AWS_SECRET_ACCESS_KEY": secret},
        check=True,
        capture_output=True,
    )
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"manifest.json", "report.html", "model.json"}
    for path in files:
        content = path.read_bytes()
        for planted in (secret, "private-folder", str(tmp_path), "/home/planted"):
            assert planted.encode() not in content, f"{planted} in {path.name}"
