"""The requirements: bounds of the two packages that Prefect's server breaks with."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tests.flows.prefect_processes import plain_environment

ROOT = Path(__file__).parents[1]


def allowed(name: str) -> SpecifierSet:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (found,) = (r for r in map(Requirement, project["dependencies"]) if r.name == name)
    return found.specifier


@pytest.mark.parametrize(
    ("name", "working", "broken"),
    [("fastapi", "0.150.0", "0.151.0"), ("sqlalchemy", "2.0.58", "2.1.0")],
)
def test_versions_that_break_prefect_are_ruled_out_and_no_others(name, working, broken):
    assert allowed(name).contains(working)
    assert not allowed(name).contains(broken)


@pytest.mark.parametrize(
    "lock", sorted(ROOT.glob("requirements*.lock")), ids=lambda lock: lock.name
)
@pytest.mark.parametrize("name", ["fastapi", "sqlalchemy"])
def test_a_locked_version_is_an_allowed_one(lock, name):
    locked = re.findall(rf"^{name}==([\w.]+)", lock.read_text(), re.MULTILINE)
    assert all(allowed(name).contains(each) for each in locked)
    assert locked or lock.name == "requirements-bench.lock"


ASK = """
import asyncio, httpx
from prefect.server.api.server import create_api_app

async def ask():
    # No database: what is taken ends in a fault, and what is refused in 422.
    transport = httpx.ASGITransport(app=create_api_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        for body in ({"limit": None}, {"limit": "many"}):
            print((await client.post("/task_runs/filter", json=body)).status_code)

asyncio.run(ask())
"""


@pytest.mark.slow
def test_prefect_s_server_takes_the_nulls_that_its_client_sends(tmp_path):
    environment = plain_environment(tmp_path)
    result = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", ASK], capture_output=True, text=True, check=False, env=environment
    )
    assert result.returncode == 0, result.stderr
    nulls, wrong = result.stdout.split()
    assert nulls != "422"
    assert wrong == "422"
