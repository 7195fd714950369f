import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.category import MISSING
from anomaly.embedding.deduplicated import Span
from anomaly.embedding.embedder import EventEmbedder
from anomaly.explain.sentences import ExplainedColumn, describe, quote
from schemas.columns.roles import Role
from tests.anomaly.logs import PATIENT, conformed

NIGHT = dt.datetime(2024, 1, 8, 3, 30, tzinfo=dt.UTC)
DAY = dt.datetime(2024, 1, 8, 12, 0, tzinfo=dt.UTC)
ROLES = {
    "time": Role.TIME,
    "user": Role.ENTITY,
    "action": Role.CATEGORY,
    "size": Role.NUMBER,
    "message": Role.TEXT,
}
NEAR: list[dict[str, Any]] = [
    {"time": DAY, "user": "ann", "action": "read", "size": 5.0, "message": "read file 3"},
    {"time": DAY, "user": "ann", "action": "read", "size": 7.0, "message": "read file 3"},
    {"time": DAY, "user": "bob", "action": "list", "size": None, "message": None},
]


@pytest.fixture(scope="module")
def embedder() -> EventEmbedder:
    microseconds = int(DAY.timestamp()) * 1_000_000
    columns = {
        "time": [microseconds + 86_400_000_000 * (i % 20) for i in range(100)],
        "user": ["ann"] * 60 + ["bob"] * 40,
        "action": ["read"] * 90 + [""] * 7 + [None] * 3,
        "size": [float(i) for i in range(99)] + [None],
        "message": ["read file 3"] * 95 + ["list folder"] * 5,
    }
    return EventEmbedder.fit(conformed(columns, ROLES), ROLES, {}, 0)


def told(
    embedder: EventEmbedder, column: str, value: Any, given_entity: str | None = None, **more: Any
) -> tuple[str | None, str | None, str]:
    event = {**NEAR[0], **more, column: value}
    span = next(s for s in embedder.spans if (s.column, s.given) == (column, given_entity))
    return describe(ExplainedColumn(embedder, span, event, NEAR))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("10.0.0.9", "0 of 100 events, 97 of its network `10.0.0.0/24`"),
        ("10.0.7.9", "0 of 100 events, 97 of its network `10.0.0.0/16`"),
        ("printer", "3 of 100 events"),
    ],
)
def test_the_sentence_of_an_address_names_its_network(value: str, sentence: str) -> None:
    roles = {"ip": Role.ENTITY}
    addresses = [f"10.0.0.{i % 8}" for i in range(97)] + ["printer"] * 3
    embedder = EventEmbedder.fit(conformed({"ip": addresses}, roles), roles, {}, 0)
    (span,) = embedder.spans
    near = [{"ip": "10.0.0.1"}]
    assert describe(ExplainedColumn(embedder, span, {"ip": value}, near)) == (
        value,
        "10.0.0.1",
        f"`ip` is `{value}`: {sentence}; near ones have `10.0.0.1`",
    )


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("action", "purge", "`action` is `purge`: 0 of 100 events; near ones have `read`"),
        ("action", "", "`action` is ``: 7 of 100 events; near ones have `read`"),
        ("action", None, "`action` is `missing`: 3 of 100 events; near ones have `read`"),
        ("size", 1e6, "`size` is 1,000,000: above 99.9% of events; near ones have 5 to 7"),
        ("size", -3.5, "`size` is -3.5: below 99.9% of events; near ones have 5 to 7"),
        ("size", None, "`size` is missing; near ones have 5 to 7"),
        (
            "message",
            "list gremlins",
            "`message` is `list gremlins`: `gremlins` stands in 0 of 100 normal events;"
            " near ones have `read file 3`",
        ),
        ("message", "", "`message` is ``: no word in it; near ones have `read file 3`"),
        ("message", None, "`message` is missing; near ones have `read file 3`"),
        (
            "time",
            NIGHT,
            "`time` is Monday 03:30 UTC: 0.51% of normal events fall around that hour;"
            " near ones around 12:00 UTC",
        ),
    ],
)
def test_the_sentence_about_a_column_alone(
    embedder: EventEmbedder, column: str, value: Any, sentence: str
) -> None:
    assert told(embedder, column, value)[2] == sentence


@pytest.mark.parametrize(
    ("column", "value", "user", "sentence"),
    [
        (
            "action",
            "purge",
            "ann",
            "`action` is `purge`: never seen with `user` `ann` (60 events), usually `read`",
        ),
        (
            "action",
            "",
            "bob",
            "`action` is ``: seen 7 times with `user` `bob` (40 events), usually `read`",
        ),
        (
            "action",
            "read",
            None,
            "`action` is `read`: never seen with `user` `missing` (0 events), usually `read`",
        ),
        (
            "time",
            NIGHT,
            "ann",
            "`time` is Monday 03:30 UTC: 0.0% of the events of `user` `ann` (60 events) fall around"
            " that hour, most around 12:00 UTC",
        ),
    ],
)
def test_the_sentence_about_a_column_given_the_entity(
    embedder: EventEmbedder, column: str, value: Any, user: str | None, sentence: str
) -> None:
    assert told(embedder, column, value, "user", user=user)[2] == sentence


