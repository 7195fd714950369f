"""Claims about each kind of column, with counts by hand."""

import datetime as dt
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from anomaly.embedding.embedder import EventEmbedder
from anomaly.explain import name_claims, number_claims, time_claims
from anomaly.explain.claims import Claim, Judged
from anomaly.explain.known_records import KnownRecords
from anomaly.explain.sentences import Sentences, combination
from anomaly.explain.step_claims import steps
from anomaly.explain.text_claims import text
from schemas.columns.roles import Role
from tests.anomaly.logs import conformed

NOON = dt.datetime(2024, 1, 8, 12, 0, tzinfo=dt.UTC)
MICROSECONDS = int(NOON.timestamp()) * 1_000_000
ROLES = {
    "time": Role.TIME,
    "user": Role.ENTITY,
    "action": Role.CATEGORY,
    "zone": Role.CATEGORY,
    "size": Role.NUMBER,
    "message": Role.TEXT,
}
COLUMNS: dict[str, list[Any]] = {
    "time": [MICROSECONDS + 86_400_000_000 * (i % 28) for i in range(100)],
    "user": ["ann"] * 60 + ["bob"] * 39 + ["eve"],
    "action": ["read"] * 55 + ["list"] * 38 + [""] * 3 + [None] * 3 + ["walk"],
    "zone": ["east"] * 55 + ["west"] * 45,
    "size": [float(i) for i in range(98)] + [900.0, None],
    "message": ["read file 3"] * 95 + ["list folder"] * 5,
}


def among(
    event: dict[str, Any], *, itself: int = 0, columns: dict[str, list[Any]] = COLUMNS
) -> Judged:
    roles = {name: ROLES[name] for name in columns}
    known = KnownRecords(conformed(columns, roles), roles)
    base = {name: values[0] for name, values in columns.items()} | {"time": NOON}
    noun = "events" if itself else "known events"
    return Judged(known, base | event, itself, noun, ("user",) if "user" in roles else ())


def sentence(claim: Claim | None) -> str:
    assert claim is not None
    return claim.sentence


RARE = name_claims.Rarity("name")


@pytest.mark.parametrize(
    ("value", "itself", "told"),
    [
        ("purge", 0, "`action` is `purge`: never seen in 100 known events"),
        ("walk", 1, "`action` is `walk`: never seen in 99 other events"),
        ("walk", 0, "`action` is `walk`: in 1 of 100 known events"),
        ("", 1, "`action` is empty: in 3 of 100 events"),
        (None, 1, "`action` is missing: in 3 of 100 events"),
    ],
)
def test_a_name_is_counted_among_all_and_never_seen_is_said_so(
    value: str | None, itself: int, told: str
) -> None:
    claim = name_claims.alone(among({"action": value}, itself=itself), "action", RARE)
    assert claim.sentence == f"{told}, usually `read` with `user` `ann`"
    assert claim.expected == "read"


def test_what_is_usual_for_a_hardly_known_entity_is_that_of_all() -> None:
    claim = name_claims.alone(among({"user": "eve", "action": "walk"}, itself=1), "action", RARE)
    assert claim.sentence.endswith(", usually `read`")


def test_a_name_that_is_not_usual_is_not_called_so() -> None:
    columns = {"action": [f"a{i % 5}" for i in range(50)] + [f"b{i}" for i in range(50)]}
    claim = name_claims.alone(among({"action": "walk"}, columns=columns), "action", RARE)
    assert claim.sentence.endswith(", most often `a0`")
    columns = {"action": [f"b{i}" for i in range(100)]}
    claim = name_claims.alone(among({"action": "walk"}, columns=columns), "action", RARE)
    assert claim.expected is None
    assert claim.sentence == "`action` is `walk`: never seen in 100 known events"


def test_a_name_given_an_entity_is_counted_among_the_entitys_records() -> None:
    claim = name_claims.given(among({"user": "bob", "action": "walk"}), "action", "user")
    assert sentence(claim) == (
        "`action` is `walk`: never seen in 39 known events with `user` `bob`, usually `list`"
    )


