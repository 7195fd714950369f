"""The main job through Prefect: its server, its interface, its retries, and none of its noise."""
# Prefect must not be imported before its settings are in place, which the fixture sees to.
# ruff: noqa: PLC0415

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from flows.orchestration.checked_input import with_checked_input
from flows.pipelines.train import train_model
from flows.runtime.runner import DirectRunner
from flows.steps.plan import check_input
from flows.storage.runs.reader import list_runs, read_incidents
from schemas.errors import InputError
from schemas.escaping import markdown
from schemas.job.partition import Partition
from schemas.outputs.figures import CanaryReport
from tests.flows.partitioned_logs import job_in, partitions
from tests.flows.prefect_processes import (
    free_port,
    plain_environment,
    processes_of,
    put_database,
)
from tests.flows.results.test_notifications import on_duty
from tests.flows.sample_logs import STEP_NAMES, dataset_bytes, detect, job, small_log, written
from tests.flows.sample_runs import published

pytestmark = pytest.mark.slow

OUTFIELD = Path(sys.executable).with_name("outfield")
DAY = date(2026, 1, 5)


@pytest.fixture(scope="module")
def flow_run(tmp_path_factory, prefect_server):
    """A run of the flow, and what Prefect knows of it."""
    from flows.orchestration.flows import detect as detect_flow

    folder = tmp_path_factory.mktemp("flow")
    spec = job(written(folder / "log.parquet", small_log()), folder / "out", name="sign.ins")
    state = detect_flow(spec, return_state=True)
    return folder, state.result(), asyncio.run(known_of(state))


async def known_of(state: Any) -> tuple[Any, list[Any], list[Any]]:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import (
        ArtifactFilter,
        ArtifactFilterFlowRunId,
        FlowRunFilter,
        FlowRunFilterId,
    )

    run_id = state.state_details.flow_run_id
    async with get_client() as client:
        flow_run = await client.read_flow_run(run_id)
        tasks = await client.read_task_runs(
            flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))
        )
        artifacts = await client.read_artifacts(
            artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
        )
    return flow_run, tasks, artifacts


def artifact(flow_run, key: str | None) -> Any:
    (found,) = [each for each in flow_run[2][2] if each.key == key]
    return found


def test_the_flow_writes_the_same_bytes_as_the_steps_alone(flow_run):
    folder, published, _ = flow_run
    alone = detect(job(str(folder / "log.parquet"), folder / "alone", name="sign.ins"))
    for dataset in ("findings", "scores", "quarantine"):
        assert dataset_bytes(published, dataset) == dataset_bytes(alone, dataset)


def test_the_flow_fits_the_model_that_the_steps_alone_would(flow_run, tmp_path):
    from flows.orchestration.flows import detect as detect_flow
    from flows.orchestration.flows import fit as fit_flow

    location = str(flow_run[0] / "log.parquet")
    registered = fit_flow(job(location, tmp_path / "flow"), promote=True)
    alone = train_model(
        job(location, tmp_path / "alone"), DirectRunner(1), lambda *_: None, promote=True
    )
    assert registered.stored.model_id == alone.stored.model_id
    judged = detect_flow(job(location, tmp_path / "flow", model={"use": "latest"}))
    assert judged.manifest.model.model_id == registered.stored.model_id


def test_the_flows_read_the_footers_of_a_checked_input_no_more(flow_run, tmp_path, monkeypatch):
    from flows.orchestration.flows import detect as detect_flow
    from flows.orchestration.flows import fit as fit_flow

    spec = job(str(flow_run[0] / "log.parquet"), tmp_path / "flow")
    checked = check_input(spec)
    monkeypatch.setattr("flows.storage.input.plan.read_footers", None)  # not to be called
    with with_checked_input(checked):
        fit_flow(spec, promote=True)
        assert detect_flow(spec).manifest.ledger.read == 200


def test_the_flow_run_is_named_after_the_job(flow_run):
    assert flow_run[2][0].name == "detect-sign.ins"
    assert flow_run[2][0].state.is_completed()


def test_each_step_is_a_task_run_that_completed(flow_run):
    tasks = {re.sub(r"-\w+$", "", task.name): task.state.name for task in flow_run[2][1]}
    steps = (*STEP_NAMES, "look through", "publish")
    assert tasks == dict.fromkeys(steps, "Completed")


