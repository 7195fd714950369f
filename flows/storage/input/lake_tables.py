"""Delta tables: the live files of a version, and the partitions that its log gives them.

The folder of a table also holds files of rows that were deleted or written anew. Only the log of
the table tells which are live. Tables of Iceberg are refused.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType

from schemas.errors import InputError, NoInputError
from schemas.locations import URL, without_secrets

_LOG = "_delta_log"
_ICEBERG = "metadata"
_VERSION = re.compile(r"@v(\d{1,18})$")
_WILDCARD = re.compile(r"[*?\[]")
_HARMLESS = {"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"}
"""Features of a table that leave its files as they are."""
_MAPPING, _DELETIONS = "columnMapping", "deletionVectors"

Partition = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class LiveFiles:
    """The files of a table that hold its rows, in one version."""

    root: str
    files: list[FileInfo]
    partitions: dict[str, Partition]
    """Path of a file -> keys and values of its partition."""
    version: int


def live_files(location: str, filesystem: FileSystem, path: str) -> LiveFiles | None:
    """Find the live files at or below a path, if that is a Delta table or lies in one.

    Parameters
    ----------
    location
        As the user gave it; `@v3` at its end asks for version 3.
    filesystem
        Where it lies.
    path
        The path in it.

    Returns
    -------
    LiveFiles or None
        None where there is no table.

    Raises
    ------
    InputError
        Its rows cannot be told from its files, the extra is not installed, or it is a table of
        Iceberg.
    NoInputError
        No live file is there.
    """
    asked = _VERSION.search(path)
    below = _VERSION.sub("", path)
    root = _table_around(location, filesystem, below)
    if root is None:
        return None
    where = without_secrets(location)
    table = _open(_address(location, below, root), int(asked[1]) if asked else None, where)
    _check_rows(table, where)
    actions: list[dict[str, Any]] = pa.table(table.get_add_actions()).to_pylist()
    partitions = {
        f"{root}/{unquote(action['path'])}": _partition(action.get("partition") or {})
        for action in actions
    }
    chosen = {
        file: partition
        for file, partition in partitions.items()
        if below in (root, file) or file.startswith(f"{below}/")
    }
    version = table.version()
    if not chosen:
        remedy = "check how it is spelt, or whether its rows were deleted"
        raise NoInputError(f"no row in version {version} of the table", where=where, remedy=remedy)
    files = filesystem.get_file_info(sorted(chosen))
    if any(file.type is not FileType.File for file in files):
        raise InputError(
            f"files of version {version} of the table are gone",
            where=where,
            remedy="they were vacuumed, or are written right now: name a newer version",
        )
    return LiveFiles(root, files, chosen, version)


def refuse_tables(entries: Iterable[FileInfo]) -> None:
    """Refuse a folder or glob that holds tables: their deleted rows would be read with the others.

    Raises
    ------
    InputError
        One of them is a table.
    """
    for entry in entries:
        folder, _, name = entry.path.rpartition("/")
        kind = None
        if name == _LOG:
            kind = "Delta"
        elif name.endswith(".metadata.json") and folder.endswith(f"/{_ICEBERG}"):
            kind, folder = "Iceberg", folder.removesuffix(f"/{_ICEBERG}")
        if kind is not None:
            raise InputError(
                f"is a table of {kind}, and its files hold deleted rows too",
                where=f"{folder.rpartition('/')[2]} in the input",
                remedy="name the table itself, or a folder beside it",
            )


def _table_around(location: str, filesystem: FileSystem, path: str) -> str | None:
    """Give the folder of the Delta table that a path is or lies in; refuse one of Iceberg."""
    for folder in _folders_around(path):
        try:
            found = filesystem.get_file_info([f"{folder}/{_LOG}", f"{folder}/{_ICEBERG}"])
        except OSError:  # what may be read need not be what lies above it
            if folder == path:
                raise
            return None
        log, metadata = (each.type is FileType.Directory for each in found)
        if log:
            return folder
        if metadata and _is_iceberg(filesystem, f"{folder}/{_ICEBERG}"):
            raise InputError(
                "a table of Iceberg, which is not read: its files hold deleted rows too",
                where=without_secrets(location),
                remedy="write its live rows as Parquet, such as with iceberg_scan of DuckDB",
            )
    return None


def _is_iceberg(filesystem: FileSystem, folder: str) -> bool:
    entries = filesystem.get_file_info(FileSelector(folder))
    return any(entry.path.endswith(".metadata.json") for entry in entries)


def _folders_around(path: str) -> list[str]:
    """List a path and the folders above it that may be a table: it is in their partitions.

    Examples
    --------
    >>> _folders_around("/a/table/day=1/hour=2/x.parquet")
    ['/a/table/day=1/hour=2/x.parquet', '/a/table/day=1/hour=2', '/a/table/day=1', '/a/table']
    >>> _folders_around("/a/logs")
    ['/a/logs']
    """
    folders = [path]
    if _WILDCARD.search(path):
        return folders  # what the glob lists is looked at
    while folders[-1].rpartition("/")[0]:
        above, _, name = folders[-1].rpartition("/")
        if "=" not in name and name != "data" and not (path == folders[-1] and "." in name):
            break
        folders.append(above)
    return folders


def _address(location: str, below: str, root: str) -> str:
    """Give the URL or path of a table's folder, for the library that reads its log."""
    url = URL.fullmatch(location)
    if url is None or url["scheme"] == "file":
        return root
    inside = _VERSION.sub("", url["path"].rstrip("/")).split("/")
    above = below[len(root) :].count("/")
    return f"{url['scheme']}://{url['host']}/{'/'.join(inside[: len(inside) - above])}"


