"""The queries and commands of a card, to be copied: each is complete and names no place."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.outputs.manifest import RunManifest

_FEW_FILES = 3
"""Files of the input that a query names one by one."""


@dataclass(frozen=True)
class Command:
    """A text to be copied."""

    name: str
    text: str


def of_results(row: Mapping[str, Any], run: RunManifest) -> list[Command]:
    """Give what is run in the folder of the job: a query over all records, and the commands."""
    incident, record = row["incident"], row["record_id"]
    commands = [
        Command("DuckDB: all its records", _members(incident, run)),
        Command("Verdict", f"outfield verdict {incident} --label malicious --output ."),
        Command("Incidents of the run", f"outfield incidents . --run {run.run_id}"),
    ]
    if run.search is not None and record.isprintable() and not record.startswith("-"):
        like = f"outfield similar . {shlex.quote(record)}"
        commands.append(Command("Records like its most telling one", like))
    return commands


def of_input(row: Mapping[str, Any], run: RunManifest) -> Command | None:
    """Give the query over the input for all records of the entity.

    None where the input does not hold the entity under its name: it is masked or nested, or its
    name cannot be printed.
    """
    column, entity = row["entity_column"], row["entity"]
    role = run.columns.get(column or "")
    names = [file.name for file in run.input_files if file.damaged is None]
    if role is None or role.secret or "." in column or entity is None or not names:
        return None
    times = [name for name, each in run.columns.items() if each.role == "time" and "." not in name]
    order = f"\nORDER BY {_quoted(times[0])}" if times else ""
    lines = [
        "SELECT *",
        f"FROM read_parquet({_files(names)}, union_by_name = true)",
        f"WHERE CAST({_quoted(column)} AS VARCHAR) = {_literal(entity)}{order};",
    ]
    text = "\n".join(lines)
    printable = text.replace("\n", " ").isprintable()
    return Command(f"DuckDB: all of its {column}", text) if printable else None


def _members(incident: str, run: RunManifest) -> str:
    place = f"runs/{run.run_id}"
    return (
        f"SELECT scores.*, findings.rank, findings.summary\n"
        f"FROM '{place}/members/*.parquet' AS members\n"
        f"JOIN '{place}/scores/*.parquet' AS scores USING (record_id)\n"
        f"LEFT JOIN '{place}/findings/*.parquet' AS findings USING (record_id)\n"
        f"WHERE members.incident = '{incident}'\n"
        "ORDER BY scores.p_value, scores.record_id;"
    )


def _files(names: list[str]) -> str:
    """Name the files, or the glob that holds them where they are many.

    Examples
    --------
    >>> _files(["a.parquet", "b.parquet"])
    "['a.parquet', 'b.parquet']"
    >>> _files([f"day={day}/part.parquet" for day in range(4)])
    "'day=*/part.parquet'"
    >>> _files(["a/1.parquet", "a/2.parquet", "b/c/3.parquet", "b/c/4.parquet"])
    "'**/*.parquet'"
    """
    if len(names) <= _FEW_FILES:
        return f"[{', '.join(map(_literal, names))}]"
    start = _shared_start(names)
    rest = [name[len(start) :] for name in names]
    end = _shared_start([name[::-1] for name in rest])[::-1]
    if any("/" in name.removesuffix(end) for name in rest):
        start, end = "".join(start.rpartition("/")[:2]), f".{names[0].rpartition('.')[2]}"
        return _literal(f"{start}**/*{end}")
    return _literal(f"{start}*{end}")


def _shared_start(texts: list[str]) -> str:
    first, last = min(texts), max(texts)
    pairs = enumerate(zip(first, last, strict=False))
    return first[: next((place for place, (a, b) in pairs if a != b), len(first))]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
