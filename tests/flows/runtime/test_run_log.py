"""The log: one line each, the run in each, and nothing in it that is nobody's business."""

import json
import logging
from pathlib import Path

import pytest

from flows.cli.app import main
from flows.runtime.run_log import Entry, JsonLines, log, log_all, logging_of, told_on
from flows.storage.runs.reader import list_runs
from tests.flows.sample_logs import STEP_NAMES, small_log, written


@pytest.fixture
def location(tmp_path) -> str:
    return written(tmp_path / "private/log.parquet", small_log())


def detected(location: str, *options: str, output: Path) -> int:
    return main(["detect", location, "--output", str(output), "--direct", *options])


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_a_verbose_run_says_each_step_in_a_line_of_json_with_its_id(location, tmp_path, capsys):
    assert detected(location, "--verbose", output=tmp_path / "out") == 0
    said = capsys.readouterr().err
    (run,) = list_runs(str(tmp_path / "out/log"))
    told = lines(said)
    assert len(told) == said.count("\n")
    assert {(line["run"], line["job"], line["level"]) for line in told} == {
        (run.manifest.run_id, "log", "info")
    }
    assert [line["event"] for line in told] == [
        "run began",
        *["step ended"] * len(STEP_NAMES[1:]),
        "run published",
    ]
    assert [line["step"] for line in told[1:-1]] == list(STEP_NAMES[1:])
    assert (told[0]["rows"], told[-1]["scored"]) == (200, 200)
    assert str(tmp_path) not in said


def test_without_verbose_nothing_is_said_on_standard_error(location, tmp_path, capsys):
    before = list(logging.getLogger("outfield").handlers)
    assert detected(location, output=tmp_path / "out") == 0
    assert capsys.readouterr().err == ""
    assert logging.getLogger("outfield").handlers == before


def test_a_run_that_fails_logs_what_and_no_path(location, tmp_path, capsys):
    job = tmp_path / "job.toml"
    job.write_text('[columns]\nmessage = "number"\n')
    assert detected(location, "--job", str(job), "--verbose", output=tmp_path / "out") == 2
    *_, failed = lines(capsys.readouterr().err)
    assert (failed["event"], failed["level"], failed["error"]) == (
        "run failed",
        "error",
        "TooFewRecordsError",
    )
    assert "unreadable number" in str(failed["what"])
    assert str(tmp_path) not in json.dumps(failed)


def test_the_manifest_tells_how_fast_and_in_how_much_memory(location, tmp_path):
    assert detected(location, output=tmp_path / "out") == 0
    manifest = list_runs(str(tmp_path / "out/log"))[0].manifest
    assert manifest.metrics is not None
    assert manifest.metrics.rows_per_second == pytest.approx(
        200 / sum(manifest.seconds.values()), rel=0.01
    )
    assert 50e6 < manifest.metrics.peak_memory < 50e9
    assert list(manifest.seconds) == list(STEP_NAMES)


def test_a_hostile_value_stays_in_its_line(capsys):
    entry = Entry("step ended", {"step": 'a\n{"level": "error"} \x1b[31m', "seconds": 1})
    record = logging.LogRecord("outfield", logging.INFO, "", 0, entry, (), None)
    line = JsonLines().format(record)
    assert line.isprintable()
    assert json.loads(line)["step"] == 'a\n{"level": "error"} \x1b[31m'
    assert str(entry).isprintable()
    assert str(entry).endswith(" seconds=1")


def test_what_belongs_to_no_run_is_not_logged_and_a_warning_is_told_as_text(caplog):
    log_all()
    with caplog.at_level(logging.INFO, "outfield"):
        log("step ended")
        with logging_of("log", "R1"):
            log("waiting", logging.WARNING, up_to=3)
    assert caplog.messages == ["waiting job=log run=R1 up_to=3"]


def test_only_warnings_are_told_where_not_all_is_asked_for(capsys):
    import sys  # noqa: PLC0415 - the captured stream

    with told_on(sys.stderr, all_lines=False), logging_of("log", "R1"):
        for level in (logging.INFO, logging.WARNING, logging.ERROR):
            log("said", level)
    assert capsys.readouterr().err == "said job=log run=R1\n"
