"""Reads small files that others may have put there: plain ones, and never more than so many bytes.

A link to a device gives bytes without end, and a pipe none for ever.
"""

import os
import stat
from pathlib import Path

from flows.storage.fs.store_path import Place


class UnfitFileError(Exception):
    """Raised for a file that is none, or too large; the message goes on from its name."""


def read_small(place: Place, most: int) -> bytes:
    """Read a file of at most `most` bytes.

    Raises
    ------
    UnfitFileError
        It is no plain file, or larger.
    OSError
        It is not there, or cannot be read.
    """
    if not isinstance(place, Path):
        _, size = place.state()
        if size > most:
            raise _too_large(most)
        return place.read_bytes()
    # A pipe is opened without waiting for who writes to it.
    with open(os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UnfitFileError("is no plain file")
        content = file.read(most + 1)  # it may grow meanwhile
    if len(content) > most:
        raise _too_large(most)
    return content


def _too_large(most: int) -> UnfitFileError:
    return UnfitFileError(f"is larger than {most:,} bytes")
