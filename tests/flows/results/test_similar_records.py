"""Records that runs kept, and those like one of them, end to end."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomaly.model.record_similarity import Metric, centre_of, distances, placed
from data.generate import generate, write
from flows.cli.app import main
from flows.results.similar_records import Question, similar
from flows.storage.models.store import find_model, load_model
from flows.storage.runs.parquet_parts import RowGroup, read_row_groups
from flows.storage.runs.reader import PublishedRun, load_run, read_findings
from flows.storage.search import stored_records
from flows.storage.search.stored_records import StoredRecords
from schemas.errors import InputError, OutputError
from tests.flows.sample_logs import dataset_bytes, detect, detect_in, job, small_log, written

pytestmark = pytest.mark.slow

KEEP = {"search": {"store": True}}
EXAMPLES = Path(__file__).parents[3] / "docs/howto/search-and-export.md"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> PublishedRun:
    return detect_in(small_log(400), tmp_path_factory.mktemp("kept"), **KEEP)


def folder_of(run: PublishedRun) -> str:
    return str(run.folder.parents[1])


def all_records(run: PublishedRun) -> pa.Table:
    stored = StoredRecords.of(run)
    return stored.take(np.arange(stored.total))


def test_all_records_are_stored_and_counted_in_the_manifest(run: PublishedRun) -> None:
    stored = StoredRecords.of(run)
    assert run.manifest.search is not None
    assert run.manifest.search.records == stored.total == 400
    assert list(stored.columns) == ["time", "user", "action", "bytes", "message"]
    assert sum(name.startswith(("records/", "indexes/")) for name in run.manifest.files) == 3


@pytest.fixture(scope="module")
def cut_up(run: PublishedRun, tmp_path_factory: pytest.TempPathFactory) -> PublishedRun:
    """The same run, its records in parts and row groups of a few."""
    copy = shutil.copytree(run.folder.parents[1], tmp_path_factory.mktemp("cut") / "log")
    folder = copy / "runs" / run.folder.name / "records"
    (part,) = folder.iterdir()
    whole = pq.read_table(part)
    for number, (start, rows) in enumerate([(0, 150), (150, 0), (150, 250)]):
        piece = whole.slice(start, rows)
        pq.write_table(piece, folder / f"part-{number:05d}.parquet", row_group_size=7)
    return load_run(folder.parent)


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(places=st.sets(st.integers(0, 399)), columns=st.sets(st.sampled_from(["user", "message"])))
def test_records_are_taken_wherever_they_lie(
    run: PublishedRun, cut_up: PublishedRun, places: set[int], columns: set[str]
) -> None:
    chosen, names = np.array(sorted(places), dtype=np.int64), sorted({"record_id"} | columns)
    whole = all_records(run).select(names).take(pa.array(chosen))
    assert StoredRecords.of(cut_up).take(chosen, names).equals(whole)


def test_records_are_found_wherever_they_lie(run: PublishedRun, cut_up: PublishedRun) -> None:
    stored, ids = StoredRecords.of(cut_up), all_records(run)["record_id"].to_pylist()
    assert [stored.place_of(each) for each in ids] == list(range(400))
    assert stored.place_of("nobody") is None
    held = {"user": "u3", "action": "read"}
    assert stored.where(held).tolist() == StoredRecords.of(run).where(held).tolist()


def test_only_the_row_groups_that_are_asked_for_are_read(
    cut_up: PublishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def remembered(groups: list[RowGroup], columns: list[str]) -> Iterator[pa.Table]:
        read.extend(group.rows for group in groups)
        return read_row_groups(groups, columns)

    monkeypatch.setattr(stored_records, "read_row_groups", remembered)
    StoredRecords.of(cut_up).take(np.array([3, 4, 399]))
    assert read == [7, 250 % 7]


def test_a_run_that_keeps_nothing_writes_nothing_of_it(tmp_path: Path) -> None:
    run = detect_in(small_log(), tmp_path)
    assert run.manifest.search is None
    assert not (run.folder / "records").exists()
    assert not (run.folder / "indexes").exists()
    with pytest.raises(OutputError, match="no run kept its records"):
        similar(folder_of(run), Question("e1"), 7)


def test_of_too_many_records_the_findings_are_stored(tmp_path: Path) -> None:
    run = detect_in(small_log(400), tmp_path, search={"store": True, "records": 50})
    stored = set(all_records(run)["record_id"].to_pylist())
    findings = set(read_findings(run, ["record_id"])["record_id"].to_pylist())
    assert findings < stored
    assert 50 <= len(stored) <= 50 + len(findings)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_nearest_are_those_of_brute_force(run: PublishedRun, metric: Metric) -> None:
    model, _ = load_model(find_model(run.folder.parents[1], run.manifest.model.model_id))
    stored = StoredRecords.of(run)
    X = model.embedder.transform(stored.events(model.embedder.roles, np.arange(400)))
    X = placed(X, centre_of(model), metric)
    away = distances(X[7], X, metric)
    answer = similar(folder_of(run), Question("e7", metric=metric, top=10), 7)
    found = [hit.distance for hit in answer.hits]
    assert found == pytest.approx(np.sort(away)[:10].tolist(), abs=1e-5)
    assert answer.hits[0].record["record_id"] == "e7"


def test_a_filter_leaves_only_what_holds_the_value(run: PublishedRun) -> None:
    stored = all_records(run)
    held = stored.filter(pc.equal(stored["user"], "u3"))["record_id"].to_pylist()
    answer = similar(folder_of(run), Question("e7", where={"user": "u3"}, top=400), 7)
    assert sorted(str(hit.record["record_id"]) for hit in answer.hits) == sorted(held)


def test_a_described_event_finds_those_that_mean_it(run: PublishedRun) -> None:
    (first,) = similar(folder_of(run), Question(where={"action": "erase"}, top=1), 7).hits
    assert first.record["action"] == "erase"
    answer = similar(folder_of(run), Question(where={"action": "list", "user": "u3"}, top=5), 7)
    assert {(hit.record["action"], hit.record["user"]) for hit in answer.hits} == {("list", "u3")}


def test_a_text_finds_its_like(tmp_path: Path) -> None:
    log = small_log(400)
    messages = [
        "the door was opened by hand" if i % 40 == 3 else m
        for i, m in enumerate(log["message"].to_pylist())
    ]
    log = log.set_column(5, "message", [messages])
    run = detect_in(log, tmp_path, columns={"message": "text"}, **KEEP)
    answer = similar(folder_of(run), Question(text="a door opened by hand", top=5), 7)
    assert {hit.record["message"] for hit in answer.hits} == {"the door was opened by hand"}


def test_the_example_of_the_page_finds_the_phrase_in_the_sample_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phrase = re.search(r'--text "([^"]+)"', EXAMPLES.read_text(encoding="utf-8"))
    assert phrase is not None
    write(*generate(4_000, 3, 7, 0.0), tmp_path)
    run = detect(job(str(tmp_path / "events"), tmp_path / "out", **KEEP))
    messages = all_records(run)["message"]
    holders = pc.sum(pc.match_substring(messages, phrase[1])).as_py()
    assert holders > 1
    answer = similar(folder_of(run), Question(text=phrase[1], top=2 * holders), 7)
    found = [phrase[1] in str(hit.record["message"]) for hit in answer.hits]
    assert found == [True] * holders + [False] * holders
    assert main(["similar", folder_of(run), "--text", phrase[1], "--top", "1"]) == 0
    assert "message=second factor removed by" in " ".join(capsys.readouterr().out.split())


def test_the_columns_that_the_question_names_are_shown_first(
    run: PublishedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--where", "action=erase", "--where", "user=u1", "--top", "1"]
    assert main(["similar", folder_of(run), *asked]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert re.search(r" action=\w+ user=u1 time=", out)
    assert not re.search(r"bytes=\d+\.0\b", out)


def test_runs_of_another_model_are_embedded_anew(tmp_path: Path) -> None:
    for seed in (0, 1):
        log = written(tmp_path / f"{seed}.parquet", small_log(300, seed))
        detect(job(log, tmp_path / "out", **KEEP))
    answer = similar(str(tmp_path / "out/log"), Question("e7", top=30), 7)
    assert (answer.runs, answer.models) == (2, 2)
    assert len({hit.run.manifest.run_id for hit in answer.hits}) == 2
    assert [hit.distance for hit in answer.hits] == sorted(hit.distance for hit in answer.hits)
    assert similar(str(tmp_path / "out/log"), Question("e7"), 1).runs == 1


def test_stored_records_have_the_same_bytes_each_time(tmp_path: Path) -> None:
    runs = [detect_in(small_log(), tmp_path / name, **KEEP) for name in ("a", "b")]
    for dataset in ("records", "indexes"):
        assert dataset_bytes(runs[0], dataset) == dataset_bytes(runs[1], dataset)


def test_keeping_records_changes_no_finding(run: PublishedRun, tmp_path: Path) -> None:
    plain = detect_in(small_log(400), tmp_path)
    assert dataset_bytes(plain, "findings") == dataset_bytes(run, "findings")
    assert plain.manifest.job_fingerprint == run.manifest.job_fingerprint


def test_sessions_are_searched_by_what_they_are(tmp_path: Path) -> None:
    settings = {"unit": "session", "session_key": "user", "session_gap": "1h", **KEEP}
    run = detect_in(small_log(400), tmp_path, **settings)
    record = read_findings(run)["record_id"][0].as_py()
    assert similar(folder_of(run), Question(record), 7).hits[0].distance == pytest.approx(0.0)
    with pytest.raises(InputError, match="cannot be asked for"):
        similar(folder_of(run), Question(where={"action": "read"}), 7)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["nobody"], "no record 'nobody'"),
        (["--where", "user"], "is no condition"),
        (["--where", "usr=u1"], "`usr` cannot be asked for"),
        (["e7", "--where", "usr=u1"], "no column `usr`"),
        (["--where", "user=u1"], "nothing is asked for"),
        ([], "nothing is asked for"),
        (["e7", "--text", "x"], "a record and a text"),
        (["--text", "x", "--metric", "cosine"], "a text has its own measure"),
        (["--text", "?!"], "the text has no word"),
        (["--where", "bytes=many"], "unreadable number"),
    ],
)
def test_a_question_that_cannot_be_answered_is_one_line(
    run: PublishedRun, asked: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["similar", folder_of(run), *asked]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_the_command_shows_a_table_or_a_document(
    run: PublishedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["similar", folder_of(run), "e398", "--top", "3"]) == 0
    assert "e398" in capsys.readouterr().out
    assert main(["similar", folder_of(run), "e398", "--top", "3", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["similar"][0]["record"]["action"] == "erase"
    assert document["similar"][0]["incident"].startswith("i-")
