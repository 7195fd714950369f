"""Judging a log night by night by outfield, as a schedule does."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.pipelines.refit import detect_with_refit
from flows.runtime.runner import DirectRunner
from flows.storage.runs.reader import PublishedRun, read_findings, read_incidents, read_scores
from schemas.job.job import JobSpec, build_job
from schemas.job.partition import Partition
from tests.bench.nights.logs import ALERTS, HISTORY, UNLABELLED, NightLog, write_part
from tests.bench.nights.planting import Planted, plant

FIRST = 20
"""Rows of a night that an analyst looks at."""
OUTFIELD, ALONE = "outfield", "outfield, each night alone"
MODELS: Mapping[str, Mapping[str, str]] = {OUTFIELD: {}, ALONE: {"train": "batch"}}
"""Name of a judge -> its section `[model]`."""
_GRAVE = ("critical", "high")
"""Severities of an alarm: at most one record in ten nights would be as odd by chance."""


@dataclass(frozen=True)
class Night:
    """The outcome of one judge on one night, and how much of it is true."""

    date: str
    rows: int
    true: int
    """Events that do not belong."""
    known: int
    """Nights that it is held against; of a peer, nights before it."""
    alarms: int
    """Incidents; of a peer, rows."""
    true_alarms: int
    """Alarms that hold an event that does not belong."""
    rank: int | None
    """Of the first incident that holds one; of a peer, of the first such row."""
    first: int
    """Events that do not belong, of the first twenty rows."""
    title: str = ""
    """Of the first incident; empty without one."""
    recurrence: float | None = None
    """Of the first incident."""
    selected: int | None = None
    """Rows that the rule selects; None for a peer, which has no such rule."""
    selected_false: int = 0
    """Ordinary ones of them."""
    planted: dict[str, bool] = field(default_factory=dict)
    """Kind of the events planted in the night -> whether an alarm holds one of them."""


def nights_to_plant(log: NightLog) -> list[str]:
    """Return the quiet nights of a real log that are counted."""
    if log.name not in (*ALERTS, *UNLABELLED):
        return []
    return [night for night in log.nights[HISTORY:] if not _true_of(log, log.read(night))]


def planted_night(log: NightLog, night: str, seed: int) -> Planted:
    """Plant events in a night, the same for every judge."""
    before = [log.read(earlier) for earlier in log.nights if earlier < night]
    number = log.nights.index(night)
    return plant(log.read(night), pa.concat_tables(before), log.columns, 1_000 * seed + number)


def judge(log: NightLog, name: str, seed: int) -> list[Night]:
    """Judge the nights of a log in their order, in one output folder."""
    to_plant = nights_to_plant(log)
    nights = []
    with TemporaryDirectory(prefix="bench-") as made:
        output = Path(made) / "output"
        for night in log.nights:
            planted = {}
            if night in to_plant:
                planted = _found_when_planted(log, name, night, seed, output)
            run = run_night(job_of(log, log.events, output, name, seed), night)
            nights.append(night_of(log, run, _incidents(run, name), planted))
    return nights


def _found_when_planted(
    log: NightLog, name: str, night: str, seed: int, output: Path
) -> dict[str, bool]:
    """Judge a night with planted events in a copy of the folders, so that no later one knows."""
    with TemporaryDirectory(prefix="bench-") as made:
        events, results = Path(made) / "events", Path(made) / "output"
        shutil.copytree(output, results)
        for known in log.nights[: log.nights.index(night)]:
            write_part(log.read(known), events, known)
        planted = planted_night(log, night, seed)
        write_part(planted.events, events, night)
        run = run_night(job_of(log, events, results, name, seed), night)
        return found_kinds(planted.kinds, _alarmed(_incidents(run, name), read_findings(run)))


def found_kinds(kinds: Mapping[str, str], alarmed: set[str]) -> dict[str, bool]:
    """Say of each planted kind whether an event of it is among the alarmed ones.

    Examples
    --------
    >>> found_kinds({"7": "odd text", "8": "several at once", "9": "several at once"}, {"9"})
    {'odd text': False, 'several at once': True}
    """
    found = {kind for record, kind in kinds.items() if record in alarmed}
    return {kind: kind in found for kind in dict.fromkeys(kinds.values())}


def job_of(log: NightLog, events: Path, output: Path, name: str, seed: int) -> JobSpec:
    """Return the job of a judge, as a schedule runs it."""
    settings = {
        "input": f"{events}/date={{date}}",
        "output": str(output),
        "name": "nights",
        "seed": seed,
        "columns": log.columns,
        "model": MODELS[name],
    }
    return build_job(settings, "the benchmark")


def run_night(job: JobSpec, night: str) -> PublishedRun:
    """Judge a night, with the model that the job asks for."""
    return detect_with_refit(job, DirectRunner(1), lambda *_: None, Partition.parse(night))


def _incidents(run: PublishedRun, name: str) -> pa.Table:
    incidents = read_incidents(run)
    return as_if_alarms(incidents) if name == ALONE else incidents


def as_if_alarms(incidents: pa.Table) -> pa.Table:
    """Call those incidents alarms that are new and grave.

    A run that judges its records by themselves calls none. Who is to be woken by it has severity
    and status to go by.
    """
    grave = pc.is_in(incidents["severity"], pa.array(_GRAVE))
    flags = pc.and_(grave, pc.not_equal(incidents["status"], "recurring"))
    return incidents.set_column(incidents.column_names.index("alarm"), "alarm", flags)


def night_of(
    log: NightLog, run: PublishedRun, incidents: pa.Table, planted: dict[str, bool]
) -> Night:
    """Return what a run says of a night, and how much of it is true."""
    scores = read_scores(run, ["record_id", "anomaly_score"])
    is_true = np.array([record in log.true for record in scores["record_id"].to_pylist()])
    ranked = is_true[np.argsort(-scores["anomaly_score"].to_numpy(), kind="stable")]
    selected = run.manifest.selection.selected
    told = told_of(incidents, read_findings(run), log.true)
    return Night(
        date=str(run.manifest.partition),
        rows=run.manifest.ledger.read,
        true=int(is_true.sum()),
        known=run.manifest.incidents.nights or 0,
        first=int(ranked[:FIRST].sum()),
        selected=selected,
        selected_false=int((~ranked[:selected]).sum()),
        planted=planted,
        **told,
    )


def told_of(incidents: pa.Table, findings: pa.Table, true: frozenset[str]) -> dict[str, object]:
    """Return what the incidents of a run say, as fields of `Night`.

    Parameters
    ----------
    incidents, findings
        The run's datasets: rank 1 first.
    true
        Ids of the events that do not belong.
    """
    holds = incidents_with(findings, true)
    rows = incidents.to_pylist()
    alarms = [row["incident"] for row in rows if row["alarm"]]
    return {
        "alarms": len(alarms),
        "true_alarms": sum(incident in holds for incident in alarms),
        "rank": next((row["rank"] for row in rows if row["incident"] in holds), None),
        "title": rows[0]["title"] if rows else "",
        "recurrence": rows[0]["recurrence"] if rows else None,
    }


def incidents_with(findings: pa.Table, records: frozenset[str]) -> set[str]:
    """Return the incidents that hold one of the records, as far as these are findings."""
    pairs = zip(findings["record_id"].to_pylist(), findings["incident"].to_pylist(), strict=True)
    return {incident for record, incident in pairs if record in records}


def _alarmed(incidents: pa.Table, findings: pa.Table) -> set[str]:
    """Return the records of the findings that are part of an alarm."""
    alarms = set(incidents.filter(incidents["alarm"])["incident"].to_pylist())
    pairs = zip(findings["record_id"].to_pylist(), findings["incident"].to_pylist(), strict=True)
    return {record for record, incident in pairs if incident in alarms}


def _true_of(log: NightLog, events: pa.Table) -> int:
    return sum(str(record) in log.true for record in events["event_id"].to_pylist())
