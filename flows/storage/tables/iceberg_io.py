"""Opens the files that the metadata of an Iceberg table names: none that lies outside of the table.

Metadata names files by whole paths, and may name any on any host. The rest of a table that was
moved or copied still names the files of its old place.
"""

import os.path
import re
from io import UnsupportedOperation

from pyarrow.fs import FileSystem, FileType
from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile

from flows.storage.tables.live_files import NamedTable
from schemas.errors import InputError
from schemas.locations import URL, without_secrets

_NAMED = re.compile(r"(?:(?P<scheme>[A-Za-z][\w+.-]*):(?://(?P<host>[^/]*))?)?(?P<path>/?.*)")
_SAME = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "abfss": "abfs"}
"""Schemes by which others name the same store."""


class TableIO(FileIO):
    """Opens files of a table, through the filesystem that the input is read with.

    Two are equal that open the same version of the same table.
    """

    def __init__(self, table: NamedTable) -> None:
        super().__init__()
        self.table = table

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TableIO) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, str, int | None]:
        return self.table.address, self.table.root, self.table.version

    def new_input(self, location: str) -> InputFile:
        """Give a file of the table.

        Raises
        ------
        InputError
            It lies outside of the table.
        """
        return _TableFile(location, self.table.filesystem, self.path_of(location))

    def new_output(self, location: str) -> OutputFile:
        """Refuse: nothing is written."""
        raise UnsupportedOperation(f"{location} is of a table that is only read")

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Refuse: nothing is deleted."""
        raise UnsupportedOperation(f"{location} is of a table that is only read")

    def path_of(self, location: str) -> str:
        """Give the path in the filesystem of a file that the metadata names.

        Raises
        ------
        InputError
            It lies outside of the table.
        """
        named, url = _NAMED.fullmatch(location), URL.fullmatch(self.table.address)
        if named is None:
            raise self._outside(location)
        scheme, host = named["scheme"], named["host"] or ""
        root = self.table.root
        if url is None:
            is_local = scheme in (None, "file") and host in ("", "localhost")
            path = _local_path(named["path"], root) if is_local else None
        else:
            is_same = (_family(scheme), host) == (_family(url["scheme"]), url["host"])
            path = _stored_path(named["path"], url["path"].strip("/"), root) if is_same else None
        if path is None:
            raise self._outside(location)
        return path

    def _outside(self, location: str) -> InputError:
        return InputError(
            f"its metadata names a file outside of it: {without_secrets(location)}",
            where=self.table.where,
            remedy="name the table where it was written, or write its live rows as Parquet here",
        )


class _TableFile(InputFile):
    """A file of a table."""

    def __init__(self, location: str, filesystem: FileSystem, path: str) -> None:
        super().__init__(location)
        self._filesystem, self._path = filesystem, path

    def __len__(self) -> int:
        return int(self._filesystem.get_file_info(self._path).size)

    def exists(self) -> bool:
        """Tell whether it is there."""
        return bool(self._filesystem.get_file_info(self._path).type is FileType.File)

    def open(self, seekable: bool = True) -> InputStream:
        """Open it; all of its bytes can be sought."""
        return self._filesystem.open_input_file(self._path)


def _family(scheme: str | None) -> str:
    known = (scheme or "").lower()
    return _SAME.get(known, known)


def _local_path(path: str, root: str) -> str | None:
    """Give a path of this machine below a folder, by the names or by where links lead."""
    whole = os.path.abspath(path)  # noqa: PTH100 - it also resolves `..`
    if whole.startswith(f"{root}/"):
        return whole
    real, real_root = os.path.realpath(whole), os.path.realpath(root)
    return f"{root}{real[len(real_root) :]}" if real.startswith(f"{real_root}/") else None


def _stored_path(path: str, folder: str, root: str) -> str | None:
    """Give the path of a key of a store below a folder of it."""
    key = path.removeprefix("/")
    inside = key.startswith(f"{folder}/") if folder else True
    if not inside or {".", "..", ""} & set(key.split("/")):
        return None
    return f"{root}/{key[len(folder) :].removeprefix('/')}"
