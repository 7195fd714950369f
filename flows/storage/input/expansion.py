"""Bounds what the texts of a file take once they are spelled out: bombs of dictionaries.

A page names a text of its dictionary by a code, so a few bytes may stand for a long text a million
times. Where that could fill the memory, texts are read as codes, and measured before they are
spelled out.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import DamagedFileError

_MOST_AT_ONCE = 2**29
"""Bytes that the texts of the rows read at once may take."""
_MOST_EXPANSION = 100
"""How many times the size of their file they may take, if that is more."""
_DECODED_AT_ONCE = 2**26
"""Bytes that Arrow may decode at a time of what cannot be read as codes."""
_PROBED_ROWS = 1_024
_FEWEST_ROWS = 64
_BUFFER = 2**16
_LARGE_COLUMN = 2**20
"""Bytes from which on a column is not read whole for its dictionary, about."""


@dataclass(frozen=True)
class TextReading:
    """A way to read the texts of a file in bounded memory."""

    codes: tuple[str, ...] = ()
    """Leaf columns that are read as codes, and spelled out when they are measured."""
    most_rows: int | None = None
    """Rows to decode at a time, where some texts cannot be read as codes."""


def plan_texts(
    source: pa.NativeFile,
    metadata: pq.FileMetaData,
    row_groups: Sequence[int],
    columns: Sequence[str],
    rows: int,
) -> TextReading:
    """Look which texts of some row groups may expand, in the dictionaries alone.

    Parameters
    ----------
    source
        The file.
    metadata
        Its footer.
    row_groups
        Their numbers.
    columns
        The top-level columns that will be spelled out.
    rows
        Rows that are decoded at a time.
    """
    leaves = _leaves(source, metadata, set(columns))
    texts: dict[str, list[_Leaf]] = {}
    for leaf in leaves:
        if leaf.is_text:
            texts.setdefault(leaf.column, []).append(leaf)
    bounds: dict[str, int] = {}
    fewest = min(rows, _rows_of(sum(leaf.width for leaf in leaves)))
    for number in row_groups:
        group = metadata.row_group(number)
        at_once = min(rows, group.num_rows)
        if not at_once:
            continue
        fits = group.total_byte_size * at_once <= _MOST_AT_ONCE  # if each row held all of it
        asked = {
            column: parts
            for column, parts in texts.items()
            if not fits or any(leaf.in_lists for leaf in parts)
        }
        for column, longest in _longest_texts(source, metadata, number, asked).items():
            if longest is None:
                fewest = min(fewest, _rows_of(group.total_byte_size))
                continue
            lists = [leaf for leaf in texts[column] if leaf.in_lists]
            values = max([at_once, *(group.column(leaf.number).num_values for leaf in lists)])
            bounds[column] = max(bounds.get(column, 0), longest * values)
    codes = tuple(leaf.path for column in _beyond(bounds) for leaf in texts[column])
    return TextReading(codes, fewest if fewest < rows else None)


def bounded(
    batches: Iterator[pa.RecordBatch], rows: int, file_bytes: int, where: str
) -> Iterator[pa.RecordBatch]:
    """Pass batches on until the texts of consecutive rows take more than memory should hold.

    Parameters
    ----------
    batches
        Consecutive rows of a file.
    rows
        Rows that are in memory together.
    file_bytes
        The size of the file.
    where
        The file, as an error names it.

    Raises
    ------
    DamagedFileError
        They take more; it names the column that takes most.
    """
    most = max(_MOST_AT_ONCE, _MOST_EXPANSION * file_bytes)
    seen, taken = 0, dict[str, int]()
    for batch in batches:
        if seen >= rows:
            seen, taken = 0, {}
        seen += batch.num_rows
        for name, values in zip(batch.schema.names, batch.columns, strict=True):
            taken[name] = taken.get(name, 0) + _spelled_out(values)
        if sum(taken.values()) > most:
            raise _expands(max(taken, key=lambda name: taken[name]), taken, seen, file_bytes, where)
        yield batch


def in_castable_parts(batch: pa.RecordBatch, encoded: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Cut rows so that their texts can be spelled out one part after the other.

    Arrow reserves the mean length of the dictionary's texts for each row. One long text among
    short ones would ask for more than there is.

    Parameters
    ----------
    batch
        Rows of a file.
    encoded
        Columns that stay codes.
    """
    names = [name for name in batch.schema.names if name not in encoded]
    reserved = sum(
        len(codes) * codes.dictionary.nbytes // max(len(codes.dictionary), 1)
        for name in names
        for codes in _dictionaries(batch[name])
    )
    parts = min(-(-reserved // _MOST_AT_ONCE), batch.num_rows)
    if parts <= 1:
        yield batch
        return
    rows = -(-batch.num_rows // parts)
    for start in range(0, batch.num_rows, rows):
        columns = [pa.concat_arrays([column.slice(start, rows)]) for column in batch.columns]
        yield pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _rows_of(width: int) -> int:
    """Give the rows to decode at a time where each may take so many bytes."""
    return max(_DECODED_AT_ONCE // max(width, 1), _FEWEST_ROWS)


def _expands(
    column: str, taken: dict[str, int], rows: int, file_bytes: int, where: str
) -> DamagedFileError:
    size = f"{taken[column] / 1e6:,.0f} MB in {rows:,} rows"
    return DamagedFileError(
        f"the values of column {column!r} would take {size}, from a file of {file_bytes:,} bytes",
        where=where,
        remedy="write the file anew with shorter texts, or leave it out",
    )


@dataclass(frozen=True)
class _Leaf:
    """A column of a file as Parquet knows it: a top-level one, or a part of one."""

    number: int
    path: str
    column: str
    kind: pa.DataType
    in_lists: bool

    @property
    def is_text(self) -> bool:
        kind = self.kind.value_type if pa.types.is_dictionary(self.kind) else self.kind
        return any(is_kind(kind) for is_kind in _TEXTS)

    @property
    def width(self) -> int:
        """Bytes of a value, if all are as long."""
        return self.kind.byte_width if pa.types.is_fixed_size_binary(self.kind) else 0


def _leaves(
    source: pa.NativeFile, metadata: pq.FileMetaData, columns: Collection[str]
) -> list[_Leaf]:
    opened = pq.ParquetFile(source, metadata=metadata)
    paths = opened.reader.column_paths
    kinds = [
        (field.name, *leaf) for field in opened.schema_arrow for leaf in _leaf_kinds(field.type)
    ]
    return [
        _Leaf(number, ".".join(path), column, kind, in_lists)
        for number, (path, (column, kind, in_lists)) in enumerate(zip(paths, kinds, strict=True))
        if column in columns
    ]


def _leaf_kinds(kind: pa.DataType, *, in_lists: bool = False) -> Iterator[tuple[pa.DataType, bool]]:
    """Give the types of the leaves of a type, in their order, and whether they lie in lists."""
    if isinstance(kind, pa.BaseExtensionType):
        yield from _leaf_kinds(kind.storage_type, in_lists=in_lists)
    elif pa.types.is_struct(kind):
        for field in kind:
            yield from _leaf_kinds(field.type, in_lists=in_lists)
    elif pa.types.is_map(kind):
        yield from _leaf_kinds(kind.key_type, in_lists=True)
        yield from _leaf_kinds(kind.item_type, in_lists=True)
    elif pa.types.is_nested(kind):
        yield from _leaf_kinds(kind.value_type, in_lists=True)
    else:
        yield kind, in_lists


def _longest_texts(
    source: pa.NativeFile,
    metadata: pq.FileMetaData,
    group: int,
    texts: Mapping[str, Sequence[_Leaf]],
) -> dict[str, int | None]:
    """Give the bytes of the longest text in the dictionaries of each column of a row group.

    0 where the footer names no dictionary; None where the texts cannot be read as codes.
    """
    if not texts:
        return {}
    paths = [leaf.path for leaves in texts.values() for leaf in leaves]
    try:
        first = _first_rows(source, metadata, group, paths)
    except MemoryError:  # Arrow's is one of its exceptions
        raise
    except (OSError, pa.ArrowException):
        if len(texts) == 1:
            return dict.fromkeys(texts)
        names = list(texts)
        halves = names[: len(names) // 2], names[len(names) // 2 :]
        parts = ({name: texts[name] for name in half} for half in halves)
        found = [_longest_texts(source, metadata, group, part) for part in parts]
        return found[0] | found[1]
    # Only now: Arrow ends the process if it is asked for a column that it cannot read.
    chunks = metadata.row_group(group)
    return {
        column: _longest_of_column(first[column], chunks.total_byte_size)
        if any(chunks.column(leaf.number).has_dictionary_page for leaf in leaves)
        else 0
        for column, leaves in texts.items()
    }


def _longest_of_column(values: pa.Array, size: int) -> int:
    return max((_longest_of(codes, size) for codes in _dictionaries(values)), default=0)


def _first_rows(
    source: pa.NativeFile, metadata: pq.FileMetaData, group: int, paths: list[str]
) -> pa.RecordBatch:
    large = metadata.row_group(group).total_byte_size > _LARGE_COLUMN * len(paths)
    how = {"pre_buffer": False, "buffer_size": _BUFFER if large else 0}
    opened = pq.ParquetFile(source, metadata=metadata, read_dictionary=paths, **how)
    found = next(opened.iter_batches(_PROBED_ROWS, row_groups=[group], columns=paths), None)
    if found is None:  # a damaged footer names rows that its pages lack
        raise pa.ArrowInvalid("the row group has no rows")
    return found


def _longest_of(codes: pa.DictionaryArray, size: int) -> int:
    """Give the longest text of a dictionary; `size` where that may be one of these rows alone."""
    if len(pc.unique(codes.indices.drop_null())) >= len(codes.dictionary):
        return size
    return pc.max(_lengths(codes.dictionary)).as_py() or 0


def _beyond(bounds: dict[str, int]) -> list[str]:
    """Name the columns that may take most, without which the others take no more than they may."""
    names = sorted(bounds, key=lambda name: bounds[name])
    taken = 0
    for position, name in enumerate(names):
        taken += bounds[name]
        if taken > _MOST_AT_ONCE:
            return names[position:]
    return []


def _spelled_out(values: pa.Array) -> int:
    """Give the bytes of texts as they are, or as codes name them."""
    if pa.types.is_dictionary(values.type):
        return pc.sum(_lengths(values.dictionary).take(values.indices)).as_py() or 0
    if pa.types.is_fixed_size_binary(values.type):
        return len(values) * values.type.byte_width
    if any(is_kind(values.type) for is_kind in _TEXTS):
        return pc.sum(_lengths(values)).as_py() or 0
    return sum(map(_spelled_out, _children(values)))


def _lengths(values: pa.Array) -> pa.Array:
    if any(is_kind(values.type) for is_kind in _VIEWS):
        values = values.cast(pa.large_binary())
    return pc.binary_length(values)


def _dictionaries(values: pa.Array) -> Iterator[pa.DictionaryArray]:
    if pa.types.is_dictionary(values.type):
        yield values
    for child in _children(values):
        yield from _dictionaries(child)


def _children(values: pa.Array) -> list[pa.Array]:
    if isinstance(values, pa.ExtensionArray):
        return [values.storage]
    if pa.types.is_struct(values.type):
        return values.flatten()
    if pa.types.is_map(values.type):
        return [values.keys, values.items]
    if pa.types.is_nested(values.type) and not pa.types.is_union(values.type):
        return [values.flatten()]
    return []


_VIEWS = (pa.types.is_string_view, pa.types.is_binary_view)
_TEXTS = (
    *_VIEWS,
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_binary,
    pa.types.is_large_binary,
)
