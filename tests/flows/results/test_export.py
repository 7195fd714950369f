"""Exports read back by the tools that they are for."""

import csv
import io
import json
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from flows.cli.app import main
from flows.results.export import csv_lines, json_lines
from flows.storage.runs.reader import PublishedRun, read_findings, read_incidents
from flows.storage.runs.writer import RunFolder
from tests.flows.sample_runs import findings, incidents, manifest, published, rejected, scores


def with_titles(folder: Path, titles: list[str]) -> PublishedRun:
    """A run whose incidents have these titles."""
    n = len(titles)
    run = RunFolder.create(str(folder), "job", "titled")
    table = incidents(n)
    place = table.column_names.index("title")
    table = table.set_column(place, table.field("title"), pa.array(titles))
    for name, part in (("scores", scores(n)), ("findings", findings(n)), ("incidents", table)):
        run.write_part(name, 0, part)
    run.write_part("quarantine", 0, rejected(0))
    return run.publish(manifest("titled", (n, n, 0)), "")


@pytest.mark.parametrize("kind", ["incidents", "findings"])
def test_json_lines_hold_every_column_of_every_row(tmp_path: Path, kind: str) -> None:
    run = published(tmp_path)
    table = read_incidents(run) if kind == "incidents" else read_findings(run)
    rows = [json.loads(line) for line in json_lines(run, kind)]  # type: ignore[arg-type]
    assert [list(row) for row in rows] == [table.column_names] * 3
    assert rows[0]["reasons"] == table["reasons"][0].as_py()


@pytest.mark.parametrize("kind", ["incidents", "findings"])
def test_csv_has_a_header_and_a_line_for_each_row(tmp_path: Path, kind: str) -> None:
    run = published(tmp_path)
    read = pd.read_csv(io.StringIO("\n".join(csv_lines(run, kind))))  # type: ignore[arg-type]
    table = read_incidents(run) if kind == "incidents" else read_findings(run)
    assert list(read.columns) == table.column_names
    assert read["rank"].tolist() == [1, 2, 3]
    assert json.loads(read["reasons"][0]) == table["reasons"][0].as_py()


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", " =", "\n+", "\u3000@", "\uff1d", "\ufeff="]
)
def test_no_text_of_a_log_is_a_formula(tmp_path: Path, start: str) -> None:
    run = with_titles(tmp_path, [f"{start}cmd|' /C calc'!A0"])
    (row,) = csv.DictReader(csv_lines(run, "incidents"))
    assert row["title"].startswith("'")


def test_a_line_break_in_a_value_breaks_no_line(tmp_path: Path) -> None:
    run = with_titles(tmp_path, ['a "quoted",\nbroken\x1b[31m value', "b"])
    assert len(list(csv_lines(run, "incidents"))) == 3
    assert len(list(json_lines(run, "incidents"))) == 2
    assert "\x1b" not in "".join(csv_lines(run, "incidents"))


def test_the_command_writes_a_file_or_to_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = published(tmp_path / "out")
    job = str(run.folder.parents[1])
    assert main(["export", job, "--format", "jsonl"]) == 0
    printed = capsys.readouterr().out
    target = tmp_path / "incidents.jsonl"
    assert main(["export", str(run.folder), "--format", "jsonl", "--to", str(target)]) == 0
    assert target.read_text(encoding="utf-8") == printed
    assert len(printed.splitlines()) == 3


def test_ocsf_is_written_as_json_lines_and_as_parquet(tmp_path: Path) -> None:
    run = published(tmp_path / "out")
    for name in ("found.jsonl", "found.parquet"):
        target = tmp_path / name
        assert main(["export", str(run.folder), "--format", "ocsf", "--to", str(target)]) == 0
        rows = duckdb.sql(
            f"SELECT class_uid, finding_info.uid FROM '{target}' ORDER BY ALL"  # noqa: S608
        ).fetchall()
        assert rows == [(2004, "i-1"), (2004, "i-2"), (2004, "i-3")]


@pytest.mark.parametrize(
    ("ending", "of", "format"),
    [
        (".csv", "incidents", "csv"),
        (".csv", "findings", "csv"),
        (".jsonl", "findings", "jsonl"),
        (".NDJSON", "incidents", "jsonl"),
        (".parquet", "incidents", "ocsf"),
    ],
)
def test_the_ending_of_the_file_tells_its_format(
    ending: str, of: str, format: str, tmp_path: Path
) -> None:
    job = str(published(tmp_path / "out").folder.parents[1])
    told, named = tmp_path / f"told{ending}", tmp_path / f"named{ending}"
    assert main(["export", job, "--of", of, "--to", str(told)]) == 0
    assert main(["export", job, "--of", of, "--format", format, "--to", str(named)]) == 0
    assert told.read_bytes() == named.read_bytes()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([], "no format is named; name it, or a file with --to that ends with .csv, .jsonl"),
        (["--to", "found.xml"], "'found.xml' does not tell the format; name it"),
        (["--format", "ocsf", "--of", "findings"], "OCSF holds incidents, no findings"),
        (["--to", "found.parquet", "--of", "findings"], "OCSF holds incidents, no findings"),
    ],
)
def test_an_export_without_a_format_is_refused_in_one_line(
    asked: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = published(tmp_path / "out")
    assert main(["export", str(run.folder), *asked]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_an_unknown_format_is_an_error_that_names_the_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = published(tmp_path / "out")
    assert main(["export", str(run.folder), "--format", "xml"]) == 2
    assert "ocsf" in capsys.readouterr().err


@pytest.mark.parametrize("to", ["", ".", "/"])
def test_a_target_that_is_no_file_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], to: str
) -> None:
    run = published(tmp_path)
    assert main(["export", str(run.folder), "--format", "csv", "--to", to]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "it names a folder; name a file" in line
