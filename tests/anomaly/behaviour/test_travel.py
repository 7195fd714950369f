"""Travel that is too fast: counted as plain loops do, judged by other days, told as it was."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.behaviour.across import counted_across
from anomaly.behaviour.activity import DAY, HOUR
from anomaly.behaviour.counting import count_activity
from anomaly.behaviour.measures import Kind, Measure, measures_of
from anomaly.behaviour.observations import OddWindow
from anomaly.behaviour.odd_windows import odd_windows
from anomaly.behaviour.travel import kilometres, move_texts, moves_in, place_texts, places_in
from anomaly.explain.window_reasons import window_reasons, window_title
from schemas.columns.roles import Role
from tests import naive
from tests.anomaly.logs import PATIENT, conformed

Row = dict[str, Any]
ROLES = {
    "time": Role.TIME,
    "user": Role.ENTITY,
    "action": Role.CATEGORY,
    "lat": Role.NUMBER,
    "lon": Role.NUMBER,
}
MEASURES = measures_of(ROLES)
TRAVEL = MEASURES.index(Measure("user", Kind.TRAVEL, "lat", "lon"))
FIRST = 20_521
"""The first day of a log: Monday, 2026-03-09."""
BERLIN, POTSDAM, NEW_YORK = (52.52, 13.4), (52.4, 13.07), (40.71, -74.01)
CITIES = (BERLIN, (48.14, 11.58), (50.94, 6.96), (53.55, 9.99))
LATITUDES = st.floats(-90.0, 90.0)
LONGITUDES = st.floats(-180.0, 180.0)
PLACES = st.tuples(LATITUDES, LONGITUDES)
NOWHERE = [(math.nan, 13.4), (52.5, math.nan), (90.1, 13.4), (52.5, -180.1)]
ROWS = st.lists(
    st.builds(
        lambda user, place, time: {"user": user, "lat": place[0], "lon": place[1], "time": time},
        st.sampled_from([None, "ann", "bob"]),
        st.one_of(st.sampled_from([*CITIES, (0.0, 0.0), (-0.0, 179.9), *NOWHERE]), PLACES),
        st.one_of(
            st.integers(0, 90).map(lambda step: FIRST * DAY + step * 30 * HOUR // 60),
            st.integers(FIRST * DAY, (FIRST + 2) * DAY),
        ),
    ),
    max_size=20,
)


def table(rows: Sequence[Row]) -> pa.Table:
    return conformed({column: [row.get(column) for row in rows] for column in ROLES}, ROLES)


def moves(rows: Sequence[Row], sizes: Sequence[int] = ()) -> Counter[Any]:
    """Count moves in rows that come in batches of these sizes."""
    travel = [MEASURES[TRAVEL]]
    found = [
        count_activity(table(rows[first:stop]), ROLES, travel, number)
        for number, (first, stop) in enumerate(pairwise([0, *accumulate(sizes), len(rows)]))
    ]
    across = counted_across([each.ends for each in found], Kind.TRAVEL, 0)
    counts: Counter[Any] = Counter()
    for each in (*(each.counts for each in found), across):
        for row in each.to_pylist():
            way = tuple(float(number) for number in row["value"].split())
            counts[row["entity"], row["hour"], way] += row["n"]
    return counts


def naively(rows: list[Row]) -> Counter[Any]:
    return naive.activity(rows, "user", "travel", "lat", "lon")


def told(rows: list[Row]) -> list[OddWindow]:
    counts = count_activity(table(rows), ROLES, MEASURES)
    found = odd_windows(lambda number: [counts.of(number)], MEASURES, "time", None) or []
    return [each for each in found if any(o.view == "travel" for o in each.observations)]


def event(user: str, place: tuple[float, float], day: int, hour: float) -> Row:
    time = (FIRST + day) * DAY + int(hour * HOUR)
    return {"time": time, "user": user, "action": "read", "lat": place[0], "lon": place[1]}


def company(seed: int, vpn: float = 3.0, days: int = 15) -> list[Row]:
    """Eight people from 9 to 17 h: `maria` every other day in New York, `ines` behind a VPN."""
    random = np.random.default_rng(seed)
    rows = []
    for day in range(days):
        for person in ("maria", "ines", *(f"u{i}" for i in range(6))):
            place = CITIES[len(rows) % 2] if person == "u0" else CITIES[ord(person[-1]) % 4]
            place = (BERLIN, NEW_YORK)[day % 2] if person == "maria" else place
            hours = np.sort(random.uniform(9.0, 17.0, random.poisson(14) + 1))
            rows += [event(person, place, day, hour) for hour in hours.tolist()]
        away = random.uniform(9.0, 17.0, random.poisson(vpn))
        rows += [event("ines", NEW_YORK, day, hour) for hour in away.tolist()]
    return sorted(rows, key=lambda row: row["time"])


def with_jump(rows: list[Row], day: int = 10) -> list[Row]:
    """Let `maria` be in New York once, three minutes after an event of hers in Berlin."""
    own = [r for r in rows if r["user"] == "maria" and r["time"] // DAY == FIRST + day]
    jump = event("maria", NEW_YORK, 0, 0.0) | {"time": own[len(own) // 3]["time"] + HOUR // 20}
    return sorted([*rows, jump], key=lambda row: row["time"])


@PATIENT
@given(st.lists(st.tuples(PLACES, PLACES), min_size=1))
def test_a_distance_is_the_angle_between_two_vectors(pairs):
    start, stop = (np.array(each) for each in zip(*pairs, strict=True))
    naively = [naive.kilometres(*pair) for pair in pairs]
    # Both lose half of the digits of a float where places are opposite to each other.
    assert kilometres(start, stop) == pytest.approx(naively, rel=1e-9, abs=1e-3)


def test_distances_are_those_of_a_globe():
    start = np.array([BERLIN, (0, 179.9), (0, 0), (90, 12), (-33.87, 151.21)])
    stop = np.array([NEW_YORK, (0, -179.9), (0, 90), (-90, 50), (33.87, -28.79)])
    half = math.pi * 6_371.0088
    expected = [6_385.2, 22.2, half / 2, half, half]
    assert kilometres(start, stop) == pytest.approx(expected, abs=0.1)


@PATIENT
@given(st.lists(st.tuples(PLACES, PLACES, st.integers(0, DAY))))
def test_texts_hold_the_floats_of_places_and_ways(ways):
    start, stop = (np.array([way[i] for way in ways]).reshape(-1, 2) for i in range(2))
    assert np.array_equal(places_in(place_texts(start)), start)
    after = np.array([way[2] for way in ways], dtype=np.int64)
    found = moves_in(move_texts(start, stop, after).to_pylist())
    assert [(each.start, each.stop, each.seconds) for each in found] == [
        (one, other, microseconds / 1_000_000) for one, other, microseconds in ways
    ]


@PATIENT
@given(ROWS)
def test_moves_are_those_of_a_loop_over_the_rows(rows):
    assert moves(rows) == naively(rows)


@PATIENT
@given(ROWS, st.lists(st.integers(0, 7), max_size=8))
def test_any_cut_of_rows_in_the_order_of_their_times_gives_the_same_moves(rows, sizes):
    rows = sorted(rows, key=lambda row: row["time"])
    assert moves(rows, sizes) == naively(rows)


@pytest.mark.parametrize(
    ("start", "stop", "hours", "n"),
    [
        (BERLIN, NEW_YORK, 6.3, 1),
        (BERLIN, NEW_YORK, 6.5, 0),
        (BERLIN, POTSDAM, 0.0, 0),
        (BERLIN, (0.0, 0.0), 1.0, 0),
        (BERLIN, (0.0, 9.0), 1.0, 1),
        ((0.0, 179.9), (0.0, -179.9), 0.0, 0),
        ((89.9, 0.0), (89.9, 180.0), 0.0, 0),
        *((BERLIN, nowhere, 0.0, 0) for nowhere in NOWHERE),
    ],
)
def test_a_move_is_far_and_faster_than_an_airliner(start, stop, hours, n):
    rows = [event("ann", start, 0, 9.0), event("ann", stop, 0, 9.0 + hours)]
    assert moves(rows).total() == moves(rows, [1]).total() == n


def test_an_event_without_a_place_lies_between_no_others():
    rows = [event("ann", place, 0, 9.0 + i / 60) for i, place in enumerate((BERLIN, NOWHERE[0]))]
    rows.append(event("ann", NEW_YORK, 0, 9.1))
    assert moves(rows).total() == moves(rows, [1, 1]).total() == 1


def test_travel_is_of_the_actor_and_its_columns_are_no_levels():
    roles = ROLES | {"host": Role.ENTITY, "bytes": Role.NUMBER, "dst_lat": Role.NUMBER}
    roles |= {"dst_lon": Role.NUMBER, "speed": Role.NUMBER, "altitude": Role.NUMBER}
    found = measures_of(roles)
    assert [each for each in found if each.kind is Kind.TRAVEL] == [MEASURES[TRAVEL]]
    levels = [each.column for each in found if (each.entity, each.kind) == ("user", Kind.LEVELS)]
    assert levels == ["bytes", "speed", "altitude"]
    alone = measures_of({column: role for column, role in roles.items() if column != "lon"})
    levels = [each.column for each in alone if (each.entity, each.kind) == ("user", Kind.LEVELS)]
    assert levels == ["lat", "bytes", "speed"]
    assert Kind.TRAVEL not in {each.kind for each in alone}


@pytest.mark.parametrize("seed", range(3))
def test_who_is_at_two_places_is_told_and_who_always_is_at_two_is_not(seed):
    clean, planted = told(company(seed)), told(with_jump(company(seed)))
    # A user may have twice as many as usual on one of fifteen days: two such days are expected.
    assert all(each.number > 1.0 and each.entity == "ines" for each in clean)
    assert (planted[0].entity, planted[0].observations[0].view) == ("maria", "travel")
    assert planted[0].observations[0].start == (FIRST + 10) * DAY
    assert planted[0].number < 2.0


def test_without_longitudes_the_other_measures_are_judged_as_they_were():
    roles = {column: role for column, role in ROLES.items() if column not in ("lat", "lon")}
    others = [each for each in MEASURES if each.kind is not Kind.TRAVEL]
    assert list(measures_of(roles)) == others


SENTENCE = (
    r"`(?P<user>\w+)` moves over 100 km at more than 1,000 km/h (?P<n>once|twice|\d+ times) on"
    r" 2026-03-19(?:, the fastest|:) (?P<km>[\d,]+) km in (?P<took>[\d.]+ \w+), from (?P<start>.*)"
    r" to (?P<stop>.*); on (?P<known>\d+) other active days (?:none|at most (?P<most>\d+))"
)


@pytest.mark.parametrize("rows", [with_jump(company(0)), with_jump(company(1, vpn=0.0))])
def test_each_figure_of_the_sentence_is_a_recount_of_the_rows(rows):
    [reason] = window_reasons(told(rows)[0])[:1]
    found = re.fullmatch(SENTENCE, reason.sentence)
    assert found is not None, reason.sentence
    own = [row for row in rows if row["user"] == found["user"]]
    counted = Counter()
    for (name, hour, _), n in naively(rows).items():
        counted[hour // 24] += n * (name == found["user"])
    n = {"once": "1", "twice": "2"}.get(found["n"], found["n"]).removesuffix(" times")
    assert int(n) == counted.pop(FIRST + 10)
    assert int(found["known"]) == len({row["time"] // DAY for row in own}) - 1
    assert int(found["most"] or 0) == max(counted.values(), default=0)
    assert (reason.column, reason.observed) == ("lat", f"{n} too fast")
    start, stop = ((float(x) for x in found[end].split(", ")) for end in ("start", "stop"))
    ways = [
        (naive.kilometres(place(a), place(b)), (b["time"] - a["time"]) / 1e6, place(a), place(b))
        for a, b in pairwise(own)
        if b["time"] // DAY == FIRST + 10
    ]
    far, seconds, *ends = max(ways, key=lambda way: way[0] / way[1])
    assert ends == [tuple(start), tuple(stop)]
    assert found["km"] == f"{far:,.0f}"
    minutes = seconds / 60
    assert found["took"] == (f"{minutes:.0f} min" if minutes >= 2 else f"{seconds:.0f} s")


@pytest.mark.parametrize(
    ("hours", "took"), [(0.0, "0 s"), (0.02, "72 s"), (0.5, "30 min"), (6.0, "6.0 h")]
)
def test_how_long_a_move_took_is_told_in_the_unit_that_fits(hours, took):
    rows = [each for each in company(0, vpn=0.0) if each["user"] != "maria"]
    for day in range(15):
        rows += [event("maria", BERLIN, day, hour) for hour in np.arange(1.0, 9.1, 0.25)]
        rows += [event("maria", NOWHERE[0], day, hour) for hour in np.arange(9.1, 16.0, 0.25)]
    rows.append(event("maria", NEW_YORK, 10, 9.0 + hours))
    [window] = told(sorted(rows, key=lambda row: row["time"]))
    assert f"6,385 km in {took}, from 52.52, 13.40 to 40.71, -74.01" in window_title(window)


def test_a_place_just_south_of_the_equator_has_no_sign_before_a_zero():
    rows = [each for each in company(0, vpn=0.0) if each["user"] != "maria"]
    rows += [event("maria", (-0.001, 13.4), day, h) for day in range(15) for h in (9.0, 10.0)]
    rows.append(event("maria", NEW_YORK, 10, 9.5))
    [window] = told(sorted(rows, key=lambda row: row["time"]))
    assert "from 0.00, 13.40 to 40.71, -74.01; " in window_title(window)


def place(row: Row) -> tuple[float, float]:
    return row["lat"], row["lon"]


def test_a_batch_of_too_many_moves_is_not_judged():
    n = 16_386
    rows = [event("ann", (float(i % 2 * 60), (i + 1) / n), 0, i / 3_600) for i in range(n)]
    found = count_activity(table(rows), ROLES, [MEASURES[TRAVEL]]).counts
    assert [(row["n"], row["value"]) for row in found.to_pylist()] == [(n - 1, None)]
