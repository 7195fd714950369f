"""Odd but legal input: the run succeeds, accounts for every row, and says nothing untrue."""

import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pytest

from flows.cli.app import main
from flows.storage.runs.reader import PublishedRun, read_findings, read_scores
from tests.flows.sample_logs import detect_in, small_log

pytestmark = pytest.mark.slow


def holds_together(run: PublishedRun, rows: int) -> None:
    """Check what holds of every run, whatever its input."""
    ledger = run.manifest.ledger
    ledger.check()
    assert ledger.read == rows
    scores, findings = read_scores(run), read_findings(run)
    assert len(scores) == run.manifest.units_scored
    p = scores["p_value"].to_numpy()
    assert ((p > 0) & (p <= 1)).all()
    assert all(np.isfinite(scores[name].to_numpy()).all() for name in scores.column_names[1:])
    assert (np.diff(findings["p_value"].to_numpy()) >= 0).all()
    assert all(findings["summary"].to_pylist())
    assert all(reason["sentence"] for found in findings["reasons"].to_pylist() for reason in found)
    assert (run.folder / "report.html").read_text().rstrip().endswith("</html>")


def beside_a_log(n: int = 200, **columns: pa.Array) -> pa.Table:
    """Give the small log further columns."""
    log = small_log(n)
    for name, values in columns.items():
        log = log.append_column(name, values)
    return log


N = 200
FARTHEST = 2**62
VIEWS = {
    "view strings": pa.array(["a", None] * 100, pa.string_view()),
    "view bytes": pa.array([b"a", b"\xff"] * 100, pa.binary_view()),
    "view struct": pa.array([{"a": "x"}] * N, pa.struct([("a", pa.string_view())])),
    "view list": pa.array([["x"]] * N, pa.list_(pa.string_view())),
    "view large list": pa.array([["x"]] * N, pa.large_list(pa.string_view())),
    "view fixed list": pa.array([["x"]] * N, pa.list_(pa.string_view(), 1)),
    "view map": pa.array([[("k", b"v")]] * N, pa.map_(pa.string_view(), pa.binary_view())),
    "view list view": pa.array([["x"]] * N, pa.list_view(pa.string_view())),
}
FAR_TIMES = {
    "far timestamp": pa.array([FARTHEST, 0] * 100, pa.timestamp("us")),
    "far zoned": pa.array([-FARTHEST, 0] * 100, pa.timestamp("ms", "Europe/Berlin")),
    "far date": pa.array([2**31 - 1, 0] * 100, pa.int32()).cast(pa.date32()),
    "far duration": pa.array([FARTHEST, 0] * 100, pa.duration("s")),
    "far time of day": pa.array([FARTHEST, 0] * 100).view(pa.time64("us")),
    "far dictionary": pa.array([FARTHEST, 0] * 100, pa.timestamp("us")).dictionary_encode(),
    "far list": pa.array([[FARTHEST]] * N, pa.list_(pa.timestamp("us"))),
}


def test_views_of_strings_and_times_that_no_calendar_holds_are_read_or_quarantined_whole(
    tmp_path, capfd
):
    size = pa.array(["x"] * 9 + ["1"] * 191, pa.string_view())
    log = beside_a_log(**VIEWS, **FAR_TIMES, size=size)
    early, late = dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
    times = log["time"].to_pylist()
    times[20:22] = early, late
    log = log.set_column(1, "time", pa.array(times, pa.timestamp("us", "UTC")))
    run = detect_in(log, tmp_path, columns={"size": "number"})
    holds_together(run, N)
    assert run.manifest.ledger.quarantined == {"unreadable number": 9, "impossible time": 2}
    assert main(["findings", str(run.folder.parents[1]), "--json"]) == 0
    assert len(json.loads(capfd.readouterr().out)["findings"]) == 20


def test_hundreds_of_columns_of_many_names_are_judged_in_seconds(tmp_path):
    rng = np.random.default_rng(0)
    names = np.array([f"v{i}" for i in range(40)])
    columns = {f"c{i}": rng.choice(names, 300) for i in range(200)}
    run = detect_in(pa.table(columns), tmp_path)
    holds_together(run, 300)
    assert run.manifest.model.dims < 3_000


def test_thousands_of_records_alike_at_one_time_are_judged(tmp_path):
    """Many are compared, column by column, when they are gathered into incidents."""
    log = small_log(1_600)
    for name, table in (
        ("no time", log.drop_columns(["time"])),
        ("one time", log.set_column(1, "time", pa.array([log["time"][0].as_py()] * len(log)))),
    ):
        run = detect_in(table, tmp_path / name)
        assert read_scores(run).num_rows == len(log)
        assert any(row["record_id"] == "e1598" for row in read_findings(run).to_pylist())


ALIKE = "No event is odder than half of the normal ones, as where all are alike: so there is no"
FEW = "p-values, and those of the oddest are extrapolated."


@pytest.mark.parametrize(
    "columns",
    [{"a": ["x"] * 3_000, "b": [1.0] * 3_000}, {"status": ["ok"] * 300}, {"a": ["x"] * 30}],
)
def test_a_log_of_equal_rows_has_no_finding_and_says_why(tmp_path, capfd, columns):
    rows = len(next(iter(columns.values())))
    run = detect_in(pa.table(columns), tmp_path)
    holds_together(run, rows)
    assert read_findings(run).num_rows == 0
    assert run.manifest.selection.all_usual
    page = (run.folder / "report.html").read_text()
    assert ALIKE in page
    assert "no event is odder than half of the normal ones. All" in page
    assert FEW not in page
    assert (
        main(["detect", str(tmp_path / "log.parquet"), "--direct", "--output", str(tmp_path / "o")])
        == 0
    )
    assert ALIKE in " ".join(capfd.readouterr().out.split())


def test_a_log_of_thirty_rows_says_what_its_scores_rest_on(tmp_path):
    run = detect_in(small_log(30), tmp_path)
    holds_together(run, 30)
    model = run.manifest.model
    page = (run.folder / "report.html").read_text()
    assert f"Few events are known: {model.calibration_rows} of 30 calibrate the" in page
    assert FEW in page
    assert not run.manifest.selection.all_usual


def test_a_log_of_usual_size_says_neither(tmp_path):
    run = detect_in(small_log(600), tmp_path)
    page = (run.folder / "report.html").read_text()
    assert run.manifest.model.calibration_rows >= 100
    assert FEW not in page
    assert ALIKE not in page