def test_an_entity_of_one_record_is_not_compared_with_itself() -> None:
    assert (
        name_claims.given(among({"user": "eve", "action": "walk"}, itself=1), "action", "user")
        is None
    )


def test_two_usual_names_that_are_never_together_are_told_together() -> None:
    claim = name_claims.rarest_pair(among({"action": "read", "zone": "west"}), "action")
    assert sentence(claim) == (
        "`action` is `read`: never seen in 45 known events with `zone` `west`, usually `list`"
    )
    assert name_claims.rarest_pair(among({"action": "read", "zone": "east"}), "action") is None


@pytest.mark.parametrize(
    ("value", "itself", "told"),
    [
        (
            9_000.0,
            0,
            "9,000: higher than ever in 99 known events, 10 times the previous maximum (900)",
        ),
        (900.0, 1, "900: the highest of 99 events, 9.3 times the next (97)"),
        (97.0, 1, "97: as high or higher in 2 of 99 events"),
        (-5.0, 0, "-5: lower than ever in 99 known events, the previous minimum is 0"),
        (0.0, 1, "0: the lowest of 99 events, the next is 1"),
    ],
)
def test_a_number_is_told_by_its_place_and_its_factor(value: float, itself: int, told: str) -> None:
    claim = number_claims.alone(among({"size": value, "user": "eve"}, itself=itself), "size")
    assert sentence(claim).startswith(f"`size` is {told}, usually ")


def test_a_number_in_the_middle_of_the_others_is_no_reason() -> None:
    assert number_claims.alone(among({"size": 50.0}, itself=1), "size") is None


def test_a_number_between_two_heaps_is_told_by_how_few_lie_near_it() -> None:
    columns = {"size": [10.0, 11.0, 12.0] * 20 + [100.0, 110.0, 120.0] * 20}
    claim = number_claims.alone(among({"size": 50.0}, columns=columns), "size")
    assert sentence(claim).startswith("`size` is 50: never between 45 and 55 in another of 120 ")


def test_a_number_is_not_told_to_be_usual() -> None:
    """Of an incident of 40 large numbers the others are no measure of one of them."""
    columns = {"user": ["ann"] * 40 + ["bob"] * 460, "size": [5e6] * 40 + [*range(460)]}
    large = number_claims.alone(among({"size": 5e6}, columns=columns, itself=1), "size")
    assert sentence(large) == (
        "`size` is 5,000,000: as high or higher in 40 of 500 events, usually 49 to 449"
    )
    high = among({"user": "bob", "size": 400.0}, columns=columns, itself=1)
    claim = number_claims.given(high, "size", "user", (230.0,))
    assert claim is not None
    assert claim.expected is None
    assert claim.sentence == (
        "`size` is 400: as high or higher in 60 of 460 events with `user` `bob`"
    )


def test_a_missing_number_is_counted() -> None:
    claim = number_claims.alone(among({"size": None}, itself=1), "size")
    assert sentence(claim) == "`size` is missing: never seen in 99 other events"


def test_a_number_given_an_entity_is_held_against_the_entitys_numbers() -> None:
    claim = number_claims.given(among({"user": "ann", "size": 80.0}), "size", "user", (30.0,))
    assert sentence(claim) == (
        "`size` is 80: higher than ever in 60 known events with `user` `ann`,"
        " the previous maximum is 59, usually 5 to 53"
    )
    several = number_claims.given(
        among({"user": "ann", "size": 80.0}), "size", "user", (20.0, 40.0, 50.0)
    )
    assert sentence(several).endswith(", usually 20, 40 or 50")


