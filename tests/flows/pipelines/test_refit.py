"""Refits before a run: a new model where there is none, where the data changed, or with age."""

import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from flows.pipelines.refit import detect_with_refit
from flows.pipelines.train import train_model
from flows.report.overview import moved_sentence, whole_columns_sentence
from flows.runtime.runner import DirectRunner
from flows.steps.plan import check_input
from flows.storage.input.files import locate
from flows.storage.input.footers import read_footers
from flows.storage.models.registry import read_registry
from flows.storage.runs.reader import REPORT
from schemas.errors import InputError, JobError, NoInputError
from schemas.job.partition import Partition
from tests.flows.sample_logs import job, small_log, written


def run(folder, log: pa.Table, refit: object, **model: object):
    location = written(folder / "batch/log.parquet", log)
    spec = job(location, folder / "out", model={"use": "latest", "refit": refit, **model})
    return detect_with_refit(spec, DirectRunner(1), lambda *_: None)


def latest(folder) -> str | None:
    return read_registry(folder / "out/log").latest


def changed(seed: int) -> pa.Table:
    log = small_log(400, seed)
    return log.set_column(4, "bytes", pa.array(log["bytes"].to_numpy() * 40.0))


@pytest.mark.slow
def test_a_job_that_refits_begins_by_itself(tmp_path):
    first = run(tmp_path, small_log(400), "on-drift").manifest
    assert (first.model.use, first.model.renewal) == ("latest", "first")
    assert latest(tmp_path) == first.model.model_id
    second = run(tmp_path, small_log(400, 1), "on-drift").manifest
    assert second.model.model_id == first.model.model_id
    assert second.model.renewal is None
    assert second.moved_columns == []


@pytest.mark.slow
def test_a_few_events_are_judged_by_a_first_model_of_the_history(tmp_path):
    history = written(tmp_path / "history.parquet", small_log(400))
    few = written(tmp_path / "few.parquet", small_log(5, 1))
    model = {"use": "latest", "refit": "on-drift", "train": history}
    spec = job(few, tmp_path / "out", model=model)
    checked = check_input(spec)  # as the command line does before it starts Prefect
    manifest = detect_with_refit(spec, DirectRunner(1), lambda *_: None, None, checked).manifest
    assert (manifest.ledger.read, manifest.model.sample_rows) == (5, 400)


@pytest.mark.slow
def test_an_input_that_changed_after_its_check_is_looked_at_again(tmp_path):
    folder = tmp_path / "logs"
    spec = job(written(folder / "a.parquet", small_log()), tmp_path / "out")
    spec = spec.model_copy(update={"input": str(folder)})
    checked = check_input(spec)
    written(folder / "b.parquet", small_log(50, 1))
    added = detect_with_refit(spec, DirectRunner(1), lambda *_: None, None, checked).manifest
    assert added.ledger.read == 250
    checked = check_input(spec)
    written(folder / "a.parquet", small_log(90, 2))
    changed = detect_with_refit(spec, DirectRunner(1), lambda *_: None, None, checked).manifest
    assert changed.ledger.read == 140


@pytest.mark.slow
def test_the_footers_of_a_batch_that_is_looked_at_ahead_are_read_once(tmp_path, monkeypatch):
    run(tmp_path, small_log(400), "on-drift")
    read = []

    def counted(location, located, **how):
        read.append(location)
        return read_footers(location, located, **how)

    monkeypatch.setattr("flows.storage.input.plan.read_footers", counted)
    assert run(tmp_path, small_log(400, 1), "on-drift").manifest.ledger.read == 400
    assert len(read) == 1


@pytest.mark.slow
def test_a_batch_that_is_looked_at_ahead_is_tried_again_where_storage_does_not_answer(
    tmp_path, monkeypatch
):
    run(tmp_path, small_log(400), "on-drift")
    asked = []

    def answers_the_second_time(location, root=None):
        asked.append(location)
        if len(asked) == 1:
            raise InputError("cannot be read", where=location) from TimeoutError()
        return locate(location, root)

    monkeypatch.setattr("flows.runtime.retry.PAUSES", (0.0, 0.0))
    monkeypatch.setattr("flows.steps.plan.locate", answers_the_second_time)
    assert run(tmp_path, small_log(400, 1), "on-drift").manifest.ledger.read == 400
    assert len(asked) > 1


