"""Reasons of planted anomalies name their cause; recounts tell true sentences from false ones."""

import pytest

from schemas.columns.roles import Role
from tests.anomaly.logs import conformed
from tests.bench.planted import explained, planted
from tests.bench.recounts import Records, recount

ROLES = {"action": Role.CATEGORY, "size": Role.NUMBER}
LOG = Records(
    conformed({"action": ["read"] * 7 + ["list"] * 3, "size": [float(i) for i in range(10)]}, ROLES)
)


@pytest.mark.slow
def test_the_first_reason_names_the_cause_that_was_planted() -> None:
    for log in planted(0):
        for told in explained(log, 0):
            assert told.named, (told.kind, told.reasons[0].sentence)
            assert told.common == 0
            assert told.true == len(told.reasons)


@pytest.mark.parametrize(
    ("column", "sentence", "true", "share"),
    [
        ("action", "`action` is `list`: in 3 of 10 events", True, 0.3),
        ("action", "`action` is `list`: in 2 of 10 events", False, 0.3),
        ("action", "`action` is `list`: in 3 of 11 events", False, 0.3),
        ("action", "`action` is `list`: in 3 of 10 events, usually `read`", True, 0.3),
        ("action", "`action` is `list`: in 3 of 10 events, usually `list`", False, 0.3),
        ("size", "`size` is 9: the highest of 10 events, the next is 8", True, 0.0),
        ("size", "`size` is 9: the highest of 9 events, the next is 8", False, 0.0),
        ("size", "`size` is 9: as high or higher in 1 of 10 events", True, 0.1),
        ("size", "`size` is 9, which is odd", False, 0.0),
    ],
)
def test_a_recount_tells_a_true_sentence_from_a_false_one(
    column: str, sentence: str, true: bool, share: float
) -> None:
    event = {"action": "list", "size": 9.0}
    found = recount(LOG, event, column, sentence, itself=True)
    assert found.true is true
    assert found.share == pytest.approx(share)


@pytest.mark.parametrize(
    ("said", "true"),
    [
        ("a word like `srv12`, digits aside, in 2 of 3 events", True),
        ("a word like `srv12`, digits aside, in 1 of 3 events", False),
        ("a word like `app12`, digits aside, in 2 of 3 events", False),
        ("an IP address in 1 of 3 events", True),
        ("an IP address in 2 of 3 events", False),
    ],
)
def test_a_masked_word_is_counted_as_what_it_is(said: str, true: bool) -> None:
    texts = ["srv12 asks 10.9.8.7", "srv7 asks", "app waits"]
    log = Records(conformed({"text": texts}, {"text": Role.TEXT}))
    sentence = f"`text` is `{texts[0]}`: {said}"
    assert recount(log, {"text": texts[0]}, "text", sentence, itself=True).true is true


def test_a_word_that_is_cut_is_counted_whole() -> None:
    word = "q" * 90
    log = Records(
        conformed({"text": [f"got {word}", f"got {word[:80]}", None]}, {"text": Role.TEXT})
    )
    text, shown = f"got {word[:29]}…{word[:46]}", f"{word[:33]}…{word[:46]}"
    sentence = f"`text` is `{text}`: the word `{shown}` in 1 of 3 events"
    event = {"text": f"got {word}"}
    assert recount(log, event, "text", sentence, itself=True).true
