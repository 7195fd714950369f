"""The earlier runs of a job, as a run is compared with them.

Earlier is what its records say, not the clock: a partition that is run again, or filled in later,
is compared with the same runs as the first time.
"""

from datetime import datetime

import pyarrow as pa

from anomaly.recurrence import PAST_COLUMNS, Past
from flows.storage.published import PublishedRun, age, read_incidents, readable_runs
from flows.storage.store_path import Place
from schemas.errors import OutputError
from schemas.manifest import InputFile

_MOST_RUNS = 90
"""Earlier runs that a run is compared with, the newest ones."""

Covers = tuple[datetime, datetime] | None


def earlier_runs(job_folder: Place, covers: Covers, files: list[InputFile]) -> list[PublishedRun]:
    """Return the runs that come before one, the oldest first; of the same records the newest.

    Parameters
    ----------
    job_folder
        OUTPUT/JOB.
    covers
        The first and the last time of the run's records. Before it are the runs whose records end
        earlier. Without a time, all that judged other input.
    files
        Its input.

    Runs that cannot be read are passed over: it is no fault of this one.
    """
    found: dict[object, PublishedRun] = {}
    for run in reversed(readable_runs(job_folder)):
        theirs = run.manifest.covers
        if (theirs is None) != (covers is None):
            continue
        if covers is not None and theirs is not None:
            if theirs[1] < covers[1]:
                found[theirs] = run
        elif (judged := _contents(run.manifest.input_files)) != _contents(files):
            found[judged] = run
    before = sorted(found.values(), key=_order)
    return before[-_MOST_RUNS:]


def _contents(files: list[InputFile]) -> tuple[tuple[str, int, int], ...]:
    return tuple((file.name, file.rows, file.bytes) for file in files)


def past_incidents(runs: list[PublishedRun]) -> list[Past]:
    """Read the incidents of earlier runs, suppressed ones too; a damaged run is passed over."""
    past = []
    for place, run in enumerate(runs):
        try:
            tables = [read_incidents(run, dataset) for dataset in ("incidents", "suppressed")]
        except OutputError:
            continue  # no reason to fail: it is another run's fault
        rows = pa.concat_tables(tables).select(PAST_COLUMNS)
        for name in ("first_time", "last_time"):
            place_of = rows.column_names.index(name)
            rows = rows.set_column(place_of, name, rows[name].cast(pa.int64()))
        past += [Past.of(row, place) for row in rows.to_pylist()]
    return past


def _order(run: PublishedRun) -> tuple[float, float, str]:
    end = run.manifest.covers[1].timestamp() if run.manifest.covers else 0.0
    return end, *age(run)
