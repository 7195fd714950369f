"""A Prefect server on PostgreSQL that asks for a password: runs by hand, scheduled, on request."""

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from flows.storage.runs.reader import list_runs
from tests.flows.orchestration.test_deployments import NIGHTLY, OUTFIELD, ROOT, House, process_of
from tests.flows.partitioned_logs import job_file, partitions
from tests.flows.postgres_server import PASSWORD, Postgres, postgres_programs, postgres_server
from tests.flows.prefect_processes import plain_environment, prefect_server_process
from tests.flows.results.test_notifications import on_duty

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(postgres_programs() is None, reason="PostgreSQL is not installed"),
]

DAYS = [date(2026, 1, 5), date(2026, 1, 6)]
AUTH = "outfield:planted-cafe"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def house(postgres, tmp_path_factory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    partitions(folder, DAYS)
    job_file(folder, NIGHTLY)
    (folder / "home").mkdir()
    settings = {
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": postgres.url,
        "PREFECT_SERVER_API_AUTH_STRING": AUTH,
    }
    with prefect_server_process(folder / "server", **settings) as api, on_duty(200) as duty:
        environment = plain_environment(
            folder / "home",
            PREFECT_API_URL=api,
            PREFECT_API_AUTH_STRING=AUTH,
            PREFECT_RUNNER_POLL_FREQUENCY="1",
            PYTHONPATH=str(ROOT),
        )
        yield House(folder, api, environment, duty)


def detected(house: House, **more: str) -> subprocess.CompletedProcess[str]:
    command = [*OUTFIELD, "--verbose", "detect", "--job", house.folder / "jobs/nightly.toml"]
    return subprocess.run(  # noqa: S603 - our own code
        [*command, "--partition", "2026-01-05"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**house.environment, **more},
    )


def test_nobody_gets_in_without_the_password(house):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{house.api}/admin/version", timeout=30)  # noqa: S310 - our own
    ended = detected(house, PREFECT_API_AUTH_STRING="outfield:wrong")
    assert ended.returncode == 2
    assert "PREFECT_API_AUTH_STRING" in ended.stderr.splitlines()[-1]
    assert not (house.folder / "out/nightly/runs").exists()


def test_a_run_by_hand_a_scheduled_one_and_one_on_request(house, postgres):
    ended = detected(house)
    assert ended.returncode == 0, ended.stderr
    assert house.wait_for("Completed", job=None)["name"] == "detect-nightly-2026-01-05"
    serve = (*OUTFIELD, "serve", str(house.folder / "jobs"))
    with process_of(serve, house.environment, ROOT):
        assert house.wait_for("Scheduled")["auto_scheduled"]
        house.trigger(partition="2026-01-06")
        house.wait_for("Quiet", name="detect-nightly-2026-01-06")
        logged = published_lines(postgres, 2)
    runs = list_runs(str(house.folder / "out/nightly"))
    assert [run.manifest.partition.day for run in runs] == DAYS[::-1]
    assert int(postgres.ask("SELECT count(*) FROM flow_run WHERE state_type = 'COMPLETED'")) == 2
    assert {run.manifest.run_id for run in runs} == {
        word.removeprefix("run=") for word in logged.split() if word.startswith("run=")
    }
    assert_nothing_is_told([ended.stdout + ended.stderr, logged], house.folder / "out")


def published_lines(postgres: Postgres, n: int) -> str:
    """Wait for the lines of `n` runs: Prefect sends what is logged some seconds later."""
    deadline = time.monotonic() + 120
    while True:
        logged = str(postgres.ask("SELECT message FROM log WHERE message LIKE 'run published%'"))
        if logged.count("run=") >= n or time.monotonic() > deadline:
            return logged
        time.sleep(0.5)


def assert_nothing_is_told(texts: list[str], output: Path) -> None:
    """Neither password stands in a log or a result, nor the path of the logs."""
    contents = [text.encode() for text in texts]
    contents += [path.read_bytes() for path in output.rglob("*") if path.is_file()]
    for planted in (PASSWORD, AUTH, AUTH.partition(":")[2]):
        assert not any(planted.encode() in content for content in contents)
    assert not any(str(output.parent / "logs").encode() in content for content in contents[-9:])
