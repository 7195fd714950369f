"""The trials of the benchmark, and the store of their results: a file each, found by its key.

A result belongs to a trial if set, detector, seed and versions are the same. The version of
outfield is the source of the program, that of the peers their libraries. A timeout holds until more
time is granted.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.quality.cases import Case
from tests.bench.quality.detectors import OUTFIELD, PEERS, versions_of
from tests.bench.quality.features import PROTOCOL
from tests.bench.quality.outfield_job import source_hash

ROLES = ("anomaly/preprocess", "schemas/columns")
"""Where roles are inferred, by which engineered features are made."""


@dataclass(frozen=True)
class Trial:
    """One detector on one set with one seed."""

    case: Case
    detector: str
    seed: int
    content: str
    """The digest of the set."""
    version: str
    """What else the result depends on."""


@dataclass(frozen=True)
class Result:
    """The outcome of a trial. Without a result the figures are None and `reason` says why."""

    set: str
    suite: str
    detector: str
    seed: int
    content: str
    version: str
    status: str
    """`done`, `timeout` or `failed`."""
    reason: str
    limit: float
    """Seconds that it was granted."""
    finished: str
    auroc: float | None = None
    ap: float | None = None
    precision: float | None = None
    seconds: float | None = None
    units: int | None = None
    anomalies: int | None = None


def trials_of(cases: Sequence[Case], detectors: Sequence[str], seeds: int) -> list[Trial]:
    """List the trials, set by set; a detector that draws nothing has one seed."""
    version_of = {detector: _version(detector) for detector in detectors}
    found = []
    for case in cases:
        content = case.digest()
        for detector in detectors:
            times = seeds if detector == OUTFIELD or PEERS[detector].seeded else 1
            version = version_of[detector]
            found += [Trial(case, detector, seed, content, version) for seed in range(times)]
    return found


def _version(detector: str) -> str:
    """Name what the results of a detector depend on."""
    if detector == OUTFIELD:
        return f"outfield {source_hash()}"
    peer = PEERS[detector]
    told = f"{versions_of(peer.packages)}, protocol {PROTOCOL}"
    return told if peer.features == "skrub" else f"{told}, roles {source_hash(ROLES)}"


def result_of(trial: Trial, limit: float, status: str, reason: str, **figures: float) -> Result:
    """Make the result of a trial that has just ended."""
    return Result(
        set=trial.case.name,
        suite=trial.case.suite,
        detector=trial.detector,
        seed=trial.seed,
        content=trial.content,
        version=trial.version,
        status=status,
        reason=reason,
        limit=limit,
        finished=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        **figures,
    )


class ResultStore:
    """The folder of results: `SET/DETECTOR-SEED.jsonl`, a line for each time it was run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, result: Result) -> None:
        """Keep a result."""
        path = self._path(result.set, result.detector, result.seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(result)) + "\n")

    def find(self, trial: Trial, limit: float) -> Result | None:
        """Find the result of a trial, if it needs not be run again under this limit."""
        newest = max(self._stored(trial), default=None, key=_by_version(trial))
        if newest is None or newest.version != trial.version:
            return None
        return None if newest.status == "timeout" and newest.limit < limit else newest

    def all_of(self, trials: Iterable[Trial]) -> list[Result]:
        """Give the newest result of each trial that has one; of another version if need be."""
        best = (max(self._stored(trial), default=None, key=_by_version(trial)) for trial in trials)
        return [result for result in best if result is not None]

    def _stored(self, trial: Trial) -> list[Result]:
        path = self._path(trial.case.name, trial.detector, trial.seed)
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").splitlines()
        results = [Result(**json.loads(line)) for line in lines]
        return [result for result in results if result.content == trial.content]

    def _path(self, case: str, detector: str, seed: int) -> Path:
        return self._folder / case / f"{detector}-{seed}.jsonl"


def _by_version(trial: Trial) -> Callable[[Result], tuple[bool, str]]:
    """Rank the trial's own version before others, and the newest highest."""
    return lambda result: (result.version == trial.version, result.finished)
