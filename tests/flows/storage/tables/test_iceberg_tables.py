"""Iceberg tables, written by pyiceberg: the rows are those that pyiceberg itself reads."""

import datetime as dt
import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from importlib.metadata import version
from io import UnsupportedOperation
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow.fs import LocalFileSystem
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.manifest import DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import DayTransform, IdentityTransform
from pyiceberg.typedef import Record
from pyiceberg.types import (
    DateType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
)

from flows.cli.app import main
from flows.jobs import judged_partition
from flows.jobs.judged_partition import located_partition, located_window
from flows.jobs.staleness import why_stale
from flows.storage.fs.scratch import Scratch
from flows.storage.input.files import Located, locate
from flows.storage.input.plan import InputPlan, plan_input, plan_located
from flows.storage.input.plan_file import load_plan, store_plan
from flows.storage.input.rows import read_batches, read_rows, source_of
from flows.storage.runs.reader import find_run
from flows.storage.tables import lake_tables
from flows.storage.tables.deleted_rows import live_sizes, pack, unpack
from flows.storage.tables.iceberg_io import TableIO
from flows.storage.tables.iceberg_schema import as_text
from flows.storage.tables.live_files import NamedTable
from schemas.errors import InputError, NoInputError
from schemas.job.fingerprint import job_fingerprint
from schemas.job.job import JobSpec
from schemas.job.partition import Partition
from tests.flows.sample_logs import small_log
from tests.flows.sample_runs import manifest
from tests.flows.storage.tables.iceberg_commits import (
    commit_delete,
    deletion_vectors,
    next_metadata,
    positional_delete,
)

_DAYS = [dt.date(2026, 1, 5), dt.date(2026, 1, 6)]


def _rows(plan: InputPlan) -> list[dict[str, object]]:
    return read_rows(plan, np.arange(plan.rows)).to_pylist()


def _numbers(location: object) -> list[int]:
    return sorted(row["n"] for row in _rows(plan_input(str(location))))  # type: ignore[type-var]


def _folder(table: Table) -> str:
    return table.location().removeprefix("file://")


def _data_files(table: Table) -> list[str]:
    return sorted(task.file.file_path for task in table.scan().plan_files())


def _same(table: Table, location: str | None = None) -> None:
    """Compare with what pyiceberg reads, column by column, whatever the order of rows."""
    plan = plan_input(location or _folder(table))
    expected = table.scan().to_arrow().to_pylist()
    assert plan.schema.names == [field.name for field in table.schema().fields]
    assert sorted(map(repr, _rows(plan))) == sorted(map(repr, expected))
    encoded = [each.name for each in plan.schema if each.type == pa.string()]
    (whole,) = plan.chunks(plan.rows)
    (codes,) = (rows for _, rows in read_batches(plan, whole, None, plan.rows, encoded))
    assert codes.cast(plan.schema).to_pylist() == _rows(plan)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[SqlCatalog]:
    catalog = SqlCatalog("test", uri="sqlite:///:memory:", warehouse=f"file://{tmp_path}")
    catalog.create_namespace("lake")
    yield catalog
    catalog.close()


@pytest.fixture
def table(catalog: SqlCatalog) -> Table:
    """Snapshots: six rows, two more, two deleted."""
    table = catalog.create_table("lake.table", schema=pa.schema({"n": pa.int64()}))
    table.append(pa.table({"n": range(6)}))
    table.append(pa.table({"n": [6, 7]}))
    table.delete("n < 2")
    return table


def _ids(table: Table) -> list[int]:
    return [each.snapshot_id for each in table.metadata.snapshot_log]  # type: ignore[attr-defined]


# Which snapshot, and which file of metadata


def test_rows_of_a_table_are_its_live_rows(table: Table) -> None:
    plan = plan_input(_folder(table))
    assert plan.table is not None
    assert (plan.table.kind, plan.table.version) == ("Iceberg", _ids(table)[-1])
    assert _numbers(_folder(table)) == list(range(2, 8))
    assert all(file.name.startswith("data/") for file in plan.files)


def test_a_snapshot_that_is_asked_for_is_read(table: Table) -> None:
    first, second, *_, last = _ids(table)
    for snapshot, numbers in [(first, range(6)), (second, range(8)), (last, range(2, 8))]:
        location = f"{_folder(table)}@v{snapshot}"
        assert plan_input(location).table.version == snapshot  # type: ignore[union-attr]
        assert _numbers(location) == list(numbers)


def test_a_snapshot_that_is_not_there_is_refused_with_the_newest(table: Table) -> None:
    with pytest.raises(InputError) as error:
        plan_input(f"{_folder(table)}@v9")
    line = str(error.value)
    assert "no snapshot 9 in the Iceberg table; the newest are " in line
    assert f"{_ids(table)[-1]} of 20" in line


@pytest.mark.parametrize("asked", ["@main", "@3", "@v3/data"])
def test_a_version_that_is_no_number_at_the_end_is_refused(table: Table, asked: str) -> None:
    with pytest.raises(InputError) as error:
        plan_input(f"{_folder(table)}{asked}")
    line = str(error.value)
    assert f"`{asked.partition('/')[0]}` names no version of the Iceberg table" in line
    name = Path(_folder(table)).name
    assert f"write `@v` and the number of its snapshot at the very end, as in `{name}@v12`" in line


