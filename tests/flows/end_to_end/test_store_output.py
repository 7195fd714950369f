"""Results in an object store: the same bytes as in a folder, and whole or not at all."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flows.cli.app import main
from flows.runtime.dask import ClusterRunner, connected
from flows.storage.fs.store_path import StorePath, place_of
from flows.storage.runs.reader import (
    PublishedRun,
    find_run,
    list_runs,
    read_findings,
    read_incidents,
    read_scores,
)
from schemas.errors import OutputError
from tests.flows.dask_cluster import dask_cluster
from tests.flows.prefect_processes import plain_environment
from tests.flows.sample_logs import FailingRunner, dataset_bytes, detect, job, small_log, written

pytestmark = pytest.mark.slow

OUTFIELD = Path(sys.executable).with_name("outfield")
DATASETS = ("incidents", "suppressed", "findings", "scores", "quarantine")


@pytest.fixture
def bucket(s3) -> Any:
    """Give an empty bucket of results."""
    s3.create_bucket(Bucket="results")
    emptied(s3)
    return s3


def emptied(s3: Any) -> None:
    for key in keys(s3):
        s3.delete_object(Bucket="results", Key=key)


def keys(s3: Any) -> list[str]:
    listed = s3.list_objects_v2(Bucket="results").get("Contents", [])
    return [entry["Key"] for entry in listed]


def stored_bytes(s3: Any, run_id: str, dataset: str) -> dict[str, bytes]:
    prefix = f"out/log/runs/{run_id}/{dataset}/"
    found = [key for key in keys(s3) if key.startswith(prefix) and key != prefix]
    return {
        key.removeprefix(prefix): s3.get_object(Bucket="results", Key=key)["Body"].read()
        for key in found
    }


def faulty_log() -> pa.Table:
    """An event without a time is rejected."""
    log = small_log()
    times = log["time"].to_pylist()
    times[5] = None
    return log.set_column(1, "time", pa.array(times, log["time"].type))


@pytest.fixture(scope="module")
def location(tmp_path_factory) -> str:
    return written(tmp_path_factory.mktemp("input") / "log.parquet", faulty_log())


@pytest.fixture(scope="module")
def stored() -> dict[str, bytes]:
    """The objects of a finished run, once one was made."""
    return {}


@pytest.fixture
def earlier(bucket, location, stored) -> PublishedRun:
    """Give a finished run in `out`: it is made once, and its objects are put back for each test."""
    if not stored:
        detect(job(location, "s3://results/out"))
        for key in keys(bucket):
            stored[key] = bucket.get_object(Bucket="results", Key=key)["Body"].read()
    put_back(bucket, stored)
    return find_run("s3://results/out/log")


def put_back(s3: Any, objects: dict[str, bytes]) -> None:
    for key, body in objects.items():
        s3.put_object(Bucket="results", Key=key, Body=body)


def order_of_writing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give a list that the names of the objects are added to as they are put."""
    order: list[str] = []
    put = StorePath.put

    def noted(self: StorePath, content: Path) -> None:
        if self.parent.name != ".lock":  # a claim is renewed every 15 seconds, between any two
            order.append(self.name)
        put(self, content)

    monkeypatch.setattr(StorePath, "put", noted)
    return order


SESSIONS = {"unit": "session", "session_key": "user", "session_window": "1h"}


@pytest.mark.parametrize("settings", [{}, SESSIONS])
def test_a_store_holds_the_same_bytes_as_a_folder_and_gets_the_manifest_after_them(
    bucket, location, tmp_path, monkeypatch, settings
):
    local = detect(job(location, tmp_path / "out", **settings))
    order = order_of_writing(monkeypatch)
    stored = detect(job(location, "s3://results/out", **settings))
    assert order[-3:] == ["manifest.json", "latest.json", "index.html"]
    assert order.count("manifest.json") == 1
    for dataset in DATASETS:
        in_bucket = stored_bytes(bucket, stored.manifest.run_id, dataset)
        assert in_bucket == dataset_bytes(local, dataset)
    assert stored.manifest.model == local.manifest.model
    run = f"out/log/runs/{stored.manifest.run_id}"
    below = {key.removeprefix(run).split("/")[1] for key in keys(bucket) if key.startswith(run)}
    others = {"unshown", "members", "map", "manifest.json", "report.html"}
    others |= set() if settings else {"activity"}  # what entities do is counted of events
    assert below == {*DATASETS, *others}
    latest = bucket.get_object(Bucket="results", Key="out/log/latest.json")["Body"].read()
    assert json.loads(latest) == {"run_id": stored.manifest.run_id}
    index = bucket.get_object(Bucket="results", Key="out/log/index.html")["Body"].read().decode()
    assert f'href="runs/{stored.manifest.run_id}/report.html"' in index
    assert not [key for key in keys(bucket) if "scratch" in key]


