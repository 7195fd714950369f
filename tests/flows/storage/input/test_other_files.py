"""Files that are no plain Parquet: each is refused by what it is."""

import base64
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest

from flows.storage.input.plan import plan_input
from flows.storage.input.rows import read_rows
from schemas.errors import InputError


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