def test_metadata_is_named_by_its_folder_or_its_file(table: Table) -> None:
    files = sorted(Path(_folder(table), "metadata").glob("*.metadata.json"))
    assert _numbers(files[-1]) == list(range(2, 8))
    assert _numbers(files[1]) == list(range(6))
    assert _numbers(f"{files[-1]}@v{_ids(table)[1]}") == list(range(8))
    assert _numbers(f"file://{_folder(table)}") == list(range(2, 8))


def test_of_two_files_with_the_highest_number_the_hint_tells(table: Table) -> None:
    _, first, *_, newest = sorted(Path(_folder(table), "metadata").glob("*.metadata.json"))
    other = newest.with_name(f"{newest.name[:5]}-x.metadata.json")
    shutil.copy(first, other)
    with pytest.raises(InputError, match="2 files of metadata have the highest number: 00003-"):
        plan_input(_folder(table))
    assert _numbers(other) == list(range(6))
    hint, end = newest.with_name("version-hint.text"), ".metadata.json"
    for named, numbers in [(other, range(6)), (newest, range(2, 8))]:
        hint.write_text(named.name.removesuffix(end))
        assert _numbers(_folder(table)) == list(numbers)


def test_metadata_of_a_table_without_catalog_is_found_by_its_number(table: Table) -> None:
    folder = Path(_folder(table), "metadata")
    for number, file in enumerate(sorted(folder.glob("*.metadata.json")), start=8):
        file.rename(folder / f"v{number}.metadata.json")
    (folder / "version-hint.text").write_text("10")
    assert _numbers(_folder(table)) == list(range(2, 8))
    (folder / "version-hint.text").write_text("12")
    with pytest.raises(InputError, match="names version 12, and the newest metadata there is v11"):
        plan_input(_folder(table))


def _rename_newest(table: Table, name: str) -> None:
    """Leave the newest metadata alone, under another name."""
    folder = Path(_folder(table), "metadata")
    files = sorted(folder.glob("*.metadata.json"))
    content = files[-1].read_bytes()
    for file in files:
        file.unlink()
    (folder / name).write_bytes(gzip.compress(content) if ".gz" in name else content)


@pytest.mark.parametrize("name", ["v1735840134.metadata.json", "v4.gz.metadata.json"])
def test_a_table_is_known_by_the_names_that_metadata_has(table: Table, name: str) -> None:
    _rename_newest(table, name)
    assert _numbers(_folder(table)) == list(range(2, 8))


def test_metadata_with_an_old_name_is_refused_and_its_files_are_not_read(table: Table) -> None:
    _rename_newest(table, "v4.metadata.json.gz")
    with pytest.raises(InputError, match="the metadata of the Iceberg table cannot be read"):
        plan_input(_folder(table))


def test_a_table_that_nothing_was_written_to_has_no_row(catalog: SqlCatalog) -> None:
    table = catalog.create_table("lake.empty", schema=pa.schema({"n": pa.int64()}))
    with pytest.raises(NoInputError, match="no row in the table: nothing was written to it"):
        plan_input(_folder(table))


def test_a_commit_while_rows_are_read_changes_nothing(table: Table) -> None:
    plan = plan_input(_folder(table))
    table.overwrite(pa.table({"n": [99]}))
    assert sorted(row["n"] for row in _rows(plan)) == list(range(2, 8))  # type: ignore[type-var]


# Deleted rows


def test_rows_deleted_by_position_are_not_read(catalog: SqlCatalog) -> None:
    table = catalog.create_table("lake.table", schema=pa.schema({"n": pa.int64()}))
    table.append(pa.table({"n": range(10)}))
    table.append(pa.table({"n": range(10, 20)}))
    first, second = sorted(_data_files(table), key=_first_number)
    after = positional_delete(table, {first: [0, 4, 9], second: [5]})
    after = positional_delete(after, {first: [4, 5, 77]})
    _same(after)
    plan = plan_input(_folder(after))
    assert [file.rows for file in plan.files] in ([6, 9], [9, 6])
    assert {each.deleted_rows for each in plan.manifest_files()} == {4, 1}
    names, places = source_of(plan, np.arange(plan.rows))
    assert _stored(table, names.to_pylist(), places) == [row["n"] for row in _rows(plan)]


def _first_number(path: str) -> int:
    return pq.read_table(path.removeprefix("file://"))["n"][0].as_py()


def _stored(table: Table, names: list[str], places: np.ndarray) -> list[int]:
    """Look up rows in their files."""
    stored = {name: pq.read_table(f"{_folder(table)}/{name}")["n"] for name in set(names)}
    return [stored[name][int(place)].as_py() for name, place in zip(names, places, strict=True)]


def test_deletes_of_one_partition_are_not_of_another(catalog: SqlCatalog) -> None:
    table = _partitioned(catalog)
    file = next(path for path in _data_files(table) if "b.parquet" in path)
    wrong, right = (Record(_days_since_1970(day)) for day in _DAYS)
    positional_delete(table, {file: [0]}, partition=wrong)
    assert _numbers(_folder(table)) == [1, 2, 3]
    after = positional_delete(table, {file: [0]}, partition=right)
    Path(after.metadata_location.removeprefix("file://")).with_name("version-hint.text").write_text(
        Path(after.metadata_location).name
    )
    _same(after)
    assert _numbers(_folder(table)) == [1, 3]


