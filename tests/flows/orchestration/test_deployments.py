"""Jobs as deployments: what Prefect is told, and a day with a real server and a served folder."""
# Prefect must not be imported before its settings are in place, which the fixture sees to.
# ruff: noqa: PLC0415

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

from flows.cli.app import main
from flows.storage.runs.reader import list_runs
from schemas.job.partition import Partition
from tests.flows.partitioned_logs import (
    hourly_job,
    hourly_log,
    job_file,
    job_in,
    partitions,
)
from tests.flows.prefect_processes import (
    OUTFIELD_SCRIPT,
    PREFECT,
    free_port,
    hostile_modules,
    plain_environment,
    prefect_server_process,
)
from tests.flows.results.test_notifications import Duty, on_duty
from tests.flows.sample_logs import small_log, written

ROOT = Path(__file__).parents[3]
DAY = date(2026, 1, 5)
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = Partition.of(DAY, 5)
AWAY = (datetime.now(UTC).minute + 30) % 60
HOURLY = f'[schedule]\ncron = "{AWAY} * * * *"\n'  # so that none begins while the tests run
NIGHTLY = '[schedule]\ncron = "0 6 * * *"\ntimezone = "Europe/Berlin"\n'


def one_line(capsys) -> str:
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda _: None, ("no such folder",)),
        (job_file, ("no job file in it has a schedule", "[schedule]")),
        (lambda folder: job_file(folder, "[schedule]\n"), ("nightly.toml", "`cron`")),
        (lambda folder: job_file(folder, NIGHTLY).rename(folder / "jobs/a b.toml"), ("a b.toml",)),
        (
            lambda folder: (
                job_file(folder, NIGHTLY).rename(folder / "jobs/a.toml"),
                job_file(folder, NIGHTLY),
            ),
            ("a.toml and nightly.toml are both called 'nightly'",),
        ),
    ],
)
def test_a_folder_that_cannot_be_served_is_told_in_one_line(prepare, words, tmp_path, capsys):
    prepare(tmp_path)
    assert main(["serve", str(tmp_path / "jobs")]) == 2
    said = one_line(capsys)
    assert all(word in said for word in words)