@pytest.mark.slow
def test_a_batch_that_drifted_is_judged_by_a_new_model_and_says_what_moved(tmp_path):
    first = run(tmp_path, small_log(400), "on-drift").manifest
    published = run(tmp_path, changed(1), "on-drift")
    drifted = published.manifest
    assert drifted.model.model_id == latest(tmp_path) != first.model.model_id
    assert drifted.model.renewal == "drift"
    assert drifted.moved_columns == ["bytes"]
    said = moved_sentence(drifted)
    assert said == "The data changed since the model was fitted, in bytes, so a new one was fitted."
    assert said in (published.folder / REPORT).read_text()
    after = run(tmp_path, changed(2), "on-drift").manifest
    assert after.model.model_id == drifted.model.model_id
    assert (after.moved_columns, after.model.renewal) == ([], None)
    runs = tmp_path / "out/log/runs"
    assert len(list(runs.iterdir())) == 3  # nothing is left of looking ahead


def zoned(seed: int, *, tied: bool) -> pa.Table:
    """Events of two zones that read as often as they write; or one zone reads, one writes."""
    rng = np.random.default_rng([1, seed])  # not that of the log: the zone would follow its times
    east, reads = rng.random((2, 2_000)) < 0.5
    zone = np.where(east, "east", "west")
    action = np.where(east if tied else reads, "read", "write")
    log = small_log(2_000, seed).drop(["user", "message"])
    log = log.set_column(log.column_names.index("action"), "action", pa.array(action))
    return log.append_column("zone", pa.array(zone))


@pytest.mark.slow
def test_values_that_go_together_otherwise_are_drift_though_no_column_moved(tmp_path):
    run(tmp_path, zoned(0, tied=False), "on-drift")
    same = run(tmp_path, zoned(1, tied=False), "on-drift").manifest
    assert (same.moved_together, same.model.renewal) == (False, None)
    frozen = run(tmp_path, zoned(2, tied=True), "never").manifest
    assert (frozen.moved_together, frozen.model.renewal) == (True, None)
    published = run(tmp_path, zoned(2, tied=True), "on-drift")
    drifted = published.manifest
    assert (drifted.moved_columns, drifted.model.renewal) == ([], "drift")
    said = "The data changed since the model was fitted: other values go together, so a new one"
    assert moved_sentence(drifted).startswith(said)
    assert said in (published.folder / REPORT).read_text()
    assert "what goes together" in (tmp_path / "out/log/index.html").read_text()


@pytest.mark.slow
def test_a_frozen_model_stays_and_says_what_moved(tmp_path):
    first = run(tmp_path, small_log(400), "1d").manifest
    drifted = run(tmp_path, changed(1), "never").manifest
    assert drifted.moved_columns == ["bytes"]
    assert moved_sentence(drifted) == ""
    assert whole_columns_sentence(drifted).startswith("bytes moved as a whole: ")
    assert drifted.model.renewal is None
    assert latest(tmp_path) == first.model.model_id


@pytest.mark.slow
def test_a_small_batch_does_not_replace_a_model_unless_there_is_a_history(tmp_path):
    run(tmp_path, small_log(400), "on-drift")
    few = changed(1).slice(0, 30)
    assert run(tmp_path, few, "on-drift").manifest.model.renewal is None
    history = written(tmp_path / "history.parquet", changed(3))
    assert run(tmp_path, few, "on-drift", train=history).manifest.model.renewal == "drift"
    assert run(tmp_path, changed(2), "never").manifest.moved_columns == []


@pytest.mark.slow
def test_an_old_model_is_replaced(tmp_path):
    first = run(tmp_path, small_log(400), "7d").manifest
    assert run(tmp_path, small_log(400, 1), "7d").manifest.model.renewal is None
    path = tmp_path / "out/log/models/registry.json"
    document = json.loads(path.read_bytes())
    for entry in document["entries"]:
        entry["at"] = (datetime.now(UTC) - timedelta(days=8)).isoformat()
    path.write_text(json.dumps(document))
    assert run(tmp_path, small_log(400, 2), "7d").manifest.model.renewal == "age"
    assert latest(tmp_path) != first.model.model_id


