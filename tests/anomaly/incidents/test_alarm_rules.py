"""The incidents that a job allows to be alarms."""

from datetime import UTC, datetime

import pytest

from anomaly.incidents.alarm_rules import AlarmRules
from schemas.job.quiet_hours import quiet_minutes

QUIET = quiet_minutes(["22:00-06:00"])


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e6)


@pytest.mark.parametrize(
    ("first", "last", "zone", "allowed"),
    [
        ("2026-01-05T22:00", "2026-01-06T05:59", "UTC", False),
        ("2026-01-05T23:30", "2026-01-05T23:30", "UTC", False),
        ("2026-01-06T00:00", "2026-01-06T05:59:59.999999", "UTC", False),
        ("2026-01-06T05:30", "2026-01-06T06:00", "UTC", True),
        ("2026-01-05T21:59", "2026-01-05T23:00", "UTC", True),
        ("2026-01-05T23:00", "2026-01-06T22:30", "UTC", True),
        ("2026-01-05T23:00", "2026-01-07T23:30", "UTC", True),
        ("2026-01-05T21:30", "2026-01-06T04:30", "Europe/Berlin", False),
        ("2026-01-06T05:30", "2026-01-06T05:40", "Europe/Berlin", True),
        ("2026-07-05T20:30", "2026-07-06T03:30", "Europe/Berlin", False),
    ],
)
def test_an_incident_is_quiet_if_all_its_records_are(first, last, zone, allowed):
    rules = AlarmRules(quiet=QUIET, timezone=zone)
    assert rules.allow(1, at(first), at(last)) is allowed


def test_several_quiet_hours_join_and_a_whole_day_is_always_quiet():
    joined = AlarmRules(quiet=quiet_minutes(["22:00-24:00", "00:00-06:00"]))
    assert not joined.allow(9, at("2026-01-05T23:00"), at("2026-01-06T01:00"))
    always = AlarmRules(quiet=quiet_minutes(["00:00-12:00", "12:00-24:00"]))
    assert not always.allow(9, at("2026-01-05T01:00"), at("2026-01-09T01:00"))


def test_records_without_a_time_are_never_quiet():
    assert AlarmRules(quiet=QUIET).allow(1, None, None)


def test_an_incident_of_fewer_records_is_no_alarm():
    rules = AlarmRules(min_records=3)
    assert [rules.allow(n, None, None) for n in (1, 2, 3)] == [False, False, True]
    assert not rules.allow_all
    assert AlarmRules().allow_all