@pytest.mark.slow
def test_serving_without_a_server_is_told_in_one_line(tmp_path):
    job_file(tmp_path, NIGHTLY)
    ended = subprocess.run(  # noqa: S603 - our own code
        [*OUTFIELD, "serve", tmp_path / "jobs"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=plain_environment(tmp_path),
    )
    assert ended.returncode == 2
    words = "PREFECT_API_URL: no Prefect server is configured; run `prefect server start`"
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_serving_with_a_wrong_url_of_notifications_is_told_in_one_line(tmp_path, capsys):
    job_file(tmp_path, NIGHTLY)
    with patch.dict(os.environ, OUTFIELD_NOTIFY_URL="pigeon://x"):
        assert main(["serve", str(tmp_path / "jobs")]) == 2
    assert "OUTFIELD_NOTIFY_URL: this is no URL" in one_line(capsys)


@pytest.mark.slow
def test_a_deployment_says_what_prefect_must_know(tmp_path, prefect_settings):
    from flows.orchestration.deployments import deployment_of, detect_job

    made = deployment_of("nightly", job_in(tmp_path, NIGHTLY))
    assert (made.flow_name, made.name, made.parameters) == (
        "detect",
        "nightly",
        {"job": "nightly"},
    )
    schedule = made.schedules[0].schedule
    assert (schedule.cron, schedule.timezone) == ("0 6 * * *", "Europe/Berlin")
    assert made.concurrency_limit == 1
    assert made.concurrency_options.collision_strategy == "ENQUEUE"
    assert made.entrypoint == "flows.orchestration.deployments.detect_job"
    described = detect_job.parameters.properties
    assert list(described) == ["job", "partition"]
    assert all(parameter["description"] for parameter in described.values())


@pytest.mark.slow
def test_an_interval_starts_where_a_restart_does_not_shift_it(tmp_path, prefect_settings):
    from flows.orchestration.deployments import prefect_schedule

    spec = job_in(tmp_path, '[schedule]\ninterval = "6h"\n').schedule
    assert prefect_schedule(spec).interval == timedelta(hours=6)
    assert prefect_schedule(spec).anchor_date == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.slow
def test_the_deployments_of_prefect_yaml_are_ones_that_prefect_takes(prefect_settings, monkeypatch):
    import yaml
    from prefect.client.schemas.objects import ConcurrencyLimitConfig
    from prefect.client.schemas.schedules import construct_schedule
    from prefect.flows import load_flow_from_entrypoint

    from flows.jobs.job_file import load_job
    from flows.runtime.settings import Settings

    monkeypatch.chdir(ROOT)
    for deployment in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]:
        pool = deployment["work_pool"]
        monkeypatch.setenv("OUTFIELD_JOBS", pool["job_variables"]["env"]["OUTFIELD_JOBS"])
        flow = load_flow_from_entrypoint(deployment["entrypoint"])
        assert flow.name == "detect"
        flow.validate_parameters({**deployment["parameters"], "partition": "2026-01-05"})
        job = load_job(f"{Settings.from_environment().jobs}/{deployment['parameters']['job']}.toml")
        assert job.name == deployment["name"]
        (schedule,) = deployment["schedules"]
        assert construct_schedule(**schedule).cron == job.schedule.cron
        assert schedule["timezone"] == job.schedule.timezone
        limit = ConcurrencyLimitConfig.model_validate(deployment["concurrency_limit"])
        assert (limit.limit, limit.collision_strategy) == (1, "ENQUEUE")


OUTFIELD = (
    sys.executable,
    "-c",
    "import sys; from flows.cli.app import main; sys.exit(main(sys.argv[1:]))",
)


@dataclass(frozen=True)
class House:
    """A folder of jobs that is served, its server, and whoever is on duty."""

    folder: Path
    api: str
    environment: dict[str, str]
    duty: Duty
    serve: "subprocess.Popen[bytes] | None" = None

    def prefect(self, *tokens: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own command
            [PREFECT, *tokens],
            capture_output=True,
            text=True,
            check=False,
            env={**self.environment, "COLUMNS": "400"},
            timeout=120,
        )

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Post to the API of the server, or get without a body; give its answer."""
        auth = b64encode(self.environment.get("PREFECT_API_AUTH_STRING", "").encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {auth}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.api}/{path}", data, headers)  # noqa: S310 - ours
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as error:  # Prefect's own client tries again, too
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                    raise
                time.sleep(1)

    def trigger(self, job: str = "nightly", **parameters: str) -> None:
        """Ask for a run as the button of the server's page does, without another process."""
        self.asked_for(job, parameters)

    def asked_for(self, job: str, parameters: dict[str, str]) -> None:
        """Ask for a run of a deployment with parameters."""
        deployment = self.ask(f"deployments/name/detect/{job}")["id"]
        self.ask(f"deployments/{deployment}/create_flow_run", {"parameters": parameters})

    def flow_runs(
        self, job: str | None = "nightly", state: str | None = None
    ) -> list[dict[str, Any]]:
        """List the flow runs of a job, or of all; those in a state, or in any."""
        asked = {"flow_runs": {"state": {"name": {"any_": [state]}}}} if state else {}
        found: list[dict[str, Any]] = self.ask("flow_runs/filter", asked)
        return [run for run in found if job in (None, run["parameters"]["job"])]

    def wait_for(
        self, state: str, *, name: str = "", job: str | None = "nightly"
    ) -> dict[str, Any]:
        """Wait for a flow run that is in a state; the newest such."""
        deadline = time.monotonic() + 400
        while time.monotonic() < deadline:
            runs = [run for run in self.flow_runs(job, state) if name in run["name"]]
            if runs:
                return max(runs, key=lambda run: run["created"])
            time.sleep(0.3)
        raise AssertionError([(run["name"], run["state_name"]) for run in self.flow_runs(job)])


