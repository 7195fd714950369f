"""Opens the filesystem of a location and names its refusals.

Credentials come from the environment alone. A URL that carries some is refused and never repeated.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

import pyarrow as pa
from pyarrow.fs import FileInfo, FileSystem, LocalFileSystem

from schemas.errors import DamagedFileError, InputError, NoInputError
from schemas.locations import URL, without_secrets

_SCHEMES = ("file", "s3", "gs", "gcs", "abfs", "abfss")
_SECRET_QUERY = re.compile(
    r"(?:^|[&?])[^=&]*(?:key|secret|token|sig|password)[^=&]*=", re.IGNORECASE
)
_LONGEST_REASON = 200
_DAMAGE = re.compile(
    r"parquet|thrift|magic bytes|footer|decompress|corrupt|page|encod|dictionar|levels"
    r"|end of stream",
    re.IGNORECASE,
)
"""What Arrow says of bytes that are not what they should be, as an error of the system's kind."""


_ENCRYPTION = re.compile("[ed][en]crypt", re.IGNORECASE)


def open_location(location: str) -> tuple[FileSystem, str]:
    """Open the filesystem of a location; give the path in it.

    Raises
    ------
    InputError
        The URL's scheme is unknown, or it carries credentials.
    """
    url = URL.fullmatch(location)
    if url is None:
        return LocalFileSystem(), Path(location).expanduser().absolute().as_posix()
    _check_url(url)
    if url["scheme"] == "file":
        return LocalFileSystem(), f"/{url['path']}"
    query = url["query"] or ""
    if url["scheme"] in ("gs", "gcs") and "retry_limit_seconds" not in query:
        query = f"{query}&retry_limit_seconds=30".lstrip("&")  # of itself it tries for 15 minutes
    if url["scheme"] == "s3" and "allow_delayed_open" not in query:
        # A small object is put in one request, not in the three of an upload in parts.
        query = f"{query}&allow_delayed_open=true".lstrip("&")
    base = f"{url['scheme']}://{url['host']}" + (f"?{query}" if query else "")
    with naming_input_errors(without_secrets(location)):
        filesystem, root = FileSystem.from_uri(base)
    return filesystem, "/".join(part for part in (root, url["path"].rstrip("/")) if part)


def modified(filesystem: FileSystem, file: FileInfo) -> str | None:
    """Give the UTC time of a file's last change; object stores tell it to the second."""
    if file.mtime is None:
        return None
    precision = "microseconds" if isinstance(filesystem, LocalFileSystem) else "seconds"
    return str(file.mtime.astimezone(UTC).isoformat(timespec=precision))


@contextmanager
def naming_input_errors(where: str) -> Iterator[None]:
    """Turn refusals of the system, the object store and Arrow into an `InputError` at `where`."""
    try:
        yield
    except FileNotFoundError as error:
        raise not_there(where) from error
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
        raise _encrypted(where, str(error)) or damaged(where, str(error)) from error


def damaged(where: str, message: str) -> DamagedFileError:
    """Say that a file is not what a Parquet file should be."""
    return DamagedFileError(
        f"not a Parquet file, or a damaged one ({_first_line(message)})",
        where=where,
        remedy="write the file anew, or leave it out",
    )


def _encrypted(where: str, message: str) -> InputError | None:
    """Say that a file is encrypted, where Arrow says so."""
    if not _ENCRYPTION.search(message):
        return None
    remedy = "decrypt it first: outfield takes no keys"
    return InputError("the file is encrypted", where=where, remedy=remedy)


def _first_line(message: str) -> str:
    return (message.splitlines() or [""])[0].rstrip(". ")[:_LONGEST_REASON]


def not_there(where: str) -> NoInputError:
    """Say that nothing is at a location."""
    return NoInputError("no such file or folder", where=where, remedy="check how it is spelt")


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
    if encrypted := _encrypted(where, message):
        return encrypted
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
