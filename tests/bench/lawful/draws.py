"""The draws of the benchmark: which there are, how they are run, and the file that stores them.

A draw is one judge on one log. It is stored under the versions that its outcome depends on: the
source of outfield, or the packages of a peer.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.lawful.logs import make_log
from tests.bench.lawful.measure import Found, judge
from tests.bench.lawful.peers import PEERS, judge_by_peer
from tests.bench.processes import in_processes
from tests.bench.quality.detectors import OUTFIELD, versions_of
from tests.bench.quality.outfield_job import source_hash

PROTOCOL = 1
"""Raised when logs, figures or peers' features change: earlier draws are then no longer read."""


class Key(NamedTuple):
    """One judge on one log."""

    judge: str
    minority: str
    share: float
    rows: int
    seed: int


@dataclass(frozen=True)
class Draw:
    """The outcome of one judge on one log."""

    key: Key
    outcome: Found
    version: str = ""
    """What else the outcome depends on."""


def version_of(judge_name: str) -> str:
    """Name what the outcomes of a judge depend on."""
    own = source_hash() if judge_name == OUTFIELD else versions_of(PEERS[judge_name].packages)
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
        stored = {(Key(*line["key"]), line["version"]): line for line in self._lines()}
        at = {key: (key, version[key.judge]) for key in wanted}
        return {
            key: Draw(key, Found(**stored[place]["outcome"]), place[1])
            for key, place in at.items()
            if place in stored
        }

    def _lines(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        return [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]


def run_draws(due: Sequence[Key], jobs: int, put: Callable[[Draw], None]) -> None:
    """Run draws, log by log, so many logs at a time, each in one thread; give each to `put`."""
    version = {name: version_of(name) for name in {key.judge for key in due}}
    logs = dict.fromkeys(key[1:] for key in due)
    parts = [[key for key in due if key[1:] == log] for log in logs]
    for _, outcomes in in_processes(judge_log, parts, jobs):
        for key, outcome in outcomes.items():
            put(Draw(key, outcome, version[key.judge]))


def judge_log(keys: Sequence[Key]) -> dict[Key, Found]:
    """Make the log that these keys have in common, and judge it by the judge of each."""
    _, minority, share, rows, seed = keys[0]
    log = make_log(minority, share, rows, seed)
    return {
        key: judge(log, seed) if key.judge == OUTFIELD else judge_by_peer(key.judge, log, seed)
        for key in keys
    }
