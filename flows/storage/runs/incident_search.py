"""An incident by its name, in whatever job and run it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.storage.fs.atomic import naming_read_errors
from flows.storage.fs.store_path import Place, place_of
from flows.storage.runs.reader import (
    RUNS,
    PublishedRun,
    read_findings,
    read_incidents,
    readable_runs,
)
from schemas.errors import OutputError

_NOT_SHOWN = "it is suppressed or less odd than the leads, and so has no findings"


@dataclass(frozen=True)
class Found:
    """An incident, the run that it is in, and the records of it that are findings."""

    run: PublishedRun
    incident: dict[str, Any]
    records: list[str]


def find_incident(output: str, name: str) -> Found:
    """Look for an incident, in the newest runs first, suppressed ones too.

    Parameters
    ----------
    output
        The folder of all jobs, or of one: a path or a URL.
    name
        The incident's name, such as `i-9521bba2e1f1`.

    Raises
    ------
    OutputError
        No run has it, or the folder cannot be read.
    """
    for run in _runs(place_of(output)):
        for dataset in ("incidents", "suppressed"):
            table = read_incidents(run, dataset)
            rows = table.filter(pc.equal(table["incident"], name)).to_pylist()
            if rows:
                findings = read_findings(run, ["record_id", "incident"])
                own = findings.filter(pc.equal(findings["incident"], name))["record_id"]
                return Found(run, rows[0], own.to_pylist() or [rows[0]["record_id"]])
    raise OutputError(
        f"no incident {name[:80]} in any run",
        where=output,
        remedy="`outfield incidents` lists them; name the folder with --output",
    )


def findings_of(run: PublishedRun, name: str) -> pa.Table:
    """Read the findings of one incident of a run, the oddest first.

    Raises
    ------
    OutputError
        The run has no such incident, or none of its records is a finding.
    """
    findings = read_findings(run)
    own = findings.filter(pc.equal(findings["incident"], name))
    if not own.num_rows:
        beside = (read_incidents(run, dataset)["incident"] for dataset in ("suppressed", "unshown"))
        known = any(name in each.to_pylist() for each in beside)
        raise OutputError(
            f"{'no finding of' if known else 'no'} incident {name[:80]} in run {run.folder.name}",
            where=str(run.job_folder),
            remedy=_NOT_SHOWN if known else "`outfield incidents` lists them; --run names another",
        )
    return own


def _runs(root: Place) -> Iterator[PublishedRun]:
    for job in jobs_in(root):
        yield from readable_runs(job)


def jobs_in(root: Place) -> list[Place]:
    """Return the folders of the jobs in a folder: itself if it is one, else those below it."""
    with naming_read_errors(root):
        return [root] if (root / RUNS).is_dir() else _jobs_below(root)


def _jobs_below(root: Place) -> list[Place]:
    below = list[Place](root.iterdir()) if root.is_dir() else []
    return sorted((place for place in below if _is_job(place)), key=str)


def _is_job(folder: Place) -> bool:
    """Tell whether a folder holds runs; one that may not be entered is passed over."""
    try:
        return (folder / RUNS).is_dir()
    except PermissionError:
        return False
