"""Records that are like another, as the command line shows them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flows.cli.console import Justify, Terminal
from flows.report.text import count
from flows.results.similar_records import Answer, Hit
from flows.storage.runs.reader import PublishedRun, read_findings
from schemas.shortening import beginning

_COLUMNS: dict[str, Justify] = {
    "distance": "right",
    "record": "left",
    "judged": "left",
    "incident": "left",
    "what it holds": "left",
}
_LONGEST = 160


def show_similar(terminal: Terminal, answer: Answer) -> None:
    """Print a table of the records found, and where they were looked for."""
    incidents = _incidents(answer)
    rows = [
        [
            f"{hit.distance:.3f}",
            str(hit.record["record_id"]),
            _run_of(hit),
            incidents.get(_key(hit), ""),
            _told(hit.record, hit.named),
        ]
        for hit in answer.hits
    ]
    terminal.table(_COLUMNS, rows)
    terminal.line()
    line = f"{count(len(answer.hits), 'record')} of {count(answer.runs, 'run')}"
    if answer.models > 1:
        line += f", compared in the embedding of one of {answer.models:,} models"
    terminal.line(line)


def similar_document(answer: Answer) -> dict[str, Any]:
    """Describe the records found for a machine."""
    incidents = _incidents(answer)
    return {
        "runs": answer.runs,
        "models": answer.models,
        "similar": [
            {
                "distance": round(hit.distance, 6),
                "run_id": hit.run.manifest.run_id,
                "incident": incidents.get(_key(hit)),
                "record": {name: _plain(value) for name, value in hit.record.items()},
            }
            for hit in answer.hits
        ],
    }


def _incidents(answer: Answer) -> dict[tuple[str, str], str]:
    """Say of which incident the records are, where they are findings: run, record -> incident."""
    runs: dict[str, PublishedRun] = {hit.run.manifest.run_id: hit.run for hit in answer.hits}
    return {
        (run_id, row["record_id"]): row["incident"]
        for run_id, run in runs.items()
        for row in read_findings(run, ["record_id", "incident"]).to_pylist()
    }


def _key(hit: Hit) -> tuple[str, str]:
    return hit.run.manifest.run_id, str(hit.record["record_id"])


def _run_of(hit: Hit) -> str:
    return hit.run.manifest.judged_day


def _told(record: Mapping[str, Any], named: Sequence[str]) -> str:
    """Say what a record holds, first in the columns that the question names."""
    columns = dict.fromkeys([*named, *record])
    told = {c: record.get(c) for c in columns if c != "record_id"}
    held = [f"{c}={_plain(value)}" for c, value in told.items() if value is not None]
    return beginning(" ".join(held), _LONGEST)


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case float() if value.is_integer():
            return int(value)
    return value
