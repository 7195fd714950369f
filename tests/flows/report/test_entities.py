"""The part of the page for each entity: its incidents are counted, linked and dated."""

from dataclasses import replace

import pyarrow as pa

from flows.report.entities import EntityParts, entity_parts
from flows.report.incident_cards import incident_cards
from flows.report.page import render
from tests.flows.report.sample import report_data


def parts_of(findings: int = 40) -> EntityParts:
    data = report_data(findings)
    return entity_parts(data, incident_cards(data))


def test_each_entity_has_one_part_with_all_its_incidents() -> None:
    rows = report_data().incidents.to_pylist()
    parts = parts_of()
    names = list(dict.fromkeys(row["entity"] for row in rows))
    assert [part.name.head for part in parts.shown] == names
    for part in parts.shown:
        own = [row for row in rows if row["entity"] == part.name.head]
        assert len(part.incidents) + part.left_out == len(own)
        assert part.counts == f"{len(own)} incidents in this run and 12 in 1 earlier run"
        assert [each.href for each in part.incidents] == [f"#incident-{r['rank']}" for r in own]
        assert {parts.of_incident[row["incident"]] for row in own} == {part.place}


def test_earlier_incidents_have_their_day_verdict_and_address() -> None:
    first, second, *rest = parts_of().shown[0].earlier
    assert {each.day for each in (first, second, *rest)} == {"2026-03-01"}
    assert (first.verdict, first.href) == (None, "../20260301T060000000000Z/report.html")
    assert second.verdict
    assert second.verdict.head == "benign: a drill"
    assert second.href == "../20260301T060000000000Z/report.html#i-1"
    assert len(rest) + 2 + parts_of().shown[0].earlier_left_out == 12


def test_peers_are_told_of_the_entity_that_has_them() -> None:
    first, second, *_ = parts_of().shown
    assert second.peers == []
    assert first.peers == [
        "`team` is `j.lindqvist` for it, and for 12 others among the known records:"
        " `j.lindqvist`, `t.nakamura`, `svc-deploy` and 9 more"
    ]


def test_what_a_verdict_keeps_back_is_listed_with_it() -> None:
    data = report_data(6)
    held = pa.Table.from_pylist(
        [data.incidents.to_pylist()[0] | {"verdict": "v-77"}], schema=data.incidents.schema
    )
    data = replace(data, suppressed=held)
    part = entity_parts(data, incident_cards(data)).shown[0]
    assert part.counts.startswith("1 incident in this run, 1 kept back by verdicts and 12")
    assert part.incidents[-1].verdict
    assert part.incidents[-1].verdict.head == "v-77, kept back"
    assert part.incidents[-1].href == ""


def test_entities_beyond_the_first_hundred_are_counted() -> None:
    data = report_data(300)
    rows = [row | {"entity": f"u{row['rank']}"} for row in data.incidents.to_pylist()]
    data = replace(data, incidents=pa.Table.from_pylist(rows, schema=data.incidents.schema))
    parts = entity_parts(data, incident_cards(data))
    assert (len(parts.shown), parts.more) == (100, 100)
    assert "The first 100 of 200 of these incidents." in render(data)


def test_an_incident_about_no_entity_has_no_part() -> None:
    data = report_data(6)
    rows = [row | {"entity": None, "entity_column": None} for row in data.incidents.to_pylist()]
    data = replace(data, incidents=pa.Table.from_pylist(rows, schema=data.incidents.schema))
    assert entity_parts(data, incident_cards(data)) == EntityParts([], 0, {})
    assert 'id="entities"' not in render(data)


def test_earlier_runs_are_named_by_the_day_that_they_judged() -> None:
    page = render(report_data(6))
    link = '<a href="../20260301T060000000000Z/report.html">2026-03-01</a> (12)'
    assert f"incidents of it in 1 of 5 earlier runs with any: {link}." in page
    assert "20260301 (" not in page
