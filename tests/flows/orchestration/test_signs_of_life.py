"""Served runs that count as gone, with a server and without waiting."""
# Prefect must not be imported before its settings are in place, which the fixture sees to.
# ruff: noqa: PLC0415

import os
import socket
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def client(prefect_server) -> Iterator[object]:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as opened:
        yield opened


def started(client, name: str, state: str = "RUNNING"):
    """A run of the deployment `detect/NAME` in a state."""
    from prefect import flow
    from prefect.client.schemas.objects import StateType
    from prefect.states import State

    detect = flow(name="detect")(lambda: None)
    deployment = client.create_deployment(client.create_flow(detect), name)
    run = client.create_flow_run_from_deployment(deployment)
    client.set_flow_run_state(run.id, State(type=StateType(state)), force=True)
    return run


HERE = socket.gethostname()


@pytest.mark.parametrize(
    ("state", "sign", "patience"),
    [
        ("PENDING", None, 75),
        ("RUNNING", None, 30),
        ("RUNNING", f"{HERE}:999999999", 30),
        ("RUNNING", f"{HERE}:{os.getpid()}", 30),  # a process, but not that of the run
        ("RUNNING", "elsewhere:1", 60),
    ],
    ids=["begins", "silent", "no process", "another process", "elsewhere"],
)
def test_a_run_that_gives_no_sign_is_gone_after_a_while(client, state, sign, patience):
    from flows.orchestration.signs_of_life import Watch, call_crashed

    name = f"{state}-{sign}"
    run = started(client, name, state)
    if sign:
        client.update_flow_run(run.id, infrastructure_pid=sign)
    now = [0.0]
    watch = Watch([name], clock=lambda: now[0])
    assert watch.gone(client) == []
    now[0] = patience - 1.0
    assert watch.gone(client) == []
    now[0] = patience + 0.0
    (gone,) = watch.gone(client)
    assert gone.id == run.id
    assert call_crashed(client, gone)
    assert client.read_flow_run(run.id).state_name == "Crashed"
    assert watch.gone(client) == []


def test_a_run_that_gives_signs_is_not_gone(client):
    from flows.orchestration.signs_of_life import Watch, signs_of_life

    run = started(client, "alive")
    now = [0.0]
    watch = Watch(["alive"], clock=lambda: now[0])
    assert watch.gone(client) == []
    with signs_of_life(run.id):
        while client.read_flow_run(run.id).infrastructure_pid is None:
            pass
    now[0] = 59.0
    assert watch.gone(client) == []
    assert client.read_flow_run(run.id).infrastructure_pid == f"{HERE}:{os.getpid()}"


def test_runs_of_others_and_those_that_ended_are_left_alone(client):
    from flows.orchestration.signs_of_life import Watch

    started(client, "another")
    started(client, "mine", "COMPLETED")
    now = [0.0]
    watch = Watch(["mine"], clock=lambda: now[0])
    assert watch.gone(client) == []
    now[0] = 10_000.0
    assert watch.gone(client) == []
