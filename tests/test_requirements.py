"""What the requirements promise of the two packages that Prefect's server breaks with."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]


def allowed(name: str) -> SpecifierSet:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (found,) = (r for r in map(Requirement, project["dependencies"]) if r.name == name)
    return found.specifier


@pytest.mark.parametrize(
    ("name", "working", "broken"),
    [("fastapi", "0.154.0", "0.155.0"), ("sqlalchemy", "2.0.58", "2.1.0")],
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


@pytest.mark.slow
def test_prefect_s_server_has_all_its_routes_with_the_installed_fastapi():
    assert allowed("fastapi").contains(version("fastapi"))
    code = (
        "from prefect.server.api.server import create_api_app;"
        "print(len(create_api_app().openapi()['paths']))"
    )
    result = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 100
