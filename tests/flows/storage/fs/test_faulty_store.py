"""A store that answers 500 and 503, late, or half: the same bytes in the end, or one clear line."""

import io
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.cli.app import main
from flows.runtime import retry as patience
from flows.storage.fs import store_path
from flows.storage.runs.reader import list_runs, read_incidents
from tests.flows import faulty_store as faults
from tests.flows.faulty_store import FaultyStore, faulty_store
from tests.flows.sample_logs import dataset_bytes, detect, job, small_log, written

pytestmark = pytest.mark.slow

DATASETS = ("incidents", "suppressed", "findings", "scores", "quarantine")
INPUT = "s3://faulty/in/log.parquet"


@pytest.fixture
def store(s3, s3_endpoint, monkeypatch) -> Iterator[FaultyStore]:
    """Put a proxy between outfield and the store, whose bucket holds a log and no result."""
    s3.create_bucket(Bucket="faulty")
    for entry in s3.list_objects_v2(Bucket="faulty").get("Contents", []):
        s3.delete_object(Bucket="faulty", Key=entry["Key"])
    body = io.BytesIO()
    pq.write_table(small_log(), body)
    s3.put_object(Bucket="faulty", Key="in/log.parquet", Body=body.getvalue())
    with faulty_store(s3_endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        store_path._open_store.cache_clear()
        yield proxy


def results(s3: Any) -> list[str]:
    listed = s3.list_objects_v2(Bucket="faulty", Prefix="out/").get("Contents", [])
    return [entry["Key"] for entry in listed]


def stored(s3: Any, dataset: str) -> dict[str, bytes]:
    return {
        key.rpartition("/")[2]: s3.get_object(Bucket="faulty", Key=key)["Body"].read()
        for key in results(s3)
        if f"/{dataset}/" in key and not key.endswith("/")
    }


@pytest.mark.parametrize(
    ("kinds", "share"),
    [
        ([faults.INTERNAL, faults.SLOW_DOWN], 0.15),
        ([faults.cut], 0.3),
        ([faults.slow], 0.015),
    ],
    ids=["500 and 503", "cut in the middle", "slow"],
)
def test_what_can_pass_is_tried_again_and_the_bytes_are_the_same(s3, store, tmp_path, kinds, share):
    local = detect(job(written(tmp_path / "log.parquet", small_log()), tmp_path / "out"))
    store.faults, store.share = kinds, share
    assert main(["detect", INPUT, "--output", "s3://faulty/out", "--direct"]) == 0
    print(f"{store.failed} of {store.asked} requests went wrong")
    assert store.failed
    store.share = 0
    (run,) = list_runs("s3://faulty/out/log")
    assert run.manifest.ledger == local.manifest.ledger
    for dataset in DATASETS:
        assert stored(s3, dataset) == dataset_bytes(local, dataset)
    assert not [key for key in results(s3) if "scratch" in key]


def test_a_store_that_is_away_for_longer_than_its_client_tries_costs_a_pause(s3, store, capsys):
    store.faults, store.only = [faults.SLOW_DOWN], "scores"
    store.share, store.at_most = 1, 33  # its client gives up after thirty
    options = ("--direct", "--verbose")
    assert main(["detect", INPUT, "--output", "s3://faulty/out", *options]) == 0
    assert "storage did not answer; trying again" in capsys.readouterr().err
    assert len(list_runs("s3://faulty/out/log")) == 1


@pytest.mark.parametrize("only", ["list-type=2", "HEAD", "GET"])
def test_results_that_may_not_be_read_are_told_in_one_line(s3, store, tmp_path, capfd, only):
    detect(job(written(tmp_path / "log.parquet", small_log()), "s3://faulty/out"))
    incidents = read_incidents(list_runs("s3://faulty/out/log")[0])
    incident = incidents["incident"][0].as_py()
    store.faults, store.share, store.only = [faults.DENIED], 1, only
    commands = {
        "verdict": (incident, "--label", "benign", "--output", "s3://faulty/out"),
        "verdicts": ("s3://faulty/out/log",),
        "context": (incident, "--output", "s3://faulty/out"),
        "models": ("s3://faulty/out/log",),
        "rollback": ("s3://faulty/out/log",),
        "export": ("s3://faulty/out/log", "--format", "csv"),
    }
    for name, options in commands.items():
        capfd.readouterr()
        status = main([name, *options])
        (said,) = capfd.readouterr().err.splitlines()
        assert status == 2, said
        assert said.startswith("outfield: error: "), name


@pytest.mark.parametrize(
    "case",
    [
        (faults.SLOW_DOWN, "PUT", "cannot be written"),
        (faults.DENIED, "PUT", "ACCESS_DENIED"),
        (faults.cut, "GET /faulty/in", "the store did not answer"),
    ],
)
def test_what_does_not_pass_ends_in_one_line_and_leaves_nothing(
    s3, store, capfd, monkeypatch, case
):
    fault, only, words = case
    monkeypatch.setattr(patience, "PAUSES", ())
    store.faults, store.share, store.only = [fault], 1, only
    assert main(["detect", INPUT, "--output", "s3://faulty/out", "--direct"]) == 2
    (said,) = capfd.readouterr().err.splitlines()
    assert words in said
    assert said.startswith("outfield: error: s3://faulty/")
    store.share = 0
    assert [key for key in results(s3) if not key.endswith("/")] == []
