"""Steps of a session on its card: what differs is counted, and what is cut is said."""

from collections import Counter

import pyarrow as pa

from anomaly.explain.aligned_steps import align
from flows.report.page import render
from flows.report.steps import ShownSteps, shown_steps
from schemas.outputs.aligned_steps import ALIGNED_STEPS
from tests.flows.report.sample import of_sessions, report_data


def shown(
    here: list[str], there: list[str], *, more: int = 0, cards: int = 0, rare: str = ""
) -> ShownSteps:
    row = {
        "rank": 3,
        "column": "action",
        "here": here,
        "there": there,
        "n_here": len(here) + more,
        "n_there": len(there),
        "lines": [vars(line) for line in align(here, there)],
        "rare": [{"step": rare, "words": "in 2 of 90 sessions"}] if rare else [],
    }
    cards_before = {rank: [] for rank in range(-cards, -1)}
    table = pa.Table.from_pylist([row], schema=ALIGNED_STEPS)
    (steps,) = shown_steps(table, {**cards_before, 3: ["action"]})[3]
    return steps


def told(steps: ShownSteps) -> list[tuple[str, str, str]]:
    sides = [(line.here, line.there) for line in steps.lines]
    texts = [[side.step.head if side and side.step else "" for side in pair] for pair in sides]
    return [(line.words, *pair) for line, pair in zip(steps.lines, texts, strict=True)]


def test_each_difference_is_named_in_words_and_same_steps_are_counted() -> None:
    steps = shown(["a", "b", "c", "d", "x", "x", "x", "e"], ["e", "a", "b", "c", "d", "y"])
    assert told(steps) == [
        ("moved: step 8 here", "", "e"),
        ("4 same steps", "", ""),
        ("only here, 3 times", "x", ""),
        ("moved: step 1 there", "e", ""),
        ("missing", "", "y"),
    ]
    assert steps.lines[2].here
    assert steps.lines[2].here.number == "5 to 7"


def test_the_summary_is_a_recount_of_the_steps_that_differ() -> None:
    here, there = list("abcxyzda"), list("dbcpqr")
    steps = shown(here, there)
    only, missing = (Counter(one) - Counter(other) for one, other in ((here, there), (there, here)))
    lines = align(here, there)
    exchanged = sum(line.kind == "exchanged" for line in lines)
    assert (only.total(), missing.total(), exchanged) == (5, 3, 0)
    assert steps.summary == (
        "8 steps here, 6 in the nearest normal session: 5 only here, 3 missing and 1 moved"
    )
    assert shown(list("abc"), list("axc")).summary == (
        "3 steps here, 3 in the nearest normal session: 1 exchanged"
    )


def test_a_rare_step_is_called_odd_though_the_normal_session_has_it_too() -> None:
    steps = shown(["a", "b", "c", "d"], ["a", "b", "c", "d"], rare="b")
    assert [(line.words, line.odd) for line in steps.lines] == [
        ("same", ""),
        ("same", "in 2 of 90 sessions"),
        ("same", ""),
        ("same", ""),
    ]
    assert steps.summary == "4 steps here, 4 in the nearest normal session: none differs"


def test_steps_without_a_difference_are_a_sentence_alone() -> None:
    assert shown(["a"] * 9, ["a"] * 9).lines == []


def test_lines_without_room_and_steps_that_are_not_compared_are_said() -> None:
    here = [f"step {i}" for i in range(100)]
    steps = shown([*here, "end"], ["end"], more=7)
    assert (len(steps.lines), steps.left_out) == (40, 61)
    assert steps.uncompared == "Compared are the first 101 steps here and the first 1 there."
    many = shown(here, ["end"], cards=200)
    assert len(many.lines) + many.left_out == 101
    assert len(many.lines) < 40


def test_the_columns_of_the_reasons_come_first() -> None:
    page = render(of_sessions(report_data(6)))
    card = page[page.index('id="incident-1"') :]
    assert card.index("Steps in api.operation") < card.index("<code>mfa</code> 1 step here")


def test_a_thousand_findings_with_long_steps_stay_under_five_megabytes() -> None:
    data = of_sessions(report_data(1_000))
    rows = data.steps.to_pylist()
    for row in rows:
        row["here"] = [f"{step} {'x' * 400}" for step in row["here"]]
    steps = pa.Table.from_pylist(rows * 3, schema=ALIGNED_STEPS).sort_by("rank")
    size = len(render(data.__class__(**{**vars(data), "steps": steps})).encode())
    print(f"{size / 1e6:.1f} MB")
    assert size < 5_000_000