def test_the_sentence_about_a_number_given_the_entity(embedder: EventEmbedder) -> None:
    observed, expected, sentence = told(embedder, "size", 1e6, "user")
    assert observed == "1,000,000"
    assert expected is not None
    assert 20.0 < float(expected) < 60.0
    assert sentence == f"`size` is 1,000,000: usually about {expected} for `user` `ann`"


def test_the_sentence_names_each_usual_number_of_the_entity() -> None:
    columns = {"user": ["ann"] * 90, "size": [20.0, 77.0, 300.0] * 30}
    roles = {c: ROLES[c] for c in columns}
    three_humps = EventEmbedder.fit(conformed(columns, roles), roles, {}, 0)
    assert told(three_humps, "size", 48.0, "user") == (
        "48",
        "20, 77 or 300",
        "`size` is 48: usually about 20, 77 or 300 for `user` `ann`",
    )


@pytest.mark.parametrize(
    ("observed", "usual"),
    [
        (3_455_996.0, "3,455,560"),
        (3_455_564.0, "3,455,563"),
        (3_455_563.0, "3,460,000"),
        (3_900_000.0, "3,460,000"),
        (12.0, "3,460,000"),
        (-1e308, "3,460,000"),
    ],
)
def test_a_usual_number_is_told_as_exactly_as_the_observed_one_is_near(
    observed: float, usual: str
) -> None:
    columns = {"user": ["ann"] * 90 + ["bob"] * 90, "size": [3_455_563.0] * 90 + [5e6] * 90}
    roles = {c: ROLES[c] for c in columns}
    constant = EventEmbedder.fit(conformed(columns, roles), roles, {}, 0)
    assert told(constant, "size", observed, "user")[1] == usual


def test_no_usual_number_is_claimed_of_an_unknown_entity(embedder: EventEmbedder) -> None:
    assert told(embedder, "size", 48.0, "user", user="eve") == (
        "48",
        "5 to 7",
        "`size` is 48: no other number of `user` `eve` is known",
    )


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (22.0, "below 70.0% of events"),
        (80.0, "as in 40.1% of events"),
        (443.0, "above 70.0% of events"),
    ],
)
def test_events_with_the_same_number_are_neither_below_nor_above_it(
    value: float, place: str
) -> None:
    columns = {"size": [22.0] * 300 + [80.0] * 401 + [443.0] * 300}
    roles = {"size": Role.NUMBER}
    embedder = EventEmbedder.fit(conformed(columns, roles), roles, {}, 0)
    event, near = {"size": value}, [{"size": 5.0}]
    assert describe(ExplainedColumn(embedder, embedder.spans[0], event, near))[2] == (
        f"`size` is {value:g}: {place}; near ones have 5"
    )


def test_an_event_is_not_told_its_own_number_or_name_as_usual() -> None:
    columns: dict[str, list[Any]] = {
        "user": ["ann"] * 60 + ["bob", "eve", "eve"],
        "size": [float(i) for i in range(60)] + [7.0, 20.0, 90.0],
        "action": ["read"] * 60 + ["list", "list", "walk"],
    }
    roles = {c: ROLES[c] for c in columns}
    embedder = EventEmbedder.fit(conformed(columns, roles), roles, {}, 0)
    for column, value, user, sentence in (
        ("size", 7.0, "bob", "`size` is 7: no other number of `user` `bob` is known"),
        ("size", 20.0, "eve", "`size` is 20: usually about 90 for `user` `eve`"),
        ("size", 90.0, "eve", "`size` is 90: usually about 20 for `user` `eve`"),
        (
            "action",
            "list",
            "eve",
            "`action` is `list`: seen once with `user` `eve` (2 events), usually `walk`",
        ),
        (
            "action",
            "list",
            "bob",
            "`action` is `list`: seen once with `user` `bob` (1 event), usually `read`",
        ),
    ):
        assert told(embedder, column, value, "user", user=user)[2] == sentence


@pytest.fixture(scope="module")
def of_pairs() -> EventEmbedder:
    columns = {"size": [float(i) for i in range(200)], "cost": [3.0 * i for i in range(200)]}
    roles = dict.fromkeys(columns, Role.NUMBER)
    return EventEmbedder.fit(conformed(columns, roles), roles, {}, 0)