def test_the_summary_tells_the_ledger_and_the_rule(flow_run):
    summary = artifact(flow_run, "sign-ins-summary")
    assert summary.type == "markdown"
    selection = flow_run[1].manifest.selection
    assert summary.data.startswith(f"# sign.ins: {selection.findings} findings")
    assert f"{selection.by_window} are of odd days" in summary.data
    assert "| 200 | 200 | 0 | 0 |" in summary.data
    assert "Benjamini-Hochberg" in summary.data


def test_the_table_holds_the_top_incidents(flow_run):
    table = artifact(flow_run, "sign-ins-incidents")
    rows = json.loads(table.data)
    top = read_incidents(flow_run[1]).slice(0, 10).to_pylist()
    assert table.type == "table"
    assert [row["incident"] for row in rows] == [found["incident"] for found in top]
    assert [row["title"] for row in rows] == [markdown(found["title"]) for found in top]
    assert all(row["first_time"].endswith(" UTC") for row in rows)


def test_the_link_leads_to_the_report(flow_run):
    link = re.search(r"\((file://[^)]+)\)", artifact(flow_run, "sign-ins-report").data)
    assert link is not None
    with urllib.request.urlopen(link[1]) as report:  # noqa: S310 - our own file
        assert report.read().startswith(b"<!")


def test_the_progress_of_scoring_ends_at_all(flow_run):
    progress = artifact(flow_run, None)
    assert progress.type == "progress"
    assert float(progress.data) == 100.0


def test_parameters_may_come_as_json(tmp_path, prefect_server):
    from flows.orchestration.flows import detect as detect_flow

    location = written(tmp_path / "log.parquet", small_log())
    settings = {"input": location, "output": str(tmp_path / "out"), "name": "json"}
    published = detect_flow(settings)
    assert published.manifest.job == "json"


@pytest.mark.parametrize("wrong", [{"budgt": 3}, {"seed": -1}, {"unit": "hour"}])
def test_a_wrong_parameter_is_refused_before_anything_runs(wrong, tmp_path, prefect_server):
    from prefect.exceptions import ParameterTypeError

    from flows.orchestration.flows import detect as detect_flow

    location = written(tmp_path / "log.parquet", small_log())
    with pytest.raises(ParameterTypeError, match=next(iter(wrong))):
        detect_flow({"input": location, "output": str(tmp_path / "out"), "name": "x", **wrong})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("alarms", "nights", "fell", "name"),
    [
        (2, 28, True, "Alarm"),
        (0, 28, True, "RecallFell"),
        (0, 28, False, "Quiet"),
        (0, None, False, "Completed"),
    ],
)
def test_the_state_is_named_after_what_the_run_found(
    alarms, nights, fell, name, tmp_path, prefect_server
):
    from prefect import flow

    from flows.orchestration.flows import ended

    run = published(tmp_path, alarms=alarms, nights=nights)
    canaries = CanaryReport(planted=250, found=125, score_cut=30, usual=0.8, fell=fell)
    run = replace(run, manifest=run.manifest.model_copy(update={"canaries": canaries}))
    once = flow(name="try", persist_result=False)(lambda: ended(run))
    state = once(return_state=True)
    assert (state.name, state.is_completed()) == (name, True)
    assert (nights is None) or "held against 28 nights before" in state.message
    assert ("The recall fell" in (state.message or "")) is fell
    assert once() == run


def test_a_run_of_the_command_line_is_named_after_its_partition(tmp_path, prefect_server):
    from prefect.client.orchestration import get_client

    from flows.orchestration.flows import detect

    partitions(tmp_path, [DAY])
    state = detect(job_in(tmp_path), Partition.of(DAY), return_state=True)
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(state.state_details.flow_run_id)
    assert run.name == "detect-nightly-2026-01-05"


def test_a_run_whose_parameters_are_refused_is_told_of_once(tmp_path, prefect_server, monkeypatch):
    from flows.orchestration.deployments import detect_job

    monkeypatch.setenv("OUTFIELD_JOBS", str(tmp_path / "jobs"))
    with on_duty(200) as duty:
        monkeypatch.setenv("OUTFIELD_NOTIFY_URL", duty.url)
        assert detect_job("../passwd", return_state=True).is_failed()
        (message,) = duty.messages
        assert message["title"] == "outfield ../passwd failed"
        assert "Validation of flow parameters failed" in message["message"]
        assert message["type"] == "failure"
        duty.messages.clear()
        assert detect_job("nowhere", return_state=True).is_failed()
        (message,) = duty.messages
        assert "there is no such job file" in message["message"]


