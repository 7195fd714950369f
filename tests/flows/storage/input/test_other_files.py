"""Files that are no plain Parquet: each is refused by what it is."""

import base64
import html
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest

from flows.cli.app import main
from flows.storage.input.plan import plan_input
from flows.storage.input.rows import read_rows
from flows.storage.runs.reader import find_run
from schemas.errors import InputError
from tests.flows.sample_logs import small_log, written


class _OpenKeys(pe.KmsClient):
    """Keys that are no secret."""

    def wrap_key(self, key_bytes: bytes, _name: str) -> bytes:
        return base64.b64encode(key_bytes)

    def unwrap_key(self, wrapped_key: bytes, _name: str) -> bytes:
        return base64.b64decode(wrapped_key)


@pytest.mark.parametrize("plain_footer", [True, False])
def test_an_encrypted_file_is_called_encrypted(tmp_path: Path, plain_footer: bool) -> None:
    settings = pe.EncryptionConfiguration(
        footer_key="k", column_keys={"k": ["a"]}, plaintext_footer=plain_footer
    )
    factory = pe.CryptoFactory(lambda _: _OpenKeys())
    how = factory.file_encryption_properties(pe.KmsConnectionConfig(), settings)
    table = pa.table({"a": [1, 2], "b": ["x", "y"]})
    with pq.ParquetWriter(tmp_path / "a.parquet", table.schema, encryption_properties=how) as to:
        to.write_table(table)
    with pytest.raises(InputError, match=r"a\.parquet: the file is encrypted; decrypt it"):
        plan_input(str(tmp_path))


@pytest.mark.parametrize(("suffix", "kind"), [("csv", "CSV"), ("json", "JSON")])
def test_a_text_file_is_refused_with_the_command_that_makes_parquet_of_it(
    tmp_path: Path, suffix: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"log.{suffix}"
    path.write_text("a,b\n1,2\n" if suffix == "csv" else '{"a": 1, "b": 2}\n')
    with pytest.raises(InputError, match=f"a {kind} file, and only Parquet is read") as raised:
        plan_input(str(path))
    command = str(raised.value).partition('duckdb -c "')[2].rstrip('"')
    monkeypatch.chdir(tmp_path)
    duckdb.sql(command)
    plan = plan_input("log.parquet")
    assert read_rows(plan, np.array([0])).to_pylist() == [{"a": 1, "b": 2}]


def test_names_that_differ_in_case_between_files_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"User": ["a"]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"user": ["b"]}), tmp_path / "2.parquet")
    expected = r"called 'User' in 1\.parquet, but 'user' in 2\.parquet"
    with pytest.raises(InputError, match=expected):
        plan_input(str(tmp_path))


def test_names_that_differ_in_case_within_a_file_are_two_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"User": ["a"], "user": ["b"]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"user": ["c"]}), tmp_path / "2.parquet")
    plan = plan_input(str(tmp_path))
    assert plan.schema.names == ["User", "user"]


def _folder_of_many_kinds(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    own = folder / "outfield-output/logs"
    for path in (folder / "deep", own / "runs"):
        path.mkdir(parents=True)
    pq.write_table(pa.table({"a": [1]}), folder / "a.parquet")
    names = ["b.csv", "deep/c.CSV.gz", "deep/d.jsonl", "e.log", "notes.md", "_f.csv", ".g.json"]
    for name in [*names, "outfield-output/logs/latest.json"]:
        (folder / name).write_text("a\n1\n")
    return folder


@pytest.mark.parametrize("location", ["logs", "log*", "logs/**"])
def test_files_that_are_not_parquet_are_counted_by_kind(tmp_path: Path, location: str) -> None:
    _folder_of_many_kinds(tmp_path)
    plan = plan_input(f"{tmp_path}/{location}")
    assert [file.name for file in plan.files] == [f"{'logs/' * (location == 'log*')}a.parquet"]
    assert plan.left_out == {"csv": 2, "jsonl": 1, "log": 1}


def test_a_folder_of_other_files_alone_says_what_it_holds(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "c.json"):
        (tmp_path / name).write_text("a\n1\n")
    with pytest.raises(InputError, match=r"no Parquet file in it, but 2 \.csv, 1 \.json"):
        plan_input(str(tmp_path))


@pytest.mark.slow
def test_the_summary_counts_the_files_that_were_not_read(tmp_path, capsys):
    folder = tmp_path / "logs"
    written(folder / "a.parquet", small_log(200))
    (folder / "b.csv").write_text("a\n1\n")
    (folder / "c.json").write_text("{}")
    assert main(["detect", str(folder), "--output", str(tmp_path / "out"), "--direct"]) == 0
    said = "2 files in the input's folders are not Parquet and not read: 1 .csv and 1 .json."
    assert said in capsys.readouterr().out
    run = find_run(str(tmp_path / "out/logs"))
    assert run.manifest.ledger.files_left_out == {"csv": 1, "json": 1}
    assert said in html.unescape((run.folder / "report.html").read_text())


@pytest.mark.slow
def test_a_column_of_a_type_that_arrow_does_not_know_is_left_out_and_named(tmp_path, capsys):
    frame = pl.from_arrow(small_log(300))
    assert isinstance(frame, pl.DataFrame)
    wide = pl.Series("wei", [i % 7 for i in range(300)], dtype=pl.Int128)
    frame.with_columns(wide).write_parquet(tmp_path / "logs.parquet", use_pyarrow=False)
    output = tmp_path / "out"
    arguments = ["detect", f"{tmp_path}/logs.parquet", "--output", str(output), "--direct"]
    assert main(arguments) == 0
    said = "Column wei is not judged: a 128-bit integer cannot be read."
    assert said in capsys.readouterr().out
    manifest = find_run(f"{output}/logs").manifest
    assert manifest.ledger.read == 300
    assert manifest.ledger.columns_left_out == {"wei": "128-bit integer"}
    assert "wei" not in manifest.columns


def test_a_column_that_one_file_alone_holds_in_an_unknown_type_is_refused(tmp_path: Path) -> None:
    for number, kind in enumerate((pl.Int64, pl.Int128)):
        pl.DataFrame({"n": pl.Series([1, 2], dtype=kind)}).write_parquet(
            tmp_path / f"{number}.parquet"
        )
    plan = plan_input(str(tmp_path))
    with pytest.raises(InputError, match=r"1\.parquet: column 'n' holds fixed_size_binary"):
        read_rows(plan, np.arange(plan.rows))
