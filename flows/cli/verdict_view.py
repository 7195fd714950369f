"""Verdicts as the command line shows them: a table for people, documents for machines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flows.cli.console import Justify, Terminal
from flows.report.text import count
from flows.storage.fs.atomic import naming_read_errors
from flows.storage.fs.store_path import Place
from flows.storage.maintenance.verify import require_job
from flows.storage.verdicts.store import VERDICTS, read_verdicts, read_withdrawn
from schemas.outputs.verdict import Verdict, Withdrawal

_COLUMNS: dict[str, Justify] = {
    "verdict": "left",
    "label": "left",
    "scope": "left",
    "given": "left",
    "by": "left",
    "until": "left",
    "about": "left",
}


@dataclass(frozen=True)
class KnownVerdict:
    """A verdict, and its withdrawal if there is one."""

    verdict: Verdict
    withdrawal: Withdrawal | None


def known_verdicts(job: Place) -> list[KnownVerdict]:
    """Read all verdicts of a job, withdrawn ones too, the newest first.

    Raises
    ------
    OutputError
        There is no such job, or a verdict cannot be read.
    """
    with naming_read_errors(job):
        given = (job / VERDICTS).is_dir()
    if not given:
        require_job(job)
        return []
    found = [KnownVerdict(each, None) for each in read_verdicts(job)]
    found += [KnownVerdict(*each) for each in read_withdrawn(job)]
    return sorted(found, key=lambda each: (each.verdict.when, each.verdict.verdict), reverse=True)


def show_verdicts(terminal: Terminal, found: Sequence[KnownVerdict]) -> None:
    """Print a table of verdicts, a row each; with withdrawals where there are any."""
    columns, rows = _COLUMNS, [_row(each.verdict) for each in found]
    withdrawn = [each.withdrawal for each in found if each.withdrawal is not None]
    if withdrawn:
        columns = {"withdrawn": "left", **columns}
        days = [f"{each.withdrawal.when:%Y-%m-%d}" if each.withdrawal else "" for each in found]
        rows = [[day, *row] for day, row in zip(days, rows, strict=True)]
    terminal.table(columns, rows)
    terminal.line()
    ended = f", {len(withdrawn):,} of them withdrawn" if withdrawn else ""
    terminal.line(f"{count(len(found), 'verdict')}{ended}")


def verdict_document(known: KnownVerdict) -> dict[str, Any]:
    """Describe a verdict for a machine: all that is stored of it."""
    by = known.withdrawal
    withdrawn = None if by is None else by.model_dump(mode="json", exclude={"verdict"})
    return known.verdict.model_dump(mode="json") | {"withdrawn": withdrawn}


def _row(verdict: Verdict) -> list[str]:
    return [
        verdict.verdict,
        verdict.label,
        verdict.scope,
        f"{verdict.when:%Y-%m-%d}",
        "" if verdict.who == "unknown" else verdict.who,
        str(verdict.until or ""),
        f"{_about(verdict)} ({verdict.note})" if verdict.note else _about(verdict),
    ]


def _about(verdict: Verdict) -> str:
    """Name what a verdict holds for: the entity, the pattern, or both."""
    seen = verdict.evidence
    if verdict.scope == "entity":
        return str(seen.entity)
    if verdict.scope == "pattern" or seen.entity is None:
        return seen.pattern
    return f"{seen.entity}: {seen.pattern}"
