"""The examples for cron, Airflow and Kubernetes have their forms, and call commands that parse."""

import ast
import io
import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from cronsim import CronSim

from flows.cli.app import make_app
from flows.cli.console import Terminal
from flows.cli.options import Services

PAGE = (Path(__file__).parents[1] / "docs/howto/schedulers.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))


def check_command(tokens: Sequence[str]) -> None:
    program, command, *options = tokens
    assert Path(program).name == "outfield"
    app = make_app(Terminal(io.StringIO(), io.StringIO()), Services())
    app[command].parse_args(options, exit_on_error=False, print_error=False)


def check_schedule(cron: str) -> None:
    assert (
        next(CronSim(cron, datetime(2026, 1, 5, tzinfo=UTC))).date() >= datetime(2026, 1, 5).date()
    )


def test_the_lines_of_cron_are_schedules_of_commands() -> None:
    lines = [line for line in BLOCKS["text"].splitlines() if not line.startswith("#")]
    assert len(lines) == 2
    for line in lines:
        *when, _user, called = line.split(maxsplit=6)
        assert len(when) == 5
        check_schedule(" ".join(when))
        check_command(shlex.split(called.partition("; ")[2]))


def test_the_task_of_airflow_calls_a_command_on_a_schedule() -> None:
    given: dict[str, Any] = {}
    for call in ast.walk(ast.parse(BLOCKS["python"])):
        if isinstance(call, ast.keyword) and isinstance(call.value, ast.Constant):
            given[str(call.arg)] = call.value.value
    check_schedule(given["schedule"])
    check_command(shlex.split(given["bash_command"]))


def test_the_cron_job_of_kubernetes_mounts_what_it_has_and_calls_a_command() -> None:
    job = yaml.safe_load(BLOCKS["yaml"])
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    check_schedule(job["spec"]["schedule"])
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] in ("Never", "OnFailure")
    (container,) = pod["containers"]
    check_command(container["command"])
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
