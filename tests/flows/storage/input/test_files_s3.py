"""The object store: a local server that speaks S3."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.storage.fs.scratch import Scratch
from flows.storage.input.duplicate_ids import repeated_ids
from flows.storage.input.plan import plan_input
from flows.storage.input.rows import read_batches, read_rows
from schemas.errors import InputError

pytestmark = pytest.mark.slow

_KEYS = [
    "logs/day=1/a b.parquet",
    "logs/day=2/b.parquet",
    "logs/_SUCCESS",
    "logs/day=2/c#1.parquet",
]


@pytest.fixture(autouse=True)
def store(s3) -> None:
    s3.create_bucket(Bucket="events")
    for number, key in enumerate(_KEYS):
        body = io.BytesIO()
        if key.endswith(".parquet"):
            pq.write_table(pa.table({"n": [number, number + 10]}), body)
        s3.put_object(Bucket="events", Key=key, Body=body.getvalue())


def test_a_folder_of_the_store_is_planned_and_read(tmp_path: Path) -> None:
    plan = plan_input("s3://events/logs")
    assert [file.name for file in plan.files] == [
        "day=1/a b.parquet",
        "day=2/b.parquet",
        "day=2/c#1.parquet",
    ]
    assert all(file.modified for file in plan.files)
    (chunk,) = plan.chunks(100)
    ((_, table),) = read_batches(plan, chunk, None, 100)
    assert table.to_pydict() == {"n": [0, 10, 1, 11, 3, 13], "day": [1, 1, 2, 2, 2, 2]}
    assert read_rows(plan, np.array([3]), ["n"]).to_pylist() == [{"n": 11}]
    assert repeated_ids(plan, "day", Scratch(tmp_path)).tolist() == [1, 3, 4, 5]


@pytest.mark.parametrize(
    ("location", "rows"),
    [
        ("s3://events/logs/day=1/a b.parquet", 2),
        ("s3://events/logs/day=*/b.parquet", 2),
        ("s3://events/logs/**", 6),
        ("s3://events/", 6),
        ("s3://events", 6),
    ],
)
def test_files_globs_and_whole_buckets(location: str, rows: int) -> None:
    assert plan_input(location).rows == rows


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("s3://events/none", "s3://events/none: no such file or folder"),
        ("s3://nosuchbucket/logs", "s3://nosuchbucket/logs: no such"),
        ("s3://nosuchbucket/*.parquet", "s3://nosuchbucket/*.parquet: no"),
        ("s3://events/logs/_SUCCESS", "s3://events/logs/_SUCCESS: not a Parquet file"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(location: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        plan_input(location)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_an_object_that_changed_since_it_was_planned_is_noticed(s3) -> None:
    plan = plan_input("s3://events/logs/day=1")
    s3.put_object(Bucket="events", Key=_KEYS[0], Body=b"something else")
    with pytest.raises(InputError, match="the file has changed"):
        read_rows(plan, np.array([0]))


def test_a_store_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(InputError, match=r"s3://events/logs: the store did not answer"):
        plan_input("s3://events/logs")