@pytest.mark.slow
def test_days_are_judged_by_a_model_of_the_history_or_of_their_own(tmp_path):
    days = [Partition.of(date(2026, 1, 5)), Partition.of(date(2026, 1, 6))]
    for seed, day in enumerate(days):
        written(tmp_path / f"logs/{day}.parquet", small_log(400, seed))
    for train in ({}, {"train": str(tmp_path / "logs/2026-01-05.parquet")}):
        model = {"use": "latest", "refit": "on-drift", **train}
        output = tmp_path / f"out{len(train)}"
        spec = job(str(tmp_path / "logs/{date}.parquet"), output, model=model)
        first, second = (
            detect_with_refit(spec, DirectRunner(1), lambda *_: None, day).manifest for day in days
        )
        assert [run.partition for run in (first, second)] == days
        assert first.model.renewal == "first"
        assert second.model.model_id == first.model.model_id


@pytest.mark.slow
def test_a_window_of_days_before_the_one_that_is_judged_is_fitted_on(tmp_path):
    for day, rows in ((1, 100), (2, 105), (4, 110), (5, 120), (6, 130)):
        written(tmp_path / f"logs/2026-01-0{day}.parquet", small_log(rows, day))
    spec = job(
        str(tmp_path / "logs/{date}.parquet"),
        tmp_path / "out",
        model={"use": "latest", "refit": "7d", "train": "last 3 days"},
    )
    manifest = detect_with_refit(
        spec, DirectRunner(1), lambda *_: None, Partition.of(date(2026, 1, 5))
    ).manifest
    assert manifest.ledger.read == 120
    assert manifest.model.sample_rows == 105 + 110  # the third is not there, the first too old
    model = train_model(
        spec,
        DirectRunner(1),
        lambda *_: None,
        promote=False,
        partition=Partition.of(date(2026, 1, 1)),
    )
    assert model.card.rows == 100


@pytest.mark.slow
def test_a_window_without_days_is_refused_before_a_model_is_due(tmp_path):
    location = written(tmp_path / "log.parquet", small_log())
    spec = job(location, tmp_path / "out", model={"use": "latest"})
    train_model(spec, DirectRunner(1), lambda *_: None, promote=True)
    spec = job(
        location, tmp_path / "out", model={"use": "latest", "refit": "7d", "train": "last 3 days"}
    )
    with pytest.raises(JobError, match=r"model.train"):
        detect_with_refit(spec, DirectRunner(1), lambda *_: None)


def test_a_window_needs_days_and_one_of_them(tmp_path):
    written(tmp_path / "log.parquet", small_log())
    model = {"use": "latest", "refit": "7d", "train": "last 3 days"}
    spec = job(str(tmp_path / "log.parquet"), tmp_path / "out", model=model)
    with pytest.raises(JobError, match=r'model.train: "last 3 days" is asked for, and the input'):
        detect_with_refit(spec, DirectRunner(1), lambda *_: None)
    spec = job(str(tmp_path / "{date}.parquet"), tmp_path / "out", model=model)
    with pytest.raises(NoInputError, match="none of the 3 days up to 2026-01-04 is there"):
        detect_with_refit(spec, DirectRunner(1), lambda *_: None, Partition.of(date(2026, 1, 4)))
    with pytest.raises(NoInputError, match="none of the 3 days up to 0001-01-02 is there"):
        detect_with_refit(spec, DirectRunner(1), lambda *_: None, Partition.of(date(1, 1, 2)))
    with pytest.raises(JobError, match='a window is spelt as "last 30 days"'):
        job("x", tmp_path, model={"train": "last week"})


@pytest.mark.parametrize("refit", ["sometimes", 0, True])
def test_a_wrong_refit_is_named(tmp_path, refit):
    with pytest.raises(JobError, match=r'model.refit: must be "never", "on-drift" or a duration'):
        run(tmp_path, small_log(), refit)


def test_only_the_latest_model_is_refitted(tmp_path):
    with pytest.raises(JobError, match='needs `use = "latest"`'):
        job("x", tmp_path, model={"refit": "7d"})