def test_the_sentence_about_a_number_given_another(of_pairs: EventEmbedder) -> None:
    span = next(s for s in of_pairs.spans if s.given is not None)
    event = {"size": 20.0, "cost": 300.0}
    usual = {"size": "100", "cost": "60"}[span.column]
    sentence = (
        f"`{span.column}` is {event[span.column]:g} where `{span.given}` is"
        f" {event[str(span.given)]:g}: usually about {usual}"
    )
    told_of = describe(ExplainedColumn(of_pairs, span, event, [{"size": 5.0, "cost": 15.0}]))
    assert told_of == (f"{event[span.column]:g}", usual, sentence)


def test_a_pair_with_a_missing_number_is_described_as_a_number_alone(
    of_pairs: EventEmbedder,
) -> None:
    span = next(s for s in of_pairs.spans if s.given is not None)
    near = [{"size": 5.0, "cost": 15.0}]
    event = {"size": 20.0, "cost": 60.0}
    lone = describe(ExplainedColumn(of_pairs, span, event | {str(span.given): None}, near))
    assert lone[2].startswith(f"`{span.column}` is {event[span.column]:g}: below 8")
    absent = describe(ExplainedColumn(of_pairs, span, event | {span.column: None}, near))
    assert absent[2].startswith(f"`{span.column}` is missing; near ones have ")


def test_a_number_is_described_where_the_sample_has_none() -> None:
    columns = {"size": [None] * 5, "action": ["read"] * 5}
    roles = {c: ROLES[c] for c in columns}
    embedder = EventEmbedder.fit(conformed(columns, roles), roles, {}, 0)
    near = [{"size": None, "action": "read"}]
    explained = ExplainedColumn(embedder, embedder.spans[0], {"size": 3.0, "action": "read"}, near)
    assert describe(explained)[:2] == ("3", "missing")


EVENING = DAY + dt.timedelta(days=1, hours=8)


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [
        (
            DAY + dt.timedelta(days=5),
            "0.14% of normal events fall on a Saturday; near ones on a Monday",
        ),
        (NIGHT, "0.02% of normal events fall around that hour; near ones around 12:00 UTC"),
        (
            NIGHT + dt.timedelta(days=5),
            "0.02% of normal events fall around that hour; near ones around",
        ),
        (DAY, "27.75% of normal events fall around that hour; near ones around 12:00 UTC"),
        (
            EVENING,
            "0.00% of the normal events of a Tuesday fall around that hour, most around 12:00 UTC",
        ),
    ],
)
def test_a_moment_tells_its_hour_or_its_weekday_by_what_is_rarer(
    moment: dt.datetime, sentence: str
) -> None:
    hours = [24 * d for d in range(28) if d % 7 < 5] * 90 + [24 * d for d in (5, 12, 19, 26)]
    hours += [24 * d + 8 for d in range(28) if d % 7 == 0] * 90  # Mondays, in the evening too
    noon = int(DAY.timestamp()) * 1_000_000
    events = conformed({"time": [noon + 3_600_000_000 * h for h in hours]}, {"time": Role.TIME})
    embedder = EventEmbedder.fit(events, {"time": Role.TIME}, {}, 0)
    (span,) = embedder.spans
    told_of = describe(ExplainedColumn(embedder, span, {"time": moment}, [{"time": DAY}]))
    assert sentence in told_of[2]


def test_a_session_tells_its_rarest_step() -> None:
    steps = pa.array([["open", "read"]] * 50 + [["open", "sudo"]] * 2)
    events = pa.table({"action": steps})
    embedder = EventEmbedder.fit(events, {"action": Role.TEXT}, {}, 0)
    span = Span("action", None, 0, embedder.n_dims)
    near = [{"action": ["open", "read"]}]
    told_of = describe(ExplainedColumn(embedder, span, {"action": ["open", "sudo"]}, near))
    assert told_of[2] == "`action` holds `sudo` among 2 steps: 2 of 52 normal sessions do"
    for empty in (None, []):
        assert (
            "among 0 steps" in describe(ExplainedColumn(embedder, span, {"action": empty}, near))[2]
        )


@PATIENT
@given(st.one_of(st.text(), st.floats(), st.none(), st.integers(), st.booleans()))
def test_any_value_can_be_quoted_shortly(value: Any) -> None:
    assert 0 <= len(quote(value)) <= 81


def test_quotes_are_what_a_reader_expects() -> None:
    assert quote(MISSING) == quote(None) == "missing"
    assert quote("x" * 81) == "x" * 80 + "…"
    assert quote("\x00" * 30) == "\\x00" * 20 + "…"
    assert quote(float("nan")) == "nan"
    assert quote(np.float64(0.123456)) == "0.1235"
    assert quote(NIGHT) == "Monday 03:30 UTC"
