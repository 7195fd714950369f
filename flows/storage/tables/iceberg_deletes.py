"""The rows of an Iceberg table that its deletes hide: by position, or by deletion vectors.

Source: "Scan Planning" of the Iceberg table specification: which delete applies to which file.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.io import FileIO
from pyiceberg.manifest import DataFileContent, FileFormat, ManifestEntry
from pyiceberg.table.deletion_vector import deletion_vectors_from_puffin_file
from pyiceberg.table.puffin import PuffinFile

from schemas.errors import InputError

_FILES_AT_ONCE = 16
_ROWS_AT_ONCE = 131_072


def deleted_positions(
    data: Collection[ManifestEntry], deletes: Iterable[ManifestEntry], io: FileIO
) -> dict[str, np.ndarray]:
    """Find the rows of data files that are deleted.

    A delete applies to a file of its own partition that is not newer. Of a file with a deletion
    vector the other positions are part of that, so it does no harm to join them.

    Parameters
    ----------
    data
        The live data files that are read.
    deletes
        The live deletes of the table.
    io
        Opens the files that hold them.

    Returns
    -------
    dict
        The path of a data file -> int64 positions of its deleted rows, in no order.

    Raises
    ------
    InputError
        An equality delete applies to one of the files, or deletes are of a format that is not read.
    """
    oldest: dict[PartitionKey, int] = {}
    for partition, number in map(_place, data):
        oldest[partition] = min(oldest.get(partition, number), number)
    applying = [each for each in deletes if _applies(each, oldest)]
    by_path = {entry.data_file.file_path: entry for entry in data}
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    # A file of deletion vectors has an entry for each of its data files.
    files = {(each.data_file.file_path, _place(each)): each for each in applying}
    with ThreadPoolExecutor(_FILES_AT_ONCE) as pool:
        read = pool.map(partial(_read_deletes, io, set(by_path)), files.values())
        for (_, (partition, number)), by_file in zip(files, read, strict=True):
            for path, positions in by_file.items():
                own_partition, own_number = _place(by_path[path])
                if own_partition == partition and own_number <= number:
                    found[path].append(positions)
    return {path: np.concatenate(parts) for path, parts in found.items()}


PartitionKey = tuple[int | str, ...]
"""The number of the specification of a partition, and its values as text: NaN equals no NaN."""


def _place(entry: ManifestEntry) -> tuple[PartitionKey, int]:
    """Give the partition of a file, and its number in the order of commits."""
    file = entry.data_file
    values = (repr(file.partition[i]) for i in range(len(file.partition)))
    return (file.spec_id, *values), entry.sequence_number or 0


def _applies(delete: ManifestEntry, oldest: Mapping[PartitionKey, int]) -> bool:
    """Tell whether a delete may apply to one of the data files; refuse what is not read."""
    file, (key, number) = delete.data_file, _place(delete)
    if file.content == DataFileContent.EQUALITY_DELETES:
        # Without partition values it is of all partitions.
        at = min(oldest.values(), default=number) if len(key) == 1 else oldest.get(key, number)
        if at < number:
            raise InputError(
                "the Iceberg table has equality deletes, which are not applied here",
                remedy="compact it, or write its live rows as Parquet with what wrote it",
            )
        return False
    if oldest.get(key, number + 1) > number:
        return False
    if file.file_format not in (FileFormat.PARQUET, FileFormat.PUFFIN):
        raise InputError(
            f"deletes of the Iceberg table are in {file.file_format.value} files, and not read",
            remedy="compact it, or write its live rows as Parquet with what wrote it",
        )
    return True


def _read_deletes(
    io: FileIO, data: Collection[str], delete: ManifestEntry
) -> dict[str, np.ndarray]:
    """Read the positions that a file of deletes holds for some data files."""
    file = delete.data_file
    with io.new_input(file.file_path).open() as source:
        if file.file_format == FileFormat.PUFFIN:
            vectors = deletion_vectors_from_puffin_file(PuffinFile(source.read()))
            return {
                each.referenced_data_file: each.to_vector().to_numpy().astype(np.int64)
                for each in vectors
                if each.referenced_data_file in data
            }
        return _join(_positions(source, data))


def _positions(source: pa.NativeFile, data: Collection[str]) -> Iterator[tuple[str, np.ndarray]]:
    wanted = pa.array(sorted(data), pa.string())
    columns = ["file_path", "pos"]
    with pq.ParquetFile(source, read_dictionary=columns[:1]) as opened:
        for batch in opened.iter_batches(_ROWS_AT_ONCE, columns=columns):
            places = pc.index_in(batch["file_path"].cast(pa.string()), wanted)
            codes = places.fill_null(-1).to_numpy(zero_copy_only=False)
            positions = batch["pos"].to_numpy(zero_copy_only=False)
            for code in np.unique(codes[codes >= 0]):
                yield wanted[int(code)].as_py(), positions[codes == code]


def _join(parts: Iterable[tuple[str, np.ndarray]]) -> dict[str, np.ndarray]:
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    for path, positions in parts:
        found[path].append(positions)
    return {path: np.concatenate(positions) for path, positions in found.items()}
