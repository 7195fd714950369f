"""Verdicts from the command line to the runs that heed them."""

from pathlib import Path

import pytest

from flows.cli.app import main
from flows.storage.runs.reader import read_findings, read_incidents
from flows.storage.verdicts.store import read_verdicts
from tests.flows.end_to_end.test_recurring import SETTINGS, day_log, erasing, run_of
from tests.flows.sample_logs import dataset_bytes, detect, job, written
from tests.flows.sample_runs import published

pytestmark = pytest.mark.slow


def outfield(*tokens: str) -> int:
    return main(tokens)


def test_a_benign_incident_is_suppressed_in_the_next_run_and_named_in_its_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run_of(0, tmp_path)
    on, output = erasing(first), str(tmp_path / "out")
    said = ("--label", "benign", "--note", "a drill", "--output", output)
    assert outfield("verdict", on["incident"], *said) == 0
    assert "benign, on i-" in capsys.readouterr().out
    (verdict,) = read_verdicts(tmp_path / "out/log")
    assert (verdict.note, verdict.run_id) == ("a drill", first.manifest.run_id)
    assert verdict.who
    again = run_of(0, tmp_path)
    (hidden,) = read_incidents(again, "suppressed").to_pylist()
    assert (hidden["incident"], hidden["verdict"]) == (on["incident"], verdict.verdict)
    rest = [i for i in read_incidents(first)["incident"].to_pylist() if i != on["incident"]]
    assert sorted(read_incidents(again)["incident"].to_pylist()) == sorted(rest)
    assert on["incident"] not in read_findings(again)["incident"].to_pylist()
    (effect,) = again.manifest.incidents.verdicts
    assert (effect.verdict, effect.suppressed, effect.let_through) == (verdict.verdict, 1, 0)
    assert verdict.verdict in (again.folder / "report.html").read_text()


def test_a_verdict_that_has_run_out_suppresses_nothing_and_is_told_of(tmp_path: Path) -> None:
    on = erasing(run_of(0, tmp_path))
    day_before = f"{on['first_time'].date().replace(day=4)}"
    said = ("--label", "expected", "--until", day_before, "--output", str(tmp_path / "out/log"))
    assert outfield("verdict", on["incident"], *said) == 0
    again = run_of(0, tmp_path)
    assert erasing(again)["verdict"] is not None
    (effect,) = again.manifest.incidents.verdicts
    assert (effect.suppressed, effect.let_through) == (0, 1)


def test_what_is_malicious_never_enters_the_reference_again(tmp_path: Path) -> None:
    first = run_of(0, tmp_path)
    on, output = erasing(first), str(tmp_path / "out")
    assert outfield("verdict", on["incident"], "--label", "malicious", "--output", output) == 0
    again = run_of(0, tmp_path)
    assert again.manifest.model.sample_rows == first.manifest.model.sample_rows - on["records"]
    assert again.manifest.ledger == first.manifest.ledger
    assert erasing(again)["p_value"] <= on["p_value"]


def test_without_ids_the_malicious_records_are_known_by_file_and_row(tmp_path: Path) -> None:
    location = written(tmp_path / "log.parquet", day_log(0).select(["action", "bytes"]))
    spec = job(location, tmp_path / "out", **SETTINGS)
    first = detect(spec)
    on, output = erasing(first), str(tmp_path / "out")
    assert on["record_id"] == "log.parquet:298"
    assert outfield("verdict", on["incident"], "--label", "malicious", "--output", output) == 0
    again = detect(spec)
    assert again.manifest.model.sample_rows == first.manifest.model.sample_rows - on["records"]


def test_a_verdict_teaches_the_order_of_the_next_day_until_it_is_withdrawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    on, output = erasing(run_of(0, tmp_path)), str(tmp_path / "out")
    untaught = run_of(1, tmp_path)
    assert outfield("verdict", on["incident"], "--label", "malicious", "--output", output) == 0
    next_day = run_of(1, tmp_path)
    said = "one verdict on it raises it"
    assert erasing(next_day)["taught"] == said
    (count,) = next_day.manifest.incidents.verdict_counts
    assert (count.severity, count.incidents, count.malicious) == (on["severity"], 1, 1)
    assert f"{said}</bdi>" in (next_day.folder / "report.html").read_text()
    capsys.readouterr()
    assert outfield("incidents", f"{output}/log") == 0
    assert f"({said})" in capsys.readouterr().out
    (verdict,) = read_verdicts(tmp_path / "out/log")
    assert outfield("verdict", "--withdraw", verdict.verdict, "--output", output) == 0
    assert dataset_bytes(run_of(1, tmp_path), "incidents") == dataset_bytes(untaught, "incidents")


@pytest.mark.parametrize("label", ["benign", "malicious"])
def test_after_a_withdrawal_a_run_is_as_if_the_verdict_had_never_been_given(
    tmp_path: Path, label: str
) -> None:
    first = run_of(0, tmp_path)
    on, output = erasing(first), str(tmp_path / "out")
    assert outfield("verdict", on["incident"], "--label", label, "--output", output) == 0
    (verdict,) = read_verdicts(tmp_path / "out/log")
    assert outfield("verdict", "--withdraw", verdict.verdict, "--output", output) == 0
    again = run_of(0, tmp_path)
    for dataset in ("incidents", "suppressed", "findings", "scores"):
        assert dataset_bytes(again, dataset) == dataset_bytes(first, dataset)
    assert again.manifest.incidents == first.manifest.incidents
    assert again.manifest.model == first.manifest.model


def test_an_incident_that_is_nowhere_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published(tmp_path / "out")
    output = str(tmp_path / "out")
    assert outfield("verdict", "i-0", "--label", "benign", "--output", output) == 2
    assert "no incident i-0 in any run" in capsys.readouterr().err
