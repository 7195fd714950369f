"""The benchmark of verdicts: what an oracle answers, and what the figures count."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from flows.storage.runs.reader import PublishedRun
from flows.storage.runs.writer import RunFolder
from flows.storage.verdicts.store import read_verdicts
from schemas.job.partition import Partition
from tests.bench.nights.logs import Drawn, NightLog, inferred_columns, write_part
from tests.bench.nights.measure import Night
from tests.bench.verdicts.__main__ import main, oracles_of, page
from tests.bench.verdicts.measure import (
    AnsweredNight,
    Oracle,
    answer,
    average_precision,
    counted,
    judge_nights,
    wrong_answers,
)
from tests.bench.verdicts.tables import SETTLING, figures_table, mean_precision
from tests.flows.sample_logs import small_log
from tests.flows.sample_runs import findings, incidents, manifest, rejected, scores

LOG = Drawn("sample", 3, 2_000)
FIRST = date(2026, 1, 5)


# --- what is answered ------------------------------------------------------------------------


def night_of_three(output: Path, entities: tuple[str | None, ...] = ("eve", "bob", "ann")):
    """Write a run that shows i-1, i-2 and i-3, of the records a, b and c.

    An unshown incident has the record d, a suppressed one the record e.
    """
    found, shown = findings(3), incidents(3)
    ids = found.schema.names.index("record_id")
    found = found.set_column(ids, "record_id", pa.array(["a", "b", "c"]))
    rows = shown.to_pylist()
    of_user = {"column": "user", "observed": "eve", "expected": None, "share": 1.0, "sentence": "s"}
    named = [
        row | {"entity": name, "reasons": [of_user]}
        for row, name in zip(rows, entities, strict=True)
    ]
    folder = RunFolder.create(str(output), "job", "one")
    for dataset, table in (
        ("scores", scores(3)),
        ("findings", found),
        ("incidents", pa.Table.from_pylist(named, schema=shown.schema)),
        ("unshown", with_record("d")),
        ("suppressed", with_record("e")),
        ("quarantine", rejected(3)),
    ):
        folder.write_part(dataset, 0, table)
    made = manifest("one", (3, 3, 3)).model_copy(update={"partition": Partition.of(FIRST)})
    others = {"unshown": 1, "suppressed": 1}
    summary = made.incidents.model_copy(update=others)
    return folder.publish(made.model_copy(update={"incidents": summary}), "<p>report</p>")


def with_record(record: str) -> pa.Table:
    """Return one incident, told by this record."""
    row = incidents(1).to_pylist()[0] | {"incident": f"i-{record}", "record_id": record}
    return pa.Table.from_pylist([row], schema=incidents(1).schema)


def said(run: PublishedRun) -> dict[str, str]:
    return {verdict.incident: verdict.label for verdict in read_verdicts(run.job_folder)}


def test_an_incident_is_malicious_if_it_holds_a_planted_record(tmp_path: Path):
    run = night_of_three(tmp_path)
    assert answer(run, frozenset({"b"}), [False] * 10) == 3
    assert said(run) == {"i-1": "benign", "i-2": "malicious", "i-3": "benign"}
    verdicts = read_verdicts(run.job_folder)
    assert {verdict.scope for verdict in verdicts} == {"this"}
    assert {verdict.when.date() for verdict in verdicts} == {FIRST + timedelta(1)}
    assert {verdict.incident: verdict.evidence.records for verdict in verdicts}["i-3"] == ["c"]


def test_only_the_first_incidents_are_answered(tmp_path: Path):
    run = night_of_three(tmp_path)
    assert answer(run, frozenset({"b"}), []) == 0
    assert said(run) == {}
    assert answer(run, frozenset({"b"}), [False, False]) == 2
    assert set(said(run)) == {"i-1", "i-2"}


def test_a_wrong_answer_says_the_opposite(tmp_path: Path):
    run = night_of_three(tmp_path)
    assert answer(run, frozenset({"b"}), [True, True, False]) == 3
    assert said(run) == {"i-1": "malicious", "i-2": "benign", "i-3": "benign"}


def test_what_cannot_be_called_benign_gets_no_verdict(tmp_path: Path):
    run = night_of_three(tmp_path, (None, None, "ann"))
    assert answer(run, frozenset({"b"}), [False] * 3) == 2
    assert said(run) == {"i-2": "malicious", "i-3": "benign"}


def test_one_answer_in_five_is_wrong_and_the_same_ones_each_time():
    ten, three = Oracle(10, True, LOG), Oracle(3, True, LOG)
    answers = [wrong_answers(ten, night) for night in range(200)]
    assert sum(map(sum, answers)) / 2_000 == pytest.approx(0.2, abs=0.03)
    assert answers == [wrong_answers(ten, night) for night in range(200)]
    assert [night[:3] for night in answers] == [wrong_answers(three, n) for n in range(200)]
    other = Oracle(10, True, Drawn("sample", 4, 2_000))
    assert answers != [wrong_answers(other, night) for night in range(200)]


def test_the_oracle_that_errs_gives_the_most_answers():
    asked = [(each.answers, each.errs, each.log.seed) for each in oracles_of([3, 0, 3], 2, 9)]
    assert asked == [
        *((3, False, seed) for seed in (0, 1)),
        *((0, False, seed) for seed in (0, 1)),
        *((3, True, seed) for seed in (0, 1)),
    ]
    assert [each.errs for each in oracles_of([0], 1, 9)] == [False]


# --- what is counted -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holds", "missed", "precision"),
    [
        ([True, True, False], 0, 1.0),
        ([False, True, False, True], 0, (1 / 2 + 2 / 4) / 2),
        ([True, False], 1, 1 / 2),  # the suppressed one is never found
        ([False, False], 0, 0.0),  # no incident holds a planted record
        ([], 2, 0.0),
    ],
)
def test_average_precision_is_the_mean_of_the_precisions_at_each_hit(holds, missed, precision):
    assert average_precision(holds, missed) == pytest.approx(precision)


def of_planted(run: PublishedRun, *true: str) -> AnsweredNight:
    """Count a night of three scored records, 0, 1 and 2, whose planted ones are these."""
    return counted(NightLog("sample", Path(), [], {}, frozenset(true)), run, 0)


def test_the_unshown_come_after_the_shown_and_the_suppressed_are_never_found(tmp_path: Path):
    run = night_of_three(tmp_path)
    of_b = of_planted(run, "0", "b")
    assert (of_b.shown, of_b.true_shown, of_b.precision) == (3, 1, 1 / 2)
    of_d = of_planted(run, "0", "d")
    assert (of_d.true_shown, of_d.precision) == (0, 1 / 4)
    of_e = of_planted(run, "0", "b", "e")
    assert (of_e.suppressed, of_e.true_suppressed, of_e.precision) == (1, 1, 1 / 4)


def test_a_night_whose_planted_records_are_in_no_incident_counts_as_nothing_found(tmp_path: Path):
    run = night_of_three(tmp_path)
    assert of_planted(run, "0").precision == 0
    assert of_planted(run).precision is None  # a quiet night


def night(**what) -> AnsweredNight:
    told = {"true": 0, "known": 9, "alarms": 0, "true_alarms": 0, "rank": None, "first": 0}
    own = {name: what.pop(name) for name in list(what) if name in told}
    counts = {"shown": 0, "true_shown": 0, "suppressed": 0, "true_suppressed": 0, "answers": 0}
    judged = Night(**{"date": "2026-01-12", "rows": 100, **told, **own})
    return AnsweredNight(judged, **{"precision": None, **counts, **what})


def cells(told: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in told.splitlines()[2:]]


def test_nights_count_from_the_eighth_on_and_seeds_together():
    first = [night(alarms=5, shown=9, precision=0.0, answers=1)] * SETTLING
    later = [
        night(true=2, alarms=2, true_alarms=1, shown=4, true_shown=1, precision=0.5),
        night(alarms=1, shown=2, suppressed=3, true_suppressed=1, answers=1),
    ]
    outcomes = {Oracle(3, False, Drawn("sample", seed)): [*first, *later] for seed in (0, 1)}
    (row,) = cells(figures_table(outcomes))
    assert row == [
        "3",
        "4",
        "16",
        "0.500 (2 nights)",
        "2 of 12 (17%)",
        "2 of 6 (33%)",
        "1.00 (100% of 2)",
        "6, 2",
    ]


def test_quiet_nights_have_no_average_precision():
    nights = [night(precision=0.25), night(precision=0.75), night()]
    assert mean_precision(nights) == "0.500 (2 nights)"
    assert mean_precision(nights[2:]) == "–"


def test_an_erring_oracle_has_a_row_of_its_own():
    outcomes = {Oracle(3, errs, LOG): [night()] * 9 for errs in (False, True)}
    told = page(outcomes)
    assert "from the 8th on" in told
    assert [row[0] for row in cells(figures_table(outcomes))] == ["3", "3, one in five wrong"]


# --- how it is run ---------------------------------------------------------------------------


def log_of(folder: Path, nights: int) -> NightLog:
    """Write nights of ordinary events, each with one odd event, which is planted."""
    dates, true = [], []
    for day in range(nights):
        events = small_log(200, seed=day)
        ids = [f"{day}-{place}" for place in range(200)]
        events = events.set_column(0, "event_id", pa.array(ids))
        time = pc.add(events["time"], timedelta(day))
        events = events.set_column(events.schema.names.index("time"), "time", time)
        dates.append(str(FIRST + timedelta(day)))
        write_part(events, folder, dates[-1])
        true.append(ids[-2])
    columns = inferred_columns(small_log(200))
    return NightLog("sample", folder, dates, columns, frozenset(true))


@pytest.mark.slow
def test_verdicts_on_a_night_are_heeded_in_the_next(tmp_path: Path):
    log = log_of(tmp_path / "events", 3)
    answered = judge_nights(log, Oracle(2, False, LOG), tmp_path / "two")
    untold = judge_nights(log, Oracle(0, False, LOG), tmp_path / "none")
    assert [each.night.date for each in answered] == log.nights
    assert [each.answers for each in untold] == [0, 0, 0]
    assert not (tmp_path / "none/nights/verdicts").exists()
    verdicts = read_verdicts(tmp_path / "two/nights")
    assert len(verdicts) == sum(each.answers for each in answered) > 0
    assert {verdict.label for verdict in verdicts} >= {"malicious"}
    assert answered[0] == replace(untold[0], answers=answered[0].answers)
    assert all(each.precision is not None for each in answered)


@pytest.mark.parametrize("tokens", [["--answers", "-1"], ["--rows", "0"], ["--jobs", "0"]])
def test_what_is_no_count_is_refused(tokens, capsys):
    with pytest.raises(SystemExit) as ended:
        main(tokens)
    assert ended.value.code == 2
    assert tokens[0] in capsys.readouterr().err
