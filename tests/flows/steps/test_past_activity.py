"""Counts of earlier runs: the newest days are read, and at most so many events."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pyarrow as pa
import pytest

from anomaly.behaviour.activity import HOUR
from anomaly.behaviour.measures import measures_of
from flows.steps import past_activity as step
from flows.steps.past_activity import MOST_DAYS, DaysBefore, past_activity
from flows.storage.fs.scratch import Scratch
from schemas.columns.roles import Role
from schemas.errors import OutputError
from schemas.outputs.tables import ACTIVITY_OF_RUN

MEASURES = measures_of({"time": Role.TIME, "user": Role.ENTITY, "action": Role.CATEGORY})
A_DAY = 100


class Run(NamedTuple):
    """An earlier run, by the days since 1970 that it holds; a damaged one where it holds none."""

    days: tuple[int, ...]

    @property
    def manifest(self) -> SimpleNamespace:
        return SimpleNamespace(
            covers_any=lambda days: bool({*self.days} & {*days}),
            covers_only=lambda days: bool(self.days) and {*self.days} <= {*days},
        )


def counted(run: Run) -> pa.Table:
    """Give what a run counted: events of one user, and an action that no run asks for."""
    if not run.days:
        raise OutputError("cannot be read", where="there", remedy="run again")
    rows = [
        ("user", kind, column, "ada", day * 24 * HOUR, value, A_DAY, 0.0, 0.0)
        for kind, column, value in (("events", None, ""), ("values", "action", "read"),
                                    ("values", "colour", "red"))
        for day in run.days
    ]  # fmt: skip
    names = ACTIVITY_OF_RUN.names
    rows_of = [dict(zip(names, row, strict=True)) for row in rows]
    table = pa.Table.from_pylist(rows_of, schema=ACTIVITY_OF_RUN)
    for name in ("entity_column", "kind", "column", "entity", "value"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table[name].dictionary_encode())
    return table


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Have runs read from memory, and tell which were."""
    found: list[Run] = []

    def read(run: Run) -> pa.Table:
        found.append(run)
        return counted(run)

    monkeypatch.setattr(step, "read_activity", read)
    return found