def _open(address: str, version: int | None, where: str) -> Any:
    if find_spec("deltalake") is None:
        raise InputError(
            "a Delta table, and what reads its log is not installed",
            where=where,
            remedy="pip install 'outfield[delta]'",
        )
    from deltalake import DeltaTable  # noqa: PLC0415
    from deltalake.exceptions import DeltaError  # noqa: PLC0415

    plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    options = {"AWS_ALLOW_HTTP": "true"} if plain and address.startswith("s3://") else None
    try:
        return DeltaTable(address, version=version, storage_options=options)
    except (DeltaError, OSError) as error:
        asked = "" if version is None else f" in version {version}"
        said = str(error).splitlines()[0].replace(address, where)
        raise InputError(
            f"the log of the Delta table cannot be read{asked} ({said})",
            where=where,
            remedy="check the table, and the version that is asked for",
        ) from error


def _check_rows(table: Any, where: str) -> None:
    """Refuse a table whose live rows are not those of its live files."""
    features = set(table.protocol().reader_features or ()) - _HARMLESS
    used = features - {_MAPPING, _DELETIONS}
    if table.metadata().configuration.get("delta.columnMapping.mode", "none") != "none":
        used.add(_MAPPING)
    if _DELETIONS in features and any(len(batch) for batch in table.deletion_vectors()):
        used.add(_DELETIONS)
    if not used:
        return
    raise InputError(
        f"the Delta table uses {', '.join(sorted(used))}, which is not applied here",
        where=where,
        remedy="write its live rows as Parquet, such as with delta_scan of DuckDB",
    )


def _partition(values: dict[str, Any]) -> Partition:
    return tuple((key, None if each is None else str(each)) for key, each in values.items())


def named_from(folder: str, partitions: dict[str, Partition]) -> dict[str, Partition]:
    """Name the files of partitions from a folder above them."""
    return {
        path.removeprefix(folder).lstrip("/"): partition for path, partition in partitions.items()
    }


def merged(all_of_them: Sequence[dict[str, Partition] | None]) -> dict[str, Partition] | None:
    """Join the partitions of several locations; None where none is a table."""
    known = [partitions for partitions in all_of_them if partitions is not None]
    return {path: each for partitions in known for path, each in partitions.items()} or None
