"""Where the input lies, on this machine or in an object store, and which files it is made of.

Credentials come from the environment alone. A URL that carries some is refused and never repeated.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from fnmatch import fnmatchcase
from pathlib import Path

import pyarrow as pa
from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType, LocalFileSystem

from schemas.errors import DamagedFileError, InputError, NoInputError

_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[^/?]*)/?(?P<path>.*?)(?:\?(?P<query>\w+=.*))?"
)
"""A question mark that no `key=` follows is a wildcard."""
_SCHEMES = ("file", "s3", "gs", "gcs", "abfs", "abfss")
_SECRET_QUERY = re.compile(
    r"(?:^|[&?])[^=&]*(?:key|secret|token|sig|password)[^=&]*=", re.IGNORECASE
)
_PARQUET = (".parquet", ".parq", ".pq")
_OWN_RUN = re.compile(r"(^|/)runs/\d{8}T\d{12}Z/")
"""What outfield wrote below a folder that it is told to read is no input."""
_WILDCARD = re.compile(r"[*?\[]")
_LONGEST_REASON = 200
_DAMAGE = re.compile(
    r"parquet|thrift|magic bytes|footer|decompress|corrupt|page|encod|dictionar|levels"
    r"|end of stream",
    re.IGNORECASE,
)
"""What Arrow says of bytes that are not what they should be, as an error of the system's kind."""


@dataclass(frozen=True)
class Located:
    """The files that a location stands for."""

    filesystem: FileSystem
    root: str
    """The folder that the files' names are relative to."""
    files: dict[str, FileInfo]
    """Name below the root -> the file, in the order of the names."""

    def states(self) -> set[tuple[str, int, str | None]]:
        """Give what a change of the files shows in: name, size and time of the last change."""
        return {
            (name, file.size, modified(self.filesystem, file)) for name, file in self.files.items()
        }


def locate(location: str, root: str | None = None) -> Located:
    """Find the files of a location.

    In a folder these are the files called `*.parquet`, `*.parq` or `*.pq`, however deep; in a glob
    those that match, and those in folders that match. Names that start with `_` or `.` are not part
    of a data set.

    Parameters
    ----------
    location
        A file, folder, glob or URL.
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
        if found.type is FileType.File:
            folder, files = path.rpartition("/")[0], [found]
        elif found.type is FileType.Directory:
            folder, files = path, _files_below(filesystem, path)
        elif _WILDCARD.search(path):
            folder, pattern = _split_glob(path)
            files = _glob(filesystem, folder, pattern)
        elif found.type is FileType.NotFound:
            raise _not_there(shown)
        else:
            what = "neither a file nor a folder"
            raise InputError(what, where=shown, remedy="name one of the two")
    if not files:
        raise _none_found(shown, found)
    if root is not None:
        folder = open_location(root)[1]
    names = {file.path.removeprefix(folder).lstrip("/"): file for file in files}
    return Located(filesystem, folder, dict(sorted(names.items())))


def open_location(location: str) -> tuple[FileSystem, str]:
    """Open the filesystem of a location; give the path in it.

    Raises
    ------
    InputError
        The URL's scheme is unknown, or it carries credentials.
    """
    url = _URL.fullmatch(location)
    if url is None:
        return LocalFileSystem(), Path(location).expanduser().absolute().as_posix()
    _check_url(url)
    if url["scheme"] == "file":
        return LocalFileSystem(), f"/{url['path']}"
    query = url["query"] or ""
    if url["scheme"] in ("gs", "gcs") and "retry_limit_seconds" not in query:
        query = f"{query}&retry_limit_seconds=30".lstrip("&")  # of itself it tries for 15 minutes
    base = f"{url['scheme']}://{url['host']}" + (f"?{query}" if query else "")
    with naming_input_errors(without_secrets(location)):
        filesystem, root = FileSystem.from_uri(base)
    return filesystem, "/".join(part for part in (root, url["path"].rstrip("/")) if part)


def split_url(location: str) -> tuple[str, str]:
    """Split a URL into its store, with the URL's options, and what is below it.

    Examples
    --------
    >>> split_url("s3://bucket/a/b/?region=eu"), split_url("file:///a"), split_url("a/b")
    (('s3://bucket?region=eu', 'a/b'), ('', '/a'), ('', 'a/b'))
    """
    url = _URL.fullmatch(location)
    if url is None:
        return "", location
    if url["scheme"] == "file":
        return "", f"/{url['path']}"
    query = f"?{url['query']}" if url["query"] else ""
    return f"{url['scheme']}://{url['host']}{query}", url["path"].strip("/")


def modified(filesystem: FileSystem, file: FileInfo) -> str | None:
    """Give the UTC time of a file's last change; object stores tell it to the second."""
    if file.mtime is None:
        return None
    precision = "microseconds" if isinstance(filesystem, LocalFileSystem) else "seconds"
    return str(file.mtime.astimezone(UTC).isoformat(timespec=precision))


def without_secrets(location: str) -> str:
    """Give a location as it may be repeated: without a URL's user, password and query."""
    url = _URL.fullmatch(location)
    if url is None:
        return location
    user, at, host = url["host"].rpartition("@")
    keeps_user = url["scheme"].startswith("abfs") and ":" not in user  # it names the container
    return f"{url['scheme']}://{user + at if keeps_user else ''}{host}/{url['path']}"


