"""The records of a run: events and sessions, read in chunks and by number, of whatever type."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.steps.records import REPEATED, EventRecords
from flows.storage.fs.scratch import Scratch
from flows.storage.input.plan import plan_input
from flows.storage.runs.reader import PublishedRun, read_findings, read_incidents, read_scores
from schemas.columns.roles import Role
from tests.flows.sample_logs import detect_in, small_log, written

N = 60
ROLES = {"event_id": Role.ID, "user": Role.ENTITY, "bytes": Role.NUMBER}


def number_each(values: list[Any]) -> list[Any]:
    return [values[i % len(values)] for i in range(N)]


ODD: dict[str, pa.Array] = {
    "struct": pa.array([{"name": f"n{i % 3}", "deep": {"port": i % 4}} for i in range(N)]),
    "list": pa.array(number_each([["a", "b"], [], None, ["c"]])),
    "map": pa.array(number_each([[("k", 1)], [], None]), pa.map_(pa.string(), pa.int64())),
    "decimal": pa.array(number_each([Decimal("1.10"), Decimal("2.25"), None])),
    "date": pa.array(number_each([date(2026, 1, 1), date(2026, 1, 2)])),
    "time of day": pa.array(number_each([time(12, 30), time(23, 59, 59)])),
    "duration": pa.array(number_each([timedelta(seconds=1), timedelta(days=9), None])),
    "zoned": pa.array(
        number_each([datetime(2026, 1, 1, tzinfo=UTC)]), pa.timestamp("ns", "Europe/Zurich")
    ),
    "naive": pa.array(number_each([datetime(2026, 1, 1), datetime(2026, 1, 3)])),
    "dictionary": pa.array(number_each(["x", "y", None])).dictionary_encode(),
    "binary": pa.array(number_each([b"plain", b"\x00\xff", None])),
    "nothing": pa.nulls(N),
    "halves": pa.array(np.arange(N, dtype=np.float16)),
    "unsigned": pa.array(np.arange(N, dtype=np.uint64) + 2**63),
    "float": pa.array(number_each([1.5, float("nan"), None])),
    "structs in a list": pa.array(number_each([[{"a": 1}], [{"a": 2}, {"a": None}], None])),
    "empty text": pa.array(number_each(["", " ", None])),
}


@pytest.fixture
def log(tmp_path) -> EventRecords:
    """Three files; the rows 70 and 130 repeat an id, row 3 has none."""
    table = small_log(150)
    ids = table["event_id"].to_pylist()
    ids[70], ids[130], ids[3] = "e1", "e1", None
    table = table.set_column(0, "event_id", [ids])
    for part in range(3):
        rows = table.slice(part * 50, 50)
        written(tmp_path / f"log/{part}.parquet", rows, row_group_size=20)
    scratch = Scratch.of(tmp_path / "run").make()
    scratch.write_array(REPEATED, np.array([70, 130]))
    return EventRecords(plan_input(str(tmp_path / "log")), ROLES, scratch)


def test_events_are_read_in_order_and_rejected_rows_are_told(log):
    batches = [batch for chunk in range(log.n_chunks) for batch in log.read(chunk)]
    rows = np.concatenate([batch.rows for batch in batches])
    rejected = pa.concat_tables([batch.rejected for batch in batches])
    assert rows.tolist() == [i for i in range(150) if i not in (3, 70, 130)]
    assert rejected["row"].to_pylist() == [3, 70, 130]
    assert rejected["reason"].to_pylist() == ["null id", "duplicate id", "duplicate id"]


def test_events_taken_by_number_come_in_the_order_asked_for(log):
    taken = log.take(np.array([140, 2, 2, 51]))
    assert taken["event_id"].to_pylist() == ["e140", "e2", "e2", "e51"]
    assert taken.column_names == list(ROLES)


def test_rejected_events_are_not_taken(log):
    assert log.take(np.array([130, 4, 3]))["event_id"].to_pylist() == ["e4"]


def test_own_columns_are_those_of_the_input(log):
    own = log.own_columns(np.array([149, 0]))
    assert own.column_names == small_log().column_names
    assert own["event_id"].to_pylist() == ["e149", "e0"]


def test_without_an_id_a_record_is_named_by_file_and_row(log):
    nameless = EventRecords(log.plan, {"bytes": Role.NUMBER}, log.scratch)
    rows = np.array([0, 49, 50, 149])
    names = nameless.ids(nameless.take(rows), rows).to_pylist()
    assert names == ["0.parquet:0", "0.parquet:49", "1.parquet:0", "2.parquet:49"]


def as_reader(run) -> pa.Table:
    """Read the findings as any reader of Parquet does."""
    return pq.read_table(run.folder / "findings/part-00000.parquet")


TIMES = ["date", "time of day", "duration", "zoned", "naive"]
"""Each beside the log's own time alone: one might be taken for it."""


@pytest.mark.slow
@pytest.mark.parametrize("names", [[name for name in ODD if name not in TIMES], *zip(TIMES)])
def test_a_column_of_any_type_goes_through(names, tmp_path):
    log = small_log(N)
    for name in names:
        log = log.append_column(name, ODD[name])
    run = detect_in(log, tmp_path)
    assert run.manifest.ledger.read == N
    shown = as_reader(run).column_names
    for name in names:
        assert any(column == name or column.startswith(f"{name}.") for column in shown), name