def _days_since_1970(day: dt.date) -> int:
    return (day - dt.date(1970, 1, 1)).days


def test_rows_hidden_by_deletion_vectors_are_not_read(catalog: SqlCatalog) -> None:
    table = catalog.create_table("lake.table", schema=pa.schema({"n": pa.int64()}))
    for start in range(0, 40, 10):
        table.append(pa.table({"n": range(start, start + 10)}))
    files = sorted(_data_files(table), key=_first_number)
    after = deletion_vectors(table, {files[0]: [0, 9], files[1]: [3], files[3]: list(range(10))})
    gone = {0, 9, 13, *range(30, 40)}
    assert _numbers(_folder(after)) == [n for n in range(40) if n not in gone]
    _same(after)


@pytest.mark.parametrize("kind", [FileFormat.PARQUET, FileFormat.ORC])
def test_equality_deletes_are_refused(table: Table, kind: FileFormat) -> None:
    path = f"{table.location()}/data/equal.parquet"
    pq.write_table(pa.table({"n": [3]}), path.removeprefix("file://"))
    after = commit_delete(table, path, 1, DataFileContent.EQUALITY_DELETES, kind, equality_ids=[1])
    with pytest.raises(InputError, match=r"/table: the Iceberg table has equality deletes, which"):
        plan_input(_folder(after))


def test_deletes_in_orc_are_refused(table: Table) -> None:
    path = f"{table.location()}/data/deletes.orc"
    Path(path.removeprefix("file://")).write_bytes(b"ORC")
    after = commit_delete(table, path, 1, DataFileContent.POSITION_DELETES, FileFormat.ORC)
    with pytest.raises(InputError, match="deletes of the Iceberg table are in ORC files"):
        plan_input(_folder(after))


@pytest.fixture(scope="module")
def grouped_plan(tmp_path_factory: pytest.TempPathFactory) -> InputPlan:
    file = tmp_path_factory.mktemp("log") / "log.parquet"
    rows = pa.table({"n": range(20), "s": [f"text {n % 3}" for n in range(20)]})
    with pq.ParquetWriter(file, rows.schema) as writer:
        for first, size in [(0, 3), (3, 9), (12, 1), (13, 7)]:
            writer.write_table(rows.slice(first, size))
    return plan_input(str(file))


@given(st.sets(st.integers(0, 19)), st.integers(1, 7), st.integers(1, 9))
def test_deleted_rows_are_left_out_wherever_chunks_are_cut(
    grouped_plan: InputPlan, deleted: set[int], batch_rows: int, chunk_rows: int
) -> None:
    (file,) = grouped_plan.files
    packed = pack(np.array(sorted(deleted), dtype=np.int64))
    file = replace(file, deleted=packed, row_groups=live_sizes(packed, file.row_groups))
    plan = replace(grouped_plan, files=(file,))
    left = [n for n in range(20) if n not in deleted]
    read = [
        (first, table["n"].to_pylist())
        for chunk in plan.chunks(chunk_rows)
        for first, table in read_batches(plan, chunk, None, batch_rows, ["s"])
    ]
    assert [n for _, numbers in read for n in numbers] == left
    assert [first for first, _ in read] == [
        sum(len(numbers) for _, numbers in read[:i]) for i in range(len(read))
    ]
    assert source_of(plan, np.arange(len(left)))[1].tolist() == left
    assert read_rows(plan, np.arange(0, len(left), 2))["n"].to_pylist() == left[::2]


def test_a_damaged_file_among_many_is_set_aside(catalog: SqlCatalog) -> None:
    table = catalog.create_table("lake.table", schema=pa.schema({"n": pa.int64()}))
    for number in range(11):
        table.append(pa.table({"n": [number, number]}))
    first = _data_files(table)[0]
    after = positional_delete(table, {first: [0]})
    Path(first.removeprefix("file://")).write_bytes(b"PAR1" + bytes(900) + b"PAR1")
    plan = plan_input(_folder(after))
    assert (plan.rows, [len(unpack(file.deleted)) for file in plan.damaged]) == (20, [1])
    assert plan.states() == locate(_folder(after)).states()


# Columns by their ids


@pytest.mark.parametrize("version", ["1", "2"])
def test_columns_are_told_by_their_ids_and_not_by_their_names(
    catalog: SqlCatalog, version: str
) -> None:
    schema = Schema(
        NestedField(1, "a", IntegerType()),
        NestedField(2, "b", StringType()),
        NestedField(3, "c", FloatType()),
        NestedField(4, "d", StringType()),
    )
    properties = {"format-version": version}
    table = catalog.create_table("lake.table", schema=schema, properties=properties)
    kinds = {"a": pa.int32(), "b": pa.string(), "c": pa.float32(), "d": pa.string()}
    first = pa.table({"a": [1, 2], "b": ["x", "y"], "c": [0.5, 1.5], "d": ["p", "q"]})
    table.append(first.cast(pa.schema(kinds)))
    with table.update_schema() as update:  # names are swapped
        update.rename_column("b", "z")
    with table.update_schema() as update:
        update.rename_column("d", "b")
    with table.update_schema() as update:
        update.rename_column("z", "d")
    with table.update_schema(allow_incompatible_changes=True) as update:
        update.update_column("a", LongType())
        update.update_column("c", DoubleType())
        update.add_column("e", DateType())
        update.move_first("e")
    new = pa.table({"e": [_DAYS[0]], "a": [2**40], "d": ["new"], "c": [2.5], "b": ["other"]})
    table.append(new)
    _same(table)
    with table.update_schema(allow_incompatible_changes=True) as update:
        update.delete_column("d")
    with table.update_schema() as update:  # another column of the same name
        update.add_column("d", StringType())
    _same(table)
    rows = {row["a"]: (row["b"], row["d"]) for row in _rows(plan_input(_folder(table)))}
    assert rows == {1: ("p", None), 2: ("q", None), 2**40: ("other", None)}
    by_then = f"{_folder(table)}@v{_ids(table)[0]}"
    assert {row["a"]: row["b"] for row in _rows(plan_input(by_then))} == {1: "x", 2: "y"}


