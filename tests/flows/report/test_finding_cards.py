"""A finding's card: order, cuts and room."""

from dataclasses import replace

import pyarrow as pa
import pytest

from flows.report.finding_cards import cards
from flows.report.page import render
from flows.report.times import event_times
from schemas.events.texts import as_text
from schemas.outputs.tables import FINDING, ODDEST_EVENTS
from tests.flows.report.sample import HOSTILE, report_data


def _with(name: str, column: pa.Array) -> pa.Table:
    return report_data(1).findings.append_column(name, column)


def _shown(findings: pa.Table) -> dict[str, str]:
    fields = cards(findings, None)[0].record.fields
    return {field.name.head: field.value.full or field.value.head for field in fields}


def test_reasons_stand_in_the_order_of_their_share() -> None:
    for card in cards(report_data().findings, "time"):
        shares = [reason.share for reason in card.reasons]
        assert shares == sorted(shares, reverse=True)


def _with_odd_events(findings: pa.Table, texts: list[list[str]]) -> pa.Table:
    """Put odd events with these names and sentences where a run of sessions has them."""
    event = {"time": 1_767_600_000_500_000, "column": "action", "holders": 1}
    rows = [
        [{**event, "record_id": text, "value": text, "sentence": text} for text in of_one]
        for of_one in texts
    ]
    return findings.add_column(len(FINDING), ODDEST_EVENTS, pa.array(rows, ODDEST_EVENTS.type))


def test_the_odd_events_of_a_session_are_listed_beside_its_own_columns() -> None:
    findings = _with_odd_events(report_data(3).findings, [["a", "b"], [], ["c" * 500]])
    first, second, third = cards(findings, "time")
    assert [event.sentence.head for event in first.odd_events] == ["a", "b"]
    assert [event.time for event in first.odd_events] == ["2026-01-05 08:00:00 UTC"] * 2
    assert second.odd_events == []
    assert third.odd_events[0].sentence.full == "c" * 500
    names = {field.name.head for card in (first, second, third) for field in card.record.fields}
    assert ODDEST_EVENTS.name not in names


def test_an_odd_event_without_a_time_is_listed_too() -> None:
    row = {"record_id": "e1", "column": "action", "holders": 1, "sentence": "odd"}
    events = pa.array([[row]], ODDEST_EVENTS.type)
    findings = report_data(1).findings.add_column(len(FINDING), ODDEST_EVENTS, events)
    assert cards(findings, "time")[0].odd_events[0].time is None


def test_markup_in_an_odd_event_is_text() -> None:
    data = report_data(1)
    findings = _with_odd_events(data.findings, [[HOSTILE]])
    page = render(replace(data, findings=findings))
    assert "Its oddest events" in page
    assert HOSTILE[:20] not in page.split('id="charts">')[0]


def test_a_column_of_the_log_with_the_name_of_ours_is_an_own_column() -> None:
    findings = report_data(1).findings
    findings = findings.add_column(len(FINDING), ODDEST_EVENTS.name, pa.array(["mine"]))
    card = cards(findings, None)[0]
    assert card.odd_events == []
    assert _shown(findings)[ODDEST_EVENTS.name] == "mine"


def test_a_long_value_is_cut_and_also_there_in_full() -> None:
    note = "x" * 250 + "y" * 250
    field = cards(_with("note", pa.array([note])), None)[0].record.fields[-1]
    assert field.value.head == "x" * 58 + "…" + "y" * 81
    assert field.value.full == note


def test_columns_of_the_reasons_come_first_where_there_is_no_room_for_all() -> None:
    findings = report_data(1).findings
    reason = findings["reasons"][0][0]["column"].as_py()
    wide = findings.select(FINDING.names)
    for number in range(50):
        wide = wide.append_column(f"c{number}", pa.array(["y" * 1_000]))
    wide = wide.append_column(reason, pa.array(["z" * 1_000]))
    record = cards(wide, None)[0].record
    assert record.fields[-1].is_reason
    assert record.left_out == 51 - len(record.fields) > 0


def test_empty_columns_are_named_and_take_no_line() -> None:
    record = cards(report_data(1).findings, None)[0].record
    assert "actor.process.user.session.terminal.id" in record.empty
    assert all(field.name.head not in record.empty for field in record.fields)


def test_a_column_renamed_beside_ours_is_still_the_reasons_column() -> None:
    findings = report_data(1).findings
    row = findings.to_pylist()[0]
    row["reasons"][0]["column"] = "p_value"
    findings = pa.Table.from_pylist([row], schema=findings.schema)
    odd = {field.name.head for field in cards(findings, None)[0].record.fields if field.is_reason}
    assert "event.p_value" in odd