def test_a_number_given_another_is_held_against_records_with_about_the_other() -> None:
    columns = {"size": [float(i) for i in range(1, 201)], "cost": [3.0 * i for i in range(1, 201)]}
    roles = dict.fromkeys(columns, Role.NUMBER)
    known = KnownRecords(conformed(columns, roles), roles)
    told = []
    for size in (100.0, 900.0):
        judged = Judged(known, {"size": size, "cost": 30.0}, 0, "known events", ())
        told.append(sentence(number_claims.given_number(judged, "cost", "size", 3.0 * size)))
    assert told[0].startswith(
        "`cost` is 30 where `size` is 100: lower than ever in 21 known events"
        " with `size` 90 to 110,"
    )
    assert told[1].startswith(
        "`cost` is 30 where `size` is 900: lower than ever in 20 known events"
        " with `size` 181 to 900,"
    )


def test_a_moment_is_told_by_the_records_of_its_hour_or_weekday() -> None:
    judged = among({"time": NOON.replace(hour=3)})
    assert sentence(time_claims.hour(judged, "time", None)) == (
        "`time` is Monday 03:00 UTC: between 03:00 and 04:00 never seen in 100 known events,"
        " most often between 12:00 and 13:00"
    )
    given = time_claims.hour(judged, "time", "user")
    assert "never seen in 60 known events with `user` `ann`, most often" in sentence(given)
    assert time_claims.hour(among({"time": NOON}), "time", None) is None
    work = {"time": [MICROSECONDS + 86_400_000_000 * d for d in range(28) if d % 7 < 5] * 5}
    saturday = among({"time": NOON + dt.timedelta(days=5)}, columns=work)
    assert sentence(time_claims.moment(saturday, "time", time_claims.Rarity("weekday"))) == (
        "`time` is Saturday 12:00 UTC: on a Saturday never seen in 100 known events,"
        " most often on a Monday"
    )


def told_of(value: str | None, texts: list[str | None], *, itself: int = 0) -> list[str]:
    judged = among({"message": value}, columns={"message": texts}, itself=itself)
    return [claim.sentence for claim in text(judged, "message")]


def test_a_text_is_told_by_its_rarest_word_and_by_its_length() -> None:
    texts = ["read file 3"] * 60 + ["list folder 4"] * 40
    assert told_of("read gremlins", [*texts])[0] == (
        "`message` is `read gremlins`: the word `gremlins` never seen in 100 known events"
    )
    usual = told_of("read file 8", [*texts])
    assert "the word" not in usual[0] or "40 of 100" in usual[0]
    long = told_of("read file 8 " * 20, [*texts])
    assert long[-1].endswith("240 characters or more never seen in 100 known events")


def test_of_words_as_rare_the_longest_is_told() -> None:
    texts: list[str | None] = ["curl -s https://api.example"] * 90
    odd = "curl -T https://paste.example"
    assert told_of(odd, [*texts, odd], itself=1)[0] == (
        f"`message` is `{odd}`: the word `paste` never seen in 90 other events"
    )


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("34d97991311a2a09", "a hexadecimal number"),
        ("10.9.8.7", "an IP address"),
        ("00:1b:44:11:3a:b7", "a MAC address"),
        ("4711", "a number"),
        ("srv12", "a word like `srv12`, digits aside,"),
        ("0b9e2c1a-31f2-4c6e-9a55-6f1d2c3b4a59", "a UUID"),
    ],
)
def test_what_was_masked_in_a_text_is_told_by_what_it_is(part: str, told: str) -> None:
    texts: list[str | None] = ["asked for www.example"] * 90
    odd = f"asked for {part} example"
    assert told_of(odd, [*texts, odd], itself=1)[0] == (
        f"`message` is `{odd}`: {told} never seen in 90 other events"
    )


def test_an_empty_or_missing_text_is_said_to_be_so() -> None:
    texts: list[str | None] = ["read file 3"] * 98 + [None, ""]
    assert told_of(None, texts, itself=1) == ["`message` is missing: never seen in 99 other events"]
    assert told_of("", texts, itself=1) == ["`message` is empty: never seen in 99 other events"]


