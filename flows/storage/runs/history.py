"""The earlier runs of a job, as a run is compared with them.

The day of the partition decides what is earlier, not the clock; without partitions the times of the
records do. A partition that is run again, or filled in later, is compared with the same runs as the
first time.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

import pyarrow as pa

from anomaly.incidents.recurrence import PAST_INCIDENT_COLUMNS, PastIncident, RunIncidents
from flows.storage.fs.store_path import Place
from flows.storage.runs.reader import PublishedRun, age, read_incidents, readable_runs
from schemas.errors import OutputError
from schemas.job.partition import Partition
from schemas.outputs.manifest import InputFile, RunManifest
from schemas.outputs.tables import INCIDENT

_MOST_RUNS = {"day": 90, "hour": 28 * 24}
"""Earlier runs that a run is compared with, the newest ones: of hours those of four weeks."""
_MOST_HOURS = 7 * 24
"""Earlier hours whose incidents are read: those of a week. To read more would take seconds."""

_EPOCH = datetime(1970, 1, 1)

PAST_INCIDENT = pa.schema(
    [
        *INCIDENT,
        pa.field("run", pa.int32()),
        pa.field("run_id", pa.string()),
        pa.field("day", pa.string()),
        pa.field("dataset", pa.string()),
    ]
)
"""An incident of an earlier run, as `past_rows` gives it."""

Covers = tuple[datetime, datetime] | None


@lru_cache(maxsize=1)
def runs_before(job_folder: Place, run_id: str) -> tuple[PublishedRun, ...]:
    """Return the runs of a job that the run `run_id` found as it first looked, newest first.

    So all its steps in a process look at the same ones, and a store is asked for each once. Runs
    that cannot be read are passed over: it is no fault of that one.
    """
    return tuple(readable_runs(job_folder))


def earlier_runs(
    published: Sequence[PublishedRun],
    partition: Partition | None,
    covers: Covers,
    files: list[InputFile],
    days: Collection[int] = (),
) -> list[PublishedRun]:
    """Return the runs that come before one, the oldest first; of the same records the newest.

    Parameters
    ----------
    published
        Runs of a job, the newest first.
    partition
        The day that the run judges, if its input is partitioned. Of the runs that judged a day,
        those of earlier days are before it, whatever times their records hold. Of each day the
        newest counts. So it is with hours; a day and an hour are not compared.
    covers
        The first and the last time of the run's records. Of the other runs, those whose records end
        earlier are before it. Without a time, all that judged other input.
    files
        Its input.
    days
        Days since 1970: runs with records on one of these count however old they are.
    """
    found: dict[object, PublishedRun] = {}
    for run in reversed(published):
        theirs, day = run.manifest.covers, run.manifest.partition
        if day is not None and partition is not None:
            if day < partition and day.length == partition.length:
                found[day] = run
            continue
        if (theirs is None) != (covers is None):
            continue
        if covers is not None and theirs is not None:
            if theirs[1] < covers[1]:
                found[theirs] = run
        elif (judged := _contents(run.manifest.input_files)) != _contents(files):
            found[judged] = run
    before = sorted(found.values(), key=_order)
    most = _MOST_RUNS["day" if partition is None else partition.unit]
    return [run for run in before[:-most] if run.manifest.covers_any(days)] + before[-most:]


def runs_with_incidents(earlier: list[PublishedRun]) -> list[PublishedRun]:
    """Return the earlier runs whose incidents a run is compared with: all, of hours a week's."""
    newest = earlier[-1].manifest.partition if earlier else None
    return earlier if newest is None or newest.hour is None else earlier[-_MOST_HOURS:]


def newest_of_each(runs: Iterable[PublishedRun]) -> list[PublishedRun]:
    """Return the newest run of each partition of a job, the oldest partition first.

    Without partitions, runs judged the same records if their times are the same, or their files
    where they have no time.
    """
    found: dict[object, PublishedRun] = {}
    for run in sorted(runs, key=age):
        judged = run.manifest
        found[judged.partition or judged.covers or _contents(judged.input_files)] = run
    return sorted(found.values(), key=_order)


def rows_of_partitions(runs: list[PublishedRun]) -> dict[Partition, int]:
    """Return the rows of each partition that runs judged."""
    manifests = [run.manifest for run in runs]
    return {each.partition: each.ledger.read for each in manifests if each.partition is not None}


def _contents(files: list[InputFile]) -> tuple[tuple[str, int, int], ...]:
    return tuple((file.name, file.rows, file.bytes) for file in files)


def past_rows(runs: list[PublishedRun]) -> pa.Table:
    """Read the incidents of earlier runs, shown or not; a damaged run is passed over.

    Returns
    -------
    pyarrow.Table
        The columns of `INCIDENT`, then the `run`'s place among `runs`, its `run_id`, the `day` that
        it judged, and the `dataset` that the incident is in.
    """
    found = []
    for place, run in enumerate(runs):
        with suppress(OutputError):  # no reason to fail: it is another run's fault
            for dataset in ("incidents", "suppressed", "unshown"):
                if run.manifest.rows_of_datasets.get(dataset) == 0:
                    continue
                rows = read_incidents(run, dataset).select(INCIDENT.names).cast(INCIDENT)
                found.append(_with_run(rows, run.manifest, place, dataset))
    return pa.concat_tables([PAST_INCIDENT.empty_table(), *found]).combine_chunks()


def all_incidents(run: PublishedRun) -> RunIncidents:
    """Read the incidents of a run: shown, suppressed and unshown."""
    datasets = ("incidents", "suppressed", "unshown")
    return RunIncidents(*(read_incidents(run, dataset).to_pylist() for dataset in datasets))


def _with_run(rows: pa.Table, manifest: RunManifest, place: int, dataset: str) -> pa.Table:
    of_run = [place, manifest.run_id, manifest.judged_day, dataset]
    fields = list(PAST_INCIDENT)[len(INCIDENT) :]
    told = [pa.array([each] * len(rows), f.type) for each, f in zip(of_run, fields, strict=True)]
    return pa.table([*rows.columns, *told], schema=PAST_INCIDENT)


def past_incidents(rows: pa.Table) -> list[PastIncident]:
    """Take what a run is compared with of the incidents of earlier ones, as `past_rows` gives."""
    known = rows.select([*PAST_INCIDENT_COLUMNS, "run"])
    for name in ("first_time", "last_time"):
        at = known.column_names.index(name)
        known = known.set_column(at, name, known[name].cast(pa.int64()))
    return [PastIncident.of(row, row["run"]) for row in known.to_pylist()]


def _order(run: PublishedRun) -> tuple[float, float, str]:
    end = run.manifest.covers[1].timestamp() if run.manifest.covers else 0.0
    if run.manifest.partition is not None:
        partition = run.manifest.partition
        end = (partition.start - _EPOCH + partition.length).total_seconds()
    return end, *age(run)
