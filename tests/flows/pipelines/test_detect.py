"""The main job from a log to its findings, in this process."""

import json
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomaly.model.selection import severity
from data.generate import generate, write
from flows.pipelines.detect import detect_events
from flows.runtime.runner import DirectRunner
from flows.steps import activity_parts, records
from flows.storage.input.plan import plan_input
from flows.storage.runs.reader import list_runs, read_activity, read_findings, read_scores
from tests.flows.sample_logs import (
    STEP_NAMES,
    FailingRunner,
    dataset_bytes,
    detect,
    detect_in,
    job,
    small_log,
    written,
)

STEPS = (
    "gather",
    "fit",
    "score",
    "select",
    "judge windows",
    "group",
    "explain",
)
"""One after the other: where one is done, the next has not begun."""


def scores_by_id(run) -> dict[str, float]:
    scores = read_scores(run)
    return dict(zip(scores["record_id"].to_pylist(), scores["p_value"].to_pylist(), strict=True))


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """A short sample log in hive partitions, and a run on it."""
    folder = tmp_path_factory.mktemp("company")
    events, labels = generate(rows=2_000, days=3, seed=11)
    write(events, labels, folder)
    return events, folder, detect(job(str(folder / "events"), folder / "out", seed=5))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run on the small log in one file. Tests only read it."""
    return detect_in(small_log(), tmp_path_factory.mktemp("whole"))


@pytest.mark.slow
def test_every_record_is_scored_once_and_in_the_order_of_the_input(company):
    events, _, run = company
    assert read_scores(run)["record_id"].equals(events["event_id"])
    assert run.manifest.ledger.scored == run.manifest.units_scored == len(events)


@pytest.mark.slow
def test_p_values_and_scores_say_the_same(company):
    scores = read_scores(company[2])
    p = scores["p_value"].to_numpy()
    assert np.all((p > 0) & (p <= 1))
    np.testing.assert_allclose(scores["anomaly_score"].to_numpy(), -10 * np.log10(p), atol=1e-9)


@pytest.mark.slow
def test_findings_are_the_oddest_records_in_the_order_of_their_rank(company):
    _, _, run = company
    findings, scores = read_findings(run), read_scores(run)
    assert findings["rank"].to_pylist() == list(range(1, len(findings) + 1))
    lowest = np.sort(scores["p_value"].to_numpy())[: len(findings)]
    assert findings["p_value"].to_pylist() == lowest.tolist()
    by_id = scores_by_id(run)
    assert [by_id[i] for i in findings["record_id"].to_pylist()] == lowest.tolist()


@pytest.mark.slow
def test_findings_have_the_severity_of_their_score(company):
    findings = read_findings(company[2])
    assert findings["severity"].to_pylist() == severity(
        findings["p_value"].to_numpy(), company[2].manifest.units_scored
    )
    counted = company[2].manifest.severities
    assert counted == Counter(findings["severity"].to_pylist())


@pytest.mark.slow
def test_findings_hold_the_records_own_columns(company):
    events, _, run = company
    findings = read_findings(run)
    rows = {row["event_id"]: row for row in events.to_pylist()}
    for found in findings.to_pylist():
        row = rows[found["record_id"]]
        assert {name: found[name] for name in row} == row
        assert found["date"] == str(row["timestamp"].date())


@pytest.mark.slow
def test_every_finding_gives_its_reasons(company):
    for found in read_findings(company[2]).to_pylist():
        assert found["summary"]
        assert found["reasons"]
        assert all(reason["column"] in found for reason in found["reasons"])
        shares = [reason["share"] for reason in found["reasons"]]
        assert shares == sorted(shares, reverse=True)
        assert 0 <= sum(shares) <= 1 + 1e-6


@pytest.mark.slow
def test_however_the_input_is_cut_scores_and_findings_are_the_same(tmp_path, monkeypatch):
    events = small_log(300).sort_by("time")
    log = written(tmp_path / "log.parquet", events, row_group_size=15)
    spec = job(log, tmp_path)
    whole = detect(spec)
    counted = read_activity(whole).drop_columns(["total", "logs"])
    for chunk, batch in ((45, 300), (120, 37), (1, 7)):
        monkeypatch.setattr(records, "CHUNK_ROWS", chunk)
        monkeypatch.setattr(records, "BATCH_ROWS", batch)
        monkeypatch.setattr(activity_parts, "BATCH_ROWS", batch)
        cut = detect(spec)
        assert len(dataset_bytes(cut, "scores")) > len(dataset_bytes(whole, "scores"))
        assert read_scores(cut).equals(read_scores(whole))
        assert dataset_bytes(cut, "findings") == dataset_bytes(whole, "findings")
        assert read_activity(cut).drop_columns(["total", "logs"]).equals(counted)


@pytest.mark.slow
def test_the_same_input_and_job_give_the_same_bytes(company):
    _, folder, run = company
    again = detect(job(str(folder / "events"), folder / "again", seed=5))
    for dataset in ("findings", "scores", "quarantine"):
        assert dataset_bytes(again, dataset) == dataset_bytes(run, dataset)
    assert again.manifest.model == run.manifest.model
    assert (again.folder / "report.html").stat().st_size > 10_000


@pytest.mark.slow
def test_another_seed_gives_another_model_of_the_same_log(whole, tmp_path):
    other = detect_in(small_log(), tmp_path, seed=1)
    assert other.manifest.seed != whole.manifest.seed
    assert other.manifest.model.model_id != whole.manifest.model.model_id


def test_a_planted_event_is_the_first_finding(whole):
    first = read_findings(whole).to_pylist()[0]
    assert first["record_id"] == "e198"
    assert {reason["column"] for reason in first["reasons"][:2]} == {"action", "bytes"}
    assert first["reasons"][0]["share"] > 0.3


@pytest.mark.slow
@pytest.mark.parametrize(("n_files", "group"), [(1, 7), (3, 1_000), (9, 11)])
def test_how_the_rows_are_spread_over_files_and_row_groups_does_not_matter(
    whole, tmp_path, n_files, group
):
    log = small_log()
    cuts = np.linspace(0, len(log), n_files + 1).astype(int)
    for number, (start, stop) in enumerate(pairwise(cuts)):
        part = log.slice(start, stop - start)
        written(tmp_path / f"parts/{number:02d}.parquet", part, row_group_size=group)
    parted = detect(job(str(tmp_path / "parts"), tmp_path / "out"))
    assert dataset_bytes(parted, "scores") == dataset_bytes(whole, "scores")
    assert dataset_bytes(parted, "findings") == dataset_bytes(whole, "findings")


@pytest.mark.slow
def test_partitions_are_columns_of_the_findings(tmp_path):
    for day in (1, 2):
        written(tmp_path / f"log/day={day}/part.parquet", small_log(60, seed=day).drop("event_id"))
    findings = read_findings(detect(job(str(tmp_path / "log"), tmp_path / "out")))
    for found in findings.to_pylist():
        file, _, row = found["record_id"].rpartition(":")
        assert file == f"day={found['day']}/part.parquet"
        assert found["user"] == small_log(60, seed=found["day"])["user"][int(row)].as_py()


@pytest.mark.slow
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_rows_does_not_change_what_a_record_scores(whole, tmp_path, seed):
    log = small_log()
    shuffled = log.take(pa.array(np.random.default_rng(seed).permutation(len(log))))
    straight, mixed = scores_by_id(whole), scores_by_id(detect_in(shuffled, tmp_path))
    assert mixed.keys() == straight.keys()
    for record, p in straight.items():
        assert mixed[record] == pytest.approx(p, rel=1e-4)


@pytest.mark.slow
def test_duplicate_events_score_alike(tmp_path):
    log = small_log().drop("event_id")
    scores = read_scores(detect_in(pa.concat_tables([log, log]), tmp_path))
    p = scores["p_value"].to_numpy().reshape(2, -1)
    np.testing.assert_allclose(p[0], p[1], rtol=1e-6)


@pytest.mark.slow
def test_the_budget_cuts_off_what_the_rule_selects_and_says_so(tmp_path):
    selection = {"threshold": 0.0, "budget": 7}
    run = detect_in(small_log(), tmp_path, selection=selection)
    assert (run.manifest.selection.selected, run.manifest.incidents.incidents) == (200, 7)
    assert run.manifest.selection.cut_off == 200 - run.manifest.incidents.records
    assert set(read_findings(run)["basis"].to_pylist()) == {"rule"}


@pytest.mark.slow
def test_where_the_rule_selects_few_the_oddest_of_the_rest_follow_by_rank(tmp_path):
    selection = {"threshold": 1_000.0, "at_least": 5}
    run = detect_in(small_log(), tmp_path, selection=selection, behaviour=False)
    assert read_findings(run)["basis"].to_pylist() == ["rank"] * 5
    assert (run.manifest.selection.selected, run.manifest.selection.by_rank) == (0, 5)
    assert run.manifest.selection.score_cut is None


@pytest.mark.slow
def test_the_rules_findings_stand_before_those_by_rank(whole, tmp_path):
    p = np.sort(read_scores(whole)["p_value"].to_numpy())
    between = -10 * np.log10((p[2] + p[3]) / 2)
    selection = {"threshold": between, "at_least": 5}
    run = detect_in(small_log(), tmp_path, selection=selection, behaviour=False)
    assert read_findings(run)["basis"].to_pylist() == ["rule"] * 3 + ["rank"] * 2


@pytest.mark.slow
def test_a_run_may_find_nothing(tmp_path):
    run = detect_in(small_log(), tmp_path, selection={"threshold": 1_000.0})
    assert len(read_findings(run)) == 0
    assert (run.folder / "report.html").exists()
    assert set(small_log().column_names) < set(read_findings(run).column_names)


@pytest.mark.slow
def test_a_false_discovery_rate_selects_as_benjamini_and_hochberg_say(tmp_path):
    run = detect_in(small_log(), tmp_path, selection={"fdr": 0.9, "budget": 200, "at_least": 0})
    p = np.sort(read_scores(run)["p_value"].to_numpy())
    passing = np.flatnonzero(p <= 0.9 * np.arange(1, len(p) + 1) / len(p))
    expected = int(np.sum(p <= p[passing[-1]])) if len(passing) else 0
    assert run.manifest.selection.selected == len(read_findings(run)) == expected


@pytest.mark.slow
def test_two_runs_stand_side_by_side_and_the_newer_is_the_latest(tmp_path):
    first, second = (detect_in(small_log(), tmp_path) for _ in range(2))
    assert [run.manifest.run_id for run in list_runs(str(tmp_path / "out/log"))] == [
        second.manifest.run_id,
        first.manifest.run_id,
    ]
    latest = json.loads((tmp_path / "out/log/latest.json").read_text())
    assert latest == {"run_id": second.manifest.run_id}


@pytest.mark.slow
def test_what_a_run_wrote_below_its_input_is_not_read_by_the_next(tmp_path):
    written(tmp_path / "log.parquet", small_log(300))
    for _ in range(2):
        run = detect(job(str(tmp_path), tmp_path / "out"))
        assert run.manifest.ledger.read == 300
    again = plan_input(str(run.folder / "scores"))
    assert again.rows == 300


def left_in(output: Path) -> set[str]:
    return {path.name for path in (output / "log/runs").iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize(("step", "done"), [(STEPS[0], False), *((step, True) for step in STEPS)])
def test_a_run_that_fails_leaves_nothing_and_the_earlier_one_is_still_the_latest(
    whole, tmp_path, step, done
):
    shutil.copytree(whole.folder.parents[3], tmp_path, dirs_exist_ok=True)
    earlier = list_runs(str(tmp_path / "out/log"))[0]
    spec = job(str(tmp_path / "log.parquet"), tmp_path / "out")
    with pytest.raises(ConnectionError):
        detect(spec, FailingRunner(step, done=done))
    assert left_in(tmp_path / "out") == {earlier.manifest.run_id}
    latest = json.loads((tmp_path / "out/log/latest.json").read_text())
    assert latest == {"run_id": earlier.manifest.run_id}


@pytest.mark.slow
def test_a_first_run_that_fails_leaves_no_run(tmp_path):
    spec = job(written(tmp_path / "log.parquet", small_log()), tmp_path / "out")
    for step in ("plan", "publish"):
        with pytest.raises(ConnectionError):
            detect(spec, FailingRunner(step, done=False))
    assert not (tmp_path / "out/log/latest.json").exists()
    assert left_in(tmp_path / "out") == set()


@pytest.mark.slow
def test_a_finished_run_leaves_no_scratch(company):
    _, folder, run = company
    assert left_in(folder / "out") == {run.manifest.run_id}


def test_progress_is_told_of_every_step_from_start_to_end(tmp_path):
    told: list[tuple[str, int, int]] = []
    spec = job(written(tmp_path / "log.parquet", small_log()), tmp_path / "out")
    detect_events(spec, DirectRunner(1), lambda *step: told.append(step))
    begun = [step for step, done, _ in told if done == 0]
    assert begun == list(STEP_NAMES)
    assert [step for step in begun if (step, 1, 1) in told] == begun
