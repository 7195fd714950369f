"""Verdicts on the command line: given, listed and withdrawn."""

import json
from pathlib import Path
from typing import Any

import pytest

from flows.cli.app import main
from flows.steps.import_verdicts import take_in_verdicts
from flows.storage.verdicts.store import read_verdicts
from tests.flows.sample_runs import published


@pytest.fixture
def output(tmp_path: Path) -> str:
    """The output folder of a job with one run, whose three incidents are i-1 to i-3."""
    published(tmp_path / "out")
    return str(tmp_path / "out")


def give(output: str, incident: str, *options: str) -> str:
    """Give a verdict; return its name."""
    before = names(output)
    command = ("verdict", incident, "--label", "benign", "--output", output, *options)
    assert main(command) == 0
    (name,) = names(output) - before
    return name


def names(output: str) -> set[str]:
    return {each.verdict for each in read_verdicts(Path(output) / "job")}


def withdraw(output: str, name: str, *options: str) -> int:
    return main(("verdict", "--withdraw", name, "--output", output, *options))


def documents(output: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["verdicts", f"{output}/job", "--json"]) == 0
    listed: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return listed


def test_verdicts_are_listed_newest_first_with_what_they_hold_for(
    output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    older = give(output, "i-1", "--note", "CHG-1", "--until", "2026-12-31")
    newer = give(output, "i-2", "--scope", "entity")
    capsys.readouterr()
    assert main(["verdicts", f"{output}/job"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "verdict",
        "label",
        "scope",
        "given",
        "by",
        "until",
        "about",
    ]
    assert lines[1].split()[:3] == [newer, "benign", "entity"]
    assert lines[1].split()[-1] == "eve"
    assert lines[2].split()[:3] == [older, "benign", "this"]
    assert lines[2].split()[-4:] == ["2026-12-31", "eve:", "user", "(CHG-1)"]
    assert lines[-1] == "2 verdicts"


def test_a_job_without_a_verdict_says_so(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verdicts", f"{output}/job"]) == 0
    assert capsys.readouterr().out == "No verdict yet.\n"
    assert main(["verdicts", f"{output}/other"]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_the_verdicts_of_a_job_file_are_those_of_its_folder(
    output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    give(output, "i-1")
    job = tmp_path / "job.toml"
    job.write_text(f'input = "log.parquet"\noutput = "{output}"\nname = "job"\n')
    assert main(["verdicts", str(job)]) == 0
    assert "1 verdict\n" in capsys.readouterr().out


def test_a_withdrawal_is_said_in_one_line_and_leaves_the_verdict_s_file(
    output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, other = give(output, "i-1"), give(output, "i-2")
    file = Path(output) / "job/verdicts" / f"{name}.json"
    before = file.read_bytes()
    capsys.readouterr()
    assert withdraw(output, name, "--note", "wrong host") == 0
    said = "later runs act as if it had never been given."
    assert capsys.readouterr().out == f"Withdrew {name} (benign, on i-1): {said}\n"
    assert names(output) == {other}
    assert file.read_bytes() == before
    withdrawn = {each["verdict"]: each["withdrawn"] for each in documents(output, capsys)}
    assert withdrawn[other] is None
    assert withdrawn[name]["note"] == "wrong host"
    assert main(["verdicts", f"{output}/job"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 verdicts, 1 of them withdrawn"


def test_a_verdict_is_withdrawn_once(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    name = give(output, "i-1")
    assert withdraw(output, name, "--note", "first") == 0
    capsys.readouterr()
    assert withdraw(output, name, "--note", "second") == 0
    assert capsys.readouterr().out.startswith(f"Verdict {name} was withdrawn by ")
    (listed,) = documents(output, capsys)
    assert listed["withdrawn"]["note"] == "first"


def test_the_same_opinion_can_be_given_again_after_a_withdrawal(output: str) -> None:
    name = give(output, "i-1")
    assert withdraw(output, name) == 0
    again = give(output, "i-1")
    assert again != name
    assert names(output) == {again}


def test_a_line_of_a_file_is_not_taken_in_again_after_its_withdrawal(output: str) -> None:
    job = Path(output) / "job"
    (job / "verdicts").mkdir()
    (job / "verdicts/mine.csv").write_text("incident,label\ni-1,benign\n")
    assert take_in_verdicts(job) == ()
    (name,) = names(output)
    assert withdraw(output, name) == 0
    assert take_in_verdicts(job) == ()
    assert names(output) == set()


def test_a_damaged_verdict_can_be_no_reason_to_fail_once_it_is_withdrawn(output: str) -> None:
    name = give(output, "i-1")
    assert withdraw(output, name) == 0
    (Path(output) / "job/verdicts" / f"{name}.json").write_text("{}")
    assert read_verdicts(Path(output) / "job") == []


@pytest.mark.parametrize("below", ["", "/job"])
def test_an_unknown_verdict_is_an_error_that_names_the_nearest(
    output: str, capsys: pytest.CaptureFixture[str], below: str
) -> None:
    name = give(output, "i-1")
    capsys.readouterr()
    assert withdraw(output + below, f"{name[:-1]}x") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"no verdict {name[:-1]}x in it; the nearest of 1 is {name}" in line


def test_where_no_verdict_is_an_unknown_one_is_said_so(
    output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert withdraw(output, "../../etc/passwd") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "it has no verdict; name another folder with --output" in line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("i-1", "--withdraw", "v-1"), "a verdict is given and one is withdrawn"),
        (("--withdraw", "v-1", "--label", "benign"), "a verdict is given and one is withdrawn"),
        (("--label", "benign"), "a verdict needs an incident"),
        (("i-1",), "a verdict needs a label"),
    ],
)
def test_a_verdict_is_either_given_or_withdrawn(
    output: str, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    assert main(("verdict", *options, "--output", output)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_what_a_verdict_says_reaches_the_terminal_escaped(
    output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    give(output, "i-1", "--note", "a\x1b[31mred")
    capsys.readouterr()
    assert main(["verdicts", f"{output}/job"]) == 0
    assert "\x1b" not in capsys.readouterr().out