@contextmanager
def process_of(
    tokens: tuple[str, ...], environment: dict[str, str], here: Path, said: Path | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command in a process group of its own; stop it as a service manager does.

    `said`: the file that its standard error goes to; by default, to that of the tests.
    """
    with nullcontext() if said is None else said.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own code
            tokens, cwd=here, env=environment, stderr=errors, start_new_session=True
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=30)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    partitions(folder, [DAY])
    job_file(folder, NIGHTLY)
    minutely = f'input = "{folder}/logs/date={DAY}"\noutput = "{folder}/out"\nname = "minutely"\n'
    (folder / "jobs/minutely.toml").write_text(minutely + '[schedule]\ninterval = "1m"\n')
    hourly_log(folder, HOUR, 1)
    hourly_job(folder, HOURLY)
    (folder / "home").mkdir()
    with prefect_server_process(folder / "server") as api, on_duty(200) as duty:
        environment = plain_environment(
            folder / "home",
            PREFECT_API_URL=api,
            PREFECT_RUNNER_POLL_FREQUENCY="1",
            OUTFIELD_NOTIFY_URL=duty.url,
        )
        hostile_modules(folder)
        serve = (str(OUTFIELD_SCRIPT), "serve", str(folder / "jobs"))
        with process_of(serve, environment, folder, folder / "said") as process:
            served = House(folder, api, environment, duty, process)
            served.wait_for("Scheduled")
            yield served


@pytest.mark.slow
def test_runs_of_the_schedule_appear_for_the_coming_nights(house):
    scheduled = [run for run in house.flow_runs() if run["auto_scheduled"]]
    times = sorted(datetime.fromisoformat(run["expected_start_time"]) for run in scheduled)
    assert len(times) >= 3
    assert {at.astimezone(BERLIN).hour for at in times} == {6}
    assert times[0] > datetime.now(UTC)


@pytest.fixture(scope="module")
def judged(house) -> dict[str, Any]:
    """A run that was asked for with Prefect's own command; what the server knows of it."""
    asked = house.prefect("deployment", "run", "detect/nightly", "-p", f"partition={DAY}")
    assert asked.returncode == 0, asked.stdout
    return house.wait_for("Completed")


@pytest.mark.slow
def test_a_triggered_run_judges_its_partition(house, judged):
    assert judged["name"] == "detect-nightly-2026-01-05"
    published = list_runs(str(house.folder / "out/nightly"))
    assert [each.manifest.partition for each in published] == [Partition.of(DAY)]
    assert house.duty.messages == []


@pytest.mark.slow
def test_a_job_runs_by_itself_when_its_time_comes(house):
    run = house.wait_for("Completed", job="minutely")
    assert run["auto_scheduled"]
    assert run["name"] == "detect-minutely"
    assert len(list_runs(str(house.folder / "out/minutely"))) == 1  # then it is up to date
    # Each further minute would start a process.
    house.ask(f"deployments/{run['deployment_id']}/pause_deployment", {})


@pytest.mark.slow
def test_an_hourly_job_is_served_by_the_hour(house):
    scheduled = [run for run in house.flow_runs("hourly") if run["auto_scheduled"]]
    times = sorted(datetime.fromisoformat(run["expected_start_time"]) for run in scheduled)
    assert {at.minute for at in times} == {AWAY}
    assert {then - at for at, then in pairwise(times)} == {timedelta(hours=1)}
    house.trigger("hourly", partition=str(HOUR))
    assert house.wait_for("Completed", job="hourly")["name"] == "detect-hourly-2026-01-05T05"
    published = list_runs(str(house.folder / "out/hourly"))
    assert [each.manifest.partition for each in published] == [HOUR]
    house.trigger("hourly", partition="2026-01-05")
    run = house.wait_for("Failed", job="hourly")
    assert "write one of its hours, such as 2026-01-05T05" in run["state"]["message"]
    (message,) = house.duty.messages
    house.duty.messages.clear()
    assert message["title"] == "outfield hourly 2026-01-05 failed"


@pytest.mark.slow
def test_a_served_run_does_not_run_modules_of_the_working_folder(house, judged):
    assert judged["state_type"] == "COMPLETED"
    assert not (house.folder / "executed").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {"partition": "yesterday"},
        {"partition": "../../etc"},
        {"partition": "2026-01-05T5"},
        {"job": "../../etc/passwd"},
    ],
)
def test_a_wrong_parameter_is_refused_before_anything_runs(house, parameters):
    before = len(house.flow_runs())
    with pytest.raises(urllib.error.HTTPError) as refused:
        house.asked_for("nightly", parameters)
    assert refused.value.code == 409
    assert b"does not match" in refused.value.read()
    assert len(house.flow_runs()) == before