def test_a_column_may_be_named_as_another_column_with_dots(catalog: SqlCatalog) -> None:
    table = catalog.create_table(
        "lake.table", schema=pa.schema({"a": pa.int64(), "b": pa.string()})
    )
    table.append(pa.table({"a": [1], "b": ["x"]}))
    with table.update_schema() as update:
        update.rename_column("b", "plain")
    table.append(pa.table({"a": [2], "plain": ["y"]}))
    _same(table)


def test_fields_within_structs_lists_and_maps_are_told_by_their_ids(catalog: SqlCatalog) -> None:
    inner = pa.struct({"a": pa.int64(), "b": pa.string()})
    kinds = {
        "n": pa.int64(),
        "s": pa.struct({"x": inner, "y": pa.int64()}),
        "l": pa.list_(inner),
        "m": pa.map_(pa.string(), inner),
    }
    table = catalog.create_table("lake.table", schema=pa.schema(kinds))
    value = {"a": 1, "b": "old"}
    rows = [
        {"n": 1, "s": {"x": value, "y": 7}, "l": [value, value], "m": [("k", value)]},
        {"n": 2, "s": None, "l": None, "m": None},
        {"n": 3, "s": {"x": None, "y": None}, "l": [], "m": []},
        {"n": 4, "s": {"x": value, "y": 8}, "l": [None, value], "m": [("k", None), ("q", value)]},
    ]
    table.append(pa.Table.from_pylist(rows, pa.schema(kinds)))
    for column in ("s.x", "l.element", "m.value"):
        with table.update_schema(allow_incompatible_changes=True) as update:
            update.rename_column(f"{column}.b", "c")
            update.delete_column(f"{column}.a")
        with table.update_schema() as update:  # other fields of the old names
            update.add_column((*column.split("."), "b"), StringType())
            update.add_column((*column.split("."), "a"), LongType())
    _same(table)
    (file,) = _data_files(table)
    after = positional_delete(table, {file: [0, 2]})  # arrays that do not begin at their start
    _same(after)


def test_files_without_ids_are_read_by_the_mapping_of_names(
    catalog: SqlCatalog, tmp_path: Path
) -> None:
    kinds = {"a": pa.int64(), "s": pa.struct({"x": pa.int64(), "y": pa.string()})}
    table = catalog.create_table("lake.table", schema=pa.schema(kinds))
    file = f"{_folder(table)}/data/hive.parquet"
    Path(file).parent.mkdir(parents=True)
    rows = pa.table({"a": [1], "s": [{"x": 2, "y": "three"}]})
    pq.write_table(rows, file)
    table.add_files([f"file://{file}"])
    with table.update_schema() as update:
        update.rename_column("a", "b")
        update.rename_column("s.x", "z")
    _same(table)
    document = json.loads(table.metadata.model_dump_json())
    del document["properties"]["schema.name-mapping.default"]
    next_metadata(table, document)
    with pytest.raises(InputError, match="columns have no field ids, and the table maps no names"):
        plan_input(_folder(table))


def test_a_column_that_files_lack_has_the_value_of_their_partition(catalog: SqlCatalog) -> None:
    fields = [
        NestedField(1, "n", LongType()),
        NestedField(2, "day", DateType()),
        NestedField(3, "kind", StringType()),
        NestedField(4, "k", IntegerType()),
    ]
    parts = [
        PartitionField(i, 998 + i, IdentityTransform(), name)
        for i, name in [(2, "day"), (3, "kind"), (4, "k")]
    ]
    table = catalog.create_table(
        "lake.table", schema=Schema(*fields), partition_spec=PartitionSpec(*parts)
    )
    for number, kind in enumerate(["a b", None]):
        text = "__HIVE_DEFAULT_PARTITION__" if kind is None else kind
        file = f"{_folder(table)}/data/day=2026-01-05/kind={text}/k={number}/x.parquet"
        Path(file).parent.mkdir(parents=True)
        pq.write_table(
            pa.table(
                {
                    "n": [number],
                    "day": [_DAYS[0]],
                    "kind": pa.array([kind], pa.string()),
                    "k": pa.array([number], pa.int32()),
                }
            ),
            file,
        )
        table.add_files([f"file://{file}"])
        pq.write_table(pa.table({"n": [number]}), file)  # as Hive leaves them
    rows = sorted(_rows(plan_input(_folder(table))), key=lambda row: row["n"])  # type: ignore[arg-type,return-value]
    assert rows == [
        {"n": 0, "day": _DAYS[0], "kind": "a b", "k": 0},
        {"n": 1, "day": _DAYS[0], "kind": None, "k": 1},
    ]
    document = json.loads(table.metadata.model_dump_json())
    document["format-version"], document["next-row-id"] = 3, 0
    document["schemas"][0]["fields"][2]["initial-default"] = "not this one"
    next_metadata(table, document)
    kinds = {row["n"]: row["kind"] for row in _rows(plan_input(_folder(table)))}
    assert kinds == {0: "a b", 1: None}