@pytest.mark.parametrize(
    ("kind", "spelt", "shown"),
    [
        (
            pa.timestamp("us", "UTC"),
            "2026-01-05T08:00:00.250000Z",
            "2026-01-05 08:00:00.250000 UTC",
        ),
        (pa.timestamp("ns", "UTC"), "2026-01-05T08:00:00.000000000Z", "2026-01-05 08:00:00 UTC"),
        (pa.timestamp("s"), "2026-01-05T08:00:00", "2026-01-05 08:00:00"),
        (pa.string(), "2026-01-05T08:00:00Z", "2026-01-05T08:00:00Z"),
    ],
)
def test_a_time_is_spelt_as_that_of_the_nearest_normal_record(
    kind: pa.DataType, spelt: str, shown: str
) -> None:
    """Written by `as_text`, as the step that explains findings writes them."""
    row = report_data(1).findings.to_pylist()[0]
    row["nearest_normal"] = [{"column": "at", "value": spelt, "differs": False}]
    findings = pa.Table.from_pylist([row], schema=report_data(1).findings.schema)
    own = pa.array([spelt]).cast(kind)
    assert as_text(own).to_pylist() == [spelt]
    (field,) = (
        field
        for field in cards(findings.append_column("at", own), None)[0].record.fields
        if field.name.head == "at"
    )
    assert field.value is not None
    assert field.normal is not None
    assert field.value.head == field.normal.head == shown


@pytest.mark.parametrize(
    ("column", "said"),
    [("user", "of the same <bdi><code>user</code></bdi>"), (None, "of all events")],
)
def test_the_card_says_whose_nearest_normal_record_it_shows(column: str | None, said: str) -> None:
    data = report_data(1)
    rows = [row | {"nearest_normal_of": column} for row in data.findings.to_pylist()]
    findings = pa.Table.from_pylist(rows, schema=data.findings.schema)
    assert f"Nearest normal <small>{said}</small>" in render(replace(data, findings=findings))


def test_times_that_no_calendar_holds_do_not_stop_the_page() -> None:
    far = _with("at", pa.array([2**62], pa.timestamp("ms", "UTC")))
    assert cards(far, "at")[0].time is None
    assert _shown(far)["at"] == str(2**62)


def test_values_of_every_kind_have_a_text() -> None:
    row = report_data(1).findings
    columns = {
        "date": pa.array([0], pa.date32()),
        "naive": pa.array([1_500], pa.timestamp("ms")),
        "span": pa.array([90], pa.duration("s")),
        "clock": pa.array([3_600], pa.time32("s")),
        "items": pa.array([[1, None]], pa.list_(pa.int64())),
        "kind": pa.array(["a"]).dictionary_encode(),
        "ratio": pa.array([0.1], pa.float32()),
        "not_a_number": pa.array([float("nan")]),
    }
    for name, column in columns.items():
        row = row.append_column(name, column)
    shown = _shown(row)
    assert shown["date"] == "1970-01-01"
    assert shown["naive"] == "1970-01-01 00:00:01.500"
    assert shown["items"] == "[1, null]"
    assert shown["kind"] == "a"
    assert shown["not_a_number"] == "nan"
    assert {"span", "clock", "ratio"} <= set(shown)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("05/Jan/2026:03:11:00 +0100", "2026-01-05 02:11:00 UTC"),
        ("[05/Jan/2026:03:11:00 +0100]", "2026-01-05 02:11:00 UTC"),
        ("Mon, 05 Jan 2026 03:11:00 GMT", "2026-01-05 03:11:00 UTC"),
        ("2026-01-05 03:11:00,250 UTC", "2026-01-05 03:11:00 UTC"),
        ("20260105031100", "2026-01-05 03:11:00"),
        ("1767582660", "2026-01-05 03:11:00 UTC"),
    ],
)
def test_a_time_is_read_for_the_page_as_it_is_for_the_score(written: str, read: str) -> None:
    times = event_times(_with("at", pa.array([written])), "at")
    assert times is not None
    assert times.texts() == [read]


def test_times_are_read_from_text_too() -> None:
    zoned = event_times(_with("at", pa.array(["2026-03-04T02:13:09+01:00"])), "at")
    naive = event_times(_with("at", pa.array(["2026-03-04 02:13:09"])), "at")
    assert zoned is not None
    assert naive is not None
    assert zoned.texts() == ["2026-03-04 01:13:09 UTC"]
    assert naive.texts() == ["2026-03-04 02:13:09"]
    assert event_times(_with("at", pa.array(["yesterday"])), "at") is None
    assert event_times(_with("at", pa.array([17])), "at") is None


def test_unix_times_are_read_in_whatever_they_count() -> None:
    for count in (1_772_590_389, 1_772_590_389_000, 1_772_590_389.0):
        times = event_times(_with("at", pa.array([count])), "at")
        assert times is not None
        assert times.texts() == ["2026-03-04 02:13:09 UTC"]


def test_a_boundless_score_and_a_p_value_of_nothing_can_be_read() -> None:
    findings = report_data(1).findings
    row = findings.to_pylist()[0] | {"anomaly_score": float("inf"), "p_value": 0.0}
    card = cards(pa.Table.from_pylist([row], schema=findings.schema), None)[0]
    assert (card.score, card.chance) == ("∞", "beyond measure")


def test_chunked_findings_give_the_same_cards() -> None:
    data = report_data()
    parts = [data.findings.slice(start, 7) for start in range(0, 40, 7)]
    chunked = replace(data, findings=pa.concat_tables(parts)).findings
    assert cards(chunked, "time") == cards(data.findings, "time")