@pytest.mark.slow
def test_a_misspelt_parameter_is_refused_by_the_command_of_prefect(house):
    before = len(house.flow_runs())
    asked = house.prefect("deployment", "run", "detect/nightly", "-p", "partitoin=2026-01-05")
    assert asked.returncode == 1
    assert "not found on the deployment" in asked.stdout + asked.stderr
    assert len(house.flow_runs()) == before


@pytest.mark.slow
def test_a_run_that_is_not_asked_for_a_day_takes_the_newest_and_only_once(house):
    yesterday = datetime.now(UTC).astimezone(BERLIN).date() - timedelta(1)
    # Events that are not of the calendar: on some days theirs would hold a critical incident.
    log = small_log(60, seed=DAY.toordinal())
    written(house.folder / f"logs/date={yesterday}/a.parquet", log)
    house.trigger()
    house.wait_for("Completed", name=f"detect-nightly-{yesterday}")
    house.trigger()
    run = house.wait_for("UpToDate")
    assert run["name"] == f"detect-nightly-{yesterday}"
    assert run["state_type"] == "COMPLETED"
    assert f"{yesterday}, the newest day of the input that is over" in run["state"]["message"]


@pytest.mark.slow
def test_a_run_that_fails_leaves_a_state_and_a_reason_and_no_half_output(house):
    bad = house.folder / "logs/date=2026-01-06/a.parquet"
    bad.parent.mkdir()
    bad.write_bytes(b"PAR1 not really")
    house.trigger(partition="2026-01-06")
    run = house.wait_for("Failed")
    assert run["name"] == "detect-nightly-2026-01-06"
    assert "not a Parquet file" in run["state"]["message"]
    (message,) = house.duty.messages
    house.duty.messages.clear()
    assert message["title"] == "outfield nightly 2026-01-06 failed"
    assert not list((house.folder / "out/nightly/runs").glob(".*"))


@pytest.mark.slow
def test_a_run_that_is_killed_is_told_of_and_the_next_one_goes_on(house):
    written(house.folder / "logs/date=2026-01-07/a.parquet", small_log(60_000))
    house.trigger(partition="2026-01-07")
    run = house.wait_for("Running", name="2026-01-07")
    (child,) = pids_with(f"PREFECT__FLOW_RUN_ID={run['id']}")
    os.kill(child, signal.SIGSTOP)  # or it ends while the next one is asked for
    house.trigger(partition="2026-01-05")
    os.kill(child, signal.SIGKILL)
    house.wait_for("Crashed")
    last = house.wait_for("Completed", name="detect-nightly-2026-01-05")
    while datetime.fromisoformat(last["created"]) < datetime.fromisoformat(run["created"]):
        time.sleep(0.3)
        last = house.wait_for("Completed", name="detect-nightly-2026-01-05")
    assert [message["title"] for message in house.duty.messages] == [
        "outfield nightly 2026-01-07 failed"
    ]
    days = [each.manifest.partition for each in list_runs(str(house.folder / "out/nightly"))]
    assert date(2026, 1, 7) not in days


