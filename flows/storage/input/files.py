"""Finds the Parquet files of a location: a file, a folder, a glob or a URL.

A file of this machine that links reach in several ways counts once, under the name without links.
"""

import os
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType, LocalFileSystem

from flows.storage.fs.filesystem import modified, naming_input_errors, not_there, open_location
from flows.storage.tables.deleted_rows import fingerprint
from flows.storage.tables.lake_tables import (
    live_files,
    refuse_named_version,
    refuse_tables,
    refuse_tables_among,
)
from flows.storage.tables.live_files import LiveFile, LiveFiles, TableState, named_from
from schemas.errors import InputError, NoInputError
from schemas.locations import without_secrets

_PARQUET = (".parquet", ".parq", ".pq")
_OTHER_KIND = re.compile(r"\.(csv|tsv|json|jsonl|ndjson)(\.gz|\.zst)?$", re.IGNORECASE)
"""Ends of the names of files that DuckDB makes Parquet of."""
_NOT_READ = re.compile(
    r"\.(csv|tsv|json|jsonl|ndjson|txt|log|avro|orc|xlsx?)(\.(gz|zst|bz2|xz))?$", re.IGNORECASE
)
"""Ends of the names of files in a folder that may hold events, and are not Parquet."""
_OWN_RUN = re.compile(r"(^|/)runs/\d{8}T\d{12}Z(/|$)")
"""What outfield wrote below a folder that it is told to read is no input."""
_WILDCARD = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Located:
    """The files that a location stands for."""

    filesystem: FileSystem
    root: str
    """The folder that the files' names are relative to."""
    files: dict[str, FileInfo]
    """Name below the root -> the file, in the order of the names."""
    left_out: dict[str, int] = field(default_factory=dict)
    """End of a name, such as `csv` -> files in its folders that are not Parquet."""
    live: dict[str, LiveFile] | None = None
    """Name of a file -> what its table says of it; None where the files are of no table."""
    table: TableState | None = None
    """The table, in the version that the files are live in."""

    def states(self) -> set[tuple[str, int, str | None, str | None]]:
        """Give what a change shows in: name, size, time of the last change, deleted rows."""
        return {
            (name, file.size, modified(self.filesystem, file), fingerprint(self.deleted(name)))
            for name, file in self.files.items()
        }

    def deleted(self, name: str) -> str:
        """Return which rows of a file its table has deleted, packed by `deleted_rows.pack`."""
        return "" if self.live is None else self.live[name].deleted


def locate(location: str, root: str | None = None) -> Located:
    """Find the files of a location.

    In a folder these are the files called `*.parquet`, `*.parq` or `*.pq`, however deep. Of a glob
    they are the files that match, and those in folders that match. Names that start with `_` or
    `.` are not part of a data set.

    Parameters
    ----------
    location
        A file, folder, glob or URL. Of a table of Delta or Iceberg, or a folder in one, it is the
        live files alone. `@v3` at its end asks for version 3, or for that snapshot.
    root
        A folder above it that the files are named from; by default the folder itself, or the one
        before the first wildcard.

    Raises
    ------
    NoInputError
        Nothing is there, or it holds no Parquet file.
    InputError
        It cannot be listed.
    """
    if not location.strip():
        raise InputError("no input is named", remedy="name a file, folder, glob or URL")
    shown = without_secrets(location)
    with naming_input_errors(shown):
        filesystem, path = open_location(location)
        found = filesystem.get_file_info(path)
        others: list[FileInfo] = []
        live = live_files(location, filesystem, path)
        if live is not None:
            return _located_table(filesystem, live, root)
        if found.type is FileType.File:
            _check_kind(path, shown)
            folder, files = path.rpartition("/")[0], [found]
        elif found.type is FileType.Directory:
            folder, files = path, _files_below(filesystem, path, others)
        elif _WILDCARD.search(path):
            folder, pattern = _split_glob(path)
            files = _glob(filesystem, folder, pattern, others)
        elif found.type is FileType.NotFound:
            refuse_named_version(filesystem, path, shown)
            raise not_there(shown)
        else:
            what = "neither a file nor a folder"
            raise InputError(what, where=shown, remedy="name one of the two")
    if not files:
        raise _none_found(shown, found, others)
    if root is not None:
        folder = open_location(root)[1]
    if isinstance(filesystem, LocalFileSystem):
        files, others = _each_once(files, folder), _each_once(others, folder)
    names = {file.path.removeprefix(folder).lstrip("/"): file for file in files}
    return Located(filesystem, folder, dict(sorted(names.items())), _by_kind(others))


def _located_table(filesystem: FileSystem, live: LiveFiles, root: str | None) -> Located:
    # Files of an Iceberg table need not lie in the folder of their partition.
    whole = root is None or live.state.kind == "Iceberg"
    folder = live.root if whole else open_location(str(root))[1]
    names = named_from(folder, {file.path: live.files[file.path] for file in live.infos})
    files = dict(zip(names, live.infos, strict=True))
    return Located(filesystem, folder, dict(sorted(files.items())), {}, names, live.state)


def _check_kind(path: str, shown: str) -> None:
    """Refuse a text file, with the command that makes Parquet of it."""
    kind = _OTHER_KIND.search(path)
    if kind is None:
        return
    name = path.rpartition("/")[2]
    parquet = f"{name.removesuffix(kind[0])}.parquet"
    raise InputError(
        f"a {kind[1].upper()} file, and only Parquet is read",
        where=shown,
        remedy=f"""make Parquet of it: duckdb -c "COPY (FROM '{name}') TO '{parquet}'\"""",
    )


