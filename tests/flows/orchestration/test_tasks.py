"""Steps as Prefect's tasks: in which process each is carried out."""
# Prefect must not be imported before its settings are in place, which the fixture sees to.
# ruff: noqa: PLC0415

import os

import pytest

from flows.runtime.settings import Settings
from flows.runtime.work import Step

pytestmark = pytest.mark.slow


def pid() -> int:
    return os.getpid()


def pid_for(_part: int) -> int:
    return os.getpid()


def test_what_nothing_runs_beside_is_carried_out_in_the_process_of_the_flow(
    prefect_server, monkeypatch
):
    from prefect import flow

    from flows.orchestration.tasks import prefect_runner, task_runner

    monkeypatch.setenv("OUTFIELD_RUNNER", "processes")
    monkeypatch.setenv("OUTFIELD_WORKERS", "1")
    settings = Settings.from_environment()

    @flow(name="try", persist_result=False, task_runner=prefect_runner(settings))
    def once() -> tuple[int, dict[int, int], dict[int, int]]:
        runner, part = task_runner(settings), Step("part", pid_for)
        whole = runner.call(Step("whole", pid))
        return whole, dict(runner.each(part, 1)), dict(runner.each(part, 2))

    whole, alone, two = once()
    assert (whole, alone) == (os.getpid(), {0: os.getpid()})
    assert set(two) == {0, 1}
    assert os.getpid() not in two.values()