def test_a_column_with_a_default_has_it_in_older_files(table: Table) -> None:
    document = json.loads(table.metadata.model_dump_json())
    document["format-version"], document["next-row-id"] = 3, 0
    document["schemas"][0]["fields"] += [
        {"id": 2, "name": "m", "type": "string", "required": False, "initial-default": "old"},
        {
            "id": 3,
            "name": "d",
            "type": "decimal(9, 2)",
            "required": False,
            "initial-default": "1.50",
        },
        {
            "id": 4,
            "name": "day",
            "type": "date",
            "required": False,
            "initial-default": "2026-01-05",
        },
        {"id": 5, "name": "ok", "type": "boolean", "required": False, "initial-default": True},
    ]
    document["last-column-id"] = 5
    next_metadata(table, document)
    rows = _rows(plan_input(_folder(table)))
    assert len(rows) == 6
    for row in rows:
        assert row["m"] == "old"
        assert (row["d"], row["day"], row["ok"]) == (Decimal("1.50"), _DAYS[0], True)


def _with_a_field_more(catalog: SqlCatalog, **more: object) -> dict[str, Any]:
    """Write a struct of one field; give metadata in which it has another one, of the id 9."""
    rows = pa.table({"s": [{"x": 1}, None]})
    table = catalog.create_table("lake.table", schema=rows.schema)
    table.append(rows)
    document = json.loads(table.metadata.model_dump_json())
    document["format-version"], document["next-row-id"], document["last-column-id"] = 3, 0, 9
    field = {"id": 9, "name": "y", "type": "long", "required": False}
    document["schemas"][0]["fields"][0]["type"]["fields"].append({**field, **more})
    next_metadata(table, document)
    return document


def test_a_field_of_a_struct_has_its_default_in_older_files(catalog: SqlCatalog) -> None:
    document = _with_a_field_more(catalog, **{"initial-default": 7})
    rows = _rows(plan_input(document["location"].removeprefix("file://")))
    assert rows == [{"s": {"x": 1, "y": 7}}, {"s": None}]


def test_a_field_of_a_struct_that_stands_in_partitions_alone_is_refused(
    catalog: SqlCatalog,
) -> None:
    document = _with_a_field_more(catalog)
    folder = document["location"].removeprefix("file://")
    assert _rows(plan_input(folder)) == [{"s": {"x": 1, "y": None}}, {"s": None}]
    field = {"source-id": 9, "field-id": 1000, "name": "y", "transform": "identity"}
    document["partition-specs"].append({"spec-id": 1, "fields": [field]})
    Path(folder, "metadata/00009-x.metadata.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="'y' within a column is the value of a partition"):
        plan_input(folder)


@pytest.mark.parametrize("value", [b"bytes", float("nan"), float("inf")])
def test_a_value_of_a_table_that_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(InputError, match=r"column 'c' has a value of the table, .* not read"):
        as_text(value, "c")


def test_a_plan_is_the_same_once_it_was_a_file(catalog: SqlCatalog, tmp_path: Path) -> None:
    table = catalog.create_table("lake.table", schema=pa.schema({"a": pa.int64()}))
    table.append(pa.table({"a": range(6)}))
    with table.update_schema() as update:
        update.rename_column("a", "b")
    after = positional_delete(table, {_data_files(table)[0]: [1, 2]})
    plan = plan_input(_folder(after))
    stored = store_plan(plan, Scratch(tmp_path))
    load_plan.cache_clear()
    again = load_plan(stored.path)
    assert (again.files, again.table) == (plan.files, plan.table)
    assert _rows(again) == _rows(plan) == [{"b": n} for n in (0, 3, 4, 5)]


# Partitions, which need not be the folders that files lie in


def _partitioned(catalog: SqlCatalog) -> Table:
    """Three files of one row on two days, that lie in one folder."""
    schema = Schema(NestedField(1, "n", LongType()), NestedField(2, "ts", TimestampType()))
    spec = PartitionSpec(PartitionField(2, 1000, DayTransform(), "ts_day"))
    table = catalog.create_table("lake.table", schema=schema, partition_spec=spec)
    folder = Path(_folder(table), "data")
    folder.mkdir(parents=True)
    for name, number, day in zip("abc", range(1, 4), [*_DAYS, _DAYS[1]], strict=True):
        at = pa.array([dt.datetime.combine(day, dt.time(12))], pa.timestamp("us"))
        pq.write_table(pa.table({"n": [number], "ts": at}), folder / f"{name}.parquet")
        table.add_files([f"file://{folder}/{name}.parquet"])
    return table


def test_a_partition_is_told_by_the_metadata_and_not_by_folders(catalog: SqlCatalog) -> None:
    folder = _folder(_partitioned(catalog))
    for day in (f"{folder}/ts_day=2026-01-06", f"{folder}/data/ts_day=2026-01-06"):
        assert _numbers(day) == [2, 3]
    assert _numbers(f"{folder}/data") == [1, 2, 3]
    assert _numbers(f"{folder}/data/b.parquet") == [2]
    with pytest.raises(NoInputError, match="no row in snapshot"):
        plan_input(f"{folder}/ts_day=2026-01-07")
    with pytest.raises(InputError, match="some of its files are not partitioned by 'kind'"):
        plan_input(f"{folder}/kind=a")


def test_days_of_a_table_are_partitions_of_a_job(catalog: SqlCatalog) -> None:
    table = _partitioned(catalog)
    job = JobSpec(input=f"{_folder(table)}/ts_day={{date}}", name="job")
    located = located_window(job, Partition.of(_DAYS[1]), 2)
    assert sorted(row["n"] for row in _rows(plan_located("table", located))) == [1, 2, 3]  # type: ignore[type-var]
    assert located_partition(job, Partition.of(_DAYS[1] + dt.timedelta(days=1))) is None


def test_days_of_a_table_are_those_of_one_snapshot(
    catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = Schema(NestedField(1, "n", LongType()), NestedField(2, "day", DateType()))
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "day"))
    table = catalog.create_table("lake.table", schema=schema, partition_spec=spec)
    table.append(pa.table({"n": [1, 2], "day": _DAYS}))
    job = JobSpec(input=f"{_folder(table)}/day={{date}}", name="job")

    def committed_before(job: JobSpec, partition: Partition | None) -> Located | None:
        table.append(pa.table({"n": [3], "day": _DAYS[:1]}))
        return located_partition(job, partition)

    monkeypatch.setattr(judged_partition, "located_partition", committed_before)
    with pytest.raises(InputError, match="was written while its partitions were looked up"):
        located_window(job, Partition.of(_DAYS[1]), 2)


