"""The sentence of an incident: each count in it equals a recount."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.explain.reasons import Reason
from anomaly.incidents.sentence import distinct, happening, sentence, short
from schemas.columns.event_parts import Part, event_parts
from schemas.columns.roles import Role

FIRST = datetime(2026, 1, 9, 3, 0, tzinfo=UTC)
PARTS = {
    Part.ACTION: "action",
    Part.TARGET: "resource",
    Part.ACTOR: "user",
    Part.SOURCE: "source_ip",
    Part.OUTCOME: "status",
}
NAMES = st.none() | st.sampled_from(["a", "b", "c"])
ROWS = st.lists(
    st.tuples(NAMES, NAMES, NAMES, NAMES, NAMES, st.integers(0, 90_000)), min_size=1, max_size=12
)


def events_of(rows: list[tuple]) -> pa.Table:
    columns = dict(zip(PARTS.values(), zip(*[row[:5] for row in rows], strict=True), strict=True))
    times = [FIRST + timedelta(seconds=row[5]) for row in rows]
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return table.append_column("time", pa.array(times, pa.timestamp("us", "UTC")))


def told(rows: list[tuple], who: str | None, column: str | None, *reasons: Reason) -> str:
    known = None if who is None or column is None else (column, who)
    what = happening(events_of(rows), np.arange(len(rows)), PARTS, "time", who=known)
    return sentence(what, reasons)


def reason(column: str, observed: str | None, share: float = 0.9) -> Reason:
    return Reason(column, observed, None, share, "")


def test_who_did_what_how_often_in_how_long_as_whom_and_what_is_odd() -> None:
    rows = [("sign_in", "/vpn", f"u{i}", "203.0.113.7", "failure", 6 * i) for i in range(16)]
    own = Reason("source_ip", "203.0.113.7", "10.0.0.1", 0.9, "")
    why = [own, reason("agent", "curl", 0.2)]
    assert told(rows, "203.0.113.7", "source_ip", *why) == (
        "`203.0.113.7` did `sign_in` in 16 of its events within 90 s on `/vpn` as 16 `user` values,"
        " with `status` `failure`; odd is `source_ip` and `agent` `curl`"
    )


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (
            Reason("ok", "missing", "yes", 0.9, "`ok` is missing: in 1 of 9 events, usually `yes`"),
            "`ok` missing (expected `yes`)",
        ),
        (
            Reason("ok", "yes", "missing", 0.9, "`ok` is `yes`: in 1 of 9 events, usually missing"),
            "`ok` `yes` (expected missing)",
        ),
        (
            Reason("n", "4.5 kB (4,500)", "1 to 9", 0.9, "`n` is 4.5 kB (4,500): the highest of 9"),
            "`n` 4.5 kB (4,500) (expected 1 to 9)",
        ),
        (
            Reason(
                "steps", "no close", "close", 0.9, "`close` is missing in `steps`: 8 of 9 hold it"
            ),
            "`steps`: no close (expected `close`)",
        ),
        (
            Reason("steps", "9 times open", None, 0.9, "`steps` holds `open` 9 times: in 1 of 9"),
            "`steps`: 9 times open",
        ),
        (Reason("steps", "wipe", None, 0.9, "`steps` holds `wipe`: in 1 of 9"), "`steps` `wipe`"),
    ],
)
def test_what_is_no_value_has_no_marks(why: Reason, said: str) -> None:
    rows = [("read", "/db", "ann", "10.0.0.1", "success", 5)]
    assert told(rows, "ann", "user", why).endswith(f"; odd is {said}")


def test_one_record_is_told_once_and_without_a_duration() -> None:
    rows = [("wipe", "/db", "ann", "10.0.0.1", "success", 5)]
    assert told(rows, "ann", "user", reason("action", "wipe")) == (
        "`ann` did `wipe` in one of its events on `/db` from `10.0.0.1`, with `status` `success`;"
        " odd is `action`"
    )


def test_the_first_reason_says_what_was_to_be_expected() -> None:
    rows = [("wipe", "/db", "ann", None, None, 5)]
    why = [Reason("action", "wipe", "read", 0.6, ""), Reason("hour", "3", "17", 0.3, "")]
    assert told(rows, "ann", "user", *why) == (
        "`ann` did `wipe` in one of its events on `/db`; odd is `action` (expected `read`) and"
        " `hour` `3`"
    )


def test_a_log_without_such_columns_is_told_by_what_is_odd() -> None:
    events = events_of([("x", "y", "z", None, None, 0)] * 3)
    what = happening(events, np.arange(3), {}, "time", "session", ("user", "z"))
    assert sentence(what, [reason("level", "FATAL")]) == (
        "3 of the sessions of `z` within 1 s; odd is `level` `FATAL`"
    )
    what = happening(events, np.arange(3), {}, "time", "session")
    assert sentence(what, [reason("level", None)]) == (
        "3 sessions within 1 s; odd is `level` (missing)"
    )


def test_what_others_did_too_is_not_told_of_one_entity() -> None:
    rows = [("wipe", "/db", user, None, "success", 0) for user in ("ann", "ann", "bob")]
    said = told(rows, "ann", "user", reason("user", "ann"))
    assert said.startswith("`wipe` in 3 events within 1 s on `/db` as 2 `user` values, with")
    assert said.endswith(" `success`, 2 of them with `user` `ann`; odd is `user` `ann`")


@given(ROWS, st.booleans())
def test_every_count_equals_a_recount(rows: list[tuple], known: bool) -> None:
    who = rows[0][2] if known else None
    said = told(rows, who, None if who is None else "user", reason("action", rows[0][0]))
    column = {name: [row[i] for row in rows] for i, name in enumerate(PARTS.values())}
    for n, name in re.findall(r"([\d,]+) `(\w+)` values", said):
        assert int(n) == len(set(column[name]) - {None}) > 1
    for word, name in (("on", "resource"), ("from", "source_ip")):
        if found := re.search(rf" {word} `(\w)`( once| twice| \d+ times)?", said):
            n = column[name].count(found[1])
            assert set(column[name]) <= {found[1], None}
            assert _count(found[2]) == (None if n == len(rows) else n)
    if found := re.search(r"with `status` `(\w)`( once| twice| \d+ times)?", said):
        n = column["status"].count(found[1])
        assert n == max(Counter(filter(None, column["status"])).values())
        assert _count(found[2]) == (None if n == len(rows) else n)
    actions = [name for name in column["action"] if name is not None]
    if actions:
        times = r"( once| twice| \d+ times)?"
        found = re.search(rf"(?:^|did )`(\w)`{times}(?: and (\d+) others?)? in ", said)
        assert found
        n = column["action"].count(found[1])
        assert _count(found[2]) == (None if n == len(rows) else n)
        assert int(found[3] or 0) == len(set(actions)) - 1
        some = "one" if len(rows) == 1 else str(len(rows))
        assert re.search(rf" in {some} (?:of its )?events?\b", said)
    seconds = [row[5] for row in rows]
    if len(rows) > 1:
        n, unit = re.search(r"within (\d+) (s|min|h)\b", said).groups()
        size = {"s": 1, "min": 60, "h": 3_600}[unit]
        span = max(seconds) - min(seconds)
        assert (int(n) - 1) * size < max(span, 1) <= int(n) * size


def _count(said: str | None) -> int | None:
    if said is None:
        return None
    words = {"once": 1, "twice": 2}
    return words.get(said.strip()) or int(said.split()[0])


def test_sentences_that_are_equal_are_told_apart_by_their_times() -> None:
    times = [0, 3_600_000_000, 5, None]
    assert distinct(["a", "a", "b", "a"], times) == [
        "a, from 00:00:00 UTC on",
        "a, from 01:00:00 UTC on",
        "b",
        "a",
    ]


@given(st.text(max_size=200))
def test_a_long_value_keeps_its_beginning_and_its_end(value: str) -> None:
    cut, plain = short(value), " ".join(value.split()) or "empty"
    assert len(cut) <= 48
    assert plain.startswith(cut[:20])
    assert plain.endswith(cut[21:])


@pytest.mark.parametrize(
    ("columns", "parts"),
    [
        (
            {"user.name": "entity", "event.action": "category", "source.ip": "entity"}
            | {"destination.ip": "entity", "event.outcome": "category"},
            {"actor": "user.name", "action": "event.action", "target": "destination.ip"}
            | {"source": "source.ip", "outcome": "event.outcome"},
        ),
        (
            {"actor.user.name": "entity", "activity_name": "category"}
            | {"src_endpoint.ip": "entity", "dst_endpoint.ip": "entity", "status": "category"},
            {"actor": "actor.user.name", "action": "activity_name", "target": "dst_endpoint.ip"}
            | {"source": "src_endpoint.ip", "outcome": "status"},
        ),
        (
            {"client": "entity", "method": "category", "path": "text", "status": "category"},
            {"action": "method", "target": "path", "source": "client", "outcome": "status"},
        ),
        ({"path": "text", "dst_ip": "entity"}, {"target": "path"}),
        ({"event_source": "category", "node": "entity", "level": "category"}, {}),
        ({"status": "number", "action": "ignore"}, {}),
    ],
)
def test_the_parts_of_an_event_are_known_by_the_names_of_columns(
    columns: dict[str, str], parts: dict[str, str]
) -> None:
    assert event_parts({name: Role(role) for name, role in columns.items()}) == parts