def session(held: list[str], known: list[list[str]], *, itself: int = 0) -> Claim:
    roles = {"step": Role.TEXT, "session.events": Role.NUMBER}
    table = pa.table({"step": known, "session.events": [float(len(steps)) for steps in known]})
    records = KnownRecords(table, roles)
    event = {"step": held, "session.events": float(len(held))}
    return steps(Judged(records, event, itself, f"{records.one}s", ()), "step")[0]


ORDERS = [["login", "cart", "pay", "ship"]] * 70 + [["login", "look", "cart", "pay", "ship"]] * 30


def test_a_session_with_a_foreign_step_is_told_by_it() -> None:
    claim = session(["login", "cart", "wipe", "pay", "ship"], ORDERS)
    assert claim.sentence == "`step` holds `wipe`: never seen in 100 sessions"


def test_a_step_that_is_missing_is_said_to_be_missing() -> None:
    claim = session(["login", "cart", "ship"], ORDERS)
    assert claim.sentence == "`pay` is missing in `step`: 100 of 100 sessions hold it"
    assert (claim.observed, claim.expected, claim.share) == ("no pay", "pay", 0.0)


def test_two_steps_in_the_wrong_order_are_told_as_that() -> None:
    odd = ["login", "cart", "ship", "pay"]
    claim = session(odd, [*ORDERS, odd], itself=1)
    assert (
        claim.sentence == "in `step`, `ship` comes before `pay`: never seen in 100 other sessions"
    )
    assert claim.expected == "pay comes before ship"
    claim = session(odd, [*ORDERS, odd, odd], itself=1)
    assert claim.sentence == "in `step`, `ship` comes before `pay`: in 2 of 102 sessions"


def test_a_step_that_is_repeated_is_told_by_how_often() -> None:
    known = [["login", *["look"] * (1 + i % 4), "ship"] for i in range(100)]
    claim = session(["login", *["look"] * 40, "ship"], known)
    assert claim.sentence == (
        "`step` holds `look` 40 times: as often or more never seen in 100 sessions"
    )


def test_counts_of_steps_agree_with_slow_ones() -> None:
    random = np.random.default_rng(0)
    known = [[str(s) for s in random.integers(0, 5, random.integers(0, 7))] for _ in range(80)]
    column = KnownRecords(pa.table({"step": known}), {"step": Role.TEXT}).column("step")
    for a in "01234":
        assert column.holders(a) == sum(a in steps for steps in known)
        assert column.times(a).tolist() == [steps.count(a) for steps in known]
        assert column.right_after(a, None) == sum(steps[:1] == [a] for steps in known)
        for b in "01234":
            pairs = [list(pairwise(steps)) for steps in known]
            assert column.right_after(a, b) == sum((b, a) in held for held in pairs)
    assert column.right_after("unknown", "0") == column.holders("unknown") == 0
    assert column.holds(known[3]).tolist() == [steps == known[3] for steps in known]


def test_a_claim_that_holds_for_many_records_is_passed_over() -> None:
    roles = {"action": Role.CATEGORY, "zone": Role.CATEGORY}
    columns = {name: COLUMNS[name] for name in roles}
    embedder = EventEmbedder.fit(conformed(columns, roles), roles, {}, 0)
    spans = [span for span in embedder.spans if span.column == "action" and span.given is None]
    usual = among({"action": "read", "zone": "east"}, columns=columns)
    assert Sentences(embedder).claim(usual, spans) is None
    odd = among({"action": "read", "zone": "west"}, columns=columns)
    assert "with `zone` `west`" in sentence(Sentences(embedder).claim(odd, spans))


def test_what_is_odd_only_together_is_told_together() -> None:
    judged = among({"action": "list", "zone": "east", "size": 40.0}, itself=0)
    told = combination(judged, ["action", "zone", "size"])
    assert told.sentence == (
        "`action` is `list` and `zone` is `east`: never seen in 100 known events together"
    )
    alone = combination(judged, ["size"])
    assert alone.sentence == "`size` is between 36 and 44: in 9 of 100 known events"
