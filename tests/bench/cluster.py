"""The gain of a Dask cluster: one and two workers measured, a hundred computed from the parts.

The workers are processes of this machine with one thread each. What passes through the scheduler is
counted in its own process (`scheduler_bytes.py`).
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from distributed import Client, Scheduler

from flows.pipelines.detect import detect_events
from flows.runtime.dask import ClusterRunner, connected
from flows.runtime.work import PARTS_IN_TASK, Work, carry_out_patiently, shares
from flows.steps.incident_context import MOST_SHARES
from flows.steps.records import CHUNK_ROWS, MOST_CHUNKS
from flows.storage.runs.reader import PublishedRun
from schemas.job.job import build_job
from tests.bench import scheduler_bytes
from tests.bench.results import OUTPUT, table, write
from tests.bench.speed.log import write_log
from tests.flows.dask_cluster import dask_cluster

_EMPTY_TASKS = 1_000
_IDLE_SECONDS = 10
_FAR = 100
"""Workers of the cluster that is computed."""
_MANY = (10_000_000, 100_000_000, 1_000_000_000)
"""Rows that it is computed for."""


@dataclass(frozen=True)
class Measured:
    """One run on a cluster."""

    workers: int
    wall: float
    """Seconds, from the plan to the published run."""
    seconds: Mapping[str, float]
    """Step -> wall seconds."""
    processor: Mapping[str, float]
    """Step -> seconds of a processor, of all workers; `driver`: of the one that started it.
    A busy machine changes them little.
    """
    tasks: int
    """Those of the run that the scheduler handed out."""
    computing: float
    """Seconds that the workers spent in them, as Dask counts."""
    bytes: Mapping[str, int]
    """What the scheduler read and wrote for it; heartbeats, which pass anyhow, are taken off."""


@dataclass(frozen=True)
class Costs:
    """The parts of a run's time that other sizes are computed from, in seconds."""

    fixed: float
    """Planning and the fit on the sample, grouping and explaining what is odd, the report."""
    row_alone: float
    """A row, in the steps that one worker does for all rows: `gather` and `select`."""
    row_shared: float
    """A row, in the step that is divided: `score`, on one worker."""
    row_looked: float
    """A row, in `look around`, on one worker: few share it."""
    task: float
    """What the scheduler takes for a task that does nothing."""

    def of(self, rows: int, workers: int, tasks: int) -> float:
        """Compute the seconds of a run."""
        alone = self.fixed + self.row_alone * rows
        shared = self.row_shared / workers + self.row_looked / min(workers, MOST_SHARES)
        return alone + shared * rows + self.task * tasks


def main() -> None:
    """Measure and write the page."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.cluster", description=__doc__)
    options.add_argument("--rows", type=int, default=4_000_000, help="rows of the generated log")
    options.add_argument("--output", type=Path, default=OUTPUT / "cluster", help="where to write")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.parquet"
        write_log(log, given.rows)
        runs, hashes = [], []
        for workers in (1, 2):
            with cluster_of(workers, Path(folder) / f"dask-{workers}") as client:
                run, measured = measure(client, workers, log, Path(folder) / f"out-{workers}")
                runs.append(measured)
                hashes.append(bytes_of(run))
                task = seconds_of_a_task(client)
    assert hashes[0] == hashes[1], "one and two workers wrote other bytes"
    costs = costs_of(runs[0], given.rows, task)
    figures = {"rows": given.rows, "runs": [asdict(run) for run in runs], "costs": asdict(costs)}
    write(given.output, page(given.rows, runs, costs), figures)


@contextmanager
def cluster_of(workers: int, folder: Path) -> Iterator[Client]:
    """Yield a client of a cluster whose scheduler counts its bytes."""
    with (
        dask_cluster(folder, workers, "--preload", scheduler_bytes.__file__) as cluster,
        connected(cluster.address) as client,
    ):
        client.run(_import_outfield)
        yield client


def _import_outfield() -> None:
    """Import what the first task of a worker would: it is no part of a run's time."""
    import flows.steps.gather  # noqa: F401, PLC0415


def measure(client: Client, workers: int, log: Path, output: Path) -> tuple[PublishedRun, Measured]:
    """Run the main job on the cluster."""
    job = build_job({"input": str(log), "output": str(output), "name": "log"}, "bench")
    idle = idle_bytes(client)
    before = client.run_on_scheduler(scheduler_bytes.bytes_seen)
    taken: dict[str, float] = {}

    used: dict[str, float] = {}

    def on_progress(step: str, done: int, total: int) -> None:
        now = sum(client.run(time.process_time).values())
        if done == 0:
            used[step] = now
        taken[step] = now - used[step]

    began, driver = time.perf_counter(), time.process_time()
    run = detect_events(job, ClusterRunner(client), on_progress)
    wall = time.perf_counter() - began
    taken["driver"] = time.process_time() - driver
    after = client.run_on_scheduler(scheduler_bytes.bytes_seen)
    tasks, computing = client.run_on_scheduler(tasks_seen)
    seen = {name: round(after[name] - before[name] - idle[name] * wall) for name in after}
    return run, Measured(workers, wall, run.manifest.seconds, taken, tasks, computing, seen)


