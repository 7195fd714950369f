"""The benchmark of quality on a folder of three tiny sets, with the peers that scikit-learn has."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bench.quality.__main__ import main
from tests.bench.quality.cases import Case, find_cases, read_events, read_labels, units_of
from tests.bench.quality.figures import BEST, Figures
from tests.bench.quality.measure import measure
from tests.bench.quality.metrics import judged, precision_among_first
from tests.bench.quality.outfield_job import score_events
from tests.bench.quality.picture import draw
from tests.bench.quality.session_counts import count_messages
from tests.bench.quality.tables import markdown
from tests.bench.quality.trials import Result, ResultStore, result_of, trials_of

pytestmark = pytest.mark.slow
PEER = "sklearn-LOF"
BOTH = ["outfield", "LOF"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sessions of which three fail, a table with three far rows, and one too short to judge."""
    folder = tmp_path_factory.mktemp("data")
    _write_sessions(folder / "events" / "jobs")
    (folder / "adbench").mkdir()
    rng = np.random.default_rng(0)
    for name, rows in (("1_blob", 300), ("2_short", 12)):
        y = np.arange(rows) >= rows - 3
        X = rng.normal(size=(rows, 3)) + 9 * y[:, None]
        columns = {f"x{i}": X[:, i] for i in range(3)}
        pq.write_table(
            pa.table({**columns, "y": y.astype(np.int8)}), folder / f"adbench/{name}.parquet"
        )
    return folder


def _write_sessions(folder: Path) -> None:
    folder.mkdir(parents=True)
    failed = [f"j{i}" for i in range(3)]
    rows = [
        {"event_id": 10 * i + step, "job": f"j{i}", "message": f"step {step} of job {i} {how}"}
        for i in range(80)
        for step in range(4)
        for how in ["was lost on the way" if f"j{i}" in failed and step > 1 else "went as planned"]
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "events.parquet")
    jobs = [f"j{i}" for i in reversed(range(80))]
    labels = {"job": jobs, "is_anomaly": [job in failed for job in jobs]}
    pq.write_table(pa.table(labels), folder / "labels.parquet")
    case = {"name": "jobs", "unit": "session", "label_key": "job"}
    (folder / "case.json").write_text(json.dumps(case), encoding="utf-8")


