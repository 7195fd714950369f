"""Earlier nights as a night is held against them."""

from datetime import date
from types import SimpleNamespace
from typing import Any

from anomaly.incidents.alarm_rules import NO_RULES, AlarmRules
from anomaly.incidents.summary import OF_WINDOW
from flows.steps.nights import past_nights, to_review
from schemas.job.partition import Partition


def run(
    oddest: float | None, scored: int = 100, day: date | None = None, window: float | None = None
) -> Any:
    incidents = SimpleNamespace(oddest=oddest, oddest_window=window)
    told = SimpleNamespace(incidents=incidents, units_scored=scored, partition=day)
    return SimpleNamespace(manifest=told)


def row(of: int, name: str, p: float, status: str = "new", view: str = "records") -> dict[str, Any]:
    told = {"incident": name, "title": f"of {name}", "p_value": p, "status": status}
    of_views = {"record_p_value": p, "window_p_value": None}
    if view == "window":
        of_views = {"record_p_value": None, "window_p_value": p}
    return {"run": of, "view": view} | told | of_views


def said(incident: str, label: str) -> Any:
    return SimpleNamespace(incident=incident, label=label)


def numbers(*given: Any) -> list[float]:
    return [night.number for night in past_nights(*given)]


def test_each_night_that_knew_other_days_counts_once_and_the_newest_stay() -> None:
    earlier = [run(None), *(run(float(i)) for i in range(40))]
    assert numbers(earlier, [], []) == [float(i) for i in range(12, 40)]


def test_of_hours_those_of_as_many_days_stay() -> None:
    earlier = [run(float(i)) for i in range(30 * 24)]
    found = past_nights(earlier, [], [], AlarmRules(a_day=24))
    assert [night.number for night in found] == [float(i) for i in range(2 * 24, 30 * 24)]


def test_a_night_without_a_scored_record_does_not_count() -> None:
    assert numbers([run(0.0, scored=0), run(3.0)], [], []) == [3.0]


def test_a_night_is_no_odder_by_what_a_column_moved_to() -> None:
    moved, bad = row(0, "i-moved", 1e-6), row(0, "i-bad", 1e-4)
    assert numbers([run(0.5)], [moved, bad], [said("i-bad", "malicious")]) == [0.5]


def test_what_is_malicious_is_no_part_of_an_ordinary_night() -> None:
    earlier = [run(0.01), run(3.0)]
    rows = [row(0, "i-bad", 1e-4), row(0, "i-odd", 0.02), row(0, "i-old", 1e-5, "recurring")]
    assert numbers(earlier, rows, [said("i-bad", "malicious")]) == [2.0, 3.0]
    assert numbers(earlier, rows, [said("i-bad", "benign")]) == [0.01, 3.0]
    assert numbers(earlier, rows[:1], [said("i-bad", "malicious")]) == [100.0, 3.0]


def test_each_view_is_known_by_its_own_incidents() -> None:
    earlier = [run(0.01, window=0.5), run(3.0), run(4.0, window=2.0)]
    rows = [row(0, "i-bad", 1e-4), row(0, "i-day", 0.005, view="window")]
    rows.append(row(0, "i-less", 0.02, view="window"))
    assert numbers(earlier, rows, []) == [0.01, 3.0, 4.0]
    assert numbers(earlier, rows, [], NO_RULES, OF_WINDOW) == [0.5, 2.0]
    said_bad = [said("i-bad", "malicious"), said("i-day", "malicious")]
    assert numbers(earlier, rows, said_bad) == [100.0, 3.0, 4.0]
    assert numbers(earlier, rows, said_bad, NO_RULES, OF_WINDOW) == [2.0, 2.0]
    said_bad = [*said_bad, said("i-less", "malicious")]
    assert numbers(earlier, rows, said_bad, NO_RULES, OF_WINDOW) == [2.0, 2.0]


