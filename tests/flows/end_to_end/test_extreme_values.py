"""Values that are odd by their size are judged, not rejected; a run that judges nothing fails."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flows.pipelines.train import train_model
from flows.results.frames import findings_frame
from flows.runtime.runner import DirectRunner
from flows.storage.runs.reader import PublishedRun, read_findings, runs_in
from schemas.errors import InputError
from tests.flows.sample_logs import detect, detect_in, job, small_log, written

pytestmark = pytest.mark.slow

_ODD = 100
_INFINITE = {120: np.inf, 140: -np.inf}


def _log_with(column: str, values: list[object]) -> pa.Table:
    """The small log, all its rows ordinary but for one more column."""
    return small_log().slice(0, len(values)).append_column(column, pa.array(values))


def _odd_values() -> pa.Table:
    """Zeros of both signs, infinite numbers, a text beyond the limit, and an unknown zone."""
    sizes = [_INFINITE.get(i, i % 50 + 0.5) for i in range(198)]
    texts: list[object] = [f"GET /item/{i % 99} ok" for i in range(198)]
    texts[_ODD] = "POST " + "A" * 200_000
    log = _log_with("delta", [-0.0 if i % 2 else 0.0 for i in range(198)])
    log = log.append_column("size", pa.array(sizes)).append_column("body", pa.array(texts))
    return log.append_column("seen", log["time"].cast(pa.timestamp("us", "Mars/Base")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> PublishedRun:
    return detect_in(_odd_values(), tmp_path_factory.mktemp("odd"))


def _finding(run: PublishedRun, row: int) -> dict[str, Any]:
    """Return the finding of a row, which is among the first three."""
    rows = read_findings(run).drop_columns(["seen"]).slice(0, 3).to_pylist()
    first = {found["record_id"]: found for found in rows}
    return first[f"e{row}"]


def test_zeros_of_both_signs_are_a_constant_and_no_odd_value_is_quarantined(
    run: PublishedRun,
) -> None:
    assert (run.manifest.ledger.scored, run.manifest.ledger.quarantined) == (198, {})


@pytest.mark.parametrize(("row", "shown"), [(120, "infinity"), (140, "-infinity")])
def test_an_infinite_number_is_found_and_called_so(run: PublishedRun, row: int, shown: str) -> None:
    found = _finding(run, row)
    assert found["size"] == _INFINITE[row]
    assert found["reasons"][0]["sentence"].startswith(f"`size` is {shown}: ")
    assert "e+3" not in found["reasons"][0]["sentence"]


def test_a_text_beyond_the_limit_is_found_and_shown_whole(run: PublishedRun) -> None:
    assert _finding(run, _ODD)["body"] == "POST " + "A" * 200_000


def test_findings_whose_zone_is_unknown_are_read_in_utc(run: PublishedRun) -> None:
    frame = findings_frame(str(run.folder.parent.parent), None)
    assert str(frame["seen"].dt.tz) == "UTC"


def test_a_run_whose_every_row_is_rejected_publishes_nothing(tmp_path: Path) -> None:
    numbers = _log_with("n", [str(i % 9) for i in range(198)])
    words = numbers.set_column(numbers.num_columns - 1, "n", pa.array(["a"] * 198))
    out, columns = tmp_path / "out", {"n": "number"}
    fitted = job(written(tmp_path / "a.parquet", numbers), out, columns=columns)
    train_model(fitted, DirectRunner(1), lambda *_: None, promote=True)
    batch = written(tmp_path / "b.parquet", words)
    again = job(batch, out, columns=columns, model={"use": "latest"})
    with pytest.raises(InputError, match="198 for unreadable number in `n`"):
        detect(again)
    assert runs_in(out / "log") == []
