"""Metrics: the file that a run writes for Prometheus says what its manifest says."""

from datetime import UTC, date, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from flows.cli.app import main
from flows.results.metrics import metrics_text
from flows.storage.runs.reader import find_run
from schemas.job.partition import Partition
from tests.flows.partitioned_logs import job_file, partitions
from tests.flows.sample_runs import published

DAYS = [date(2026, 1, 5), date(2026, 1, 6)]


def metrics_in(text):
    """Give the samples by name; each is of one job."""
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    assert len({sample.name for sample in samples}) == len(samples)
    return {sample.name.removeprefix("outfield_"): sample.value for sample in samples}


def detect(folder, day):
    return main(["detect", "--job", str(job_file(folder)), "--partition", str(day), "--direct"])


@pytest.mark.slow
def test_a_run_writes_what_its_manifest_says(tmp_path, monkeypatch):
    partitions(tmp_path, DAYS)
    monkeypatch.setenv("OUTFIELD_METRICS_FILE", str(tmp_path / "outfield-{job}.prom"))
    for day in reversed(DAYS):  # the second run is of the older day
        assert detect(tmp_path, day) == 0
    told = metrics_in((tmp_path / "outfield-nightly.prom").read_text())
    runs = [find_run(str(tmp_path / "out/nightly"), path.name) for path in folders(tmp_path)]
    manifest = next(run.manifest for run in runs if run.manifest.partition == Partition.of(DAYS[0]))
    assert told == {
        "rows_read": manifest.ledger.read,
        "rows_scored": manifest.ledger.scored,
        "rows_quarantined": manifest.ledger.rows_quarantined,
        "rows_skipped": manifest.ledger.rows_skipped,
        "findings": manifest.selection.findings,
        "incidents": manifest.incidents.incidents,
        "alarms": manifest.incidents.alarms,
        "canaries_planted": manifest.canaries.planted,
        "canaries_found": manifest.canaries.found,
        "run_seconds": (manifest.finished - manifest.started).total_seconds(),
        "peak_memory_bytes": manifest.metrics.peak_memory,
        "run_finished_timestamp_seconds": manifest.finished.timestamp(),
        "newest_partition_end_timestamp_seconds": datetime(2026, 1, 7, tzinfo=UTC).timestamp(),
    }


def folders(folder):
    return [path for path in (folder / "out/nightly/runs").iterdir() if path.is_dir()]


def test_a_run_without_partitions_tells_no_end_of_one(tmp_path):
    run = published(tmp_path)
    text = metrics_text(run)
    assert "newest_partition" not in text
    assert f'outfield_rows_read{{job="job"}} {run.manifest.ledger.read:.1f}\n' in text


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["absent/x.prom", "."])
def test_a_file_that_cannot_be_there_is_told_in_one_line(tmp_path, monkeypatch, capsys, wrong):
    partitions(tmp_path, DAYS[:1])
    monkeypatch.setenv("OUTFIELD_METRICS_FILE", str(tmp_path / wrong))
    assert detect(tmp_path, DAYS[0]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "OUTFIELD_METRICS_FILE: no file of metrics can be written there" in line


@pytest.mark.slow
def test_a_file_that_cannot_be_written_fails_no_run(tmp_path, monkeypatch, capsys):
    partitions(tmp_path, DAYS[:1])
    (tmp_path / "nightly").mkdir()
    monkeypatch.setenv("OUTFIELD_METRICS_FILE", str(tmp_path / "{job}"))
    assert detect(tmp_path, DAYS[0]) == 0
    assert "the metrics are not written" in capsys.readouterr().err
