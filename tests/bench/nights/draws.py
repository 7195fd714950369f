"""The draws of the benchmark: how they are run, and the file that stores them.

A draw is one judge on one log. It is stored under the versions that its outcome depends on.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tests.bench.nights.logs import Drawn, open_log
from tests.bench.nights.measure import MODELS, Night, judge
from tests.bench.nights.peers import PACKAGES, judge_by_peer
from tests.bench.processes import in_processes
from tests.bench.quality.detectors import versions_of
from tests.bench.quality.outfield_job import source_hash

PROTOCOL = 1
"""Raised when logs, figures or peers' features change: earlier draws are then no longer read."""
JUDGES = (*MODELS, *PACKAGES)


class Key(NamedTuple):
    """One judge on one log."""

    judge: str
    log: Drawn


@dataclass(frozen=True)
class Draw:
    """The outcome of one judge on one log."""

    key: Key
    nights: list[Night]
    version: str = ""
    """What else the outcome depends on."""


def version_of(judge_name: str) -> str:
    """Name what the outcomes of a judge depend on."""
    own = source_hash() if judge_name in MODELS else versions_of(PACKAGES[judge_name])
    return f"{own}, protocol {PROTOCOL}"


class DrawStore:
    """A file of draws, a line each.

    Parameters
    ----------
    path
        The file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, draw: Draw) -> None:
        """Add a draw."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(draw)) + "\n")

    def find(self, keys: Iterable[Key]) -> dict[Key, Draw]:
        """Find those of the draws that are stored under the present versions."""
        wanted = list(keys)
        version = {name: version_of(name) for name in {key.judge for key in wanted}}
        stored = {(_key(line["key"]), line["version"]): line for line in self._lines()}
        at = {key: (key, version[key.judge]) for key in wanted}
        return {
            key: Draw(key, [Night(**night) for night in stored[place]["nights"]], place[1])
            for key, place in at.items()
            if place in stored
        }

    def _lines(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        return [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]


def _key(stored: Sequence[Any]) -> Key:
    return Key(stored[0], Drawn(*stored[1]))


def run_draws(due: Sequence[Key], data: Path, jobs: int, put: Callable[[Draw], None]) -> None:
    """Run draws, so many at a time, each in one thread; give each to `put`."""
    version = {name: version_of(name) for name in {key.judge for key in due}}
    for key, nights in in_processes(partial(judge_log, data=data), due, jobs):
        put(Draw(key, nights, version[key.judge]))


def judge_log(key: Key, data: Path) -> list[Night]:
    """Find or make the log, and judge it."""
    with TemporaryDirectory(prefix="bench-") as folder:
        log = open_log(key.log, data, Path(folder))
        by = judge if key.judge in MODELS else judge_by_peer
        return by(log, key.judge, key.log.seed)
