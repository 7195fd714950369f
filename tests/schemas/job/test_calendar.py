"""The section `[calendar]`: days by their names, and what is wrong with some."""

import re
from datetime import date, datetime

import pytest

from schemas.columns.roles import Role, RoleChoice
from schemas.errors import JobError
from schemas.job.calendar import calendar_until, date_of, names_of_days
from schemas.job.fingerprint import job_fingerprint, model_fingerprint
from schemas.job.job import JobSpec, build_job, check_calendar, parse_job

DAY = (date(2026, 1, 30) - date(1970, 1, 1)).days


def calendar(settings: str) -> JobSpec:
    return parse_job(f"[calendar]\n{settings}", "job.toml")


def test_days_are_read_with_quotes_and_without_and_spans_with_both_ends() -> None:
    job = calendar('payday = [2026-01-30, "2026-02-27"]\n"the end" = ["2026-01-31/2026-02-02"]')
    assert names_of_days(job.calendar) == {
        DAY: "payday",
        **{DAY + n: "the end" for n in (1, 2, 3)},
        DAY + 28: "payday",
    }
    assert date_of(DAY) == date(2026, 1, 30)
    assert build_job(job.model_dump(), "again") == job
    assert build_job(job.model_dump(mode="json"), "again") == job


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("payday = []", "calendar.payday: must hold something, not an empty list"),
        ("payday = '2026-01-30'", 'calendar.payday: must be a list, not "2026-01-30"'),
        (
            "payday = ['2026-01-30', '2026-02-30']",
            'calendar.payday.1: must be a day such as "2026-01-30", or days such as'
            ' "2026-12-24/2026-12-31", not "2026-02-30"',
        ),
        ("payday = ['30.01.2026']", 'calendar.payday.0: must be a day such as "2026-01-30"'),
        ("payday = [2026-01-30T00:00:00]", "calendar.payday.0: must be a day such as"),
        ("payday = [20260130]", "calendar.payday.0: must be a day such as"),
        (
            "payday = ['2026-01-30/2026-01-29']",
            "calendar.payday.0: must be from a day to a later one, of at most 366 days, not"
            ' "2026-01-30/2026-01-29"',
        ),
        ("payday = ['2026-01-30/2027-01-31']", "of at most 366 days"),
        ("payday = ['2026-01-30/2026-01-30']", "must be from a day to a later one"),
        (
            "payday = ['2026-01-30']\nclosed = ['2026-01-29/2026-01-31']",
            "calendar: 2026-01-30 is both `closed` and `payday`: a day has one name, once",
        ),
        ("payday = [2026-01-30, '2026-01-30']", "calendar: 2026-01-30 is twice `payday`"),
        (
            "'' = [2026-01-30]",
            "calendar: a name has 1 to 40 characters that print, no backtick, and",
        ),
        ('"a\\u202e" = [2026-01-30]', "at its ends, not 'a\\u202e'"),
        ("' a' = [2026-01-30]", "no space at its ends, not ' a'"),
        ("'pay`day' = [2026-01-30]", "no backtick, and no space at its ends, not 'pay`day'"),
        (f"{'a' * 41} = [2026-01-30]", f"at its ends, not '{'a' * 40}'"),
    ],
)
def test_a_wrong_calendar_is_told_in_one_line(settings: str, says: str) -> None:
    with pytest.raises(JobError, match=re.escape(says)) as told:
        calendar(settings)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[calendar]]\nname = 'payday'", "calendar: must be a table, not a list"),
        ("[calender]\npayday = [2026-01-30]", "did you mean `calendar`?"),
    ],
)
def test_a_calendar_is_a_table_of_names(text: str, says: str) -> None:
    with pytest.raises(JobError, match=re.escape(says)):
        parse_job(text, "job.toml")


@pytest.mark.parametrize(
    "other",
    [
        "behaviour = false",
        "unit = 'session'\nsession_key = 'k'",
        "input = 'logs/{date}/{hour}'",
    ],
)
def test_a_calendar_of_a_job_that_judges_no_days_is_refused(other: str) -> None:
    with pytest.raises(JobError, match=re.escape("[calendar] is for what entities do on a day")):
        parse_job(f"{other}\n[calendar]\npayday = [2026-01-30]", "job.toml")


def test_a_calendar_makes_no_other_job_and_no_other_model() -> None:
    named = calendar("payday = [2026-01-30]")
    assert job_fingerprint(named) == job_fingerprint(JobSpec())
    assert model_fingerprint(named) == model_fingerprint(JobSpec())


def test_days_after_the_records_of_a_run_make_no_difference_to_it() -> None:
    named = calendar("payday = [2026-02-27, 2026-01-30]\nclosed = [2026-03-01]").calendar
    until = calendar_until(named, (datetime(2026, 1, 1), datetime(2026, 1, 30, 4)))
    assert until == {"payday": (date(2026, 1, 30),)}
    assert calendar_until(named, None) == {}


def test_a_calendar_needs_a_time() -> None:
    job = calendar("payday = [2026-01-30]")
    time = RoleChoice(Role.TIME, "a time")
    check_calendar(job, {"at": time, "user": RoleChoice(Role.ENTITY, "names")})
    with pytest.raises(JobError, match="no column is the time of a record"):
        check_calendar(job, {"user": RoleChoice(Role.ENTITY, "names")})