def test_incidents_of_runs_before_there_were_views_are_of_records() -> None:
    old = row(0, "i-bad", 1e-4) | {"view": None, "record_p_value": None}
    assert numbers([run(0.01)], [old], [said("i-bad", "malicious")]) == [100.0]
    said_bad = [said("i-bad", "malicious")]
    assert numbers([run(0.01, window=0.5)], [old], said_bad, NO_RULES, OF_WINDOW) == [0.5]


def test_a_verdict_on_records_takes_the_day_that_is_evidence_of_them_out_of_its_night() -> None:
    earlier = [run(1.0, window=0.01), run(3.0, window=2.0)]
    mixed = row(0, "i-bad", 1e-4) | {"record_p_value": 0.01, "window_p_value": 1e-4}
    rows = [mixed, row(0, "i-day", 0.015, view="window"), row(0, "i-odd", 0.05)]
    assert numbers(earlier, rows, [], NO_RULES, OF_WINDOW) == [0.01, 2.0]
    said_bad = [said("i-bad", "malicious")]
    assert numbers(earlier, rows, said_bad, NO_RULES, OF_WINDOW) == [1.5, 2.0]
    assert numbers(earlier, rows, said_bad) == [5.0, 3.0]


def test_a_verdict_is_asked_on_what_the_three_oddest_nights_are_known_by() -> None:
    earlier = [run(float(i), day=Partition.of(date(2026, 1, 1 + i))) for i in (4, 1, 3, 2)]
    rows = [row(place, f"i-{place}", i / 100) for place, i in enumerate((4, 1, 3, 2))]
    rows += [row(1, "i-less", 0.5), row(3, "i-old", 1e-6, "recurring")]
    asked = to_review([past_nights(earlier, rows, [])])
    assert [(each.incident, each.title, each.partition) for each in asked] == [
        ("i-1", "of i-1", Partition.of(date(2026, 1, 2))),
        ("i-3", "of i-3", Partition.of(date(2026, 1, 3))),
        ("i-2", "of i-2", Partition.of(date(2026, 1, 4))),
    ]


def test_no_verdict_is_asked_on_what_is_odd_by_the_move_of_a_column() -> None:
    rows = [row(0, "i-moved", 1e-6), row(0, "i-odd", 0.005), row(0, "i-less", 0.5)]
    asked = to_review([past_nights([run(0.5)], rows, [])])
    assert [each.incident for each in asked] == ["i-odd"]


def test_no_verdict_is_asked_on_what_has_one() -> None:
    earlier, rows = [run(1.0)], [row(0, "i-odd", 0.01), row(0, "i-next", 0.02)]
    assert to_review([past_nights(earlier, rows, [said("i-odd", "benign")])]) == []
    after = past_nights(earlier, rows, [said("i-odd", "malicious")])
    assert [each.incident for each in to_review([after])] == ["i-next"]
    assert to_review([past_nights(earlier, [], []), []]) == []


def test_the_nights_of_a_view_are_odd_beside_the_middle_one_of_that_view() -> None:
    earlier = [run(1.0, window=0.01), run(40.0, window=0.02), run(50.0, window=0.03)]
    rows = [row(0, "i-records", 0.01), row(1, "i-more", 0.4), row(2, "i-most", 0.5)]
    rows += [row(i, f"i-day-{i}", (i + 1) / 1e4, view="window") for i in range(3)]
    views = [past_nights(earlier, rows, [], NO_RULES, view) for view in ("records", "window")]
    asked = [each.incident for each in to_review(views)]
    assert asked == ["i-records", "i-day-0", "i-more"]


def test_what_both_views_of_a_night_are_known_by_is_asked_once() -> None:
    mixed = row(0, "i-both", 1e-4) | {"record_p_value": 0.01, "window_p_value": 1e-4}
    earlier = [run(1.0, window=0.01)]
    views = [past_nights(earlier, [mixed], [], NO_RULES, view) for view in ("records", "window")]
    assert [each.incident for each in to_review(views)] == ["i-both"]
