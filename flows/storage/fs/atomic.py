"""Files that are there whole or not at all, also if a process is killed while it writes."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from uuid import uuid4

from flows.storage.fs.store_path import Place, StorePath
from schemas.errors import OutputError

_LONGEST_REASON = 200
"""Of what an object store says."""
_AT_ONCE = 1 << 20
"""Bytes of a file that are hashed at a time."""


@contextmanager
def replacing(target: Place) -> Iterator[Path]:
    """Yield a temporary file; what is written there becomes `target` at the end.

    It lies beside the target, or on this machine where the target is in an object store. Each
    writer has its own file: of two that write the same target, the last one to end wins. After an
    exception nothing is left of it. Beside the target its name starts with a dot, which readers of
    datasets pass over.
    """
    if not target.name:
        raise OutputError(
            "it names a folder", where=str(target) or "the target", remedy="name a file"
        )
    if isinstance(target, StorePath):
        with _nameless_file(target.name) as content:
            yield content
            with naming_output_errors(target.parent):
                target.put(content)
        return
    temporary = target.with_name(f".{target.name}.{uuid4().hex}.tmp")
    try:
        yield temporary
        with naming_output_errors(target.parent):
            _to_disk(temporary)
            temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def _nameless_file(name: str) -> Iterator[Path]:
    """Yield the path of an empty file that a kill cannot leave behind: it is in no folder.

    Where the system gives such a file no path, it is one of that name in a temporary folder.
    """
    with TemporaryFile() as file:
        path = Path(f"/proc/self/fd/{file.fileno()}")
        if path.exists():
            yield path
            return
    with TemporaryDirectory() as folder:
        yield Path(folder) / name


def write_whole(target: Place, text: str) -> None:
    """Write a UTF-8 text file, whole or not at all."""
    with replacing(target) as temporary, naming_output_errors(target.parent):
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_bytes(target: Place, content: bytes) -> None:
    """Write a file, whole or not at all."""
    with replacing(target) as temporary, naming_output_errors(target.parent):
        temporary.write_bytes(content)


def folder_to_disk(folder: Place) -> None:
    """Make the names in a folder outlast a power cut; an object store sees to that itself."""
    if isinstance(folder, Path):
        _to_disk(folder)


def remove_tree(folder: Place) -> None:
    """Remove a folder and all in it, as far as that can be done."""
    if isinstance(folder, Path):
        shutil.rmtree(folder, ignore_errors=True)
    else:
        with suppress(OSError):
            folder.remove_all()


def sha256_of(path: Place) -> str:
    """Hash a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_AT_ONCE):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def naming_output_errors(where: Place | str) -> Iterator[None]:
    """Turn the system's refusals into an `OutputError` that names `where`."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot be written ({reason_of(error)})",
            where=str(where),
            remedy="mend that or name another folder with --output",
        ) from error


@contextmanager
def naming_read_errors(where: Place) -> Iterator[None]:
    """Turn the refusals of the system or of an object store into an `OutputError`."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot be read ({reason_of(error)})",
            where=str(where),
            remedy="mend that and try again",
        ) from error


def reason_of(error: OSError) -> str:
    """Say in short why the system or an object store refused."""
    return error.strerror or str(error)[:_LONGEST_REASON]


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
