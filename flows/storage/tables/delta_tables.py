"""Delta tables: the live files of a version, and the partitions that the log gives them."""

import os
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from flows.storage.tables.live_files import (
    LiveFile,
    LiveFiles,
    NamedTable,
    Partition,
    TableState,
    infos_of,
)
from schemas.errors import InputError, NoInputError

_HARMLESS = {"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"}
"""Features of a table that leave its files as they are."""
_MAPPING, _DELETIONS = "columnMapping", "deletionVectors"


def live_files(named: NamedTable) -> LiveFiles:
    """Find the live files of a Delta table, by its log.

    Raises
    ------
    InputError
        Its rows cannot be told from its files, or the extra is not installed.
    NoInputError
        No live file is there.
    """
    table = _open(named.address, named.version, named.where)
    _check_rows(table, named.where)
    actions: list[dict[str, Any]] = pa.table(table.get_add_actions()).to_pylist()
    partitions = {
        f"{named.root}/{unquote(action['path'])}": _partition(action.get("partition") or {})
        for action in actions
    }
    chosen = {
        file: LiveFile(partition)
        for file, partition in partitions.items()
        if named.below in (named.root, file) or file.startswith(f"{named.below}/")
    }
    version = table.version()
    if not chosen:
        remedy = "check how it is spelt, or whether its rows were deleted"
        what = f"no row in version {version} of the table"
        raise NoInputError(what, where=named.where, remedy=remedy)
    infos = infos_of(named, chosen, f"version {version}")
    return LiveFiles(named.root, infos, chosen, TableState("Delta", version))


def _open(address: str, version: int | None, where: str) -> Any:
    if find_spec("deltalake") is None:
        raise InputError(
            "a Delta table, and what reads its log is not installed",
            where=where,
            remedy="pip install 'outfield[delta]'",
        )
    from deltalake import DeltaTable  # noqa: PLC0415
    from deltalake.exceptions import DeltaError  # noqa: PLC0415

    plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    options = {"AWS_ALLOW_HTTP": "true"} if plain and address.startswith("s3://") else None
    try:
        return DeltaTable(address, version=version, storage_options=options)
    except (DeltaError, OSError, OverflowError) as error:
        asked = "" if version is None else f" in version {version}"
        said = str(error).splitlines()[0].replace(address, where)
        raise InputError(
            f"the log of the Delta table cannot be read{asked} ({said})",
            where=where,
            remedy="check the table, and the version that is asked for",
        ) from error


def _check_rows(table: Any, where: str) -> None:
    """Refuse a table whose live rows are not those of its live files."""
    features = set(table.protocol().reader_features or ()) - _HARMLESS
    used = features - {_MAPPING, _DELETIONS}
    if table.metadata().configuration.get("delta.columnMapping.mode", "none") != "none":
        used.add(_MAPPING)
    if _DELETIONS in features and any(len(batch) for batch in table.deletion_vectors()):
        used.add(_DELETIONS)
    if not used:
        return
    raise InputError(
        f"the Delta table uses {', '.join(sorted(used))}, which is not applied here",
        where=where,
        remedy="write its live rows as Parquet, such as with delta_scan of DuckDB",
    )


def _partition(values: dict[str, Any]) -> Partition:
    return tuple((key, None if each is None else str(each)) for key, each in values.items())
