"""Earlier nights as a night is held against them."""

from types import SimpleNamespace
from typing import Any

from flows.steps.nights import past_nights


def run(oddest: float | None, scored: int = 100) -> Any:
    incidents = SimpleNamespace(oddest=oddest)
    return SimpleNamespace(manifest=SimpleNamespace(incidents=incidents, units_scored=scored))


def row(of: int, name: str, p: float, status: str = "new") -> dict[str, Any]:
    return {"run": of, "incident": name, "p_value": p, "status": status}


def said(incident: str, label: str) -> Any:
    return SimpleNamespace(incident=incident, label=label)


def test_each_night_that_knew_other_days_counts_once_and_the_newest_stay() -> None:
    earlier = [run(None), *(run(float(i)) for i in range(40))]
    assert past_nights(earlier, [], []) == [float(i) for i in range(12, 40)]


def test_a_night_without_a_scored_record_does_not_count() -> None:
    assert past_nights([run(0.0, scored=0), run(3.0)], [], []) == [3.0]


def test_a_night_is_no_odder_by_what_a_column_moved_to() -> None:
    moved, bad = row(0, "i-moved", 1e-6), row(0, "i-bad", 1e-4)
    assert past_nights([run(0.5)], [moved, bad], [said("i-bad", "malicious")]) == [0.5]


def test_what_is_malicious_is_no_part_of_an_ordinary_night() -> None:
    earlier = [run(0.01), run(3.0)]
    rows = [row(0, "i-bad", 1e-4), row(0, "i-odd", 0.02), row(0, "i-old", 1e-5, "recurring")]
    assert past_nights(earlier, rows, [said("i-bad", "malicious")]) == [2.0, 3.0]
    assert past_nights(earlier, rows, [said("i-bad", "benign")]) == [0.01, 3.0]
    assert past_nights(earlier, rows[:1], [said("i-bad", "malicious")]) == [100.0, 3.0]
