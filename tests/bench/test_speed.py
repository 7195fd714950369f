"""The speed benchmark measures what it says."""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.bench.speed.log import COLUMNS, write_log
from tests.bench.speed.measure import Measured, measure
from tests.bench.speed.tables import growth, page
from tests.bench.speed.trials import FLOOR, OUTFIELD, TEXT_PEER, Trial, run_trial

pytestmark = pytest.mark.slow


def trial(name: str, rows: int, seconds: float, peak: float = 500.0, failed: str = "") -> Trial:
    return Trial(name, rows, Measured(seconds, seconds, peak, failed), {"fit": 1.0})


def run(code: str, folder: Path, limit: float = 60.0) -> Measured:
    """Measure from a process of its own: a child's peak starts with the memory of its parent."""
    with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
        return fresh.submit(measure, [sys.executable, "-c", code], limit, folder).result()


def test_a_program_s_own_time_and_memory_are_measured(tmp_path: Path) -> None:
    calm, busy = (
        run(code, tmp_path) for code in ("pass", "b'x' * (1_500 << 20); sum(range(10**7))")
    )
    assert not calm.failed
    assert calm.peak_mib < 500.0
    assert busy.peak_mib == pytest.approx(1_500.0, abs=60.0)
    assert busy.cpu_seconds > calm.cpu_seconds


def test_a_program_that_fails_or_takes_too_long_says_so(tmp_path: Path) -> None:
    assert run("raise ValueError('no such thing')", tmp_path).failed == "ValueError: no such thing"
    late = run("import time; time.sleep(60)", tmp_path, limit=1.0)
    assert late.failed == "over 1 s"
    assert late.seconds < 20.0


def test_the_log_has_its_rows_in_the_order_of_time_and_the_programs_end_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.bench.speed.log._PIECE_ROWS", 5_000)
    log = tmp_path / "log.parquet"
    write_log(log, 6_000)
    table = pq.read_table(log)
    assert table.column_names == COLUMNS
    assert table.num_rows == 6_000
    times = table["timestamp"].to_numpy()
    assert (times[1:] >= times[:-1]).all()
    for name in (FLOOR, OUTFIELD, "lean"):
        found = run_trial(name, log, 6_000, tmp_path / "out", (120.0, 1))
        assert found.measured.failed == ""
        assert ("score" in found.steps) == (name == OUTFIELD)


def test_the_log_with_texts_has_two_columns_that_hardly_repeat_and_the_script_ends_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.bench.speed.log._PIECE_ROWS", 5_000)
    log = tmp_path / "log.parquet"
    write_log(log, 6_000, "texts")
    table = pq.read_table(log)
    assert table.column_names == [*COLUMNS[:7], "message", "url"]
    assert all(pc.count_distinct(table[name]).as_py() > 5_700 for name in ("message", "url"))
    for name in (OUTFIELD, TEXT_PEER):
        assert run_trial(name, log, 6_000, tmp_path / "out", (240.0, 1)).measured.failed == ""


def test_the_log_with_texts_is_compared_with_the_script() -> None:
    trials = [trial(FLOOR, 10**6, 2.0), trial(OUTFIELD, 10**6, 10.0)]
    of_texts = [trial(OUTFIELD, 10**6, 12.0), trial(TEXT_PEER, 10**6, 16.0)]
    text = page([*trials, *(replace(each, kind="texts") for each in of_texts)], ["on paper"])
    assert "| outfield | 1,000,000 | 10.0 | 100,000 | 5.0 |" in text
    assert "| outfield | 1,000,000 | 12.0 | 83,333 | 0.75 |" in text
    assert "| lean-text | 1,000,000 | 16.0 | 62,500 | 1.00 |" in text


def test_the_tables_compare_with_the_floor_and_the_peers() -> None:
    trials = [
        trial(FLOOR, 1_000_000, 2.0),
        trial(OUTFIELD, 1_000_000, 10.0),
        trial("lean", 1_000_000, 25.0),
        trial("pyod-knn", 1_000_000, 300.0, failed="over 300 s"),
    ]
    text = page(trials, ["on paper"])
    assert "| outfield | 1,000,000 | 10.0 | 100,000 | 5.0 |" in text
    assert "| lean | 1,000,000 | 25.0 | 40,000 | 2.5 |" in text
    assert "| pyod-knn | 1,000,000 | over 300 s |" in text


def test_growth_is_told_from_three_sizes_on() -> None:
    trials = [trial(OUTFIELD, rows, 5.0 + rows * 2e-6) for rows in (10**6, 10**7)]
    assert "nothing is said" in growth(trials)
    straight = growth([*trials, trial(OUTFIELD, 5 * 10**7, 105.0, peak=600.0)])
    assert "5.0 s and 2.00 s for each million; no size is more than 0 % off" in straight
    assert "1.20 times" in straight
