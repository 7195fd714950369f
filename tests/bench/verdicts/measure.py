"""Judges the nights of a generated log in order, and answers the first incidents of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from anomaly.incidents.verdicts import verdict_on
from flows.storage.runs.reader import PublishedRun, read_findings, read_incidents
from flows.storage.verdicts.store import keep_verdict
from schemas.errors import JobError
from schemas.outputs.verdict import Label, Opinion
from tests.bench.nights.logs import Drawn, NightLog, open_log
from tests.bench.nights.measure import (
    OUTFIELD,
    Night,
    incidents_with,
    job_of,
    night_of,
    run_night,
)

WRONG = 0.2
"""The share of the answers that are wrong, of an oracle that errs."""
_AT = time(9, tzinfo=UTC)
"""When the oracle answers, on the day after the night."""


class Oracle(NamedTuple):
    """An analyst that knows the planted labels, and answers the first incidents of each night."""

    answers: int
    """Incidents that it answers, of those that a night shows."""
    errs: bool
    """Whether one answer in five is wrong."""
    log: Drawn


@dataclass(frozen=True)
class AnsweredNight:
    """A night as it was judged, before its own answers."""

    night: Night
    shown: int
    """Alarms and leads."""
    true_shown: int
    """Alarms and leads that hold a planted record."""
    suppressed: int
    """Incidents that verdicts suppress."""
    true_suppressed: int
    """Suppressed ones whose most telling record is planted."""
    precision: float | None
    """Average precision of the incidents in their order; None on a quiet night."""
    answers: int
    """Verdicts that were given after it."""


def judge_and_answer(oracle: Oracle, data: Path) -> list[AnsweredNight]:
    """Find or make the log of an oracle, then judge and answer its nights."""
    with TemporaryDirectory(prefix="bench-") as folder:
        log = open_log(oracle.log, data, Path(folder) / "log")
        return judge_nights(log, oracle, Path(folder) / "output")


def judge_nights(log: NightLog, oracle: Oracle, output: Path) -> list[AnsweredNight]:
    """Judge the nights of a log in order in one folder, and answer each before the next."""
    job = job_of(log, log.events, output, OUTFIELD, oracle.log.seed)
    nights = []
    for number, date in enumerate(log.nights):
        run = run_night(job, date)
        nights.append(counted(log, run, answer(run, log.true, wrong_answers(oracle, number))))
    return nights


def wrong_answers(oracle: Oracle, night: int) -> list[bool]:
    """Say which of the answers after a night are wrong.

    The first answers are wrong alike, however many follow.

    Examples
    --------
    >>> wrong_answers(Oracle(3, False, Drawn("sample")), 9)
    [False, False, False]
    """
    if not oracle.errs:
        return [False] * oracle.answers
    random = np.random.default_rng([oracle.log.seed, night])
    return [bool(draw < WRONG) for draw in random.random(oracle.answers)]


def answer(run: PublishedRun, true: frozenset[str], wrong: Sequence[bool]) -> int:
    """Give verdicts on the first incidents that a run shows.

    An incident is malicious if it holds a planted record, else benign; or the other way round. The
    scope is `this`. What cannot be called benign gets no verdict.

    Parameters
    ----------
    run
        The run.
    true
        Ids of the planted records.
    wrong
        Of each answer, the first incident's first, whether it is wrong.

    Returns
    -------
    How many verdicts were given.
    """
    findings = read_findings(run, ["record_id", "incident"])
    holds = incidents_with(findings, true)
    records: dict[str, list[str]] = {}
    for row in findings.to_pylist():
        records.setdefault(row["incident"], []).append(row["record_id"])
    given = 0
    for incident, is_wrong in zip(read_incidents(run).to_pylist(), wrong, strict=False):
        name = incident["incident"]
        label: Label = "malicious" if (name in holds) != is_wrong else "benign"
        given += _give(run, incident, records.get(name, [incident["record_id"]]), label)
    return given


def _give(
    run: PublishedRun, incident: Mapping[str, Any], records: Sequence[str], label: Label
) -> bool:
    """Store a verdict; False if there can be none."""
    night = run.manifest.partition
    if night is None:
        raise ValueError(f"run {run.manifest.run_id} judged no night")
    when = datetime.combine(night.day + timedelta(days=1), _AT)
    opinion = Opinion(label=label, who="oracle", when=when)
    try:
        verdict = verdict_on(incident, records, run.manifest.run_id, opinion)
    except JobError:
        return False
    keep_verdict(run.job_folder, verdict)
    return True


def counted(log: NightLog, run: PublishedRun, answers: int) -> AnsweredNight:
    """Return what a run says of a night, how much of it is true, and the answers after it."""
    incidents, hidden = read_incidents(run), read_incidents(run, "suppressed")
    holds = incidents_with(read_findings(run, ["record_id", "incident"]), log.true)
    shown = [name in holds for name in incidents["incident"].to_pylist()]
    unshown = _told_by_their_record(read_incidents(run, "unshown"), log.true)
    missed = sum(_told_by_their_record(hidden, log.true))
    night = night_of(log, run, incidents, {})
    return AnsweredNight(
        night=night,
        shown=len(shown),
        true_shown=sum(shown),
        suppressed=len(hidden),
        true_suppressed=missed,
        precision=average_precision([*shown, *unshown], missed) if night.true else None,
        answers=answers,
    )


def _told_by_their_record(incidents: pa.Table, true: frozenset[str]) -> list[bool]:
    """Say of incidents whose records are no findings whether the most telling one is planted."""
    return [record in true for record in incidents["record_id"].to_pylist()]


def average_precision(holds: Sequence[bool], missed: int) -> float:
    """Return the average precision of incidents in their order.

    Parameters
    ----------
    holds
        Of each incident, the first one first, whether it holds a planted record.
    missed
        Further ones that do, and stand nowhere: they count as never found.

    Returns
    -------
    The mean of the precisions at each that holds one; 0 if there is none.

    Examples
    --------
    >>> average_precision([True, False, True], 0) == (1 / 1 + 2 / 3) / 2
    True
    >>> average_precision([False, True], 1)
    0.25
    """
    at = np.flatnonzero(holds) + 1
    if not len(at):
        return 0.0
    return float(np.sum(np.arange(1, len(at) + 1) / at) / (len(at) + missed))
