"""The place of results: a folder of this machine, or a place in an object store.

A place in a store has the methods of `pathlib.Path` that outfield calls. Code that writes and reads
runs, models and scratch need not know which of the two it is. `atomic.py` handles what differs:
a store has no rename, but an object appears whole or not at all.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Self

from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType

from flows.storage.fs.filesystem import open_location
from schemas.errors import InputError, OutputError
from schemas.locations import split_url, without_secrets


@dataclass(frozen=True, order=True)
class StorePath:
    """A place in an object store. It can be pickled; credentials come from the environment."""

    store: str
    """The URL of the bucket or container, with its options."""
    key: str
    """Names joined by `/`, below it."""

    def __truediv__(self, name: str) -> Self:
        """Go to a place below."""
        return replace(self, key=f"{self.key}/{name}" if self.key else name)

    def __str__(self) -> str:
        """Return the URL as it may be shown."""
        return f"{without_secrets(self.store).rstrip('/')}/{self.key}"

    @property
    def name(self) -> str:
        """The last part."""
        return self.key.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The last part without its suffix."""
        return Path(self.name).stem

    @property
    def suffix(self) -> str:
        """The last part from its last dot on."""
        return Path(self.name).suffix

    @property
    def parent(self) -> Self:
        """The place above."""
        return replace(self, key=self.key.rpartition("/")[0])

    @property
    def parents(self) -> list[Self]:
        """The places above, the nearest first."""
        above = [self.parent]
        while above[-1].key:
            above.append(above[-1].parent)
        return above

    def with_name(self, name: str) -> Self:
        """Go to a place beside."""
        return self.parent / name

    def as_uri(self) -> str:
        """Return the URL as it may be shown."""
        return str(self)

    def exists(self) -> bool:
        """Tell whether an object is there, or any below."""
        return self._info().type is not FileType.NotFound

    def is_dir(self) -> bool:
        """Tell whether an object is below."""
        return self._info().type is FileType.Directory

    def mkdir(self, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Do nothing: a store knows no folders."""

    def iterdir(self) -> Iterator[Self]:
        """Give the places just below."""
        filesystem, path = self._opened()
        for entry in filesystem.get_file_info(FileSelector(path, allow_not_found=True)):
            yield self / entry.base_name

    def objects_below(self) -> list[tuple[Self, datetime, int]]:
        """List all objects below, when each was changed last, and how many bytes it has."""
        filesystem, path = self._opened()
        below = filesystem.get_file_info(FileSelector(path, allow_not_found=True, recursive=True))
        never = datetime.fromtimestamp(0, UTC)
        return [
            (
                self / entry.path.removeprefix(path).lstrip("/"),
                (entry.mtime or never).astimezone(UTC),
                entry.size,
            )
            for entry in below
            if entry.type is FileType.File
        ]

    def glob(self, pattern: str) -> Iterator[Self]:
        """Give the places just below whose names match."""
        return (place for place in self.iterdir() if fnmatchcase(place.name, pattern))

    def read_bytes(self) -> bytes:
        """Read an object."""
        with self.open_input() as file:
            content: bytes = file.read()
        return content

    def open(self, mode: str = "rb") -> BinaryIO:
        """Open an object's content, which is read as a whole."""
        if mode != "rb":
            raise ValueError(f"a store's object is opened to be read, not as {mode!r}")
        return io.BytesIO(self.read_bytes())

    @contextmanager
    def open_input(self) -> Iterator[Any]:
        """Open an object for Arrow, which reads the parts that it needs."""
        filesystem, path = self._opened()
        with filesystem.open_input_file(path) as file:
            yield file

    def put(self, content: Path) -> None:
        """Make a local file the object; it appears when all of it is there."""
        filesystem, path = self._opened()
        stream = filesystem.open_output_stream(path)
        # Not in a context: after an error its end must not complete what is not whole.
        stream.write(content.read_bytes())
        stream.close()

    def unlink(self, *, missing_ok: bool = False) -> None:
        """Remove an object."""
        filesystem, path = self._opened()
        try:
            filesystem.delete_file(path)
        except FileNotFoundError:
            if not missing_ok:
                raise

    def remove_all(self) -> None:
        """Remove all objects below."""
        filesystem, path = self._opened()
        filesystem.delete_dir(path)

    def state(self) -> tuple[datetime, int]:
        """Tell when an object was changed last, and how many bytes it has."""
        info = self._info()
        return (info.mtime or datetime.fromtimestamp(0, UTC)).astimezone(UTC), info.size or 0

    def _info(self) -> FileInfo:
        filesystem, path = self._opened()
        return filesystem.get_file_info(path)

    def _opened(self) -> tuple[FileSystem, str]:
        filesystem, root = _open_store(self.store)
        return filesystem, "/".join(part for part in (root, self.key) if part)


Place = Path | StorePath
"""Where results lie."""


def place_of(location: str) -> Place:
    """Find the place that a path or a URL names.

    Raises
    ------
    OutputError
        The URL's scheme is unknown, or it carries credentials.
    """
    store, key = split_url(location)
    if not store:
        return Path(key).expanduser()
    try:
        _open_store(store)
    except InputError as error:
        raise OutputError(error.what, where=error.where, remedy=error.remedy) from error
    return StorePath(store, key)


@contextmanager
def input_of(place: Place) -> Iterator[Any]:
    """Open a file for Arrow."""
    if isinstance(place, Path):
        yield place
    else:
        with place.open_input() as file:
            yield file


@lru_cache(maxsize=8)
def _open_store(store: str) -> tuple[FileSystem, str]:
    """Open a store once for all that a process reads and writes there."""
    return open_location(store)
