"""Runs as pandas frames."""

from collections.abc import Callable, Sequence
from datetime import date

import pandas as pd
import pyarrow as pa

from flows.storage.fs.store_path import place_of
from flows.storage.runs.history import newest_of_each
from flows.storage.runs.incident_search import jobs_in
from flows.storage.runs.reader import (
    PublishedRun,
    find_run,
    list_runs,
    read_findings,
    read_incidents,
    read_members,
    read_scores,
    runs_in,
)
from schemas.job.partition import Partition
from schemas.outputs.manifest import RunManifest


def findings_frame(folder: str, run: str | None) -> pd.DataFrame:
    """Read the findings of a run, the newest by default."""
    return _as_frame(read_findings(find_run(folder, run)))


def incidents_frame(folder: str, run: str | None) -> pd.DataFrame:
    """Read the incidents of a run, the newest by default; of all jobs below, of each partition."""
    return _of_runs(folder, run, read_incidents)


def _of_runs(
    folder: str, run: str | None, read: Callable[[PublishedRun], pa.Table]
) -> pd.DataFrame:
    """Read something of a run, or of the newest run of each partition of all jobs below."""
    jobs = jobs_in(place_of(folder))
    if run is not None or jobs in ([], [place_of(folder)]):
        runs = [find_run(folder, run)]
    else:
        runs = [each for job in jobs for each in newest_of_each(runs_in(job))]
    kind = pa.timestamp("us") if _are_hourly(runs) else pa.date32()
    tables = [_with_run(read(each), each.manifest, kind) for each in runs]
    return _as_frame(pa.concat_tables(tables, promote_options="default"))


def _with_run(table: pa.Table, manifest: RunManifest, kind: pa.DataType) -> pa.Table:
    """Put the job, the run and the partition behind the columns of a table."""
    start = None if manifest.partition is None else manifest.partition.start
    told = {
        "job": pa.scalar(manifest.job),
        "run_id": pa.scalar(manifest.run_id),
        "partition": pa.scalar(start).cast(kind),
    }
    for name, value in told.items():
        table = table.append_column(name, pa.repeat(value, len(table)))
    return table


def members_frame(folder: str, run: str | None) -> pd.DataFrame:
    """Read the records of the incidents of a run, as `incidents_frame` reads these."""
    return _of_runs(folder, run, read_members)


def scores_frame(folder: str, run: str | None) -> pd.DataFrame:
    """Read the scores of a run, the newest by default."""
    return _as_frame(read_scores(find_run(folder, run)))


def runs_frame(folder: str) -> pd.DataFrame:
    """List the runs of a job with their ledgers, newest first."""
    columns = ["partition", "started", "finished", "read", "scored", "quarantined", "skipped"]
    columns += ["findings", "cut_off"]
    found = list_runs(folder)
    hourly = _are_hourly(found)
    ids = pd.Index([run.manifest.run_id for run in found], name="run_id", dtype="str")
    rows = [_ledger_row(run, hourly=hourly) for run in found]
    return pd.DataFrame(rows, index=ids, columns=columns)


def _are_hourly(runs: Sequence[PublishedRun]) -> bool:
    """Tell whether a partition of some runs is an hour: all are told as times then."""
    partitions = [run.manifest.partition for run in runs]
    return any(each is not None and each.hour is not None for each in partitions)


def _ledger_row(run: PublishedRun, *, hourly: bool) -> dict[str, object]:
    manifest = run.manifest
    return {
        "partition": _as_value(manifest.partition, hourly=hourly),
        "started": manifest.started,
        "finished": manifest.finished,
        "read": manifest.ledger.read,
        "scored": manifest.ledger.scored,
        "quarantined": manifest.ledger.rows_quarantined,
        "skipped": manifest.ledger.rows_skipped,
        "findings": manifest.selection.findings,
        "cut_off": manifest.selection.cut_off,
    }


def _as_value(partition: Partition | None, *, hourly: bool) -> date | None:
    """Return a day as a date, or where there are hours the time at which it begins."""
    if partition is None:
        return None
    return partition.start if hourly else partition.day


def _as_frame(table: pa.Table) -> pd.DataFrame:
    """Make a frame whose integers stay integers: pandas would make floats of those with nulls."""
    frame: pd.DataFrame = _in_known_zones(table).to_pandas()
    for name in table.column_names:
        column = table[name]
        if pa.types.is_integer(column.type) and column.null_count:
            unsigned = pa.types.is_unsigned_integer(column.type)
            exact = column.to_pandas(integer_object_nulls=True)
            frame[name] = exact.astype("UInt64" if unsigned else "Int64")
    return frame


def _in_known_zones(table: pa.Table) -> pa.Table:
    """Give times whose zone is unknown here as the same moments in UTC."""
    for position, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and not _is_known(field.type.tz):
            moments = table.column(position).cast(pa.timestamp(field.type.unit, "UTC"))
            table = table.set_column(position, field.name, moments)
    return table


def _is_known(zone: str | None) -> bool:
    try:
        return zone is None or bool(pa.lib.string_to_tzinfo(zone))
    except (ValueError, LookupError):
        return False