@pytest.mark.parametrize(
    ("options", "in_parts"), [("", False), ("?allow_delayed_open=false", True)]
)
def test_a_small_object_is_put_in_one_request_unless_the_url_says_otherwise(
    bucket, tmp_path, options, in_parts
):
    (tmp_path / "small").write_bytes(b"a few bytes")
    (place_of(f"s3://results/out{options}") / "small").put(tmp_path / "small")
    head = bucket.head_object(Bucket="results", Key="out/small")
    assert head["ContentLength"] == 11
    assert head["ETag"].endswith('-1"') is in_parts  # how S3 marks what came in parts


def test_verdicts_that_are_dropped_into_the_store_are_heeded(bucket, location, earlier):
    rows = read_incidents(earlier).to_pylist()
    on = next(row["incident"] for row in rows if "erase" in row["title"])
    bucket.put_object(
        Bucket="results",
        Key="out/log/verdicts/mine.csv",
        Body=f"incident,label\n{on},malicious\ni-9,benign\n".encode(),
    )
    again = detect(job(location, "s3://results/out"))
    (effect,) = again.manifest.incidents.verdicts
    assert effect.label == "malicious"
    assert effect.let_through >= 1
    assert len(again.manifest.incidents.refused_verdicts) == 1


def test_runs_and_findings_are_read_from_the_store(location, earlier, capsys):
    runs = [earlier, detect(job(location, "s3://results/out"))]
    newest = runs[1].manifest
    assert [run.manifest for run in list_runs("s3://results/out/log")] == [
        newest,
        runs[0].manifest,
    ]
    assert find_run("s3://results/out/log").manifest == newest
    assert read_scores(find_run("s3://results/out/log")).num_rows == newest.units_scored
    assert main(["runs", "s3://results/out/log"]) == 0
    assert newest.run_id in capsys.readouterr().out
    assert main(["findings", "s3://results/out/log", "--top", "100", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["folder"] == f"s3://results/out/log/runs/{newest.run_id}"
    assert len(document["findings"]) == len(read_findings(runs[1]))


@pytest.mark.parametrize("output", ["s3://results/out", "s3://results/out/log", "s3://results"])
def test_an_incident_of_the_store_gets_a_verdict_and_is_told_with_it(
    bucket, location, stored, earlier, capsys, output
):
    spec = job(location, "s3://results" if output == "s3://results" else "s3://results/out")
    if output == "s3://results":  # the job's folder lies at the top of the bucket
        emptied(bucket)
        put_back(bucket, {key.removeprefix("out/"): body for key, body in stored.items()})
    incident = read_incidents(find_run(f"{spec.output}/log")).to_pylist()[0]["incident"]
    capsys.readouterr()
    verdict = ("verdict", incident, "--label", "benign", "--note", "a test", "--output", output)
    assert main(verdict) == 0
    (verdict_key,) = (key for key in keys(bucket) if "/verdicts/v-" in f"/{key}")
    assert capsys.readouterr().out == f"Wrote s3://results/{verdict_key}: benign, on {incident}\n"
    assert main(["context", incident, "--output", output]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["incident"]["incident"] == incident
    assert [each["label"] for each in document["verdicts"]] == ["benign"]
    again = detect(spec)
    assert [each.label for each in again.manifest.incidents.verdicts] == ["benign"]


def test_a_verdict_of_the_store_is_listed_and_withdrawn(bucket, location, earlier, capsys):
    incident = read_incidents(earlier).to_pylist()[0]["incident"]
    assert main(["verdict", incident, "--label", "benign", "--output", "s3://results/out"]) == 0
    capsys.readouterr()
    assert main(["verdicts", "s3://results/out/log", "--json"]) == 0
    (given,) = json.loads(capsys.readouterr().out)
    withdraw = ("verdict", "--withdraw", given["verdict"], "--output", "s3://results/out")
    assert main(withdraw) == 0
    assert "Withdrew" in capsys.readouterr().out
    digits = given["verdict"].removeprefix("v-")
    stored = [key for key in keys(bucket) if key.endswith(f"-{digits}.json")]
    assert stored == [f"out/log/verdicts/v-{digits}.json", f"out/log/verdicts/w-{digits}.json"]
    again = detect(job(location, "s3://results/out"))
    assert dataset_bytes(again, "incidents") == dataset_bytes(earlier, "incidents")
    wrong = ("verdict", "--withdraw", "v-0", "--output", "s3://results/out")
    assert main(wrong) == 2
    assert f"the nearest of 1 is {given['verdict']}" in capsys.readouterr().err


@pytest.mark.parametrize("command", [("verdict", "--label", "benign"), ("context",)])
@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("s3://results/out", "s3://results/out: no incident i-0 in any run"),
        ("s3://no-such-bucket/out", "s3://no-such-bucket/out: no incident i-0 in any run"),
        ("s3://key:secret@results/out", "carries credentials"),
    ],
)
def test_an_incident_that_is_not_in_the_store_is_said_so(bucket, capsys, command, output, said):
    name, *options = command
    assert main([name, "i-0", *options, "--output", output]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_models_in_the_store_are_fitted_listed_promoted_and_rolled_back(
    bucket, location, tmp_path, capsys
):
    other = written(tmp_path / "other/log.parquet", small_log(300, seed=1))
    for history in (location, other):
        fit = ("fit", history, "--output", "s3://results/out", "--name", "log", "--direct")
        assert main(fit) == 0
    capsys.readouterr()
    assert main(["models", "s3://results/out/log", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [model["state"] for model in found] == ["latest", "fitted"]
    newer, older = (model["model_id"] for model in found)
    assert main(["promote", "s3://results/out/log", older]) == 0
    assert capsys.readouterr().out == f"The latest model is {older}.\n"
    assert main(["rollback", "s3://results/out/log"]) == 0
    assert capsys.readouterr().out == f"The latest model is {newer} again.\n"


def test_a_place_in_the_store_without_a_job_has_no_model_to_promote(bucket, capsys):
    assert main(["promote", "s3://results/out/log", "0" * 16]) == 2
    said = capsys.readouterr().err
    assert said.startswith("outfield: error: s3://results/out/log: no such folder")


def test_exports_and_the_map_are_written_to_the_store(bucket, earlier, tmp_path):
    run = str(earlier.folder)
    exports = {
        "found.csv": ("export", run, "--format", "csv"),
        "found.parquet": ("export", run, "--format", "ocsf"),
        "map.parquet": ("map", "s3://results/out/log"),
        "map.svg": ("map", "s3://results/out/log"),
    }
    for name, command in exports.items():
        for folder in ("s3://results/exports", str(tmp_path)):
            assert main([*command, "--to", f"{folder}/{name}"]) == 0
        stored = bucket.get_object(Bucket="results", Key=f"exports/{name}")["Body"].read()
        assert stored == (tmp_path / name).read_bytes()


def test_the_command_writes_to_the_store_and_says_where(bucket, location, capsys):
    assert main(["detect", location, "--output", "s3://results/out", "--direct"]) == 0
    said = capsys.readouterr().out
    (run,) = list_runs("s3://results/out/log")
    assert f"s3://results/out/log/runs/{run.manifest.run_id}/report.html" in said


@pytest.mark.parametrize("step", ["gather", "score", "explain"])
def test_a_run_that_fails_leaves_nothing_and_the_earlier_one_is_still_the_latest(
    bucket, location, earlier, step
):
    run_id = earlier.manifest.run_id
    with pytest.raises(ConnectionError):
        detect(job(location, "s3://results/out"), FailingRunner(step, done=True))
    assert [run.manifest.run_id for run in list_runs("s3://results/out/log")] == [run_id]
    assert find_run("s3://results/out/log").manifest.run_id == run_id
    parts = [key for key in keys(bucket) if key.startswith("out/log/runs/") and key[-1] != "/"]
    assert all(key.startswith(f"out/log/runs/{run_id}/") for key in parts)


def test_what_a_killed_run_leaves_is_no_run_and_the_next_is_clean(bucket, location, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = subprocess.Popen(  # noqa: S603 - our own code
        [OUTFIELD, "detect", location, "--output", "s3://results/out", "--direct"],
        env=plain_environment(tmp_path, TMPDIR=str(temporary)),
    )
    deadline = time.monotonic() + 60
    while not any("/scores/" in key for key in keys(bucket)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    command.send_signal(signal.SIGKILL)
    command.wait()
    assert list(temporary.iterdir()) == []
    if any(key.endswith("manifest.json") for key in keys(bucket)):
        pytest.skip("the run was too quick to be killed")
    assert list_runs("s3://results/out/log") == []
    with pytest.raises(OutputError, match="s3://results/out/log: no finished run in it"):
        find_run("s3://results/out/log")
    run = detect(job(location, "s3://results/out"))
    assert [found.manifest for found in list_runs("s3://results/out/log")] == [run.manifest]


def test_a_cluster_reads_and_writes_the_store(bucket, location, tmp_path):
    bucket.upload_file(location, "results", "in/log.parquet")
    local = detect(job(location, tmp_path / "out"))
    with (
        dask_cluster(tmp_path / "dask", workers=1) as cluster,
        connected(cluster.address) as client,
    ):
        run = detect(job("s3://results/in", "s3://results/out"), ClusterRunner(client))
    for dataset in DATASETS:
        in_bucket = stored_bytes(bucket, run.manifest.run_id, dataset)
        assert in_bucket == dataset_bytes(local, dataset)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("s3://key:secret@results/out", "carries credentials"),
        ("hdfs://results/out", "hdfs://"),
        ("s3://no-such-bucket/out", "s3://no-such-bucket/out"),
    ],
)
def test_a_store_that_cannot_be_is_told_in_one_line(bucket, location, capfd, output, words):
    assert main(["detect", location, "--output", output, "--direct"]) == 2
    said = capfd.readouterr().err
    assert words in said
    assert "secret" not in said
    assert said.count("\n") == 1