def run(data: Path, output: Path, *words: str) -> None:
    where = ["--data", str(data), "--output", str(output)]
    main([*where, "--jobs", "2", "--peers", PEER, *words])


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of one whole run."""
    output = tmp_path_factory.mktemp("output")
    run(data, output, "--picture", str(output / "quality.png"))
    return output


def results(output: Path) -> list[Result]:
    document = json.loads((output / "quality.json").read_text(encoding="utf-8"))
    return [Result(**result) for result in document["results"]]


def case_of(data: Path, name: str, rows: int = 10_000) -> Case:
    return next(case for case in find_cases(data, rows) if case.name == name)


def test_metrics_have_the_values_of_a_ranking_judged_by_hand() -> None:
    # Ranked: anomaly, normal, anomaly, normal. Three of four pairs are in order.
    figures = judged(np.array([1, 0, 1, 0], bool), np.array([np.inf, 3.0, 2.0, -1.0]))
    assert figures == pytest.approx({"auroc": 3 / 4, "ap": (1 / 1 + 2 / 3) / 2, "precision": 1 / 2})


def test_equal_scores_are_worth_what_a_draw_among_them_is() -> None:
    labels = np.array([1, 0, 0, 0], bool)
    assert judged(labels, np.zeros(4)) == pytest.approx(
        {"auroc": 0.5, "ap": 0.25, "precision": 0.25}
    )
    assert precision_among_first(labels, np.zeros(4), 2) == 0.25


@pytest.mark.parametrize(
    ("labels", "scores", "complaint"),
    [([1, 0], [np.nan, 1.0], "1 scores are not numbers"), ([0, 0], [1.0, 2.0], "all alike")],
)
def test_what_cannot_be_judged_is_refused(labels, scores, complaint) -> None:
    with pytest.raises(ValueError, match=complaint):
        judged(np.array(labels, bool), np.array(scores))


def test_messages_are_counted_by_session() -> None:
    wait, stop = "waiting for the lock", "stopped by hand now"
    events = pa.table(
        {
            "session": ["a", "a", "a", "b", None],
            "message": [f"{wait} 1 of a", f"{wait} 2 of a", f"{stop} ok", f"{wait} 3 of a", stop],
        }
    )
    case = Case("sessions", "events", Path(), Path(), "session", "session")
    X = count_messages(case, events, pa.array(["a", "b"]))
    # Both sessions wait, which tells nothing; one of two stops.
    np.testing.assert_allclose(X, [[0, np.log(2) * np.log(2)], [0, 0]])


def test_sessions_without_messages_are_counted_by_their_names_and_codes() -> None:
    call = [4, 4, 120, 3, 3, 4] * 20
    events = pa.table(
        {
            "trace": [f"t{i // 6}" for i in range(120)],
            "call": call,
            "kind": ["read", "read", "fork", "open", "open", "read"] * 20,
            "seconds": np.random.default_rng(0).random(120),
        }
    )
    events = events.set_column(1, "call", pa.array([*call[:-1], 7]))
    case = Case("traces", "events", Path(), Path(), "trace", "trace")
    X = count_messages(case, events, pa.array([f"t{i}" for i in range(20)]))
    # Calls 4, 120, 3 and 7, kinds read, fork and open: only the 7 is not in all sessions.
    assert X.shape == (20, 7)
    np.testing.assert_array_equal(np.argwhere(X), [[19, 3]])


def test_labels_are_joined_by_their_key_or_their_row(data: Path) -> None:
    for name, anomalous in (("jobs", ["j0", "j1", "j2"]), ("1_blob", [297, 298, 299])):
        case = case_of(data, name)
        units = units_of(case, read_events(case))
        assert units.filter(pa.array(read_labels(case, units))).to_pylist() == anomalous


def test_a_long_table_is_reduced_by_one_draw(data: Path) -> None:
    case = case_of(data, "1_blob", rows=100)
    events = read_events(case)
    assert events.num_rows == 100
    assert events.equals(read_events(case))
    whole = read_events(case_of(data, "1_blob"))
    assert whole.take(units_of(case, events)).equals(events)
    assert len(read_labels(case, units_of(case, events))) == 100


@pytest.mark.parametrize("name", ["jobs", "1_blob"])
def test_labels_never_reach_what_outfield_reads(data: Path, tmp_path: Path, name: str) -> None:
    case = case_of(data, name)
    events = read_events(case)
    score_events(case, events, units_of(case, events), 0, tmp_path)
    # The map has a column y: a place, no label.
    read = [path for path in tmp_path.rglob("*.parquet") if path.parent.name != "map"]
    named = [set(pq.read_schema(path).names) for path in read]
    assert set(events.column_names) in named
    assert not set.union(*named) & {"y", "is_anomaly"}


def test_rows_in_quarantine_have_the_lowest_score(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    times = pa.array([1_767_600_000_000_000 + 10**9 * i for i in range(99)], pa.timestamp("us"))
    events = pa.table(
        {
            "event_id": [f"e{i}" for i in range(100)],
            "time": pa.concat_arrays([times, pa.nulls(1, times.type)]),
            "bytes": rng.lognormal(size=100),
        }
    )
    case = Case("late", "events", Path(), Path(), "event_id")
    scores = score_events(case, events, events["event_id"].combine_chunks(), 0, tmp_path)
    assert len(scores) == 100
    assert scores[99] < scores[:99].min()


def test_a_detector_finds_what_lies_far_away(data: Path) -> None:
    figures = measure(case_of(data, "1_blob"), "outfield", 0)
    assert figures["ap"] == 1
    assert (figures["units"], figures["anomalies"]) == (300, 3)


def test_every_set_and_detector_has_a_result(finished: Path) -> None:
    found = {(result.set, result.detector): result.status for result in results(finished)}
    done = {(name, by): "done" for name in ("jobs", "1_blob") for by in ("outfield", PEER)}
    assert found == done | {("2_short", "outfield"): "failed", ("2_short", PEER): "done"}
    assert (finished / "quality.png").read_bytes().startswith(b"\x89PNG")


def test_a_failure_is_a_dash_and_says_why(finished: Path) -> None:
    text = (finished / "quality.md").read_text(encoding="utf-8")
    assert any(line.startswith("| 2_short | – | ") for line in text.splitlines())
    assert "| **outfield** | 1 of 2 | – |" in text
    assert "- 2_short, outfield: " in text
    assert "only 12 rows" in text


def test_a_second_run_runs_nothing(data: Path, finished: Path, capsys) -> None:
    before = (finished / "quality.md").read_text(encoding="utf-8")
    run(data, finished)
    assert "0 trials run, 6 kept from before" in capsys.readouterr().err
    assert (finished / "quality.md").read_text(encoding="utf-8") == before


def test_peers_run_alone_stand_beside_outfield_later(data: Path, tmp_path: Path, capsys) -> None:
    run(data, tmp_path, "--sets", "1_blob", "--only", PEER)
    assert "1 trials run, 0 kept" in capsys.readouterr().err
    run(data, tmp_path, "--sets", "1_blob", "--only", "outfield")
    assert {result.detector for result in results(tmp_path)} == {"outfield", PEER}


def test_a_timeout_is_a_dash_until_more_time_is_granted(data: Path, tmp_path: Path, capsys) -> None:
    one = ["--sets", "1_blob", "--only", PEER]
    run(data, tmp_path, *one, "--limit", "0.01")
    (result,) = results(tmp_path)
    assert (result.status, result.ap, result.reason) == ("timeout", None, "no result in 0.01 s")
    run(data, tmp_path, *one, "--limit", "0.01")
    assert "0 trials run" in capsys.readouterr().err
    run(data, tmp_path, *one)
    assert results(tmp_path)[0].status == "done"


def test_another_version_of_the_program_is_run_again(data: Path, tmp_path: Path) -> None:
    (trial,) = trials_of([case_of(data, "1_blob")], ["outfield"], seeds=1)
    store = ResultStore(tmp_path)
    mine = result_of(trial, 180, "done", "", ap=0.5)
    other = Result(**{**vars(mine), "version": "outfield 0", "finished": "9999", "ap": 0.9})
    store.put(other)
    assert store.find(trial, 180) is None
    assert store.all_of([trial]) == [other]
    store.put(mine)
    assert store.find(trial, 180) == mine
    assert store.all_of([trial]) == [mine]


def made(name: str, detector: str, ap: float | None, seed: int = 0) -> Result:
    status = "timeout" if ap is None else "done"
    lead = (name, "events", detector, seed, "", "", status, "", 180.0, "")
    return Result(*lead, auroc=ap, ap=ap, precision=ap, seconds=1.0 if ap else None)


@pytest.fixture
def figures() -> Figures:
    """Two sets; KNN has none on the second."""
    table = {("a", "outfield"): 0.4, ("a", "KNN"): 0.8, ("a", "LOF"): 0.4}
    table |= {("b", "outfield"): 0.6, ("b", "KNN"): None, ("b", "LOF"): 0.2}
    rows = [made(*key, ap) for key, ap in table.items()]
    rows += [made("a", "outfield", 0.6, seed=1), made("b", "outfield", 0.8, seed=1)]
    return Figures(rows, ["a", "b"], ["outfield", "KNN", "LOF"])


def test_means_are_over_all_sets_or_none(figures: Figures) -> None:
    means = figures.means("ap")
    assert means.round(9).to_dict() == {
        "outfield": 0.6,
        "KNN": pytest.approx(np.nan, nan_ok=True),
        "LOF": 0.3,
        BEST: 0.5,
    }
    assert figures.answered().to_dict() == {"outfield": 2, "KNN": 1, "LOF": 2}


def test_no_figure_is_the_last_rank(figures: Figures) -> None:
    # a: KNN, outfield, LOF; b: outfield, LOF, KNN.
    assert figures.mean_ranks().to_dict() == {"outfield": 1.5, "KNN": 2.0, "LOF": 2.5}


def test_the_spread_is_that_of_the_mean_over_the_seeds(figures: Figures) -> None:
    # outfield's mean is 0.5 with one seed and 0.7 with the other.
    spread = figures.spreads().loc["outfield"]
    assert spread.round(9).to_dict() == {"sd": round(0.2 / np.sqrt(2), 9), "range": 0.2}
    assert pd.isna(figures.spreads().loc["LOF"]).all()


def test_the_worst_set_is_held_against_its_best_peer(figures: Figures) -> None:
    assert figures.worst() == ("a", pytest.approx(0.5), 0.8)


def test_outfield_is_held_against_each_detector_on_the_sets_that_both_have(
    figures: Figures,
) -> None:
    # outfield has 0.5 on a and 0.7 on b; LOF 0.4 and 0.2; KNN 0.8 on a alone.
    pairs = figures.paired().round(9)
    assert pairs.loc["LOF", ["sets", "wins", "losses"]].tolist() == [2, 2, 0]
    assert pairs.loc["KNN", ["sets", "wins", "losses"]].tolist() == [1, 0, 1]
    assert pairs.loc[BEST, ["sets", "wins", "losses"]].tolist() == [2, 1, 1]
    assert pairs["difference"].to_dict() == {"LOF": 0.3, "KNN": -0.3, BEST: 0.1}


def test_p_is_the_share_of_signs_that_are_as_one_sided() -> None:
    lead = {"a": 0.01, "b": 0.02, "c": 0.03, "d": 0.04, "e": -0.005}
    rows = [made(name, by, 0.5 + (by == "outfield") * d) for name, d in lead.items() for by in BOTH]
    pairs = Figures(rows, list(lead), BOTH).paired()
    # Of the 32 ways to give the ranks signs two are more one-sided on each side or equal: 4 of 32.
    assert pairs.loc["LOF", "p"] == pytest.approx(4 / 32)
    same = [made(name, by, 0.5) for name in "ab" for by in BOTH]
    assert Figures(same, ["a", "b"], BOTH).paired().loc["LOF", "p"] == 1.0


def test_wins_are_counted_on_each_set(figures: Figures) -> None:
    assert figures.wins_by_set().to_dict() == {
        "wins": {"a": 1, "b": 1},
        "losses": {"a": 1, "b": 0},
    }
    same = Figures([made("a", by, 0.5) for by in BOTH], ["a"], BOTH)
    assert same.wins_by_set().loc["a"].to_dict() == {"wins": 0, "losses": 0}


def test_tables_hold_the_pairs_of_each_suite_and_of_all_sets() -> None:
    rows = [made("a", by, ap) for by, ap in zip(BOTH, (0.6, 0.4), strict=True)]
    tables = [replace(row, set="1_b", suite="adbench") for row in rows]
    suites = {"events": Figures(rows, ["a"], BOTH), "adbench": Figures(tables, ["1_b"], BOTH)}
    lines = markdown(suites, []).splitlines()
    assert "| a | 1 | 0 | +.200 |" in lines
    assert lines.count("| LOF | 1 | 1 | 0 | +.200 | 1.000 |") == 2
    assert "## All 2 sets" in lines
    assert "| LOF | 2 | 2 | 0 | +.200 | .500 |" in lines


def test_outfield_alone_has_tables_too(tmp_path: Path) -> None:
    alone = {"events": Figures([made("a", "outfield", 0.4)], ["a"], ["outfield"])}
    assert BEST not in markdown(alone, [])
    draw(alone, tmp_path / "q.png")
    assert (tmp_path / "q.png").exists()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [(["--sets", "blob"], "no set blob"), (["--peers", "KN"], "no peer KN")],
)
def test_a_misspelt_name_is_refused(data: Path, tmp_path: Path, capsys, words, complaint) -> None:
    with pytest.raises(SystemExit):
        run(data, tmp_path, *words)
    assert complaint in capsys.readouterr().err