def _each_once(files: Iterable[FileInfo], folder: str) -> list[FileInfo]:
    """Keep one path of each file: that without links below the folder, or else the first."""
    found: dict[str, FileInfo] = {}
    real_folder = os.path.realpath(folder)
    for file in sorted(files, key=lambda file: file.path):
        real = os.path.realpath(file.path)
        if real not in found or real == f"{real_folder}{file.path.removeprefix(folder)}":
            found[real] = file
    return list(found.values())


def _by_kind(others: Iterable[FileInfo]) -> dict[str, int]:
    """Count files by the ends of their names."""
    ends = (_NOT_READ.search(file.path) for file in others)
    counts = Counter(end[1].lower() for end in ends if end is not None)
    return dict(sorted(counts.items()))


def _none_found(where: str, found: FileInfo, others: list[FileInfo]) -> NoInputError:
    if found.type is FileType.Directory and others:
        kinds = ", ".join(f"{n:,} .{kind}" for kind, n in _by_kind(others).items())
        remedy = "make Parquet of them; given one of CSV or JSON, outfield names the command"
        return NoInputError(f"no Parquet file in it, but {kinds}", where=where, remedy=remedy)
    if found.type is FileType.Directory:
        remedy = "name another folder, or a glob if its files are not called *.parquet"
        return NoInputError("no Parquet file in it", where=where, remedy=remedy)
    return NoInputError("no file matches", where=where, remedy="check how it is spelt")


def _files_below(filesystem: FileSystem, folder: str, others: list[FileInfo]) -> list[FileInfo]:
    """List the Parquet files below a folder; what else may hold events is added to `others`."""
    entries = _visible(filesystem, folder, recursive=True)
    files = [entry for entry in entries if entry.type is FileType.File]
    own = _job_folders(entries)
    others.extend(
        file
        for file in files
        if _NOT_READ.search(file.path) and not file.path.startswith(tuple(own))
    )
    return [file for file in files if file.path.lower().endswith(_PARQUET)]


def _job_folders(entries: Iterable[FileInfo]) -> set[str]:
    """Name the folders that outfield writes a job's runs into: its own files are no logs."""
    runs = {each.path for each in entries if each.base_name == "runs"}
    latest = (each.path for each in entries if each.base_name == "latest.json")
    folders = {path.removesuffix("latest.json") for path in latest}
    return {folder for folder in folders if f"{folder}runs" in runs}


def _visible(filesystem: FileSystem, folder: str, *, recursive: bool = False) -> list[FileInfo]:
    """List a folder, or all below it, without names that start with `_` or `.`."""
    if recursive and isinstance(filesystem, LocalFileSystem):
        return [entry for entries in _walk(filesystem, folder) for entry in entries]
    entries = filesystem.get_file_info(
        FileSelector(folder, allow_not_found=True, recursive=recursive)
    )
    refuse_tables(entries)
    if not recursive:
        refuse_tables_among(filesystem, entries)
    return [entry for entry in entries if not _is_hidden(entry.path.removeprefix(folder))]


def _walk(filesystem: FileSystem, folder: str) -> Iterator[list[FileInfo]]:
    """List a folder of this machine and those below, each once; folders behind links come last."""
    waiting, links, seen = deque([folder]), deque[str](), set[str]()
    while waiting or links:
        current = (waiting or links).popleft()
        real = os.path.realpath(current)
        if real in seen:
            continue  # a link led back
        seen.add(real)
        listed = filesystem.get_file_info(FileSelector(current, allow_not_found=True))
        refuse_tables(listed)
        entries = [entry for entry in listed if not _is_hidden(entry.path.removeprefix(folder))]
        for entry in entries:
            if entry.type is FileType.Directory:
                (links if Path(entry.path).is_symlink() else waiting).append(entry.path)
        yield entries


def _is_hidden(path: str) -> bool:
    hidden = any(name.startswith(("_", ".")) for name in path.split("/"))
    return hidden or _OWN_RUN.search(path) is not None


def _split_glob(path: str) -> tuple[str, list[str]]:
    """Split a glob into the folder before the first wildcard and the names that follow."""
    names = path.split("/")
    first = next(i for i, name in enumerate(names) if _WILDCARD.search(name))
    return "/".join(names[:first]), names[first:]


def _glob(
    filesystem: FileSystem, folder: str, pattern: list[str], others: list[FileInfo]
) -> list[FileInfo]:
    name, *rest = pattern
    if name == "**" and not rest:
        return _files_below(filesystem, folder, others)
    if name == "**":
        entries = _visible(filesystem, folder, recursive=True)
        folders = [folder, *(entry.path for entry in entries if entry.type is FileType.Directory)]
        return [file for inner in folders for file in _glob(filesystem, inner, rest, others)]
    found: list[FileInfo] = []
    for entry in _visible(filesystem, folder):
        if not fnmatchcase(entry.base_name, name):
            continue
        if entry.type is FileType.Directory:
            below = (
                _glob(filesystem, entry.path, rest, others)
                if rest
                else _files_below(filesystem, entry.path, others)
            )
            found.extend(below)
        elif not rest:
            found.append(entry)
    return found
