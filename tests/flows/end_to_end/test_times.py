"""Times that need a setting: told, and read once the job has it."""

import datetime as dt
import html
from pathlib import Path

import pyarrow as pa
import pytest

from flows.cli.app import main
from flows.storage.runs.reader import PublishedRun, find_run
from tests.flows.sample_logs import small_log, written

pytestmark = pytest.mark.slow

_SYSLOG = '{ role = "time", format = "%b %d %H:%M:%S", year = YYYY }'


def _log(**columns: list[str]) -> pa.Table:
    log = small_log(300).drop(["time"])
    for name, texts in columns.items():
        log = log.append_column(name, pa.array(texts))
    return log


def _moments() -> list[dt.datetime]:
    return [dt.datetime(2026, 1, 5) + dt.timedelta(minutes=i) for i in range(300)]


def _run(tmp_path: Path, settings: str, name: str) -> PublishedRun:
    job = tmp_path / f"{name}.toml"
    job.write_text(f'input = "{tmp_path}/log.parquet"\noutput = "{tmp_path}/out"\n{settings}')
    assert main(["detect", "--job", str(job), "--direct"]) == 0
    return find_run(str(tmp_path / "out" / name))


def test_a_time_of_syslog_is_told_and_read_with_the_setting_that_is_told(tmp_path, capsys):
    written(tmp_path / "log.parquet", _log(when=[f"{m:%b %e %H:%M:%S}" for m in _moments()]))
    untold = _run(tmp_path, "", "untold")
    said = (
        "Column when looks like a time and is not read as one: write"
        f" when = {_SYSLOG} under [columns]."
    )
    assert said in " ".join(capsys.readouterr().out.split())
    assert said in html.unescape((untold.folder / "report.html").read_text())
    assert untold.manifest.ledger.times_not_read == {"when": (_SYSLOG,)}
    assert untold.manifest.covers is None

    setting = f"[columns]\nwhen = {_SYSLOG.replace('YYYY', '2026')}"
    told = _run(tmp_path, setting, "told")
    assert told.manifest.ledger.times_not_read == {}
    assert told.manifest.ledger.scored == 300
    assert [f"{end:%Y-%m-%d %H:%M}" for end in told.manifest.covers or ()] == [
        "2026-01-05 00:00",
        "2026-01-05 04:59",
    ]
    assert "2026-01-05 04:58:00 UTC" in (told.folder / "report.html").read_text()


def test_a_stored_model_reads_times_as_it_was_fitted_to(tmp_path):
    days, clocks = ([m.strftime(f) for m in _moments()] for f in ("%d.%m.%Y", "%I:%M:%S %p"))
    written(tmp_path / "log.parquet", _log(date=days, time=clocks))
    job = tmp_path / "job.toml"
    job.write_text(f'input = "{tmp_path}/log.parquet"\noutput = "{tmp_path}/out"\n')
    assert main(["fit", str(job), "--direct"]) == 0
    assert main(["detect", "--job", str(job), "--model", "latest", "--direct"]) == 0
    manifest = find_run(f"{tmp_path}/out/job").manifest
    assert manifest.ledger.scored == 300
    time = manifest.columns["time"]
    assert (time.format, time.date) == ("%d.%m.%Y %I:%M:%S %p", "date")
    assert [f"{end:%Y-%m-%d %H:%M}" for end in manifest.covers or ()] == [
        "2026-01-05 00:00",
        "2026-01-05 04:59",
    ]
