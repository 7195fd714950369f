"""Tables of a lake: which one a location names, and its live files.

The folder of a table also holds files of rows that were deleted or written anew. Only the log of a
Delta table, and the metadata of an Iceberg table, tell which are live.
"""

import re
from collections.abc import Iterable
from importlib.util import find_spec

from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType

from flows.storage.tables import delta_tables
from flows.storage.tables.iceberg_names import FOLDER, METADATA_FILE, metadata_files, newest
from flows.storage.tables.live_files import LiveFiles, NamedTable
from schemas.errors import InputError
from schemas.locations import URL, without_secrets

_LOG = "_delta_log"
_VERSION = re.compile(r"@v(\d{1,19})$")
_NAMED_VERSION = re.compile(r"^(?P<table>.*[^/])(?P<asked>@[^/@]+)(?P<below>/.*)?$")
"""What may be meant as a version: a branch, a tag, or a number that stands elsewhere."""
_WILDCARD = re.compile(r"[*?\[]")


def live_files(location: str, filesystem: FileSystem, path: str) -> LiveFiles | None:
    """Find the live files at or below a path, if that is a table or lies in one.

    Parameters
    ----------
    location
        As the user gave it; `@v3` at its end asks for version 3, or for that snapshot.
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
        The table cannot be read, the extra is not installed, or a glob begins in it.
    NoInputError
        No live file is there.
    """
    asked = _VERSION.search(path)
    below = _VERSION.sub("", path)
    where = without_secrets(location)
    version = int(asked[1]) if asked else None
    if METADATA_FILE.search(below):
        root = _folder_of_metadata(below)
        address = _address(location, below, root)
        named = NamedTable(where, filesystem, root, address, root, version)
        return _live_iceberg(named, below)
    table = _table_around(filesystem, below)
    if table is None:
        return None
    kind, root = table
    if _WILDCARD.search(below[len(root) :]):  # the folder is there, so its own name is no glob
        raise _is_table(kind, root)
    named = NamedTable(where, filesystem, root, _address(location, below, root), below, version)
    if kind == "Delta":
        return delta_tables.live_files(named)
    return _live_iceberg(named, newest(filesystem, f"{root}/{FOLDER}", where))


def refuse_tables(entries: Iterable[FileInfo]) -> None:
    """Refuse a folder or glob that holds tables: their deleted rows would be read with the others.

    Raises
    ------
    InputError
        One of them is a table.
    """
    for entry in entries:
        folder, _, name = entry.path.rpartition("/")
        if name == _LOG:
            raise _is_table("Delta", folder)
        if METADATA_FILE.search(name) and folder.endswith(f"/{FOLDER}"):
            raise _is_table("Iceberg", folder.removesuffix(f"/{FOLDER}"))


def refuse_tables_among(filesystem: FileSystem, entries: Iterable[FileInfo]) -> None:
    """Refuse what is listed of a folder that is an Iceberg table: its metadata lies one below.

    Raises
    ------
    InputError
        It is one.
    """
    for entry in entries:
        if entry.base_name == FOLDER and entry.type is FileType.Directory:
            refuse_tables(filesystem.get_file_info(FileSelector(entry.path)))


def refuse_named_version(filesystem: FileSystem, path: str, where: str) -> None:
    """Refuse a path where nothing is, if it asks for a version of a table by another name.

    Parameters
    ----------
    filesystem, path
        Where nothing is.
    where
        The location, as it is shown.

    Raises
    ------
    InputError
        Without `@main`, or the like, it is a table or lies in one.
    """
    asked = _NAMED_VERSION.fullmatch(path)
    table = asked and _table_around(filesystem, asked["table"])
    if not asked or not table:
        return
    kind, root = table
    number = "its number" if kind == "Delta" else "the number of its snapshot"
    raise InputError(
        f"`{asked['asked']}` names no version of the {kind} table: a branch or tag is not read",
        where=where,
        remedy=f"write `@v` and {number} at the very end, as in `{root.rpartition('/')[2]}@v12`,"
        " or nothing for its current rows",
    )


def _is_table(kind: str, folder: str) -> InputError:
    return InputError(
        f"is a table of {kind}, and its files hold deleted rows too",
        where=f"{folder.rstrip('/').rpartition('/')[2]} in the input",
        remedy="name the table itself, or a folder beside it",
    )


def _live_iceberg(named: NamedTable, metadata_file: str) -> LiveFiles:
    if find_spec("pyiceberg") is None:
        raise InputError(
            "an Iceberg table, and what reads its metadata is not installed",
            where=named.where,
            remedy="pip install 'outfield[iceberg]'",
        )
    from flows.storage.tables import iceberg_tables  # noqa: PLC0415 - it imports for a second

    return iceberg_tables.live_files(named, metadata_file)


def _folder_of_metadata(file: str) -> str:
    """Give the folder of the table that a file of metadata describes."""
    folder = file.rpartition("/")[0]
    return folder.removesuffix(f"/{FOLDER}")


def _table_around(filesystem: FileSystem, path: str) -> tuple[str, str] | None:
    """Give the kind and the folder of the table that a path is or lies in."""
    for folder in _folders_around(path):
        try:
            found = filesystem.get_file_info([f"{folder}/{_LOG}", f"{folder}/{FOLDER}"])
        except OSError:  # what may be read need not be what lies above it
            if folder == path:
                raise
            return None
        log, metadata = (each.type is FileType.Directory for each in found)
        if log:
            return "Delta", folder
        if metadata and metadata_files(filesystem, f"{folder}/{FOLDER}"):
            return "Iceberg", folder
    return None


def _folders_around(path: str) -> list[str]:
    """List a path and the folders above it that may be a table: it is in their partitions.

    Examples
    --------
    >>> _folders_around("/a/table/day=1/hour=2/x.parquet")
    ['/a/table/day=1/hour=2/x.parquet', '/a/table/day=1/hour=2', '/a/table/day=1', '/a/table']
    >>> _folders_around("/a/logs")
    ['/a/logs']
    >>> _folders_around("/a/table/day=*/*.parquet")
    ['/a/table/day=*/*.parquet', '/a/table/day=*', '/a/table']
    >>> _folders_around("/a/table/data/0110/1010")
    ['/a/table/data/0110/1010', '/a/table']
    """
    folders = [path]
    while folders[-1].rpartition("/")[0]:
        above, _, name = folders[-1].rpartition("/")
        in_table = "=" in name or name == "data" or _WILDCARD.search(name) is not None
        if not in_table and not (path == folders[-1] and "." in name):
            break
        folders.append(above)
    above, _, _ = path.rpartition("/data/")  # folders of an Iceberg table that are no partitions
    return folders if above in ("", *folders) else [*folders, above]


def _address(location: str, below: str, root: str) -> str:
    """Give the URL or path of a table's folder, for the library that reads it."""
    url = URL.fullmatch(location)
    if url is None or url["scheme"] == "file":
        return root
    inside = _VERSION.sub("", url["path"].rstrip("/")).split("/")
    above = below[len(root) :].count("/")
    return f"{url['scheme']}://{url['host']}/{'/'.join(inside[: len(inside) - above])}"