@contextmanager
def naming_input_errors(where: str) -> Iterator[None]:
    """Turn refusals of the system, the object store and Arrow into an `InputError` at `where`."""
    try:
        yield
    except FileNotFoundError as error:
        raise _not_there(where) from error
    except PermissionError as error:
        raise InputError(
            "permission denied", where=where, remedy="ask for the right to read it"
        ) from error
    except MemoryError:  # Arrow's is one of its exceptions: no fault of the file
        raise
    except (OSError, pa.ArrowException, UnicodeError) as error:
        raise _unreadable(where, str(error)) from error


@contextmanager
def naming_damage(where: str) -> Iterator[None]:
    """Turn what Arrow cannot make sense of in an open file into a `DamagedFileError` at `where`."""
    try:
        yield
    except MemoryError:
        raise
    except (pa.ArrowException, UnicodeError) as error:
        raise damaged(where, str(error)) from error


def damaged(where: str, message: str) -> DamagedFileError:
    """Say that a file is not what a Parquet file should be."""
    return DamagedFileError(
        f"not a Parquet file, or a damaged one ({_first_line(message)})",
        where=where,
        remedy="write the file anew, or leave it out",
    )


def _first_line(message: str) -> str:
    return (message.splitlines() or [""])[0].rstrip(". ")[:_LONGEST_REASON]


def _not_there(where: str) -> NoInputError:
    return NoInputError("no such file or folder", where=where, remedy="check how it is spelt")


def _none_found(where: str, found: FileInfo) -> NoInputError:
    if found.type is FileType.Directory:
        remedy = "name another folder, or a glob if its files are not called *.parquet"
        return NoInputError("no Parquet file in it", where=where, remedy=remedy)
    return NoInputError("no file matches", where=where, remedy="check how it is spelt")


def _unreadable(where: str, message: str) -> InputError:
    """Say in one line what a message of Arrow or an object store means."""
    store = re.search(r"(?:AWS|Azure) Error (\w+)", message)
    if store and store[1] in ("ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH"):
        remedy = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        return InputError(f"access denied ({store[1]})", where=where, remedy=remedy)
    if store and store[1] in ("NO_SUCH_BUCKET", "NO_SUCH_KEY", "RESOURCE_NOT_FOUND"):
        return InputError("no such bucket or file", where=where, remedy="check how it is spelt")
    if store:
        remedy = "check the network, AWS_ENDPOINT_URL and the region"
        return InputError(f"the store did not answer ({store[1]})", where=where, remedy=remedy)
    if _DAMAGE.search(message):
        return damaged(where, message)
    return InputError(
        f"cannot be read ({_first_line(message)})",
        where=where,
        remedy="check the file and its store",
    )


def _check_url(url: "re.Match[str]") -> None:
    if url["scheme"] not in _SCHEMES:
        remedy = "take a path, or a URL of s3://, gs:// or abfs://"
        where = without_secrets(url.string)
        raise InputError(f"no way to read {url['scheme']}://", where=where, remedy=remedy)
    user = url["host"].rpartition("@")[0]
    names_container = url["scheme"].startswith("abfs") and ":" not in user
    if (user and not names_container and user != "anonymous") or _SECRET_QUERY.search(
        url["query"] or ""
    ):
        raise InputError(
            "the URL carries credentials",
            where=without_secrets(url.string),
            remedy="set them in the environment instead, such as AWS_ACCESS_KEY_ID",
        )


def _files_below(filesystem: FileSystem, folder: str) -> list[FileInfo]:
    return [
        entry
        for entry in _visible(filesystem, folder, recursive=True)
        if entry.type is FileType.File and entry.path.lower().endswith(_PARQUET)
    ]


def _visible(filesystem: FileSystem, folder: str, *, recursive: bool = False) -> list[FileInfo]:
    entries = filesystem.get_file_info(
        FileSelector(folder, allow_not_found=True, recursive=recursive)
    )
    return [entry for entry in entries if not _is_hidden(entry.path.removeprefix(folder))]


def _is_hidden(path: str) -> bool:
    hidden = any(name.startswith(("_", ".")) for name in path.split("/"))
    return hidden or _OWN_RUN.search(path) is not None


def _split_glob(path: str) -> tuple[str, list[str]]:
    """Split a glob into the folder before the first wildcard and the names that follow."""
    names = path.split("/")
    first = next(i for i, name in enumerate(names) if _WILDCARD.search(name))
    return "/".join(names[:first]), names[first:]


def _glob(filesystem: FileSystem, folder: str, pattern: list[str]) -> list[FileInfo]:
    name, *rest = pattern
    if name == "**" and not rest:
        return _files_below(filesystem, folder)
    if name == "**":
        entries = _visible(filesystem, folder, recursive=True)
        folders = [folder, *(entry.path for entry in entries if entry.type is FileType.Directory)]
        return [file for inner in folders for file in _glob(filesystem, inner, rest)]
    found: list[FileInfo] = []
    for entry in _visible(filesystem, folder):
        if not fnmatchcase(entry.base_name, name):
            continue
        if entry.type is FileType.Directory:
            below = (
                _glob(filesystem, entry.path, rest)
                if rest
                else _files_below(filesystem, entry.path)
            )
            found.extend(below)
        elif not rest:
            found.append(entry)
    return found