def tried(failure: Exception) -> tuple[int, Any]:
    """Run a task that fails once; give how often it was tried, and its state."""
    from prefect import flow

    from flows.orchestration.tasks import as_task

    attempts: list[int] = []

    def step() -> str:
        attempts.append(1)
        if len(attempts) == 1:
            raise failure
        return "done"

    wrapped = as_task(step, "step")

    @flow(name="try", persist_result=False)
    def once() -> Any:
        return wrapped.submit().result()

    state = once(return_state=True)
    return len(attempts), state


def test_storage_that_does_not_answer_is_tried_again(prefect_server):
    attempts, state = tried(TimeoutError("no answer"))
    assert attempts == 2
    assert state.is_completed()


@pytest.mark.parametrize("failure", [InputError("bad", where="x"), ValueError("ours")])
def test_what_cannot_pass_is_not_tried_again(failure, prefect_server):
    attempts, state = tried(failure)
    assert attempts == 1
    assert state.is_failed()


def test_a_mistake_fails_the_flow_with_its_own_error_and_leaves_no_run(tmp_path, prefect_server):
    from flows.orchestration.flows import detect as detect_flow

    spec = job(
        written(tmp_path / "log.parquet", small_log()),
        tmp_path / "out",
        columns={"message": "number"},
    )
    with pytest.raises(InputError, match="unreadable number"):
        detect_flow(spec)
    assert list((tmp_path / "out/log/runs").iterdir()) == []


def test_listeners_hear_of_the_steps_of_the_flow(tmp_path, prefect_server):
    from flows.orchestration.flows import detect as detect_flow
    from flows.runtime.progress import told_of_progress

    told: list[str] = []
    spec = job(written(tmp_path / "log.parquet", small_log()), tmp_path / "out")
    with told_of_progress(lambda step, *_: told.append(step)):
        detect_flow(spec)
    assert list(dict.fromkeys(told)) == list(STEP_NAMES)


needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc here")


@needs_proc
def test_the_command_starts_a_server_of_its_own_and_leaves_none_behind(tmp_path):
    location = written(tmp_path / "log.parquet", small_log())
    with (
        (tmp_path / "stderr").open("w") as stderr,
        subprocess.Popen(  # noqa: S603 - our own code
            [OUTFIELD, "detect", location, "--output", tmp_path / "out"],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=plain_environment(tmp_path),
        ) as process,
    ):
        assert process.stdout is not None
        last = ""
        while not last.startswith("Took"):
            last = process.stdout.readline() or "Took: no summary"
        told = time.monotonic()
        assert process.stdout.read() == ""
        assert process.wait(timeout=60) == 0
    lingered = time.monotonic() - told
    print(f"exit {lingered:.1f} s after the summary; {last}")
    assert (tmp_path / "stderr").read_text() == ""
    assert (tmp_path / "prefect/prefect.db").exists()
    assert len(list_runs(str(tmp_path / "out/log"))) == 1
    assert processes_of(tmp_path) == []
    assert lingered < 30  # a slow machine takes ten


