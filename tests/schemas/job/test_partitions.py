import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import JobError
from schemas.job.fingerprint import job_fingerprint
from schemas.job.job import build_job, parse_job
from schemas.job.partition import Partition
from schemas.job.partitions import check_location, is_partitioned, location_of, root_of

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


@given(before=plain, field=fields, after=plain, day=days)
def test_a_day_changes_nothing_but_its_own_place(before, field, after, day):
    template = check_location(f"{before}{field}{after}")
    location = location_of(template, day)
    assert not is_partitioned(location)
    assert location.startswith(before)
    assert location.endswith(after)
    middle = location[len(before) : len(location) - len(after)]
    assert re.fullmatch(r"[0-9./ym=-]+", middle)
    assert ".." not in middle


@given(field=fields, one=days, other=days)
def test_two_days_never_share_a_location(field, one, other):
    assert (location_of(field, one) == location_of(field, other)) == (one == other)


@given(before=plain, field=fields, after=plain, day=days)
def test_every_partition_lies_below_the_root(before, field, after, day):
    template = f"logs/{before}{field}{after}"
    root = root_of(template)
    assert location_of(template, day).startswith(f"{root}/")


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("logs/{date:%Y-%m}", "no %d"),
        ("logs/{date:%Y-%m-%dT%H}", "not with %H: write `*` for the hour"),
        ("logs/{date}/hour={hour}", "a partition is a day: write `*` for `{hour}`"),
        ("logs/{date}/{hour:%H}", "a partition is a day: write `*` for `{hour:%H}`"),
        ("logs/{date:today}", "no %Y and %m and %d"),
        ("logs/{date:%Y-%m-%d%}", "not with %"),
        ("s3://logs-{date}/x", "bucket"),
        ("s3://{date:%Y/%m/%d}/x", "bucket"),
    ],
)
def test_a_location_that_leaves_the_day_open_is_refused(location, words):
    with pytest.raises(JobError, match=f"job.toml: input: .*{re.escape(words)}"):
        parse_job(f'input = "{location}"', "job.toml")


@pytest.mark.parametrize(
    "location", ["logs/{region}/", "logs/", "s3://logs/{date}", "logs/{date:%Y}/{date:%m%d}"]
)
def test_a_valid_location_is_taken_as_it_is(location):
    assert build_job({"input": location}, "test").input == location


def test_the_fingerprint_tells_jobs_that_judge_otherwise():
    one = job_fingerprint(build_job({"input": "a", "output": "b", "name": "c"}, "test"))
    schedule = {"schedule": {"cron": "0 6 * * *"}}
    assert job_fingerprint(build_job({"input": "x", **schedule}, "test")) == one
    for setting in ({"seed": 1}, {"selection": {"budget": 9}}, {"columns": {"a": "text"}}):
        assert job_fingerprint(build_job(setting, "test")) != one