def test_tables_of_several_days_are_not_one_input(catalog: SqlCatalog, tmp_path: Path) -> None:
    for day in _DAYS:
        place = f"file://{tmp_path}/days/{day}"
        schema = pa.schema({"n": pa.int64()})
        table = catalog.create_table(f"lake.of_{day:%d}", schema=schema, location=place)
        table.append(pa.table({"n": [day.day]}))
    job = JobSpec(input=f"{tmp_path}/days/{{date}}", name="job")
    one = plan_located("table", located_window(job, Partition.of(_DAYS[1]), 1))
    assert _rows(one) == [{"n": _DAYS[1].day}]
    with pytest.raises(InputError, match=r"days/\{date\}: several Iceberg tables, which are not"):
        located_window(job, Partition.of(_DAYS[1]), 2)


def test_files_of_before_a_partition_was_introduced_are_not_guessed(catalog: SqlCatalog) -> None:
    table = catalog.create_table(
        "lake.table", schema=pa.schema({"n": pa.int64(), "day": pa.date32()})
    )
    table.append(pa.table({"n": [1], "day": [_DAYS[0]]}))
    with table.update_spec() as update:
        update.add_identity("day")
    table.append(pa.table({"n": [2, 3], "day": _DAYS}))
    _same(table)
    with pytest.raises(InputError, match="some of its files are not partitioned by 'day'"):
        plan_input(f"{_folder(table)}/day=2026-01-05")


# Where files lie


def test_a_file_that_is_in_a_table_twice_is_refused(table: Table) -> None:
    (file, *_) = _data_files(table)
    table.add_files([file], check_duplicate_files=False)
    with pytest.raises(InputError, match="the Iceberg table has a file twice"):
        plan_input(_folder(table))


def test_a_folder_of_tables_and_a_glob_in_one_are_refused(table: Table) -> None:
    folder = _folder(table)
    lake = folder.rpartition("/")[0]
    Path(folder, "data/0110").mkdir()
    globs = (f"{folder}/data/*.parquet", f"{folder}/data/0110/*", f"{folder}/**", f"{lake}/**")
    through = (f"{lake}/*/data/*.parquet", f"{lake}/t*/data/*", f"{lake}/**/data/*.parquet")
    for location in (lake, *globs, *through):
        with pytest.raises(InputError, match="table in the input: is a table of Iceberg"):
            plan_input(location)


def test_a_table_that_was_moved_is_not_read_from_its_old_place(
    table: Table, tmp_path: Path
) -> None:
    shutil.copytree(_folder(table), tmp_path / "copy")
    with pytest.raises(InputError, match=r"copy: its metadata names a file outside of it: file:"):
        plan_input(str(tmp_path / "copy"))


def test_the_name_of_the_folder_of_a_table_is_no_glob(catalog: SqlCatalog, tmp_path: Path) -> None:
    schema = pa.schema({"n": pa.int64()})
    table = catalog.create_table("lake.odd", schema, location=f"file://{tmp_path}/[old] logs*")
    table.append(pa.table({"n": range(3)}))
    assert _numbers(_folder(table)) == [0, 1, 2]
    with pytest.raises(InputError, match=r"\[old\] logs\* in the input: is a table of Iceberg"):
        plan_input(f"{_folder(table)}/data/*.parquet")


