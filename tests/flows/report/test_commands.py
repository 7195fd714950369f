"""The queries and commands of a card: what they give, and what they must not hold."""

import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.cli.app import main
from flows.report.commands import of_input, of_results
from flows.report.incident_cards import incident_cards
from flows.report.page import render
from flows.storage.runs.reader import read_members
from schemas.outputs.manifest import RunManifest, SearchSummary
from tests.flows.end_to_end.test_recurring import day_log, erasing, run_of
from tests.flows.report.sample import report_data


def _texts(row: dict[str, Any], run: RunManifest) -> dict[str, str]:
    return {command.name: command.text for command in of_results(row, run)}


@pytest.mark.slow
def test_the_queries_and_commands_work_in_the_folders_that_they_are_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(0, tmp_path)
    row = erasing(run)
    texts = _texts(row, run.manifest)
    monkeypatch.chdir(tmp_path / "out/log")
    listed = [each["record_id"] for each in read_members(run).to_pylist()
              if each["incident"] == row["incident"]]  # fmt: skip
    found = duckdb.sql(texts["DuckDB: all its records"]).fetchall()
    assert sorted(each[0] for each in found) == sorted(listed)
    for name in ("Incidents of the run", "Verdict"):
        assert main(texts[name].split()[1:]) == 0
        assert row["incident"] in capsys.readouterr().out
    query = of_input(row, run.manifest)
    assert query is not None
    monkeypatch.chdir(tmp_path)
    own = [each for each in day_log(0).to_pylist() if each[row["entity_column"]] == row["entity"]]
    assert len(duckdb.sql(query.text).fetchall()) == len(own) > 0
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert os.fspath(tmp_path) not in page


def _row(**changes: Any) -> dict[str, Any]:
    return report_data(3).incidents.to_pylist()[0] | {"entity_column": "user", **changes}


def _run_of_users(**role: Any) -> RunManifest:
    run = report_data(3).manifest
    named = run.columns["actor.user.name"].model_copy(update=role)
    return run.model_copy(update={"columns": run.columns | {"user": named}})


def test_quotes_in_a_value_end_no_literal() -> None:
    query = of_input(_row(entity="o'hara\"; DROP"), _run_of_users())
    assert query is not None
    assert "= 'o''hara\"; DROP'" in query.text
    assert "read_parquet('day=2026-03-*/part-0.parquet'" in query.text


def test_no_query_asks_for_what_the_input_does_not_hold_under_that_name() -> None:
    assert of_input(_row(), _run_of_users(secret=True)) is None
    assert of_input(_row(entity_column="actor.user.name"), _run_of_users()) is None
    assert of_input(_row(entity_column=None, entity=None), _run_of_users()) is None
    assert of_input(_row(entity="a\u202eb"), _run_of_users()) is None


def test_like_records_are_offered_only_where_records_are_stored() -> None:
    run = _run_of_users()
    assert "Records like its most telling one" not in _texts(_row(), run)
    searched = run.model_copy(update={"search": SearchSummary(records=3)})
    name = "Records like its most telling one"
    assert _texts(_row(record_id="e 1; rm x"), searched)[name] == "outfield similar . 'e 1; rm x'"
    assert name not in _texts(_row(record_id="a\nb"), searched)
    assert name not in _texts(_row(record_id="--text"), searched)


def test_an_id_or_a_time_is_never_marked_as_different() -> None:
    data = report_data(2)
    rows = data.findings.to_pylist()
    for row in rows:
        row["nearest_normal"] = [
            {"column": name, "value": "x", "differs": True} for name in ("time", "api.operation")
        ]
    findings = type(data.findings).from_pylist(rows, schema=data.findings.schema)
    changed = type(data)(**(vars(data) | {"findings": findings}))
    differs = {
        field.name.head: field.differs
        for card in incident_cards(changed)
        for field in card.telling.record.fields
        if field.compared
    }
    assert differs == {"time": False, "api.operation": True}


def test_a_card_begins_with_the_verdict_and_leads_to_other_runs() -> None:
    page = render(report_data())
    card = page.split('id="incident-1"')[1].split('id="incident-2"')[0]
    assert card.index("Your verdict") < card.index("Why it stands out")
    assert 'href="../20260301T060000000000Z/report.html#i-0"' in card
    assert '<a href="../2026-03-15T06-00-12Z-77aa/report.html">Run before (2026-03-14)</a>' in page
    assert '<a href="../../index.html">All runs</a>' in page
    assert '<li id="i-000000"' in page