@needs_proc
def test_a_mistake_found_late_is_one_line_from_the_server_too(tmp_path):
    location = written(tmp_path / "log.parquet", small_log())
    (tmp_path / "job.toml").write_text('[columns]\nmessage = "number"\n')
    put_database(tmp_path)
    command = [OUTFIELD, "detect", location, "--output", tmp_path / "out"]
    ended = subprocess.run(  # noqa: S603 - our own code
        [*command, "--job", tmp_path / "job.toml"],
        capture_output=True,
        text=True,
        check=False,
        env=plain_environment(tmp_path),
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert "unreadable number" in ended.stderr
    assert processes_of(tmp_path) == []


@needs_proc
def test_ctrl_c_stops_the_run_and_its_server_and_leaves_nothing(tmp_path):
    location = written(tmp_path / "log.parquet", small_log())
    put_database(tmp_path)
    with subprocess.Popen(  # noqa: S603 - our own code
        [OUTFIELD, "detect", location, "--output", tmp_path / "out"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=plain_environment(tmp_path),
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 120
        while not (tmp_path / "out/log/runs").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the server is in the group
        stopped = time.monotonic()
        out, err = process.communicate(timeout=100)
    print(f"stopped in {time.monotonic() - stopped:.1f} s")
    assert (process.returncode, out, err) == (130, "", "outfield: stopped\n")
    assert time.monotonic() - stopped < 60  # a slow machine takes twelve
    assert list((tmp_path / "out/log/runs").iterdir()) == []
    assert processes_of(tmp_path) == []


def listed(api: str, what: str) -> list[dict[str, Any]]:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{api}/{what}/filter", b"{}", {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own server
        found: list[dict[str, Any]] = json.load(answer)
    return found


def test_a_run_appears_on_the_server_that_is_configured(prefect_server, tmp_path):
    from prefect.settings import PREFECT_API_URL

    api = PREFECT_API_URL.value()
    location = written(tmp_path / "configured.parquet", small_log())
    home = tmp_path / "home"
    home.mkdir()
    began = time.monotonic()
    ended = subprocess.run(  # noqa: S603 - our own code
        [OUTFIELD, "detect", location, "--output", tmp_path / "out"],
        capture_output=True,
        text=True,
        check=False,
        env=plain_environment(home, PREFECT_API_URL=api),
    )
    print(f"{time.monotonic() - began:.1f} s against a server")
    assert (ended.returncode, ended.stderr) == (0, "")
    runs = {run["name"]: run["state_type"] for run in listed(api, "flow_runs")}
    assert runs["detect-configured"] == "COMPLETED"
    assert {each["key"] for each in listed(api, "artifacts")} >= {
        "configured-summary",
        "configured-incidents",
        "configured-report",
    }
    assert not (home / "prefect/prefect.db").exists()


def test_a_configured_server_that_does_not_answer_is_told_in_one_line(tmp_path):
    location = written(tmp_path / "log.parquet", small_log())
    ended = subprocess.run(  # noqa: S603 - our own code
        [OUTFIELD, "detect", location, "--output", tmp_path / "out"],
        capture_output=True,
        text=True,
        check=False,
        env=plain_environment(tmp_path, PREFECT_API_URL=f"http://127.0.0.1:{free_port()}/api"),
    )
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert "PREFECT_API_URL: the Prefect server does not answer" in line
    assert "--direct" in line
    assert not (tmp_path / "out").exists()


def said_by(code: str, home: Path) -> "subprocess.CompletedProcess[str]":
    """Run some lines in a Python of their own, beside the project."""
    return subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
        env=plain_environment(home),
    )


@pytest.mark.parametrize(
    "start",
    [
        "from flows.runtime.settings import prepare_prefect; prepare_prefect();",
        "import flows.orchestration.flows;",
    ],
)
def test_nothing_is_reported_to_anybody(start, tmp_path):
    code = (
        f"{start}"
        "from prefect.settings import get_current_settings as settings;"
        "from prefect._internal.analytics.enabled import is_telemetry_enabled;"
        "print(settings().server.analytics_enabled, is_telemetry_enabled())"
    )
    said = said_by(code, tmp_path)
    assert said.stdout.split() == ["False", "False"]


def test_what_the_user_has_set_stays():
    from flows.runtime.settings import prepare_prefect

    with patch.dict(os.environ, PREFECT_LOGGING_LEVEL="INFO", PYTHONSAFEPATH=""):
        prepare_prefect()
        assert os.environ["PREFECT_LOGGING_LEVEL"] == "INFO"
        assert os.environ["PYTHONSAFEPATH"] == ""


@pytest.mark.parametrize(
    ("start", "printed"), [("prepare_prefect()", False), ("prepare_serving('jobs')", True)]
)
def test_services_and_database_of_prefect_speak_where_runs_are_served_alone(
    start, printed, tmp_path
):
    """A terminal has our line alone: however slowly Prefect's `EventsWorker` ends.

    And an embedded server may be stopped while it writes: SQLAlchemy then logs a traceback.
    """
    code = (
        "import logging; from flows.runtime import settings;"
        f"settings.{start};"
        "from prefect.logging.configuration import ensure_logging_setup;"
        "ensure_logging_setup();"
        "import sqlalchemy.pool;"
        "logging.getLogger('EventsWorker').warning('Still processing items');"
        "logging.getLogger('sqlalchemy.pool.impl').error('Exception terminating connection')"
    )
    said = said_by(code, tmp_path)
    assert ("Still processing items" in said.stderr) == printed
    assert ("Exception terminating connection" in said.stderr) == printed
