"""Commits to an Iceberg table that pyiceberg does not write: deletes beside the data files."""

import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.table import StaticTable, Table
from pyiceberg.typedef import Record
from pyroaring import BitMap


class _DeleteManifest(ManifestWriterV2):
    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


def positional_delete(table: Table, rows: Mapping[str, Sequence[int]], **how: Any) -> StaticTable:
    """Commit a file of positions: path of a data file -> numbers of its rows."""
    pairs = [(path, row) for path, numbers in sorted(rows.items()) for row in sorted(numbers)]
    content = pa.table({"file_path": [path for path, _ in pairs], "pos": [row for _, row in pairs]})
    path = f"{table.location()}/data/{uuid4()}-deletes.parquet"
    pq.write_table(content, path.removeprefix("file://"))
    return commit_delete(table, path, len(pairs), DataFileContent.POSITION_DELETES, **how)


def deletion_vectors(table: Table, rows: Mapping[str, Sequence[int]]) -> StaticTable:
    """Commit a Puffin file with a deletion vector for each data file; the table is of version 3."""
    body, blobs = b"PFA1", list[dict[str, Any]]()
    for path, numbers in sorted(rows.items()):
        bitmap = b"\xd1\xd3\x39\x64" + (1).to_bytes(8, "little") + bytes(4)
        bitmap += BitMap(numbers).serialize()
        blob = len(bitmap).to_bytes(4, "big") + bitmap + zlib.crc32(bitmap).to_bytes(4, "big")
        properties = {"referenced-data-file": path, "cardinality": str(len(numbers))}
        place = {"offset": len(body), "length": len(blob), "snapshot-id": -1}
        about = {"type": "deletion-vector-v1", "fields": [2147483645], "sequence-number": -1}
        blobs.append({**about, **place, "properties": properties})
        body += blob
    footer = json.dumps({"blobs": blobs}).encode()
    body += b"PFA1" + footer + len(footer).to_bytes(4, "little") + bytes(4) + b"PFA1"
    puffin = f"{table.location()}/data/{uuid4()}.puffin"
    Path(puffin.removeprefix("file://")).write_bytes(body)
    total = sum(map(len, rows.values()))
    return commit_delete(
        table, puffin, total, DataFileContent.POSITION_DELETES, FileFormat.PUFFIN, version=3
    )


def commit_delete(
    table: Table,
    path: str,
    rows: int,
    content: DataFileContent,
    kind: FileFormat = FileFormat.PARQUET,
    *,
    partition: Record | None = None,
    equality_ids: list[int] | None = None,
    version: int = 2,
) -> StaticTable:
    """Commit a file of deletes as the next snapshot; give the table as it is then."""
    metadata, io = table.metadata, PyArrowFileIO()
    current, snapshot_id = metadata.current_snapshot(), uuid4().int >> 66
    assert current is not None
    folder = f"{table.location()}/metadata"
    file = DataFile.from_args(
        content=content,
        file_path=path,
        file_format=kind,
        partition=partition or Record(),
        record_count=rows,
        file_size_in_bytes=Path(path.removeprefix("file://")).stat().st_size,
        equality_ids=equality_ids,
    )
    spec, output = table.spec(), io.new_output(f"{folder}/{uuid4()}-m0.avro")
    with _DeleteManifest(spec, table.schema(), output, snapshot_id, "deflate") as writer:
        entry = ManifestEntry.from_args(
            status=ManifestEntryStatus.ADDED, snapshot_id=snapshot_id, data_file=file
        )
        writer.add_entry(entry)
    number = metadata.last_sequence_number + 1
    manifests: list[ManifestFile] = [*current.manifests(io), writer.to_manifest_file()]
    listed = io.new_output(f"{folder}/snap-{snapshot_id}-0-{uuid4()}.avro")
    with write_manifest_list(
        2, listed, snapshot_id, current.snapshot_id, number, "deflate"
    ) as manifest_list:
        manifest_list.add_manifests(manifests)
    document = json.loads(metadata.model_dump_json())
    document["snapshots"].append(
        {
            "snapshot-id": snapshot_id,
            "parent-snapshot-id": current.snapshot_id,
            "sequence-number": number,
            "timestamp-ms": metadata.last_updated_ms + 1,
            "manifest-list": listed.location,
            "summary": {"operation": "delete"},
            "schema-id": metadata.current_schema_id,
        }
    )
    document["current-snapshot-id"] = snapshot_id
    document["last-sequence-number"] = number
    document["refs"] = {"main": {"snapshot-id": snapshot_id, "type": "branch"}}
    document["format-version"] = version
    if version > 2:
        document["next-row-id"] = 0
    return next_metadata(table, document)


def next_metadata(table: Table, document: dict[str, Any]) -> StaticTable:
    """Write metadata under the next number."""
    name = Path(table.metadata_location).name
    path = f"{table.location()}/metadata/{int(name.split('-')[0]) + 1:05d}-{uuid4()}.metadata.json"
    Path(path.removeprefix("file://")).write_text(json.dumps(document))
    return StaticTable.from_metadata(path)