@contextmanager
def served(folder: Path, port: int) -> Iterator[tuple[House, tuple[str, ...]]]:
    """Run a server on a port, on the same database each time; give what `serve` is started by."""
    with prefect_server_process(folder / "server", port) as api, on_duty(200) as duty:
        more = {"PREFECT_API_URL": api, "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
        # As it is by default, three polls without an answer take four minutes.
        more |= {"OUTFIELD_NOTIFY_URL": duty.url, "PREFECT_CLIENT_MAX_RETRIES": "0"}
        environment = plain_environment(folder / "home", **more)
        yield House(folder, api, environment, duty), (*OUTFIELD, "serve", str(folder / "jobs"))


def killed(*processes: int) -> None:
    for process in processes:
        with suppress(ProcessLookupError):  # one may end with another
            os.kill(process, signal.SIGKILL)


@pytest.fixture(scope="module")
def restarted(tmp_path_factory) -> Iterator[tuple[House, dict[str, Any]]]:
    """Kill a run with its server and its `serve`, and start both again; give the house, the run."""
    folder = tmp_path_factory.mktemp("restarted")
    partitions(folder, [DAY])
    written(folder / "logs/date=2026-01-07/a.parquet", small_log(60_000))
    job_file(folder, NIGHTLY)
    (folder / "home").mkdir()
    port = free_port()
    with served(folder, port) as (house, serve), process_of(serve, house.environment, ROOT):
        house.wait_for("Scheduled")
        house.trigger(partition="2026-01-07")
        lost = house.wait_for("Running", name="2026-01-07")
        killed(*pids_with(str(folder)))
    with (
        served(folder, port) as (house, serve),
        process_of(serve, house.environment, ROOT) as process,
    ):
        yield replace(house, serve=process), lost


@pytest.mark.slow
def test_a_run_that_is_killed_with_server_and_serve_is_called_crashed_and_the_next_one_goes_on(
    restarted,
):
    house, lost = restarted
    began = time.monotonic()
    house.trigger(partition="2026-01-05")
    crashed = house.wait_for("Crashed")
    house.wait_for("Completed", name="2026-01-05")
    print(f"judged after {time.monotonic() - began:.0f} s")
    assert crashed["id"] == lost["id"]
    assert "Its process is gone" in crashed["state"]["message"]
    assert [each["title"] for each in house.duty.messages] == ["outfield nightly 2026-01-07 failed"]


@pytest.mark.slow
def test_serve_waits_for_a_server_that_is_away_and_goes_on(restarted):
    house, _ = restarted
    partitions(house.folder, [date(2026, 1, 4)])
    killed(*pids_with(str(house.folder / "server")))
    time.sleep(15)
    port = urllib.parse.urlsplit(house.api).port
    assert port is not None
    with served(house.folder, port) as (again, _):
        again.trigger(partition="2026-01-04")
        again.wait_for("Completed", name="2026-01-04")
        assert house.serve.poll() is None


@pytest.mark.slow
def test_serve_ends_in_time_without_its_server(house):
    """The last test of the house: it ends its server."""
    assert "PREFECT_CLIENT_MAX_RETRIES" not in house.environment  # a call may wait for minutes
    said = house.folder / "said"
    before = said.stat().st_size  # a run that failed has told its traceback
    killed(*pids_with(str(house.folder / "server")))
    time.sleep(5)
    house.serve.send_signal(signal.SIGTERM)
    house.serve.wait(timeout=30)
    ended = said.read_bytes()[before:]
    assert b"the schedules are not paused" in ended
    assert b"Traceback" not in ended


def pids_with(text: str) -> list[int]:
    """List the processes that have a text in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found