def test_a_table_is_read_through_a_link_to_it(table: Table, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(_folder(table))
    assert _numbers(tmp_path / "link") == list(range(2, 8))


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "{folder}/../other/x.avro",
        "{folder}2/x.avro",
        "http://localhost/x.avro",
        "s3://bucket/x.avro",
        "file://elsewhere{folder}/x.avro",
        "",
    ],
)
def test_no_file_outside_of_the_table_is_opened(table: Table, place: str) -> None:
    document = json.loads(table.metadata.model_dump_json())
    document["snapshots"][-1]["manifest-list"] = place.format(folder=_folder(table))
    next_metadata(table, document)
    with pytest.raises(InputError, match="its metadata names a file outside of it"):
        plan_input(_folder(table))


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("s3://bucket/deep/table/data/a b%2Fc.parquet", "bucket/deep/table/data/a b%2Fc.parquet"),
        ("s3a://bucket/deep/table/data/x.parquet", "bucket/deep/table/data/x.parquet"),
        ("s3://other/deep/table/data/x.parquet", None),
        ("s3://bucket/deep/table2/x.parquet", None),
        ("s3://bucket/deep/table/../x.parquet", None),
        ("s3://bucket/deep/table/", None),
        ("https://bucket/deep/table/x.parquet", None),
        ("/bucket/deep/table/x.parquet", None),
        ("file:///bucket/deep/table/x.parquet", None),
    ],
)
def test_keys_of_a_store_lie_below_the_key_of_the_table(named: str, path: str | None) -> None:
    root, address = "bucket/deep/table", "s3://bucket/deep/table"
    io = TableIO(NamedTable(address, LocalFileSystem(), root, address, root, None))
    if path is None:
        with pytest.raises(InputError, match="names a file outside of it"):
            io.path_of(named)
    else:
        assert io.path_of(named) == path


