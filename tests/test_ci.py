"""`.ci/run`, with stubs of the programs that it calls."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.flows.postgres_server import postgres_programs

_RUN = Path(__file__).parent.parent / ".ci/run"
_STUBS = {
    "id": "echo 0",
    "apt-get": 'echo "apt-get $*"; exit "${APT_FAILS:-0}"',
    "make": "echo made",
}


@pytest.mark.parametrize("fails", [0, 1])
def test_ci_installs_what_is_missing_and_tests_whether_it_can_or_not(
    tmp_path: Path, fails: int
) -> None:
    for name, script in _STUBS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    told = subprocess.run(  # noqa: S603 - our own script
        [tmp_path / "bash", _RUN],
        env={"PATH": str(tmp_path), "APT_FAILS": str(fails)},
        capture_output=True,
        text=True,
        check=True,
    )
    missing = ["chromium"] + ["postgresql"] * (postgres_programs() is None)
    asked = [f"apt-get install -q -y --no-install-recommends {name}" for name in missing]
    assert told.stdout.splitlines() == ["apt-get update -q", *asked, "made"]
    warnings = [f"{name} cannot be installed: its tests are skipped." for name in missing]
    assert told.stderr.splitlines() == warnings * fails
