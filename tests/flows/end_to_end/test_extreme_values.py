"""Values that are odd by their size are judged, not rejected; a run that judges nothing fails."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from flows.pipelines.train import train_model
from flows.results.frames import findings_frame
from flows.runtime.runner import DirectRunner
from flows.storage.runs.reader import read_findings, runs_in
from schemas.errors import InputError
from tests.flows.sample_logs import detect, detect_in, job, small_log, written

_ODD = 100


def _log_with(column: str, values: list[object]) -> pa.Table:
    """The small log, all its rows ordinary but for one more column."""
    return small_log().slice(0, len(values)).append_column(column, pa.array(values))


def test_zeros_of_both_signs_are_a_constant(tmp_path: Path) -> None:
    log = _log_with("delta", [-0.0 if i % 2 else 0.0 for i in range(198)])
    run = detect_in(log, tmp_path)
    assert (run.manifest.ledger.scored, run.manifest.ledger.quarantined) == (198, {})


@pytest.mark.parametrize(("value", "shown"), [(np.inf, "infinity"), (-np.inf, "-infinity")])
def test_an_infinite_number_is_found_and_called_so(
    tmp_path: Path, value: float, shown: str
) -> None:
    numbers: list[object] = [i % 50 + 0.5 for i in range(198)]
    numbers[_ODD] = value
    run = detect_in(_log_with("size", numbers), tmp_path)
    assert run.manifest.ledger.quarantined == {}
    first = read_findings(run).slice(0, 1).to_pylist()[0]
    assert first["size"] == value
    assert first["reasons"][0]["sentence"].startswith(f"`size` is {shown}: ")
    assert "e+3" not in first["reasons"][0]["sentence"]


def test_a_text_beyond_the_limit_is_found_and_shown_whole(tmp_path: Path) -> None:
    texts: list[object] = [f"GET /item/{i % 99} ok" for i in range(198)]
    texts[_ODD] = "POST " + "A" * 200_000
    run = detect_in(_log_with("body", texts), tmp_path)
    assert run.manifest.ledger.quarantined == {}
    assert read_findings(run)["body"].to_pylist()[0] == texts[_ODD]


def test_a_run_whose_every_row_is_rejected_publishes_nothing(tmp_path: Path) -> None:
    numbers = _log_with("n", [float(i % 9) for i in range(198)])
    words = numbers.set_column(numbers.num_columns - 1, "n", pa.array(["a"] * 198))
    out = tmp_path / "out"
    fitted = job(written(tmp_path / "a.parquet", numbers), out)
    train_model(fitted, DirectRunner(1), lambda *_: None, promote=True)
    again = job(written(tmp_path / "b.parquet", words), out, model={"use": "latest"})
    with pytest.raises(InputError, match="198 for unreadable number in `n`"):
        detect(again)
    assert runs_in(out / "log") == []


def test_findings_whose_zone_is_unknown_are_read_in_utc(tmp_path: Path) -> None:
    log = small_log()
    times = log["time"].cast(pa.timestamp("us", "Mars/Base"))
    run = detect_in(log.append_column("seen", times), tmp_path)
    frame = findings_frame(str(run.folder.parent.parent), None)
    assert str(frame["seen"].dt.tz) == "UTC"