def days_read(
    tmp_path: Path,
    runs: list[Run],
    events: int = 0,
    *,
    parted: bool = True,
    names: dict[int, str] | None = None,
    wanted: frozenset[str | None] = frozenset([None]),
) -> list:
    """Return the days that are read of the first measure, the newest run first."""
    scratch = Scratch.of(tmp_path / "run").make()
    days = DaysBefore(10**6, parted, names or {}, wanted)
    past = past_activity(scratch, runs, MEASURES, events, days)
    return [hour // 24 for table in past.of(0) for hour in table["hour"].to_pylist()]


def test_the_newest_days_are_read_and_older_runs_are_not_opened(
    tmp_path: Path, opened: list[Run]
) -> None:
    runs = [Run((day,)) for day in range(100)]
    assert days_read(tmp_path, runs) == list(range(99, 99 - MOST_DAYS, -1))
    assert len(opened) == MOST_DAYS + 1


def test_the_same_day_and_weekday_of_the_month_before_are_read(
    tmp_path: Path, opened: list[Run]
) -> None:
    read = days_read(tmp_path, [Run((day,)) for day in range(100)])
    assert {100 - 31, 100 - 35} <= set(read)  # 100 is judged


def test_a_damaged_run_is_passed_over(tmp_path: Path, opened: list[Run]) -> None:
    assert days_read(tmp_path, [Run((1,)), Run(()), Run((3,))]) == [3, 1]


def test_a_day_of_two_partitions_is_read_of_both_else_of_the_newest(
    tmp_path: Path, opened: list[Run]
) -> None:
    runs = [Run((1, 2)), Run((2, 3))]
    assert days_read(tmp_path, runs) == [2, 3, 1, 2]
    assert days_read(tmp_path, runs, parted=False) == [2, 3, 1]


PAYDAYS = dict.fromkeys(range(4, 100, 30), "payday")


def test_for_a_named_day_runs_of_its_name_alone_are_opened_however_old(
    tmp_path: Path, opened: list[Run]
) -> None:
    runs = [Run((day,)) for day in range(100)]
    wanted = frozenset(["payday"])
    assert days_read(tmp_path, runs, names=PAYDAYS, wanted=wanted) == [94, 64, 34, 4]
    assert len(opened) == 4


def test_for_an_ordinary_day_as_many_ordinary_ones_are_read_as_without_names(
    tmp_path: Path, opened: list[Run]
) -> None:
    runs = [Run((day,)) for day in range(100)]
    read = days_read(tmp_path, runs, names=PAYDAYS)
    assert read == [day for day in range(99, 0, -1) if day not in PAYDAYS][:MOST_DAYS]
    assert len(opened) == MOST_DAYS + 1  # no payday, and one too many


def test_named_days_do_not_count_among_the_events_of_an_ordinary_one(
    tmp_path: Path, opened: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "MOST_EVENTS", 3 * A_DAY)
    runs = [Run((0,)), Run((1, 2)), Run((3,)), Run((4,)), Run((5,))]
    names = dict.fromkeys((2, 3, 4), "payday")
    assert days_read(tmp_path, runs, names=names) == [5, 1, 0]
    assert Run((3,)) not in opened


def test_where_both_are_judged_both_are_read(tmp_path: Path, opened: list[Run]) -> None:
    runs = [Run((day,)) for day in range(100)]
    wanted = frozenset([None, "payday"])
    read = days_read(tmp_path, runs, names=PAYDAYS, wanted=wanted)
    assert {94, 64, 34, 4} <= set(read)
    assert len([day for day in read if day not in PAYDAYS]) == MOST_DAYS


def test_the_oldest_ordinary_day_is_read_of_both_partitions_beside_named_days_too(
    tmp_path: Path, opened: list[Run]
) -> None:
    runs = [Run((day, day + 1)) for day in range(100)]
    wanted = frozenset([None, "payday"])
    read = days_read(tmp_path, runs, names={200: "payday"}, wanted=wanted)
    assert Counter(read)[100 - MOST_DAYS + 1] == 2
    (tmp_path / "b").mkdir()
    named = days_read(tmp_path / "b", runs, names={3: "payday", 200: "payday"}, wanted=wanted)
    assert Counter(named)[100 - MOST_DAYS + 1] == Counter(named)[3] == 2


def test_a_name_without_earlier_days_reads_nothing(tmp_path: Path, opened: list[Run]) -> None:
    runs = [Run((day,)) for day in range(9)]
    assert days_read(tmp_path, runs, names={50: "payday"}, wanted=frozenset(["payday"])) == []
    assert not opened


def test_no_more_events_are_read_than_are_judged_at_most(
    tmp_path: Path, opened: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [Run((day,)) for day in range(9)]
    monkeypatch.setattr(step, "MOST_EVENTS", 5 * A_DAY)
    assert days_read(tmp_path, runs) == [8, 7, 6, 5, 4]
    assert days_read(tmp_path, runs, events=3 * A_DAY) == [8, 7]
    assert days_read(tmp_path, runs, events=5 * A_DAY) == []


def test_measures_are_told_apart_and_others_are_left(tmp_path: Path, opened: list[Run]) -> None:
    scratch = Scratch.of(tmp_path / "run").make()
    past = past_activity(scratch, [Run((1,)), Run((2,))], MEASURES, 0, DaysBefore(10**6, True))
    read = [[value for table in past.of(i) for value in table["value"].to_pylist()] for i in (0, 1)]
    assert read == [["", ""], ["read", "read"]]
    assert sum(table.num_rows for i in range(len(MEASURES)) for table in past.of(i)) == 4
