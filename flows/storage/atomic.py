"""Files that are there whole or not at all, whoever is killed when."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from schemas.errors import OutputError

_AT_ONCE = 1 << 20
"""Bytes of a file that are hashed at a time."""


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary name beside `target`; what is written there takes its name at the end.

    The temporary name is the writer's own, so two that write the same target do not meet: the last
    one to end wins. After an exception nothing is left of it. It starts with a dot, which readers
    of datasets pass over.
    """
    temporary = target.with_name(f".{target.name}.{uuid4().hex}.tmp")
    try:
        yield temporary
        with naming_output_errors(target.parent):
            _to_disk(temporary)
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(target: Path, text: str) -> None:
    """Write a UTF-8 text file, whole or not at all."""
    with replacing(target) as temporary, naming_output_errors(target.parent):
        temporary.write_text(text, encoding="utf-8", newline="\n")


def folder_to_disk(folder: Path) -> None:
    """Make the names in a folder outlast a power cut."""
    _to_disk(folder)


def sha256_of(path: Path) -> str:
    """Hash a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_AT_ONCE):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def naming_output_errors(where: Path | str) -> Iterator[None]:
    """Turn the system's refusals into an `OutputError` that names `where`."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or error})",
            where=str(where),
            remedy="mend that or name another folder with --output",
        ) from error


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
