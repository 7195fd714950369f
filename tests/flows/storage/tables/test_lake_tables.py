"""Delta tables, made by the library itself: live rows alone, in the version asked for."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from flows.cli.app import main
from flows.jobs.judged_partition import located_window
from flows.storage.input.files import locate
from flows.storage.input.plan import InputPlan, plan_input, plan_located
from flows.storage.input.rows import read_rows
from flows.storage.runs.reader import find_run
from flows.storage.tables import delta_tables
from schemas.errors import InputError, NoInputError
from schemas.job.job import JobSpec
from schemas.job.partition import Partition
from tests.flows.sample_logs import small_log

_DAYS = [dt.date(2026, 1, 5), dt.date(2026, 1, 6)]


def _rows(plan: InputPlan) -> list[dict[str, object]]:
    return read_rows(plan, np.arange(plan.rows)).to_pylist()


def _numbers(location: object) -> list[int]:
    return sorted(pa.Table.from_pylist(_rows(plan_input(str(location))))["n"].to_pylist())


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Version 0 has six rows, 1 has two more, 2 has lost two, 3 is one file."""
    folder = tmp_path / "table"
    write_deltalake(folder, pa.table({"n": range(6)}))
    write_deltalake(folder, pa.table({"n": [6, 7]}), mode="append")
    DeltaTable(folder).delete("n < 2")
    DeltaTable(folder).optimize.compact()
    return folder


def test_rows_of_a_table_are_its_live_rows(table: Path) -> None:
    plan = plan_input(str(table))
    assert (plan.table.version, len(plan.files)) == (3, 1)
    assert _numbers(table) == list(range(2, 8))


@pytest.mark.parametrize(
    ("version", "numbers"), [(0, range(6)), (1, range(8)), (2, range(2, 8)), (3, range(2, 8))]
)
def test_a_version_that_is_asked_for_is_read(table: Path, version: int, numbers: range) -> None:
    assert plan_input(f"{table}@v{version}").table.version == version
    assert _numbers(f"{table}@v{version}") == list(numbers)


def test_a_version_that_is_not_there_is_refused_in_one_line(table: Path) -> None:
    with pytest.raises(InputError, match=r"log of the Delta table cannot be read in version 9"):
        plan_input(f"{table}@v9")


def test_a_version_by_another_name_is_refused_with_how_it_is_written(table: Path) -> None:
    with pytest.raises(InputError, match=r"write `@v` and its number at the very end"):
        plan_input(f"{table}@latest")


def test_a_file_with_an_at_sign_is_no_version_of_a_table(table: Path) -> None:
    with pytest.raises(NoInputError, match="no such file or folder"):
        plan_input(str(table.with_name("other@main")))
    beside = table.with_name("table@main.parquet")
    pq.write_table(pa.table({"n": [1]}), beside)
    assert _numbers(beside) == [1]


def test_a_version_whose_files_were_vacuumed_is_refused(table: Path) -> None:
    DeltaTable(table).vacuum(0, dry_run=False, enforce_retention_duration=False)
    assert _numbers(table) == list(range(2, 8))
    with pytest.raises(InputError, match="files of version 0 of the table are gone"):
        plan_input(f"{table}@v0")


def test_a_column_that_was_added_is_null_in_older_files(table: Path) -> None:
    new = pa.table({"n": [8], "m": ["new"]})
    write_deltalake(table, new, mode="append", schema_mode="merge")
    rows = _rows(plan_input(str(table)))
    assert {row["n"]: row["m"] for row in rows} == dict.fromkeys(range(2, 8)) | {8: "new"}


def _partitioned(folder: Path) -> None:
    days, kinds = [*_DAYS, _DAYS[1]], ["a b/c%é", "x=y", None]
    rows = pa.table({"day": days, "kind": kinds, "n": [1, 2, 3]})
    write_deltalake(folder, rows, partition_by=["day", "kind"])


