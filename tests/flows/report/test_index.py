"""The page over the runs of a job."""

import re
from datetime import date
from pathlib import Path

import pytest

from flows.cli.app import main
from flows.report.index import render_index
from flows.steps import run_index as indexing
from flows.steps.run_index import write_index
from schemas.job.partition import Partition
from schemas.outputs.manifest import CanaryReport, ColumnDrift, RunManifest
from tests.flows.end_to_end.test_recurring import run_of
from tests.flows.report.sample import HOSTILE, report_data
from tests.flows.sample_runs import published


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("</style>")[1]).split())


def _run(**changes: object) -> RunManifest:
    return report_data().manifest.model_copy(update=changes)


def test_a_run_is_told_with_its_ledger_incidents_canaries_and_drift() -> None:
    moved = ColumnDrift(stability_index=0.4, unseen=0.0, unseen_before=0.0, moved=True)
    run = _run(
        partition=Partition.of(date(2026, 3, 15)),
        canaries=CanaryReport(planted=250, found=100, score_cut=30.0),
        column_drift={"bytes_out": moved},
    )
    page = render_index([run], more=0)
    told = _text(page)
    assert 'href="runs/2026-03-16T06-00-12Z-4f1c/report.html">2026-03-15</a>' in page
    assert "200,578 not scored: 96 time is null, 41 duplicate id and 10 empty file" in told
    assert "8 new 9 worse 9 recurring 2 not seen and 1 resolved" in told
    assert "40\N{NO-BREAK SPACE}% of 250" in page
    assert "moved: bytes_out" in told


@pytest.mark.parametrize(
    ("alarms", "nights", "said"), [(2, 28, " 2 alarms "), (0, 28, " quiet "), (0, None, None)]
)
def test_a_run_that_knows_other_nights_is_told_with_its_alarms(
    alarms: int, nights: int | None, said: str | None
) -> None:
    summary = _run().incidents.model_copy(update={"alarms": alarms, "nights": nights})
    told = _text(render_index([_run(incidents=summary)], more=0))
    assert said in told if said else "quiet" not in told and "alarm" not in told


def test_it_asks_for_nothing_and_runs_nothing() -> None:
    page = render_index([_run()], more=0)
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']?https?:|@import|url\(""", page)


def test_hostile_names_are_text() -> None:
    data = report_data(hostile=True)
    run = data.manifest.model_copy(update={"run_id": HOSTILE})
    page = render_index([run, run], more=3)
    assert "<img" not in page
    assert "<script" not in page
    assert "the 3 oldest are not shown" in page


@pytest.mark.slow
def test_each_run_of_a_job_stands_in_its_index_the_newest_first(tmp_path: Path) -> None:
    runs = [run_of(day, tmp_path) for day in (0, 1)]
    page = (tmp_path / "out/log/index.html").read_text()
    links = re.findall(r'href="(runs/[^"]+)"', page)
    assert links == [f"runs/{run.manifest.run_id}/report.html" for run in reversed(runs)]
    for link in links:
        assert (tmp_path / "out/log" / link).is_file()


def test_damaged_and_surplus_runs_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, name in enumerate(("a", "b", "c", "d"), start=1):
        published(tmp_path, name, day)
    (tmp_path / "job/runs/c/manifest.json").write_text("{}")
    monkeypatch.setattr(indexing, "_MOST_RUNS", 3)
    write_index(tmp_path / "job")
    page = (tmp_path / "job/index.html").read_text()
    assert re.findall(r"runs/(\w)/report", page) == ["d", "b"]
    assert "the 1 oldest are not shown" in page


def test_a_run_that_clean_removes_leaves_the_index(tmp_path: Path) -> None:
    for day, name in enumerate(("a", "b", "c"), start=1):
        published(tmp_path, name, day)
    write_index(tmp_path / "job")
    assert main(["clean", str(tmp_path), "--keep", "2"]) == 0
    page = (tmp_path / "job/index.html").read_text()
    assert re.findall(r"runs/(\w)/report", page) == ["c", "b"]
