"""A column that holds another kind of values than the model was fitted on."""

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from flows.cli.app import main
from flows.storage.runs.reader import find_run
from tests.flows.partitioned_logs import job_file, partitions
from tests.flows.sample_logs import small_log, written

pytestmark = pytest.mark.slow

DAY = date(2026, 1, 5)


def _as_text(log: pa.Table, column: str) -> pa.Table:
    texts = pc.cast(log[column], pa.string())
    return log.set_column(log.column_names.index(column), column, texts)


def _run(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(["detect", "log", "--model", "latest", "--name", "log", "--direct"])
    return code, capsys.readouterr().err


def test_a_column_that_changed_its_kind_under_a_stored_model_is_refused(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "log/a.parquet", small_log(300))
    assert main(["fit", "log", "--name", "log", "--direct"]) == 0
    nulls = small_log(200).drop(["bytes"]).append_column("bytes", pa.nulls(200))
    written(tmp_path / "log/a.parquet", nulls)
    written(tmp_path / "log/b.parquet", _as_text(small_log(200), "bytes"))
    capsys.readouterr()
    code, said = _run(tmp_path, capsys)
    assert code == 2
    assert len(said.splitlines()) == 1
    assert "log: b.parquet: column `bytes` holds text, and held numbers when model " in said
    assert said.rstrip().endswith("write it as before, or fit a new model with `outfield fit`")

    written(tmp_path / "log/b.parquet", _as_text(small_log(200), "event_id"))  # no other kind
    assert _run(tmp_path, capsys)[0] == 0


def test_a_day_whose_columns_changed_their_kind_is_judged_alone_and_says_why(tmp_path):
    partitions(tmp_path, [DAY + timedelta(i) for i in range(4)], n=200)
    day = DAY + timedelta(3)
    written(tmp_path / f"logs/date={day}/a.parquet", _as_text(small_log(200), "bytes"))
    job = job_file(tmp_path)
    assert main(["detect", "--job", str(job), "--partition", str(day), "--direct"]) == 0
    manifest = find_run(str(tmp_path / "out/nightly")).manifest
    assert manifest.ledger.scored == 200
    assert "column `bytes` holds text, and held numbers when" in str(manifest.model.alone)
