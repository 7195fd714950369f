"""Reads the footer of a file with a column of a type that Arrow does not know.

Writers repeat the types of their columns in a note of the footer. Arrow reads no column of a file
whose note it does not know, such as that of 128-bit integers. Without the note they are bytes.
"""

import pyarrow as pa
import pyarrow.parquet as pq

_END = 8
"""Bytes after the footer: its length and the mark of Parquet."""
_MARK = b"PAR1"
_NOTE, _UNREAD = b"ARROW:schema", b"ARROW:unread"


def read_metadata(source: pa.NativeFile) -> pq.FileMetaData:
    """Read a footer, without the note of types if Arrow does not know one of them."""
    try:
        return pq.read_metadata(source)
    except pa.ArrowNotImplementedError:
        size = source.size()
        length = int.from_bytes(source.read_at(_END, size - _END)[:4], "little")
        footer = source.read_at(length, size - _END - length)
        if _NOTE not in footer:
            raise
        unnoted = footer.replace(_NOTE, _UNREAD)
        whole = _MARK + unnoted + len(unnoted).to_bytes(4, "little") + _MARK
        return pq.read_metadata(pa.BufferReader(whole))


def unread_columns(metadata: pq.FileMetaData, schema: pa.Schema) -> dict[str, str]:
    """Name the columns that are bytes only for want of their type, each with what it is."""
    if _UNREAD not in (metadata.metadata or {}):
        return {}
    return {
        field.name: f"{8 * field.type.byte_width}-bit integer"
        for field in schema
        if pa.types.is_fixed_size_binary(field.type)
    }
