"""Counts of the benchmark of the reasons, by hand; and one run of it from end to end."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from anomaly.explain.reasons import Reason
from schemas.columns.roles import Role
from tests.anomaly.logs import ROLES, company_log
from tests.bench.changes import Change
from tests.bench.expectations import agrees
from tests.bench.explanations import (
    Case,
    Changed,
    figures,
    hold_out,
    mean_over_sets,
    page,
    run,
)
from tests.bench.labelled import Labelled

MORNING = datetime(2024, 1, 1, 8, tzinfo=UTC)


def case(changed: str, *reasons: str, p: float = 0.001, name: str = "log") -> Case:
    of = Changed("rare value", {changed: "a"}, Change(changed, "b"))
    said = [Reason(column, "b", "a", 0.5, "") for column in reasons]
    return Case(name, 0, of, said, True, 0.5, p)


def test_the_rank_is_the_place_of_the_changed_column() -> None:
    assert case("x", "x", "y").rank == 1
    assert case("x", "y", "z", "x").rank == 3
    assert case("x", "y", "z").rank is None


def test_first_and_first_three_are_counted_for_all_and_for_the_odd() -> None:
    cases = [
        case("x", "x", "y", "z"),
        case("x", "y", "x", "z"),
        case("x", "y", "z", "u", "x", p=0.2),
        case("x", "y", "z", p=0.9),
    ]
    found = figures(cases)
    assert (found["n"], found["first"], found["first_three"]) == (4, 25.0, 50.0)
    assert (found["n_odd"], found["odd_first"], found["odd_first_three"]) == (2, 50.0, 100.0)
    assert found["seen"] == 75.0


def test_each_set_weighs_alike_in_the_mean() -> None:
    many = figures([case("x", "x")] * 9)
    one = figures([case("x", "y")])
    assert mean_over_sets([many, one])["first"] == 50.0
    assert mean_over_sets([many, one])["n"] == 10


@pytest.mark.parametrize(
    ("role", "expected", "original", "usual", "right"),
    [
        (Role.CATEGORY, "read", "read", set(), True),
        (Role.CATEGORY, "list", "read", {"list"}, True),
        (Role.CATEGORY, "list", "read", set(), False),
        (Role.ENTITY, "x" * 33 + "…" + "y" * 46, "x" * 50 + "y" * 50, set(), True),
        (Role.ENTITY, "x" * 33 + "…" + "y" * 46, "x" * 50 + "z" * 50, set(), False),
        (Role.NUMBER, "1,200 to 3,000", 2_000.0, set(), True),
        (Role.NUMBER, "1,200", 500.0, set(), True),
        (Role.NUMBER, "1,200", 300.0, set(), False),
        (Role.NUMBER, "0", 0.0, set(), True),
        (Role.NUMBER, "0", 1.0, set(), False),
        (Role.NUMBER, "-20 to -10", -15.0, set(), True),
        (Role.NUMBER, "1.5e-05", 2e-5, set(), True),
        (Role.NUMBER, "missing", 1.0, set(), False),
        (Role.TIME, "10:00 UTC", MORNING, set(), True),
        (Role.TIME, "12:00 UTC", MORNING, set(), False),
        (Role.TIME, "22:00 to 09:00 UTC", MORNING.replace(hour=3), set(), True),
        (Role.TIME, "missing", MORNING, set(), False),
        (Role.CATEGORY, None, "read", set(), False),
        (Role.TEXT, "anything", "a text", set(), None),
    ],
)
def test_an_expectation_agrees_with_the_original(
    role: Role, expected: str | None, original: Any, usual: set[str], right: bool | None
) -> None:
    assert agrees(role, expected, original, usual) is right


def test_no_event_that_is_changed_is_fitted_on() -> None:
    normal = np.arange(0, 2_000, 2)
    rest, held_out = hold_out(normal, 100, np.random.default_rng(0))
    assert len(held_out) == 200
    assert sorted([*rest, *held_out]) == normal.tolist()


@pytest.mark.slow
def test_the_benchmark_runs_from_end_to_end() -> None:
    log = company_log(2_000, 0)
    labelled = Labelled("company", log, ROLES, np.arange(2_000) < 50)
    cases = run(labelled, 20, 0)
    assert len(cases) == 20
    assert all(0.0 < case.p <= 1.0 for case in cases)
    assert figures(cases)["first_three"] > 60.0  # type: ignore[operator]
    assert "| company: odd text | 4 |" in page(cases)
    ids = {case.changed.event["id"] for case in cases}
    assert not ids & {f"e{i}" for i in range(50)}