def test_no_data_and_no_deletes_outside_of_the_table_are_opened(
    catalog: SqlCatalog, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.parquet"
    pq.write_table(pa.table({"n": [1]}), elsewhere)
    table = catalog.create_table("lake.table", schema=pa.schema({"n": pa.int64()}))
    table.append(pa.table({"n": range(3)}))
    content, outside = DataFileContent.POSITION_DELETES, f"file://{elsewhere}"
    commit_delete(table, outside, 1, content)
    with pytest.raises(InputError, match=r"outside of it: file:.*elsewhere.parquet"):
        plan_input(_folder(table))
    table.add_files([outside])
    with pytest.raises(InputError, match=r"outside of it: file:.*elsewhere.parquet"):
        plan_input(table.metadata_location.removeprefix("file://"))


def test_metadata_names_no_class_that_is_imported(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "named_by_metadata.py").write_text("class Anything:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    document = json.loads(table.metadata.model_dump_json())
    named = "named_by_metadata.Anything"
    document["properties"] |= {"py-io-impl": named, "write.py-location-provider.impl": named}
    Path(_folder(table), "metadata/00009-x.metadata.json").write_text(json.dumps(document))
    assert _numbers(_folder(table)) == list(range(2, 8))
    assert "named_by_metadata" not in sys.modules


def test_nothing_is_written_through_the_files_of_a_table() -> None:
    io = TableIO(NamedTable("/t", LocalFileSystem(), "/t", "/t", "/t", None))
    for write in (io.new_output, io.delete):
        with pytest.raises(UnsupportedOperation, match="only read"):
            write("/t/x")


# What cannot be read


def test_a_snapshot_whose_files_are_gone_is_refused(table: Table) -> None:
    (before,) = [each for each in _data_files(table) if _first_number(each) == 6]
    Path(before.removeprefix("file://")).unlink()
    with pytest.raises(InputError, match=r"files of snapshot \d+ of the table are gone"):
        plan_input(_folder(table))
    for file in Path(_folder(table), "metadata").glob("snap-*"):
        file.unlink()
    with pytest.raises(InputError, match="files of its metadata are gone"):
        plan_input(f"{_folder(table)}@v{_ids(table)[0]}")


def test_data_files_of_another_format_are_refused(table: Table) -> None:
    path = f"{table.location()}/data/rows.orc"
    Path(path.removeprefix("file://")).write_bytes(b"ORC")
    after = commit_delete(table, path, 1, DataFileContent.DATA, FileFormat.ORC)
    with pytest.raises(InputError, match=r"rows.orc is a file of ORC, and only Parquet is read"):
        plan_input(_folder(after))


@pytest.mark.parametrize("content", ["", "{}", "[" * 100_000, '{"format-version": 9}', "\x80"])
def test_damaged_metadata_is_refused_in_one_line(table: Table, content: str) -> None:
    newest = max(Path(_folder(table), "metadata").glob("*.metadata.json"))
    newest.write_text(content, encoding="latin-1")
    with pytest.raises(InputError, match="the metadata of the Iceberg table cannot be read") as e:
        plan_input(_folder(table))
    assert len(str(e.value)) < 700
    assert "\n" not in str(e.value)


def test_metadata_that_was_written_anew_is_read_anew(table: Table) -> None:
    assert _numbers(_folder(table)) == list(range(2, 8))
    newest = max(Path(_folder(table), "metadata").glob("*.metadata.json"))
    document = json.loads(newest.read_text())
    document["current-snapshot-id"] = _ids(table)[0]
    document["refs"]["main"]["snapshot-id"] = _ids(table)[0]
    newest.write_text(json.dumps(document))
    assert _numbers(_folder(table)) == list(range(6))


def test_damaged_manifests_are_refused_in_one_line(table: Table) -> None:
    for file in Path(_folder(table), "metadata").glob("*-m0.avro"):
        file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(InputError, match="the metadata of the Iceberg table cannot be read"):
        plan_input(_folder(table))


def test_a_type_that_is_not_known_here_is_refused(table: Table) -> None:
    document = json.loads(table.metadata.model_dump_json())
    document["schemas"][0]["fields"] += [
        {"id": 2, "name": "where", "type": "geometry", "required": False}
    ]
    document["format-version"], document["next-row-id"] = 3, 0
    next_metadata(table, document)
    with pytest.raises(
        InputError, match=r"column 'where' is of type geometry.*, which is not read"
    ):
        plan_input(_folder(table))


def test_a_table_without_columns_is_refused(table: Table) -> None:
    document = json.loads(table.metadata.model_dump_json())
    document["schemas"] = [{"type": "struct", "schema-id": 0, "fields": []}]
    document["current-schema-id"] = 0
    next_metadata(table, document)
    with pytest.raises(InputError, match="the table has no column; add one"):
        plan_input(_folder(table))


def test_without_the_extra_the_line_says_how_to_install_it(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_tables, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"an Iceberg table.*; pip install 'outfield\[iceberg\]'"):
        plan_input(_folder(table))


# Runs


def test_a_run_is_due_again_once_its_table_has_other_columns_or_deleted_rows(
    catalog: SqlCatalog,
) -> None:
    table = catalog.create_table("lake.table", schema=pa.schema({"n": pa.int64()}))
    table.append(pa.table({"n": range(6)}))
    job = JobSpec(input=_folder(table), name="job")

    def why(judged: InputPlan) -> str | None:
        run = manifest("run").model_copy(
            update={
                "input_files": judged.manifest_files(),
                "table_columns": judged.table.columns,  # type: ignore[union-attr]
                "job_fingerprint": job_fingerprint(job),
                "outfield_version": version("outfield"),
            }
        )
        return why_stale(job, locate(_folder(table)), run)

    judged = plan_input(_folder(table))
    with table.transaction() as transaction:  # new metadata, and the same rows
        transaction.set_properties(owner="somebody")
    assert why(judged) is None
    with table.update_schema() as schema:
        schema.rename_column("n", "m")
    assert why(judged) == "the columns of its table have changed"
    judged = plan_input(_folder(table))
    assert why(judged) is None
    first = positional_delete(table, {_data_files(table)[0]: [1]})
    assert why(judged) == "its input has changed"
    judged = plan_input(_folder(table))
    assert why(judged) is None
    Path(first.metadata_location.removeprefix("file://")).unlink()
    positional_delete(table, {_data_files(table)[0]: [2]})  # another row, and as many
    assert why(judged) == "its input has changed"


@pytest.mark.slow
def test_a_run_names_the_snapshot_of_its_table(catalog: SqlCatalog, tmp_path: Path, capsys) -> None:
    log = small_log(300)
    table = catalog.create_table("lake.table", schema=log.schema)
    table.append(log)
    after = positional_delete(table, {_data_files(table)[0]: [7, 8]})
    job = tmp_path / "job.toml"
    job.write_text(f'name = "job"\ninput = "{_folder(table)}"\noutput = "{tmp_path}/out"\n')
    detect = ["detect", "--job", str(job), "--direct"]
    assert main(detect) == 0
    snapshot = after.metadata.current_snapshot_id
    told = " ".join(capsys.readouterr().out.split())
    assert f"Snapshot {snapshot} of an Iceberg table: its live rows." in told
    run = find_run(f"{tmp_path}/out/job")
    manifest = run.manifest
    assert (manifest.table_kind, manifest.table_version) == ("Iceberg", snapshot)
    assert manifest.ledger.read == 298
    assert main(detect) == 0
    assert find_run(f"{tmp_path}/out/job").manifest.run_id == manifest.run_id  # as it was judged
    positional_delete(after, {_data_files(table)[0]: [9]})
    assert main(detect) == 0
    assert find_run(f"{tmp_path}/out/job").manifest.ledger.read == 297


@pytest.mark.slow
def test_a_table_in_an_object_store_is_its_live_rows(s3, s3_endpoint: str) -> None:
    s3.create_bucket(Bucket="ice")
    keys = {"s3.endpoint": s3_endpoint, "s3.access-key-id": "test", "s3.secret-access-key": "test"}
    catalog = SqlCatalog(
        "s3",
        uri="sqlite:///:memory:",
        warehouse="s3://ice/deep",
        **keys,
        **{"s3.region": "us-east-1"},
    )
    catalog.create_namespace("lake")
    table = catalog.create_table("lake.table", schema=pa.schema({"n": pa.int64()}))
    table.append(pa.table({"n": range(6)}))
    table.append(pa.table({"n": [6, 7]}))
    table.delete("n < 2")
    catalog.close()
    folder = table.location()
    for location in (folder, f"{folder}/", table.metadata_location, f"{folder}/data"):
        assert _numbers(location) == list(range(2, 8)), location
    first = _ids(table)[0]
    assert _numbers(f"{folder}@v{first}") == list(range(6))
    assert locate(f"{folder}@v{first}").table.version == first  # type: ignore[union-attr]
    key = f"{folder.removeprefix('s3://ice/')}/metadata/00009-x.metadata.json"
    document = table.metadata.model_dump_json().replace("s3://ice/", "s3://other/")
    s3.put_object(Bucket="ice", Key=key, Body=document.encode())
    with pytest.raises(InputError, match="names a file outside of it: s3://other/"):
        plan_input(folder)