def test_partitions_have_the_values_of_the_log(tmp_path: Path) -> None:
    _partitioned(tmp_path / "table")
    found = {row["n"]: (row["day"], row["kind"]) for row in _rows(plan_input(f"{tmp_path}/table"))}
    assert found == {
        1: ("2026-01-05", "a b/c%é"),
        2: ("2026-01-06", "x=y"),
        3: ("2026-01-06", None),
    }


def test_a_partition_of_a_table_is_its_live_rows(tmp_path: Path) -> None:
    _partitioned(tmp_path / "table")
    DeltaTable(tmp_path / "table").delete("n = 2")
    assert _numbers(tmp_path / "table/day=2026-01-06") == [3]
    with pytest.raises(NoInputError, match="no row in version 1 of the table"):
        plan_input(str(tmp_path / "table/day=2026-01-06/kind=x%3Dy"))


def test_days_of_a_table_are_partitions_of_a_job(tmp_path: Path) -> None:
    _partitioned(tmp_path / "table")
    DeltaTable(tmp_path / "table").delete("n = 2")
    job = JobSpec(input=f"{tmp_path}/table/day={{date}}", name="job")
    located = located_window(job, Partition.of(_DAYS[1]), 2)
    assert sorted(row["n"] for row in _rows(plan_located("table", located))) == [1, 3]  # type: ignore[type-var]


def test_a_folder_of_tables_is_refused(table: Path) -> None:
    globs = (f"{table}/*.parquet", f"{table.parent}/**", f"{table}/day=1/*.parquet")
    for location in (table.parent, *globs):
        with pytest.raises(InputError, match="table in the input: is a table of Delta"):
            plan_input(str(location))


def test_a_table_that_renames_columns_is_refused(table: Path) -> None:
    log = max((table / "_delta_log").glob("*.json"))
    action = {"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}}
    names = {"delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "c1"}
    field = {"name": "n", "type": "long", "nullable": True, "metadata": names}
    schema = json.dumps({"type": "struct", "fields": [field]})
    settings = {"delta.columnMapping.mode": "name"}
    metadata = {"id": "x", "format": {"provider": "parquet", "options": {}}}
    metadata |= {"schemaString": schema, "partitionColumns": [], "configuration": settings}
    lines = [json.dumps(action), json.dumps({"metaData": metadata})]
    log.with_name(f"{4:020d}.json").write_text("\n".join(lines))
    with pytest.raises(InputError, match="uses columnMapping, which is not applied here"):
        plan_input(str(table))


def test_without_the_extra_the_line_says_how_to_install_it(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delta_tables, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"a Delta table.*; pip install 'outfield\[delta\]'"):
        plan_input(str(table))


@pytest.mark.slow
def test_a_run_names_the_version_of_its_table(tmp_path, capsys):
    write_deltalake(tmp_path / "table", small_log(300))
    DeltaTable(tmp_path / "table").delete("event_id = 'e7'")
    rows = DeltaTable(tmp_path / "table").to_pyarrow_table().num_rows
    assert main(["detect", f"{tmp_path}/table", "--output", f"{tmp_path}/out", "--direct"]) == 0
    assert "Version 1 of a Delta table: its live rows." in capsys.readouterr().out
    manifest = find_run(f"{tmp_path}/out/table").manifest
    assert (manifest.table_version, manifest.ledger.read) == (1, rows)


@pytest.mark.slow
def test_a_table_in_an_object_store_is_its_live_rows(s3, table: Path) -> None:
    s3.create_bucket(Bucket="lake")
    for file in table.rglob("*"):
        if file.is_file():
            key = f"deep/table/{file.relative_to(table)}"
            s3.put_object(Bucket="lake", Key=key, Body=file.read_bytes())
    for location in ("s3://lake/deep/table", "s3://lake/deep/table/", "s3://lake/deep/table@v2"):
        assert _numbers(location) == list(range(2, 8)), location
    assert locate("s3://lake/deep/table@v1").table.version == 1
