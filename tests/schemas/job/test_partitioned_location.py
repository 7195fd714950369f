import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import JobError
from schemas.job.fingerprint import job_fingerprint
from schemas.job.job import build_job, parse_job
from schemas.job.partition import Partition
from schemas.job.partitioned_location import check_location, is_partitioned, location_of, root_of

fields = st.sampled_from(
    [
        "{date}",
        "{date:%Y/%m/%d}",
        "{date:%d.%m.%Y}",
        "y={date:%Y}/m={date:%m}/{date:%d}",
        "{date:%Y%m%d}",
    ]
)
plain = st.text("abc=-_./", max_size=8)
days = st.dates().map(Partition.of)
hourly_fields = st.sampled_from(
    [
        "{date}/{hour}",
        "{hour}/{date}",
        "{date:%Y/%m/%d/%H}",
        "{date:%Y%m%d%H}",
        "y={date:%Y}/m={date:%-m}/{date:%-d}/{hour:%-H}",
    ]
)
hours = st.builds(Partition.of, st.dates(), st.integers(0, 23))
spelt = st.tuples(fields, days, days) | st.tuples(hourly_fields, hours, hours)


@given(before=plain, spelt=spelt, after=plain)
def test_a_partition_changes_nothing_but_its_own_place(before, spelt, after):
    field, day, _ = spelt
    template = check_location(f"{before}{field}{after}")
    location = location_of(template, day)
    assert not is_partitioned(location)
    assert location.startswith(before)
    assert location.endswith(after)
    middle = location[len(before) : len(location) - len(after)]
    assert re.fullmatch(r"[0-9./ym=-]+", middle)
    assert ".." not in middle


@given(spelt)
def test_two_partitions_never_share_a_location(spelt):
    field, one, other = spelt
    assert (location_of(field, one) == location_of(field, other)) == (one == other)


@given(before=plain, spelt=spelt, after=plain)
def test_every_partition_lies_below_the_root(before, spelt, after):
    field, day, _ = spelt
    template = f"logs/{before}{field}{after}"
    root = root_of(template)
    assert location_of(template, day).startswith(f"{root}/")


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("logs/{date:%Y-%m}", "no %d"),
        ("logs/{date:%Y-%m-%dT%H:%M}", "not with %M"),
        ("logs/hour={hour}", "an hour is one of a day: put `{date}` beside its `{hour}`"),
        ("logs/{date:%H}", "an hour is one of a day"),
        ("logs/{date:%Y-%m}/{hour}", "no %d"),
        ("logs/{date}/{hour:%d}", "spelt with %H alone, and here it is `{hour:%d}`"),
        ("logs/{date}/{hour:05}", "spelt with %H alone"),
        ("logs/{date:%Y%-m%-d}", "neither a digit nor a wildcard beside it"),
        ("logs/{date:%Y-%m-%d}-{hour:%-H}0", "neither a digit nor a wildcard beside it"),
        ("logs/{date}/{hour:%-H}*.parquet", "neither a digit nor a wildcard beside it"),
        ("logs/{date}/?{hour:%-H}", "neither a digit nor a wildcard beside it"),
        ("logs/{date:today}", "no %Y and %m and %d"),
        ("logs/{date:%Y-%m-%d%}", "not with %"),
        ("s3://logs-{date}/x", "bucket"),
        ("s3://{date:%Y/%m/%d}/x", "bucket"),
        ("logs/{date}/{Hour}", "`{Hour}` is no field: those are `{date}` for a day and `{hour}`"),
        ("logs/{DATE:%Y/%m/%d}/", "`{DATE:%Y/%m/%d}` is no field"),
        ("logs/{ date }/", "`{ date }` is no field"),
        ("logs/{date}/{region}/", "`{region}` is no field"),
    ],
)
def test_a_location_that_leaves_the_day_open_is_refused(location, words):
    with pytest.raises(JobError, match=f"job.toml: input: .*{re.escape(words)}"):
        parse_job(f'input = "{location}"', "job.toml")


def test_what_stands_beside_no_field_is_taken_as_it_is():
    for location in ("logs/0\x00/*.parquet", "logs/{date}/0\x001/{hour}"):
        assert check_location(location) == location


@pytest.mark.parametrize(
    "location",
    [
        "logs/{region}/",
        "logs/",
        "s3://logs/{date}",
        "logs/{date:%Y}/{date:%m%d}",
        "logs/dt={date}/hour={hour}",
        "s3://logs/{date:%Y/%m/%d/%H}.parquet",
        "logs/month={date:%-m}/{date:%Y-%m-%d}/hour={hour:%-H}/*.parquet",
    ],
)
def test_a_valid_location_is_taken_as_it_is(location):
    assert build_job({"input": location}, "test").input == location


def test_the_fingerprint_tells_jobs_that_judge_otherwise():
    one = job_fingerprint(build_job({"input": "a", "output": "b", "name": "c"}, "test"))
    schedule = {"schedule": {"cron": "0 6 * * *"}}
    assert job_fingerprint(build_job({"input": "x", **schedule}, "test")) == one
    for setting in ({"seed": 1}, {"selection": {"budget": 9}}, {"columns": {"a": "text"}}):
        assert job_fingerprint(build_job(setting, "test")) != one
