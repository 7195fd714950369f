"""Judges a log by outfield's default job, and reads what it says of the planted thing."""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import outfield
from flows.pipelines.detect import detect_events
from flows.runtime.runner import DirectRunner
from flows.storage.runs.reader import PublishedRun
from schemas.job.job import build_job
from tests.bench.lawful.measure import FIRST
from tests.bench.nights.logs import write_part
from tests.bench.nights.measure import ALONE, MODELS, run_night
from tests.bench.scenarios.days import date_of
from tests.bench.scenarios.draws import Draw, planted_log, table_of
from tests.bench.scenarios.evidence import Evidence, findings_share, holding
from tests.bench.scenarios.planting import Planted
from tests.bench.scenarios.scenarios import SCENARIOS, Scenario

_JOB = "scenarios"


@dataclass(frozen=True)
class Outcome:
    """The result of a run on a log."""

    rows: int
    incidents: int
    """Those that are shown."""
    grave: int
    """Of these, how many are of a severity above low."""
    alarms: int
    findings: int
    rank: int | None = None
    """Of the first incident that holds the evidence; of those among the first ten, the first that
    tells the cause, if one does."""
    told: bool = False
    """Whether that incident names the true cause."""
    title: str = ""
    reason: str = ""
    """Its first reason."""
    event_rank: int | None = None
    """Of the oddest planted event among all judged events, by score; None if there is none."""
    rows_share: float = 0.0
    """Share of the judged rows that are planted."""
    findings_share: float = 0.0
    """Share of the findings that are planted rows, or are about the days of the evidence."""

    @property
    def found(self) -> bool:
        """Say whether the evidence is in one of the first ten incidents."""
        return self.rank is not None and self.rank <= FIRST


def judge(draw: Draw) -> Outcome:
    """Make the log of a draw, and judge it by outfield with default settings."""
    return judge_log(draw, planted_log(draw))


def judge_log(draw: Draw, planted: Planted) -> Outcome:
    """Judge a log, as a draw asks for, by outfield with default settings."""
    with TemporaryDirectory(prefix="bench-") as folder:
        run_one = _judge_last_day if draw.history else _judge_batch
        run, judged = run_one(planted, Path(folder), draw.seed)
        return outcome_of(draw, run, judged)


def _judge_batch(planted: Planted, folder: Path, seed: int) -> tuple[PublishedRun, Planted]:
    """Judge all days as one batch: `outfield detect FILE`."""
    location = folder / "log.parquet"
    pq.write_table(table_of(planted), location)
    job = build_job(settings_of(str(location), folder, seed, planted), "the benchmark")
    return detect_events(job, DirectRunner(1), lambda *_: None), planted


def _judge_last_day(planted: Planted, folder: Path, seed: int) -> tuple[PublishedRun, Planted]:
    """Judge the last day by the days before it, after a run of each of these.

    Each of these is judged by itself. That takes less time, and leaves the same counts of entities.
    """
    dates, table = planted.events["time"].dt.date, table_of(planted)
    last = dates.max()
    settings = settings_of(f"{folder}/log/date={{date}}", folder, seed, planted)
    alone = settings | {"model": MODELS[ALONE]}
    for day in dates.unique():
        write_part(table.filter(pa.array(dates == day)), folder / "log", str(day))
        own = settings if day == last else alone
        run = run_night(build_job(own, "the benchmark"), str(day))
    today = (dates == last).to_numpy()
    events = planted.events[today].reset_index(drop=True)
    return run, replace(planted, events=events, records=planted.records[today])


def settings_of(location: str, folder: Path, seed: int, planted: Planted) -> dict[str, object]:
    """Return the settings of the job: defaults, but for the days that it names."""
    settings = {"input": location, "output": str(folder / "out"), "name": _JOB, "seed": seed}
    named = {"payday": [str(date_of(day)) for day in planted.named]} if planted.named else {}
    return settings | {"calendar": named}


# --- what the outputs say --------------------------------------------------------------------


def outcome_of(draw: Draw, run: PublishedRun, judged: Planted) -> Outcome:
    """Read what a run says of the log that it judged, from its public outputs."""
    folder = str(run.job_folder)
    incidents, findings = outfield.read_incidents(folder), outfield.read_findings(folder)
    counts = {
        "rows": len(judged.events),
        "incidents": len(incidents),
        "grave": int((incidents["severity"] != "low").sum()),
        "alarms": int(incidents["alarm"].sum()),
        "findings": len(findings),
    }
    if not draw.scenario:
        return Outcome(**counts)
    evidence = Evidence.of(run, judged)
    flags = holding(incidents, outfield.read_members(folder), evidence)
    return Outcome(
        **counts,
        **telling(SCENARIOS[draw.scenario], incidents[flags]),
        event_rank=_event_rank(outfield.read_scores(folder), evidence),
        rows_share=float(judged.records.mean()),
        findings_share=findings_share(findings, incidents, evidence),
    )


def telling(scenario: Scenario, holds: pd.DataFrame) -> dict[str, Any]:
    """Return the rank and words of the incident that counts, as fields of `Outcome`."""
    if holds.empty:
        return {}
    rows = holds.to_dict("records")
    first = [row for row in rows if row["rank"] <= FIRST]
    row = next((row for row in first if _told(scenario, row)), rows[0])
    return {
        "rank": int(row["rank"]),
        "told": row["rank"] <= FIRST and _told(scenario, row),
        "title": row["title"],
        "reason": row["reasons"][0]["sentence"] if len(row["reasons"]) else "",
    }


def _told(scenario: Scenario, incident: dict[str, Any]) -> bool:
    reasons = incident["reasons"]
    column, sentence = (reasons[0]["column"], reasons[0]["sentence"]) if len(reasons) else ("", "")
    return scenario.is_told_by(column, sentence, incident["title"])


def _event_rank(scores: pd.DataFrame, evidence: Evidence) -> int | None:
    planted = scores["record_id"].isin(evidence.records)
    if not planted.any():
        return None
    return 1 + int((scores["anomaly_score"] > scores["anomaly_score"][planted].max()).sum())
