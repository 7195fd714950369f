"""Events of an hour, and hours at which an entity is never active."""

from anomaly.behaviour.hourly import hourly_excess, strange_hours
from anomaly.behaviour.measures import Kind, Measure
from anomaly.behaviour.same_hours import same_hours
from anomaly.behaviour.windows import FIRST_DAY
from tests.anomaly.behaviour.office import FIRST, counted, day_of, hour_of, office
from tests.anomaly.behaviour.planting import PLANTED

EVENTS = Measure("user", Kind.EVENTS)


def test_a_burst_is_the_oddest_hour_and_the_control_has_none():
    names, days, counts = counted(PLANTED["burst"].plant(office(2)), EVENTS)
    found = hourly_excess(days, counts, same_hours(days, counts))
    oddest = found.number.argmin()
    assert names[found.entity[oddest]] == "user-0"
    assert found.start[oddest] == days.covered[16] * 24 + 14
    assert found.number[oddest] < 0.001
    _, days, counts = counted(office(2), EVENTS)
    assert hourly_excess(days, counts, same_hours(days, counts)).number.min() > 0.05


def test_a_night_has_hours_in_which_a_person_never_is_active():
    names, days, counts = counted(PLANTED["night"].plant(office(2)), EVENTS)
    strange = strange_hours(days, counts, same_hours(days, counts)).counted(days)
    own = (days.entity == names.index("user-1")) & (days.day == days.covered[15])
    assert strange[own].tolist() == [4.0]
    assert (strange[days.entity == names.index("backup")] == 0.0).all()


def test_the_hour_of_one_entity_alone_is_judged():
    rows = [row for row in PLANTED["burst"].plant(office(2)) if row["user"] == "user-0"]
    _, days, counts = counted(rows, EVENTS)
    found = hourly_excess(days, counts, same_hours(days, counts))
    assert (
        found.start[found.number.argmin()]
        == days.covered[(days.covered == days.day[days.events.argmax()]).argmax()] * 24 + 14
    )


def test_a_burst_of_many_hours_of_one_entity_does_not_explain_itself():
    rows = [row for row in office(2) if row["user"] == "user-0"]
    day = next(d for d in range(FIRST + 8, FIRST + 21) if is_busy(rows, "user-0", d))
    own = [row for row in rows if day_of(row) == day]
    burst = [{**row, "time": row["time"] + i} for row in own for i in range(1, 20)]
    _, days, counts = counted(sorted([*rows, *burst], key=lambda row: row["time"]), EVENTS)
    found = hourly_excess(days, counts, same_hours(days, counts))
    of_burst = found.start // 24 == day - FIRST_DAY
    assert of_burst.sum() >= 6
    assert (found.number[of_burst] < 0.1).sum() >= 3


def is_busy(rows, user, day):
    return len({hour_of(row) for row in rows if (row["user"], day_of(row)) == (user, day)}) >= 6
