"""Sentences on named days that were not judged."""

from datetime import date
from types import SimpleNamespace

import pytest

from flows.report.named_days import unjudged_sentences
from schemas.outputs.manifest import UnjudgedDay


@pytest.mark.parametrize(
    ("n", "known", "says"),
    [
        (1, 1, "2026-01-01 (`payday`) is not judged"),
        (1, 1, ": 1 other day of that name is known, and 3 are needed."),
        (3, 2, "2026-01-01, 2026-01-02 and 2026-01-03 (`payday`) are not judged"),
        (3, 2, ": 2 other days of that name are known, and 3 are needed."),
        (5, 4, "2026-01-01, 2026-01-02, 2026-01-03 and 2 more (`payday`) are not judged"),
        (4, 3, ": too few entities are there on several days of that name."),
    ],
)
def test_days_are_listed_and_why_they_are_not_judged(n: int, known: int, says: str) -> None:
    days = [UnjudgedDay(day=date(2026, 1, i + 1), name="payday", known=known) for i in range(n)]
    [said] = unjudged_sentences(SimpleNamespace(unjudged_days=days))  # type: ignore[arg-type]
    assert says in said


def test_days_without_a_name_are_listed_beside_those_of_names() -> None:
    days = [
        UnjudgedDay(day=date(2026, 1, 1), name="payday", known=0),
        UnjudgedDay(day=date(2026, 1, 2), name=None, known=1),
        UnjudgedDay(day=date(2026, 1, 3), name=None, known=1),
    ]
    _, said = unjudged_sentences(SimpleNamespace(unjudged_days=days))  # type: ignore[arg-type]
    assert said == (
        "2026-01-02 and 2026-01-03 (without a name) are not judged by what entities usually do: 1"
        " other day without a name is known, and 3 are needed. Each record is judged by itself."
    )
