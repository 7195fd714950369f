"""Settings of every test."""

import gc
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# One thread for each product, as in the steps of a run. Threads of BLAS that wait for each other
# take a quarter of the tests' CPU time. The processes that a test starts inherit this.
for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# A busy machine must not fail a property: pytest's timeout stops what does not end.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

LONGEST = (
    "tests/flows/orchestration/test_deployments.py",
    "tests/flows/orchestration/test_flows.py",
    "tests/flows/orchestration/test_server.py",
    "tests/flows/runtime/test_runner.py",
    "tests/flows/storage/fs/test_faulty_store.py",
    "tests/flows/storage/fs/test_store_lock.py",
    "tests/flows/runtime/test_stopping.py",
    "tests/flows/report/test_browser.py",
    "tests/flows/end_to_end/test_store_output.py",
    "tests/flows/orchestration/test_postgres.py",
    "tests/bench/test_scenarios.py",
)
"""Files that wait for processes, stores or a clock, or take minutes, the longest first. A worker
takes a file as a whole: begun among the last, such a file leaves the other workers without work.
The one of the store's lock waits for two minutes in two tests. Its worker takes two files at once,
so the file that follows is a short one."""


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Hear what outfield warns of, also once Prefect has set up the logs of this process."""
    log = logging.getLogger("outfield")
    level, propagate = log.level, log.propagate
    log.setLevel(logging.WARNING)
    log.propagate = True
    yield caplog
    log.setLevel(level)
    log.propagate = propagate


def pytest_configure(config: pytest.Config) -> None:
    """Look for no doctests where slow tests are asked for: none is slow."""
    if config.option.markexpr == "slow":
        config.option.doctestmodules = False


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Import all test files without a look for garbage: what imports make stays.

    Each look goes through all of that again, in each worker. Frozen, it is not gone through later.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the files without a slow test out where such are asked for: each worker imports all."""
    if config.option.markexpr != "slow" or collection_path.suffix != ".py":
        return None
    return "mark.slow" not in collection_path.read_text(encoding="utf-8") or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first; the order of the others stays."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    path = item.path.as_posix()
    return next((i for i, name in enumerate(LONGEST) if path.endswith(name)), len(LONGEST))