def idle_bytes(client: Client) -> dict[str, float]:
    """Measure what passes through the scheduler in a second in which nothing is done."""
    before = client.run_on_scheduler(scheduler_bytes.bytes_seen)
    time.sleep(_IDLE_SECONDS)
    after = client.run_on_scheduler(scheduler_bytes.bytes_seen)
    return {name: (after[name] - before[name]) / _IDLE_SECONDS for name in after}


def tasks_seen(dask_scheduler: Scheduler) -> tuple[int, float]:
    """Return how many tasks were finished and how long they took; to be run on the scheduler."""
    prefix = dask_scheduler.task_prefixes[carry_out_patiently.__name__]
    return prefix.state_counts["memory"], prefix.all_durations["compute"]


def seconds_of_a_task(client: Client) -> float:
    """Measure what a task costs that does nothing."""
    work = [Work(abs, number) for number in range(_EMPTY_TASKS)]
    began = time.perf_counter()
    client.gather(client.map(carry_out_patiently, work, pure=False))
    return (time.perf_counter() - began) / _EMPTY_TASKS


def bytes_of(run: PublishedRun) -> dict[str, bytes]:
    """Read what the run wrote for the next system."""
    files = (run.folder / "findings", run.folder / "scores")
    return {f"{d.name}/{f.name}": f.read_bytes() for d in files for f in sorted(d.iterdir())}


def costs_of(alone: Measured, rows: int, task: float) -> Costs:
    """Take the parts from a run on one worker."""
    by_row = alone.processor["gather"] + alone.processor["select"]
    whole = ("fit", "group", "explain", "watch", "driver")
    fixed = sum(alone.processor[step] for step in whole)
    score, looked = (alone.processor[step] / rows for step in ("score", "look around"))
    return Costs(fixed, by_row / rows, score, looked, task)


def page(rows: int, runs: list[Measured], costs: Costs) -> str:
    """Render the figures."""
    head = ["workers", "wall s", "fit s", "score s", "score, processor s", "tasks", "in them s"]
    head += ["bytes in", "bytes out"]
    lines = [
        [
            str(run.workers),
            f"{run.wall:.1f}",
            f"{run.seconds['fit']:.1f}",
            f"{run.seconds['score']:.1f}",
            f"{run.processor['score']:.1f}",
            str(run.tasks),
            f"{run.computing:.1f}",
            f"{run.bytes[scheduler_bytes.READ]:,}",
            f"{run.bytes[scheduler_bytes.WRITTEN]:,}",
        ]
        for run in runs
    ]
    return "\n\n".join(
        [
            f"# A cluster: {rows:,} rows",
            table(head, lines),
            f"From processor seconds, for {_FAR} workers with one thread each, and for one:",
            table(*far(costs, runs[0])),
            f"Parts: {costs.fixed:.1f} s whatever the rows, {costs.row_alone * 1e6:.2f} µs a row in"
            f" the steps of one worker, {costs.row_shared * 1e6:.2f} µs a row in scoring,"
            f" {costs.row_looked * 1e6:.2f} µs in looking around, in {MOST_SHARES} shares at most,"
            f" {costs.task * 1e3:.2f} ms a task of the scheduler.",
        ]
    )


def far(costs: Costs, measured: Measured) -> tuple[list[str], list[list[str]]]:
    """Compute what many workers would take for many rows: the head and the rows of a table."""
    bytes_of_task = sum(measured.bytes.values()) / measured.tasks
    lines = []
    for rows in _MANY:
        chunks = min(-(-rows // CHUNK_ROWS), MOST_CHUNKS)
        tasks = len(shares(chunks, _FAR, PARTS_IN_TASK)) + min(chunks, MOST_SHARES)
        one, many = (costs.of(rows, workers, tasks) for workers in (1, _FAR))
        alone = costs.fixed + costs.row_alone * rows
        lines.append(
            [
                f"{rows:,}",
                f"{one:,.0f}",
                f"{many:,.0f}",
                f"{one / many:.0f} x",
                f"{alone / many:.0%}",
                f"{tasks:,}",
                f"{tasks * bytes_of_task / 1e6:,.0f} MB",
            ]
        )
    head = ["rows", "1 worker, s", f"{_FAR}, s", "gain", "of it one worker alone", "tasks", "bytes"]
    return head, lines


if __name__ == "__main__":
    main()
