"""outfield as a user runs it: Parquet in, its default job, the scores of the run out."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flows.pipelines.detect import detect_events
from flows.runtime.runner import DirectRunner
from flows.runtime.settings import Settings
from flows.storage.runs.reader import PublishedRun, read_scores
from schemas.columns.roles import Role
from schemas.events.flattening import flatten
from schemas.job.job import build_job
from tests.bench.quality.cases import Case

ROOT = Path(__file__).parents[3]


def source_hash(rooms: Sequence[str] = ("anomaly", "flows", "schemas")) -> str:
    """Return a hash of the program's source, or of some of its folders."""
    content = hashlib.sha256()
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            content.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return content.hexdigest()[:12]


def score_events(
    case: Case, events: pa.Table, units: pa.Array, seed: int, folder: Path
) -> npt.NDArray[np.float64]:
    """Run the job on the events and give the anomaly score of each unit.

    Roles are inferred; only the session's key is named, where sessions are judged. What outfield
    puts into quarantine has no score: it gets one below all others.

    Parameters
    ----------
    case, events, units
        The set, its rows without labels, and the names of what is judged.
    seed
        The job's seed.
    folder
        Where input and output go: an empty one.
    """
    location = folder / "events.parquet"
    pq.write_table(events, location)
    session = case.session_key and {"unit": "session", "session_key": case.session_key}
    settings = {"input": str(location), "output": str(folder / "out"), "name": "bench"}
    job = build_job({**settings, **(session or {}), "seed": seed}, "the benchmark")
    runner = DirectRunner(Settings.from_environment().workers)
    run = detect_events(job, runner, lambda *_: None)
    table = read_scores(run)
    names = units.cast(pa.string()) if session else record_ids(run, events)
    place = pc.index_in(names, table["record_id"].combine_chunks())
    scores = table["anomaly_score"].combine_chunks()
    return scores.take(place).fill_null(pc.min(scores).as_py() - 1).to_numpy()


def record_ids(run: PublishedRun, events: pa.Table) -> pa.Array:
    """Name each row as the run does: by the column it took for the id, else by file and row."""
    columns = run.manifest.columns.items()
    named = next((name for name, column in columns if column.role == Role.ID), None)
    if named is not None:
        return flatten(events)[named].combine_chunks().cast(pa.string())
    file = run.manifest.input_files[0].name
    return pa.array([f"{file}:{row}" for row in range(events.num_rows)])
