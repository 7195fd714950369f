"""Findings and incidents in the formats of other tools: JSON lines, CSV, OCSF."""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Literal

import pyarrow as pa

from flows.storage.runs.reader import PublishedRun, read_findings, read_incidents
from schemas.errors import InputError
from schemas.escaping import csv_cell
from schemas.events.texts import as_text
from schemas.outputs.ocsf import detection_finding
from schemas.outputs.tables import FINDING

Kind = Literal["incidents", "findings"]
Format = Literal["ocsf", "jsonl", "csv"]
_FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "ocsf",
}
"""Ending of a file -> the format that it is written in; Parquet holds OCSF alone."""


def format_of(to: str | None) -> Format:
    """Tell the format of an export by the ending of its file.

    Raises
    ------
    InputError
        There is no file, or its ending tells no format.
    """
    ending = PurePath(to or "").suffix.lower()
    if ending not in _FORMATS:
        raise InputError(
            "no format is named" if to is None else f"{to[-80:]!r} does not tell the format",
            where="--format",
            remedy=f"name it, or a file with --to that ends with {', '.join(_FORMATS)}",
        )
    return _FORMATS[ending]


def ocsf_findings(run: PublishedRun) -> Iterator[dict[str, Any]]:
    """Give each incident of a run as a Detection Finding, the suppressed ones last."""
    for dataset in ("incidents", "suppressed"):
        for row in read_incidents(run, dataset).to_pylist():
            yield detection_finding(row, run.manifest, dataset == "suppressed")


def ocsf_lines(run: PublishedRun) -> Iterator[str]:
    """Write the Detection Findings of a run as JSON, one a line."""
    return (_json(finding) for finding in ocsf_findings(run))


def json_lines(run: PublishedRun, kind: Kind) -> Iterator[str]:
    """Write the incidents or findings of a run as JSON, one a line; times in ISO 8601."""
    return (_json(row) for row in _table(run, kind).to_pylist())


def csv_lines(run: PublishedRun, kind: Kind) -> Iterator[str]:
    """Write the incidents or findings of a run as CSV, with a header; lists as JSON.

    Control characters are spelt out, so that a record is a line. A text that a spreadsheet would
    take for a formula has an apostrophe before it.
    """
    table = _table(run, kind)
    yield _csv_line([csv_cell(name) for name in table.column_names])
    for row in table.to_pylist():
        yield _csv_line([_cell(value) for value in row.values()])


def _table(run: PublishedRun, kind: Kind) -> pa.Table:
    if kind == "incidents":
        return read_incidents(run)
    findings = read_findings(run)
    for place in range(len(FINDING), findings.num_columns):
        field = findings.schema.field(place)
        if pa.types.is_temporal(field.type):  # a log may have times that Python has no date for
            text = as_text(findings[place].combine_chunks())
            findings = findings.set_column(place, field.name, text)
    return findings


def _csv_line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return str(value)
        case str():
            return csv_cell(value)
        case list() | dict():
            return csv_cell(_json(value))
        case _:
            return csv_cell(_plain(value))


def _json(value: Any) -> str:
    text = json.dumps(_finite(value), default=_plain, allow_nan=False)
    return text.replace("\x7f", "\\u007f")  # ASCII, and yet it does not print


def _finite(value: Any) -> Any:
    """Replace what JSON has no number for by null."""
    match value:
        case float() if not math.isfinite(value):
            return None
        case Mapping():
            return {str(name): _finite(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_finite(inner) for inner in value]
        case _:
            return value


def _plain(value: Any) -> str:
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return f"{value.total_seconds()} s"
        case bytes():
            return f"0x{value.hex()}"
        case _:
            return str(value)
