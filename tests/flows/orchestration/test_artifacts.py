"""Artifacts of a run in Prefect's interface, as far as no server is needed to see them."""

from flows.orchestration.artifacts import report_link, top_incidents
from tests.flows.results.test_notifications import of_incidents
from tests.flows.sample_runs import published


def test_alarms_come_first_in_the_table(tmp_path):
    changes = [{"rank": rank, "alarm": rank == 3} for rank in (1, 2, 3)]
    rows = top_incidents(of_incidents(published(tmp_path), 28, *changes))
    assert [(row["rank"], row["alarm"]) for row in rows] == [(3, True), (1, False), (2, False)]


def test_the_link_starts_where_reports_are_served(tmp_path, monkeypatch):
    run = published(tmp_path)
    monkeypatch.delenv("OUTFIELD_REPORT_URL", raising=False)
    assert report_link(run) == (run.folder / "report.html").as_uri()
    monkeypatch.setenv("OUTFIELD_REPORT_URL", "https://logs.example.com/outfield/")
    assert report_link(run) == "https://logs.example.com/outfield/job/runs/one/report.html"
