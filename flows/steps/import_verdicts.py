"""Imports verdicts from the CSV and Parquet files in a job's `verdicts` folder, line by line.

An invalid line is reported and skipped; the run continues.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from anomaly.incidents.verdicts import verdict_name, verdict_on
from flows.storage.fs.store_path import Place
from flows.storage.runs.incident_search import Found
from flows.storage.runs.reader import PublishedRun, read_findings, read_incidents, readable_runs
from flows.storage.verdicts.dropped_files import Line, Unread, dropped_lines
from flows.storage.verdicts.store import VERDICTS, damaged_names, keep_verdict, verdict_names
from schemas.errors import JobError, OutputError
from schemas.outputs.verdict import Opinion, opinion_of

_MOST_TOLD = 50
"""Faults that are listed one by one."""


@dataclass(frozen=True)
class _Said:
    """The opinion that a line holds, and its incident."""

    where: str
    incident: str
    opinion: Opinion


def take_in_verdicts(job_folder: Place) -> tuple[str, ...]:
    """Store the new verdicts of the files in OUTPUT/JOB/verdicts.

    Returns
    -------
    A sentence for each line or file left out, and why; after 50 of them, the number of the rest.

    Raises
    ------
    OutputError
        A verdict cannot be written.
    """
    damaged = damaged_names(job_folder)
    faults = [f"{VERDICTS}/{name}.json is damaged: it is left out" for name in sorted(damaged)]
    said: list[_Said] = []
    for line in dropped_lines(job_folder):
        if isinstance(line, Unread):
            faults.append(f"{line.where} {line.what}")
            continue
        try:
            said.append(_Said(line.where, line.values["incident"], _opinion(line)))
        except ValidationError as error:
            faults.append(f"{line.where}: {_reason(error)}")
    known = verdict_names(job_folder) - damaged
    new = [each for each in said if verdict_name(each.incident, each.opinion) not in known]
    found = _find(job_folder, {each.incident for each in new})
    for each in new:
        if each.incident not in found:
            faults.append(f"{each.where}: no incident `{each.incident[:40]}` in any run of the job")
            continue
        on = found[each.incident]
        try:
            run_id = on.run.manifest.run_id
            keep_verdict(job_folder, verdict_on(on.incident, on.records, run_id, each.opinion))
        except JobError as error:
            faults.append(f"{each.where}: {error.what}")
    return _told(faults)


def _told(faults: Sequence[str]) -> tuple[str, ...]:
    rest = len(faults) - _MOST_TOLD
    return (*faults[:_MOST_TOLD], *([f"and {rest:,} more"] if rest > 0 else []))


def _opinion(line: Line) -> Opinion:
    return opinion_of({name: value for name, value in line.values.items() if value}, line.changed)


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return f"{field}: {first['msg'][:1].lower()}{first['msg'][1:]}"


def _find(job_folder: Place, wanted: set[str]) -> dict[str, Found]:
    """Find incidents of a job, in the newest runs first; those that are nowhere are left out."""
    found: dict[str, Found] = {}
    for run in readable_runs(job_folder) if wanted else []:
        for dataset in ("incidents", "suppressed"):
            try:
                found |= _found_in(run, dataset, wanted - set(found))
            except OutputError:
                continue  # a damaged run is no reason to leave out what others know
        if len(found) == len(wanted):
            break
    return found


def _found_in(run: PublishedRun, dataset: str, wanted: set[str]) -> dict[str, Found]:
    table = read_incidents(run, dataset)
    rows = table.filter(pc.is_in(table["incident"], pa.array(sorted(wanted), pa.string())))
    if not len(rows):
        return {}
    findings = read_findings(run, ["record_id", "incident"])
    records: dict[str, list[str]] = {}
    for row in findings.to_pylist():
        records.setdefault(row["incident"], []).append(row["record_id"])
    return {
        row["incident"]: Found(run, row, records.get(row["incident"]) or [row["record_id"]])
        for row in rows.to_pylist()
    }
