"""Files of verdicts that analysts drop into OUTPUT/JOB/verdicts: CSV, or Parquet.

The page of a run writes such a CSV. The files stay where they are; what each line says is read
again by every run, and kept once.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from flows.storage.fs.small_files import UnfitFileError, read_small
from flows.storage.fs.store_path import Place
from flows.storage.verdicts.store import VERDICTS
from schemas.events.texts import as_text

COLUMNS = ("incident", "label", "scope", "until", "note", "who", "when")
"""What a line may hold; the first two it must."""
_NEEDED = COLUMNS[:2]
_MOST_BYTES = 16 * 2**20
_MOST_LINES = 100_000


@dataclass(frozen=True)
class Line:
    """A line of a file: where it stands, and what it holds."""

    where: str
    values: dict[str, str]
    changed: datetime
    """When the file was changed last."""


@dataclass(frozen=True)
class Unread:
    """A file that cannot be read, and why."""

    where: str
    what: str


def dropped_lines(job_folder: Place) -> Iterator[Line | Unread]:
    """Read the files of verdicts of a job, in the order of their names."""
    folder = job_folder / VERDICTS
    files = [*folder.glob("*.csv"), *folder.glob("*.parquet")] if folder.is_dir() else []
    for file in sorted(files, key=lambda file: file.name):
        where = f"{VERDICTS}/{file.name}"
        try:
            yield from _lines(file, where)
        except UnfitFileError as error:
            yield Unread(where, str(error))
        except (OSError, UnicodeError, csv.Error, pa.ArrowException) as error:
            yield Unread(where, f"cannot be read ({str(error).splitlines()[0][:200]})")


def _lines(file: Place, where: str) -> Iterator[Line | Unread]:
    content = read_small(file, _MOST_BYTES)
    changed = _changed(file)
    names, rows = _table(content) if file.name.endswith(".parquet") else _csv(content)
    if missing := [name for name in _NEEDED if name not in names]:
        yield Unread(where, f"has no column `{missing[0]}`; it takes {', '.join(COLUMNS)}")
        return
    if len(rows) > _MOST_LINES:
        yield Unread(where, f"has more than {_MOST_LINES:,} lines")
        return
    for number, row in rows:
        values = {name: (row.get(name) or "").strip() for name in COLUMNS}
        if any(values.values()):
            yield Line(f"{where} line {number}", values, changed)


def _csv(content: bytes) -> tuple[list[str], list[tuple[int, dict[str, str | None]]]]:
    text = content.decode("utf-8-sig")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    names = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = names
    return names, [(reader.line_num, row) for row in reader]


def _table(content: bytes) -> tuple[list[str], list[tuple[int, dict[str, str | None]]]]:
    with pq.ParquetFile(pa.BufferReader(content)) as opened:
        names = opened.schema_arrow.names
        if opened.metadata.num_rows > _MOST_LINES:
            return names, [(0, {})] * (_MOST_LINES + 1)
        table = opened.read(columns=[name for name in COLUMNS if name in names])
    columns = {n: as_text(table[n].combine_chunks()).to_pylist() for n in table.column_names}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return names, list(enumerate(rows, start=1))


def _changed(file: Place) -> datetime:
    """Tell when a file was changed last."""
    if isinstance(file, Path):
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return file.state()[0]
