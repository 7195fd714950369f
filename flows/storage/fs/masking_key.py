"""The masking key of a job: 32 random bytes, without which no masked value can be guessed.

The digits of a masked value are an HMAC under this key. It lies beside the folder of the job, in
OUTPUT/.JOB.key, readable by its owner alone, and is made when the job runs first. No run, model,
report or export holds it. `OUTFIELD_KEY_FILE` names another file, for all jobs that run with it.
"""

import os
import secrets
import stat
import time
from pathlib import Path

from flows.storage.fs.atomic import naming_output_errors, naming_read_errors, write_bytes
from flows.storage.fs.store_path import Place, StorePath
from schemas.errors import OutputError

KEY_BYTES = 32
_OWNER_ALONE = 0o600
_PATIENCE = 2.0
"""Seconds that another process is given to fill the file which it has just made."""
_PAUSE = 0.02


def masking_key(job_folder: Place, elsewhere: Path | None = None) -> bytes:
    """Read the masking key of a job; make it where there is none.

    Parameters
    ----------
    job_folder
        OUTPUT/JOB.
    elsewhere
        The file that holds the key, where it is not to lie beside that folder.

    Raises
    ------
    OutputError
        The file cannot be read or written, or is no key.
    """
    place = elsewhere or job_folder.with_name(f".{job_folder.name}.key")
    return _stored(place) if isinstance(place, StorePath) else _on_disk(place)


def _stored(place: StorePath) -> bytes:
    """Read the key from a store. Of two that make it at once, both take what is there then."""
    with naming_output_errors(place):
        if not place.exists():
            write_bytes(place, secrets.token_bytes(KEY_BYTES))
    with naming_read_errors(place):
        return _checked(place.read_bytes(), place)


def _on_disk(file: Path) -> bytes:
    with naming_output_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        _make(file)
        return _checked(_read(file), file)


def _make(file: Path) -> None:
    """Make the key, unless the file is there: one of two processes makes it, both read it."""
    new = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        descriptor = os.open(file, new, _OWNER_ALONE)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as made:
        made.write(secrets.token_bytes(KEY_BYTES))
        made.flush()
        os.fsync(made.fileno())


def _read(file: Path) -> bytes:
    deadline = time.monotonic() + _PATIENCE
    while True:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as held:
            plain = stat.S_ISREG(os.fstat(held.fileno()).st_mode)
            key = held.read(KEY_BYTES + 1) if plain else b""
        if key or not plain or time.monotonic() >= deadline:
            return key
        time.sleep(_PAUSE)


def _checked(key: bytes, place: Place) -> bytes:
    if len(key) != KEY_BYTES:
        raise OutputError(
            f"this is no masking key of {KEY_BYTES} bytes",
            where=str(place),
            remedy="restore it, or remove it: masked values then get new digits",
        )
    return key
