"""A night in which a column moves as a whole: one statement, and no flood of findings."""

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from data.generate import generate, write
from flows.cli.app import main
from flows.report.overview import moved_sentence, whole_columns_sentence
from flows.storage.runs.reader import PublishedRun, list_runs, read_incidents
from schemas.outputs.manifest import MovedColumn
from tests.flows.partitioned_logs import job_file, night_log
from tests.flows.sample_logs import written
from tests.flows.sample_runs import published

FIRST = date(2026, 1, 5)
DAYS = [FIRST + timedelta(i) for i in range(4)]


def judged(folder: Path, day: date, columns: str) -> PublishedRun:
    path = str(job_file(folder, f"[columns]\n{columns}\n"))
    assert main(["detect", "--job", path, "--partition", str(day), "--direct"]) == 0
    return list_runs(f"{folder}/out/nightly")[0]


def renewed(path: Path) -> None:
    """Let all agents of a partition have a new version."""
    log = pq.read_table(path)
    agents = pc.replace_substring_regex(log["user_agent"], r"/(\d)", r"/9\1")
    pq.write_table(log.set_column(log.column_names.index("user_agent"), "user_agent", agents), path)


@pytest.mark.slow
def test_a_new_version_of_all_agents_is_one_statement_and_a_planted_incident_first(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    events, labels = generate(8_000, len(DAYS), seed=1)
    write(events, labels, tmp_path)
    (tmp_path / "events").rename(tmp_path / "logs")
    columns = 'user_agent = "category"\nhost = "entity"'
    plain = judged(tmp_path, DAYS[-2], columns)
    assert plain.manifest.incidents.moved == []
    renewed(tmp_path / f"logs/date={DAYS[-1]}/part-0.parquet")
    capfd.readouterr()
    run = judged(tmp_path, DAYS[-1], columns)

    (moved,) = run.manifest.incidents.moved
    assert (moved.column, len(moved.examples)) == ("user_agent", 3)
    assert moved.unseen > 0.9
    planted = set(labels["event_id"].to_pylist())
    shown = read_incidents(run).to_pylist()
    assert shown[0]["record_id"] in planted
    assert len(shown) <= 15

    unshown = read_incidents(run, "unshown").to_pylist()
    assert moved.incidents > 0
    assert sum(each["reasons"][0]["column"] == "user_agent" for each in unshown) >= moved.incidents
    assert not any(each["alarm"] for each in unshown)
    # What is ordinary but for its agent is together, however many records that are.
    assert max(each["records"] for each in unshown) > 10 * max(each["records"] for each in shown)

    said = whole_columns_sentence(run.manifest)
    assert said.startswith("user_agent moved as a whole: ")
    assert "user_agent" not in moved_sentence(run.manifest)
    assert " ".join(said.split()) in " ".join(capfd.readouterr().out.split())
    assert "user_agent moved as a whole" in (run.folder / "report.html").read_text()


@pytest.mark.slow
def test_a_masked_column_that_moved_has_no_examples(tmp_path: Path) -> None:
    for day in DAYS:
        log = night_log(day)
        version = 2 if day == DAYS[-1] else 1
        agents = [f"agent-of-the-{'abc'[i % 3]}-kind-version-{version}" for i in range(len(log))]
        written(
            tmp_path / f"logs/date={day}/a.parquet",
            log.append_column("agent", pa.array(agents)),
        )
    judged(tmp_path, DAYS[-2], 'agent = { role = "category", secret = true }')
    run = judged(tmp_path, DAYS[-1], 'agent = { role = "category", secret = true }')
    (moved,) = run.manifest.incidents.moved
    assert (moved.column, moved.unseen, moved.examples) == ("agent", 1.0, [])
    assert "kind-version" not in (run.folder / "report.html").read_text()
    assert len(read_incidents(run)) <= 2  # of 400 records that all hold an unseen value


def test_the_sentence_says_share_examples_and_what_is_not_shown(tmp_path: Path) -> None:
    run = published(tmp_path).manifest
    assert whole_columns_sentence(run) == ""
    moved = [
        MovedColumn(
            column="agent", unseen=0.94, unseen_before=0.01, examples=["a/2", "b/2"], incidents=7
        ),
        MovedColumn(column="key", unseen=1.0, unseen_before=0.0),
    ]
    summary = run.incidents.model_copy(update={"moved": moved})
    said = whole_columns_sentence(run.model_copy(update={"incidents": summary}))
    assert said.replace("\N{NO-BREAK SPACE}", " ") == (
        "agent moved as a whole: 94 % of the events hold values that the model never saw, such as"
        " a/2 and b/2. 7 incidents of that alone are not shown. key moved as a whole: 100 % of the"
        " events hold values that the model never saw."
    )
