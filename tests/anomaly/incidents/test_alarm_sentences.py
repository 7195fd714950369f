"""Each sentence about earlier nights, beside a count of these nights."""

import re
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from anomaly.incidents.alarm_sentences import night_sentence, recurrence_sentence
from anomaly.incidents.alarms import recurrence
from anomaly.incidents.summary import OF_WINDOW

NUMBERS = st.floats(0.001, 100.0)


@given(NUMBERS, st.lists(NUMBERS, max_size=40))
def test_a_recurrence_is_told_as_the_nights_are_counted(expected: float, past: list[float]) -> None:
    said = recurrence_sentence(recurrence(expected, past), len(past))
    as_odd = len([night for night in past if night <= expected])
    once_in = Fraction(len(past) + 1, as_odd + 1)
    if len(past) < 7:
        assert said == f"learning, {len(past)} of 7 nights known"
    elif as_odd == 0:
        assert said == f"none of {len(past)} nights before was as odd"
    elif once_in < 2:
        assert said == "as odd a night: at least every second night"
    else:
        told = re.fullmatch(r"as odd a night: once in (\d+) nights", said)
        assert told is not None
        assert once_in - 1 < int(told[1]) <= once_in


@given(NUMBERS, st.lists(NUMBERS, min_size=7, max_size=40))
def test_of_a_day_of_an_entity_the_same_is_told_of_such_days(
    expected: float, past: list[float]
) -> None:
    recurs = recurrence(expected, past)
    said = recurrence_sentence(recurs, len(past), view=OF_WINDOW)
    of_records = recurrence_sentence(recurs, len(past))
    as_odd = of_records.replace("was as odd", "had as odd a day of an entity")
    assert said == as_odd.replace("as odd a night:", "as odd a day of an entity:")


def test_no_sentence_tells_more_nights_than_the_history_has() -> None:
    for nights in range(7, 29):
        for as_odd in range(nights + 1):
            said = recurrence_sentence((nights + 1) / (1 + as_odd), nights)
            assert all(int(number) <= nights for number in re.findall(r"\d+", said))


def test_a_run_without_other_days_says_nothing() -> None:
    assert night_sentence(0, None) == recurrence_sentence(None, None) == ""


def test_a_run_says_how_many_alarms_it_has_or_that_it_is_quiet() -> None:
    assert night_sentence(1, 28) == "1 alarm, held against 28 nights before."
    assert night_sentence(0, 7) == "Quiet: no alarm, held against 7 nights before."
    assert night_sentence(5, 28, 2) == "5 alarms in 2 stacks, held against 28 nights before."
    assert night_sentence(2, 28, 2) == "2 alarms, held against 28 nights before."
    assert night_sentence(2, 6) == "2 alarms; learning, 6 of 7 nights known."


def test_of_hours_a_run_says_hours() -> None:
    assert night_sentence(1, 168, night="hour") == "1 alarm, held against 168 hours before."
    assert night_sentence(0, 0, night="hour") == (
        "Quiet: no alarm, as no hour before is known; learning, 0 of 168 hours known."
    )
    assert recurrence_sentence(None, 30, "hour") == "learning, 30 of 168 hours known"
    assert recurrence_sentence(169.0, 168, "hour") == "none of 168 hours before was as odd"
    assert recurrence_sentence(84.5, 168, "hour") == "as odd an hour: once in 84 hours"
    assert recurrence_sentence(1.5, 168, "hour") == "as odd an hour: at least every second hour"


def test_without_a_night_before_a_run_says_why_it_has_no_alarm() -> None:
    assert night_sentence(0, 0) == (
        "Quiet: no alarm, as no night before is known; learning, 0 of 7 nights known."
    )
