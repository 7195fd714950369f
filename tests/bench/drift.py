"""Three policies for a model while the log drifts: frozen, renewed on drift, or fitted each day.

`python -m tests.bench.drift` makes a log in which one account after the other changes its habits.
It fits a model on the first week, and has the job judge each day after it. With `--set` it takes
the events of a labelled set instead, in the order they have, cut into as many days.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow.parquet as pq
from sklearn.metrics import average_precision_score

from data.generate import generate, write
from flows.pipelines.refit import detect_with_refit
from flows.pipelines.train import train_model
from flows.runtime.runner import DirectRunner
from flows.storage.runs.reader import PublishedRun, read_scores
from schemas.job.job import JobSpec, build_job
from tests.bench.labelled import DATA
from tests.bench.results import OUTPUT, table
from tests.bench.results import write as write_results

SAMPLE_COLUMNS = {"event_id": "id", "host": "entity", "source_ip": "entity", "user": "entity"}
WEEK = 7
ALARM = 30.0
"""The anomaly score that one ordinary record in a thousand reaches."""
POLICIES = {
    "frozen": {"use": "latest"},
    "on-drift": {"use": "latest", "refit": "on-drift"},
    "each day anew": {"use": "fit"},
}


@dataclass(frozen=True)
class Day:
    """The result of a policy on a day."""

    policy: str
    week: int
    planted: np.ndarray
    """bool (n_records,)."""
    scores: np.ndarray
    """(n_records,): anomaly scores."""
    canaries: float
    moved: int
    """Columns that are not what the model was fitted on."""
    renewed: bool


def follow(
    policy: str, log: Path, days: Sequence[Path], columns: Mapping[str, str], seed: int
) -> list[Day]:
    """Judge the days one after the other, from the second week on, as `policy` has it."""
    planted = set(map(str, pq.read_table(log / "labels.parquet")["event_id"].to_pylist()))
    with TemporaryDirectory() as output:
        settings = {"output": output, "name": "stream", "seed": seed, "columns": columns}
        history = log / "history"
        settings["model"] = {**POLICIES[policy], "train": str(history)}
        _keep(days[:WEEK], history)
        if policy != "each day anew":
            train_model(_job(settings, history), DirectRunner(2), _silent, promote=True)
        found = []
        for number, day in enumerate(days[WEEK:], WEEK):
            _keep(days[number - WEEK + 1 : number + 1], history)
            run = detect_with_refit(_job(settings, day), DirectRunner(2), _silent)
            found.append(_day(policy, number // WEEK, run, planted))
            print(policy, day.name, run.manifest.moved_columns, file=sys.stderr)
    return found


def _job(settings: dict[str, object], location: Path) -> JobSpec:
    return build_job({**settings, "input": str(location)}, "bench")


def cut_in_order(folder: Path, days: int, log: Path) -> None:
    """Write the events of a labelled set as a log of days of equal size, and its labels."""
    events = pq.read_table(folder / "events.parquet")
    labels = pq.read_table(folder / "labels.parquet")
    for number, rows in enumerate(np.array_split(np.arange(len(events)), days)):
        day = log / f"events/date={number:03d}"
        day.mkdir(parents=True)
        pq.write_table(events.slice(rows[0], len(rows)), day / "part-0.parquet")
    pq.write_table(labels.filter(labels["is_anomaly"]), log / "labels.parquet")


def _day(policy: str, week: int, run: PublishedRun, planted: set[str]) -> Day:
    scores = read_scores(run, ["record_id", "anomaly_score"])
    canaries = run.manifest.canaries
    return Day(
        policy=policy,
        week=week,
        planted=np.array([record in planted for record in scores["record_id"].to_pylist()]),
        scores=scores["anomaly_score"].to_numpy(),
        canaries=canaries.recall if canaries else 0.0,
        moved=len(run.manifest.moved_columns),
        renewed=run.manifest.model.renewal is not None,
    )


def _keep(days: Sequence[Path], folder: Path) -> None:
    """Let a folder hold these days and no others."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for day in days:
        pq.write_table(pq.read_table(day / "part-0.parquet"), folder / f"{day.name}.parquet")


def _silent(_step: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def decay_table(days: Sequence[Day]) -> str:
    """Return a row for each policy and week: AP over its records, alarms, what was noticed."""
    head = ["policy, week", "records", "AP", "alarms per 1,000", "canaries", "moved", "renewed"]
    rows = []
    for policy, week in dict.fromkeys((day.policy, day.week) for day in days):
        own = [day for day in days if (day.policy, day.week) == (policy, week)]
        planted = np.concatenate([day.planted for day in own])
        scores = np.concatenate([day.scores for day in own])
        alarms = np.mean(scores[~planted] >= ALARM)
        ap = average_precision_score(planted, scores) if planted.any() else float("nan")
        rows.append(
            [
                f"{policy}, {week}",
                f"{len(scores):,}",
                f"{ap:.3f}",
                f"{1_000 * alarms:.1f}",
                f"{np.mean([day.canaries for day in own]):.0%}",
                f"{np.mean([day.moved for day in own]):.1f}",
                f"{sum(day.renewed for day in own)}",
            ]
        )
    return table(head, rows)


def main() -> None:
    """Run the experiment and write what it found."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.drift", description=__doc__)
    options.add_argument("--rows", type=int, default=150_000)
    options.add_argument("--days", type=int, default=35)
    options.add_argument("--drift", type=float, default=1.0, help="share of accounts that move")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--set", help="a labelled set of events, such as kdd99")
    options.add_argument("--data", type=Path, default=DATA, help="the folder of the sets")
    options.add_argument("--policies", nargs="+", default=list(POLICIES), choices=POLICIES)
    options.add_argument("--output", type=Path, default=OUTPUT / "drift")
    given = options.parse_args()
    with TemporaryDirectory() as folder:
        log = Path(folder)
        if given.set:
            what = f"The events of {given.set} in their order, in {given.days} days"
            columns = {"event_id": "id"}
            cut_in_order(given.data / "events" / given.set, given.days, log)
        else:
            what = (
                f"{given.drift:.0%} of the accounts come to work otherwise over {given.days} days"
            )
            columns = SAMPLE_COLUMNS
            write(*generate(given.rows, given.days, given.seed, given.drift), log)
        days = sorted(log.glob("events/date=*"))
        found = [
            day
            for policy in given.policies
            for day in follow(policy, log, days, columns, given.seed)
        ]
    page = (
        f"# A log that drifts\n\n{what}; a model of the first week. AP over the records of the"
        f" week; alarms: ordinary records of a score from {ALARM:g} on, 1 per 1,000 where p-values"
        f" hold.\n\n{decay_table(found)}"
    )
    figures = [
        {k: v for k, v in vars(day).items() if k not in ("planted", "scores")} for day in found
    ]
    write_results(given.output, page, {"days": figures})


if __name__ == "__main__":
    main()
