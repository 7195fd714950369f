"""The promises of SECURITY.md and `docs/`: each names tests that exist, and two are held here."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.sample_logs import small_log, written

ROOT = Path(__file__).parents[1]
PROMISES = "docs/reference/promises.md"
PLACES = {
    "Rows",
    "Bytes",
    "Crash",
    "Kill",
    "Disk",
    "Store",
    "Server",
    "Cluster",
    "Hostile value",
    "Secret",
}
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
"""A file and a test, as pytest names them."""
TELL_OF_PORTS = """
import sys

def tell(event, arguments):
    if event == "socket.bind":
        sys.stderr.write(f"bound to {arguments[1]}")

sys.addaudithook(tell)
"""
DETECT = """
from flows.cli.app import main
sys.exit(main(["detect", *sys.argv[1:]]))
"""

SERVE = """
from flows.runtime.settings import prepare_prefect
prepare_prefect()
from flows.orchestration.embedded_server import use_embedded_server
use_embedded_server()
"""


@pytest.mark.parametrize(
    ("page", "last", "at_least"),
    [("SECURITY.md", "What is not promised", 11), (PROMISES, "Not promised", 16)],
)
def test_each_promise_is_followed_by_tests(page: str, last: str, at_least: int) -> None:
    promised, _ = (ROOT / page).read_text(encoding="utf-8").split(f"## {last}")
    promises = re.split(r"^\*\*", promised, flags=re.MULTILINE)[1:]
    assert len(promises) >= at_least
    assert [promise[:60] for promise in promises if not NAMED.search(promise)] == []


def test_each_place_has_a_promise() -> None:
    sections = re.split(r"^## ", (ROOT / PROMISES).read_text(encoding="utf-8"), flags=re.MULTILINE)
    places = {section.partition("\n")[0]: section for section in sections[1:-1]}
    assert set(places) == PLACES
    assert [place for place, section in places.items() if "\n**" not in section] == []


@pytest.mark.parametrize("page", ["SECURITY.md", PROMISES])
def test_each_test_that_is_named_exists(page: str) -> None:
    named = NAMED.findall((ROOT / page).read_text(encoding="utf-8"))
    missing = [(file, name) for file, name in named if name not in functions_of(ROOT / file)]
    assert missing == []


def functions_of(path: Path) -> set[str]:
    """Return the names of the functions of a module; none if there is no such module."""
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.slow
def test_a_direct_run_opens_no_port(tmp_path: Path) -> None:
    location = written(tmp_path / "log.parquet", small_log())
    ended = python(DETECT, location, "--output", str(tmp_path / "out"), "--direct")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_port_that_is_opened_is_noticed() -> None:
    ended = python("import socket; socket.create_server(('127.0.0.1', 0))")
    assert ended.stderr == "bound to ('127.0.0.1', 0)"


def python(code: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own that prints each port it opens to standard error."""
    return subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", f"{TELL_OF_PORTS}{code}", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **more},
    )


@pytest.mark.slow
def test_the_embedded_server_listens_on_this_machine_alone(tmp_path: Path) -> None:
    ended = python(SERVE, PREFECT_HOME=str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    assert re.findall(r"bound to \('([^']+)'", ended.stderr) == ["127.0.0.1"]
