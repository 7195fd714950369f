import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import JobError
from schemas.job.job import build_job, parse_job


def error_of(settings: str) -> str:
    with pytest.raises(JobError) as caught:
        parse_job(f"[schedule]\n{settings}", "job.toml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("", ("job.toml: schedule", "`cron` or `interval`")),
        ('cron = "0 6 * * *"\ninterval = "1d"', ("one of the two",)),
        ('cron = "0 6 * *"', ("schedule.cron", "minute, hour", "`0 6 * * *`")),
        ('cron = "0 25 * * *"', ("schedule.cron", "bad hour", "`0 6 * * *`")),
        ('cron = "@daily"', ("schedule.cron", "`0 6 * * *`")),
        ('cron = "0 0 L * *"', ("schedule.cron", "`0 6 * * *`")),
        ('cron = "0 0 * * 5L"', ("schedule.cron", "`0 6 * * *`")),
        ('cron = "0 0 30 2 *"', ("schedule.cron", "day-of-month")),
        ("cron = 6", ("schedule.cron", "text in quotes")),
        ('cron = "0 6 * * *"\ntimezone = "Berlin"', ("timezone", "`Europe/Berlin`")),
        ('cron = "0 6 * * *"\ntimezone = "../../etc/passwd"', ("timezone", "`Europe/Berlin`")),
        ('interval = "1s"', ("schedule.interval", "at least `1m`")),
        ('interval = "often"', ("schedule.interval", "duration")),
        ('crom = "0 6 * * *"', ("`crom` is not a setting of [schedule]", "`cron`")),
    ],
)
def test_a_wrong_schedule_is_told_in_plain_words(settings, words):
    said = error_of(settings)
    for word in words:
        assert word in said


def test_a_schedule_says_when():
    spec = build_job({"schedule": {"cron": "0 6 * * 1-5", "timezone": "Europe/Berlin"}}, "test")
    assert str(spec.schedule) == "0 6 * * 1-5 Europe/Berlin"
    assert str(build_job({"schedule": {"interval": "6h"}}, "test").schedule) == "every 6:00:00"


@pytest.mark.parametrize(
    "cron", ["*/15 * * * *", "0 6 * JUL mon-fri", "30 22 1,15 */2 *", "0 0 29 2 *", "5 4 * * 7"]
)
def test_the_usual_cron_expressions_are_accepted(cron):
    schedule = build_job({"schedule": {"cron": cron}}, "test").schedule
    assert schedule is not None
    assert schedule.cron == cron


part = st.from_regex(re.compile(r"[0-9*,/A-Za-z-]{1,5}", re.ASCII), fullmatch=True)
names = st.sampled_from(["JUL", "mon-fri", "sun,SAT", "L", "5L", "15W", "2#1", "1-5/2", "*/7", "?"])
number = st.integers(0, 60).map(str)
crons = st.lists(st.one_of(st.just("*"), number, names, part), min_size=5, max_size=5).map(" ".join)


@pytest.mark.slow  # imports Prefect, which the tests of the flow must not find imported
@given(cron=crons)
def test_prefect_takes_every_cron_that_a_job_file_may_hold(cron):
    from prefect.client.schemas.schedules import CronSchedule  # noqa: PLC0415 - see above

    try:
        build_job({"schedule": {"cron": cron}}, "test")
    except JobError:
        return
    CronSchedule(cron=cron)