@pytest.mark.slow
def test_columns_of_all_types_together_lose_no_row(tmp_path):
    log = pa.table({"event_id": [f"e{i}" for i in range(N)], **ODD})
    run = detect_in(log, tmp_path)
    assert read_scores(run)["record_id"].to_pylist() == log["event_id"].to_pylist()
    shown = as_reader(run).column_names
    assert {"struct.deep.port", "list.count", "list.items", "map.items"} <= set(shown)


NAMES = [
    "a.b",
    "two words",
    "line\nbreak",
    "<script>alert(1)</script>",
    "`tick`",
    "p_value",
    "rank",
    "event.rank",
    "reasons",
    "Größe",
    "名前",
    "{x}",
    "a/b\\c",
    "$class",
    "$array",
    " ",
    "x" * 300,
]


def coloured(names: list[str], folder: Path) -> PublishedRun:
    """Run a log with columns of these names."""
    log = small_log(N)
    for name in names:
        log = log.append_column(name, pa.array(number_each(["red", "green", "blue"])))
    return detect_in(log, folder, columns=dict.fromkeys(names, "category"))


def keeps(run: PublishedRun, name: str) -> bool:
    assert run.manifest.columns[name].role == "category"
    read = as_reader(run)
    own = [column for column in read.column_names if column.endswith(name)]
    texts = [read[column].to_pylist() for column in own if read[column].type == pa.string()]
    return any(set(values) <= {"red", "green", "blue"} for values in texts)


@pytest.mark.slow
@pytest.mark.parametrize("names", [[name for name in NAMES if name != "rank"], ["rank"]])
def test_a_column_may_have_any_name(names, tmp_path):
    """No name is the end of another in its run: each is looked for by itself."""
    run = coloured(names, tmp_path)
    assert [name for name in names if not keeps(run, name)] == []


@pytest.mark.slow
def test_columns_of_all_names_together_stay_apart(tmp_path):
    run = coloured(NAMES, tmp_path)
    assert all(keeps(run, name) for name in NAMES)
    assert "<script>alert(1)" not in (run.folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_hundreds_of_columns_go_through(tmp_path):
    rng = np.random.default_rng(0)
    wide = {f"c{i:03d}": rng.normal(size=N) for i in range(150)}
    wide |= {f"d{i:03d}": [f"v{j}" for j in rng.integers(0, 4, N)] for i in range(150)}
    run = detect_in(pa.table(wide), tmp_path)
    assert run.manifest.units_scored == N
    assert set(wide) <= set(as_reader(run).column_names)


@pytest.mark.slow
def test_a_log_of_equal_records_has_no_finding_and_no_incident(tmp_path):
    run = detect_in(pa.table({"kind": ["same"] * N, "n": [1.0] * N}), tmp_path)
    assert run.manifest.units_scored == N
    assert run.manifest.selection.selected == 0
    assert read_findings(run).num_rows == read_incidents(run).num_rows == 0
    assert set(read_scores(run)["anomaly_score"].to_pylist()) == {0.0}


@pytest.mark.slow
def test_of_a_nearly_constant_log_only_the_other_records_are_findings(tmp_path):
    kinds = ["same"] * (N - 3) + ["other", "third", "other"]
    run = detect_in(pa.table({"kind": kinds, "n": [1.0] * N}), tmp_path)
    found = {int(name.rpartition(":")[2]) for name in read_findings(run)["record_id"].to_pylist()}
    assert found == {N - 3, N - 2, N - 1}


@pytest.mark.slow
def test_a_threshold_selects_records_however_ordinary_they_are(tmp_path):
    table = pa.table({"kind": ["same"] * N, "n": [1.0] * N})
    run = detect_in(table, tmp_path, selection={"threshold": 0})
    assert run.manifest.selection.selected == N
    assert read_findings(run).num_rows > 0


@pytest.mark.slow
def test_findings_of_sessions_hold_what_is_known_of_the_session(tmp_path):
    log = small_log(300).append_column("session", [[f"s{i % 30:02d}" for i in range(300)]])
    run = detect_in(log.drop("event_id"), tmp_path, unit="session", session_key="session")
    findings = read_findings(run)
    assert findings.schema.field("session.events").type == pa.int64()
    assert findings.schema.field("user.distinct").type == pa.int64()
    assert findings.schema.field("bytes.mean").type == pa.float64()
    for found in findings.to_pylist():
        assert found["session"] == found["record_id"]
        assert found["session.events"] == 10
        assert found["session.start"] is not None


@pytest.mark.slow
@pytest.mark.parametrize("kind", [pa.int64(), pa.string(), pa.dictionary(pa.int8(), pa.string())])
def test_a_session_key_of_any_type_names_the_sessions(kind, tmp_path):
    keys = pa.array([str(1000 + i // 10) for i in range(300)])
    keys = keys.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else keys.cast(kind)
    log = small_log(300).drop("event_id").append_column("key", keys)
    run = detect_in(log, tmp_path, unit="session", session_key="key")
    assert sorted(read_scores(run)["record_id"].to_pylist()) == [str(1000 + i) for i in range(30)]
