"""Absences of what is steady, judged beside the other days."""

import pytest

from anomaly.behaviour.absences import absent_entities, absent_values
from anomaly.behaviour.measures import Kind, Measure
from tests.anomaly.behaviour.office import FIRST, backup, counted, day_of, office
from tests.anomaly.behaviour.planting import PLANTED

STEPS = Measure("user", Kind.VALUES, "action")


def test_an_entity_that_is_there_every_day_but_one_is_missed():
    names, days, _ = counted(PLANTED["no backup"].plant(office(2)), STEPS)
    found = absent_entities(days, days.covered)
    assert [names[entity] for entity in found.entity] == ["backup"]
    assert found.start.tolist() == [days.covered[10] * 24]
    _, days, _ = counted(office(2), STEPS)
    assert len(absent_entities(days, days.covered).entity) == 0


def test_steps_that_are_away_once_are_missed():
    names, days, counts = counted(PLANTED["no last steps"].plant(office(2)), STEPS)
    found = absent_values(days, counts.of_pairs, days.covered)
    of_backup = found.take((found.entity == names.index("backup")).nonzero()[0])
    assert sorted(counts.values[value] for value in of_backup.value) == ["end", "verify"]


def test_an_absence_on_a_day_that_the_log_does_not_hold_whole_is_none():
    _, days, _ = counted(PLANTED["no backup"].plant(office(2)), STEPS)
    assert len(absent_entities(days, days.covered[11:]).entity) == 0


def test_people_whose_counts_vary_are_not_missed():
    rows = [row for row in office(2) if row["user"] != "user-0" or day_of(row) != FIRST + 8]
    names, days, _ = counted(rows, STEPS)
    assert names.index("user-0") not in absent_entities(days, days.covered).entity


def test_too_few_days_tell_nothing():
    rows = [row for day in (0, 1, 2, 4) for row in backup(day)]
    rows += [row for row in office(2, days=5) if row["user"] != "backup"]
    names, days, _ = counted(rows, STEPS)
    assert names.index("backup") not in absent_entities(days, days.covered).entity


def test_what_many_jobs_lack_on_a_day_is_a_holiday_of_none():
    jobs = [{**row, "user": f"job-{i}"} for day in range(21) if day != 9 for row in backup(day)
            for i in range(5)]  # fmt: skip
    names, days, _ = counted([*office(2, people=2), *jobs], STEPS)
    found = absent_entities(days, days.covered)
    assert not {names[entity] for entity in found.entity} & {f"job-{i}" for i in range(5)}


@pytest.mark.parametrize(("elsewhere", "told"), [(False, 0), (True, 1)])
def test_a_named_value_is_missed_only_where_it_is_there_for_others(elsewhere, told):
    rows = [row for row in backup_of_days() if day_of(row) != FIRST + 9 or row["object"] != "tape"]
    rows += [{**row, "user": "other"} for row in backup_of_days() if elsewhere]
    names, days, counts = counted(
        [*office(2, people=5), *rows], Measure("user", Kind.VALUES, "object")
    )
    found = absent_values(days, counts.of_pairs, days.covered, named=True)
    assert [names[each] for each in found.entity].count("nightly") == told


def backup_of_days():
    """Let a job touch a disk and a tape each night."""
    return [
        {**row, "user": "nightly", "object": target}
        for day in range(21)
        for row in backup(day)
        for target in ("disk", "tape")
    ]
