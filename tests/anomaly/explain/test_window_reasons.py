"""Each sentence of an odd window, counted again from the rows of its log."""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pytest

from anomaly.behaviour.activity import DAY, HOUR
from anomaly.behaviour.calendar import windows_by_name
from anomaly.behaviour.observations import Observation, OddWindow
from anomaly.behaviour.odd_windows import odd_windows
from anomaly.explain.amounts import amount, apart, percents, rounded
from anomaly.explain.quoting import quote
from anomaly.explain.window_reasons import window_reasons, window_summary, window_title
from tests import naive
from tests.anomaly.behaviour.messy import messy
from tests.anomaly.behaviour.office import (
    FIRST,
    MEASURES,
    Row,
    day_of,
    hour_of,
    is_weekend,
    judged,
    office,
    tables_of,
)
from tests.anomaly.behaviour.planting import PLANTED, all_planted, own_rows

Recount = Callable[["_Log", Observation, re.Match[str]], None]


class _Log:
    """The rows of a log, and what plain loops say of them."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.days = sorted({day_of(each) for each in rows})
        self.split = sum(map(is_weekend, self.days)) >= 3

    def own(self, entity: str) -> list[Row]:
        return [each for each in self.rows if each["user"] == entity]

    def active(self, entity: str) -> list[int]:
        return sorted({day_of(each) for each in self.own(entity)})

    def alike(self, day: int, days: list[int]) -> list[int]:
        """Return the others of some days that are of the kind of a day."""
        same = [d for d in days if not self.split or is_weekend(d) == is_weekend(day)]
        return [d for d in same if d != day]

    def kind(self, day: int) -> str:
        """Return the word for the kind of a day; nothing where kinds are not told apart."""
        return ("weekend " if is_weekend(day) else "working ") if self.split else ""

    @cache  # noqa: B019 - it ends with the test
    def counted(self, kind: str, column: str | None) -> Counter[tuple[Any, ...]]:
        return naive.activity(self.rows, "user", kind, column)

    def by_day(self, entity: str, kind: str, column: str | None) -> Counter[int]:
        found: Counter[int] = Counter()
        for (name, hour, _), n in self.counted(kind, column).items():
            if name == entity:
                found[hour // 24] += n
        return found

    def of_value(self, kind: str, column: str) -> dict[tuple[str, str], Counter[int]]:
        found: dict[tuple[str, str], Counter[int]] = {}
        for (name, hour, value), n in self.counted(kind, column).items():
            found.setdefault((name, value), Counter())[hour // 24] += n
        return found

    def new(self, kind: str, column: str) -> dict[tuple[str, int], list[str]]:
        """Return the values that are of one day of an entity, and new to few others that day."""
        once = [(key, min(days)) for key, days in self.of_value(kind, column).items()
                if len(days) == 1]  # fmt: skip
        holders = Counter((value, day) for (_, value), day in once)
        active = Counter(
            day for name in {r["user"] for r in self.rows} for day in self.active(name)
        )
        found: dict[tuple[str, int], list[str]] = {}
        for (name, value), day in once:
            if holders[value, day] <= max(0.1 * active[day], 3):
                found.setdefault((name, day), []).append(value)
        return found

    def strange_hours(self, entity: str, day: int) -> list[int]:
        """Return the hours of a day that are far from those of its others of the kind."""
        others = self.alike(day, self.active(entity))
        own = [(day_of(each), hour_of(each)) for each in self.own(entity)]
        near = {(h + away) % 24 for d, h in own if d in others for away in range(-2, 3)}
        hours = {h for d, h in own if d == day}
        return sorted(hours - near) if len(others) >= 3 else []

    def of_others(
        self, entity: str, counted: Callable[[str], Counter[int]], *, inner: bool = False
    ) -> list[int]:
        """Return the counts of the active days of the other entities, the inner ones of many."""
        names = {each["user"] for each in self.rows} - {entity}
        days = {name: self.active(name) for name in names}
        return [
            counted(name)[day]
            for name, own in days.items()
            for day in (own[1:-1] if inner and len(own) > 3 else own)
        ]

    def levels(self, entity: str, column: str) -> dict[int, float]:
        numbers: dict[int, list[float]] = {}
        for each in self.own(entity):
            numbers.setdefault(day_of(each), []).append(each[column])
        return {
            day: math.fsum(math.copysign(math.log1p(abs(x)), x) for x in own) / len(own)
            for day, own in numbers.items()
            if len(own) >= 5
        }

    def slopes(self, column: str) -> dict[str, tuple[float, int]]:
        found = {}
        for entity in {each["user"] for each in self.rows}:
            levels = self.levels(entity, column)
            if len(levels) >= 10:
                slope = np.polyfit(list(levels), list(levels.values()), 1)[0]
                found[entity] = math.exp(slope) - 1.0, len(levels)
        return found


def day_told(told: Observation) -> int:
    return told.start // (24 * HOUR)


def n(text: str | None) -> int:
    return int((text or "0").replace(",", ""))


def recount_daily(log: _Log, told: Observation, found: re.Match[str], own: Counter[int]) -> None:
    """Compare a count of the day, the most of the others, and how many these are."""
    assert n(found["observed"]) == own[day_told(told)]
    recount_others(told, found["rest"], own, log.active(told.entity))
    if len(log.active(told.entity)) == 1:
        column = None if told.view in ("day", "repeats", "rhythm") else told.column
        kind = "events" if told.view == "day" else told.view
        counts = log.of_others(told.entity, lambda name: log.by_day(name, kind, column))
        recount_high(found, counts, own[day_told(told)])


def recount_others(told: Observation, rest: str, own: Counter[int], active: list[int]) -> None:
    others = [d for d in active if d != day_told(told)]
    if not others:
        assert rest.startswith("no other day of it is known")
        return
    if " earlier active " in rest:
        recount_earlier(told, rest, own, active)
        return
    high = sum(own[d] >= own[day_told(told)] for d in others)
    if high:
        many = re.match(r"on ([\d,]+) of ([\d,]+) other active days? as many or more", rest)
        assert many is not None
        assert (n(many[1]), n(many[2])) == (high, len(others))
        return
    known = re.match(r"on ([\d,]+) other active days? (?:none|at most ([\d,]+))", rest)
    assert known is not None
    assert n(known[1]) == len(others)
    assert n(known[2]) == max(own[d] for d in others)


def recount_earlier(told: Observation, rest: str, own: Counter[int], active: list[int]) -> None:
    """Compare a count with those of the days before, where a later one is above them, too."""
    day = day_told(told)
    earlier = [own[d] for d in active if d < day]
    later = [own[d] for d in active if d > day]
    assert max(earlier) < min(own[day], max(later))
    most = f"at most {max(earlier):,}" if max(earlier) else "none"
    said = f"on {len(earlier)} earlier active days {most}"
    if high := sum(each >= own[day] for each in later):
        said = f"{said}, and on {high} later as many or more"
    assert rest.replace(" such", "") == said


def recount_high(found: re.Match[str], others: list[int], observed: int) -> None:
    """Compare how many windows of other entities are as high."""
    said = re.search(
        r"; of ([\d,]+) (?:.*?) of other `user` values (none|[\d,]+) ha", found["rest"]
    )
    assert said is not None
    assert n(said[1]) == len(others)
    assert n(said[2].replace("none", "0")) == sum(each >= observed for each in others)


def recount_hour(log: _Log, told: Observation, found: re.Match[str]) -> None:
    day, hour = day_told(told), int(found["first"])
    own = Counter((day_of(r), hour_of(r)) for r in log.own(told.entity))
    others = log.alike(day, log.active(told.entity))
    assert n(found["observed"]) == own[day, hour]
    assert (int(found["last"]) - hour) % 24 == 1
    kind = log.kind(day) if others else ""
    others = others or [d for d in log.active(told.entity) if d != day]
    if not others:
        counts = Counter((r["user"], day_of(r), hour_of(r)) for r in log.rows)
        rest = [each for (name, _, _), each in counts.items() if name != told.entity]
        recount_high(found, rest, own[day, hour])
        return
    known = re.fullmatch(
        rf"on ([\d,]+) other active {kind}days? (?:none|at most ([\d,]+)) in that hour",
        found["rest"],
    )
    assert known is not None
    assert n(known[1]) == len(others)
    assert n(known[2]) == max(own[d, hour] for d in others)


def recount_hours(log: _Log, told: Observation, found: re.Match[str]) -> None:
    days = log.active(told.entity)
    assert day_told(told) in days
    assert n(found["observed"]) == len(log.strange_hours(told.entity, day_told(told)))


def recount_day(log: _Log, told: Observation, found: re.Match[str]) -> None:
    recount_daily(log, told, found, log.by_day(told.entity, "events", None))


def recount_new(log: _Log, told: Observation, found: re.Match[str]) -> None:
    kind = "values" if told.view == "new" else "order"
    new, day = log.new(kind, told.column), day_told(told)
    own = Counter({d: len(values) for (name, d), values in new.items() if name == told.entity})
    assert n(found["observed"]) == own[day]
    # What is alone on the first or the last of many days may have been there before, or stay.
    active = log.active(told.entity)
    inner = active[1:-1] if len(active) > 3 else active
    assert (" left out, " in found["rest"]) == (inner != active)
    plain = re.sub(", its first( and last)? left out,", "", found["rest"])
    recount_others(told, plain, own, inner)
    if len(active) == 1:
        held = log.of_value(kind, told.column)

        def values_of(name: str) -> Counter[int]:
            return Counter(day for (who, _), days in held.items() if who == name for day in days)

        recount_high(found, log.of_others(told.entity, values_of, inner=True), own[day])
    values = sorted(new[told.entity, day])
    named = ", ".join(f"`{quote(value)}`" for value in values[:3])
    assert found["named"] == named + (", …" if len(values) > 3 else "")


def recount_changes(log: _Log, told: Observation, found: re.Match[str]) -> None:
    own = log.by_day(told.entity, "changes", told.column)
    times = {"once": "1", "twice": "2"}.get(found["observed"], found["observed"])
    assert n(times.removesuffix(" times")) == own[day_told(told)]
    recount_others(told, found["rest"], own, log.active(told.entity))
    if len(log.active(told.entity)) == 1:
        counts = log.of_others(told.entity, lambda name: log.by_day(name, "changes", told.column))
        recount_high(found, counts, own[day_told(told)])


def recount_kind(log: _Log, told: Observation, found: re.Match[str]) -> None:
    recount_daily(log, told, found, log.by_day(told.entity, told.view, None))


def recount_share(log: _Log, told: Observation, found: re.Match[str]) -> None:
    own = log.of_value("values", told.column)[told.entity, found["value"]]
    events = log.by_day(told.entity, "events", None)
    assert n(found["of"]) == events[day_told(told)]
    if found["share"] is None:
        held = log.of_value("values", told.column)
        assert n(found["observed"]) == own[day_told(told)]
        recount_others(told, found["rest"], own, log.active(told.entity))
        if len(log.active(told.entity)) == 1:
            counts = log.of_others(
                told.entity, lambda name: held.get((name, found["value"]), Counter())
            )
            recount_high(found, counts, own[day_told(told)])
        return
    day = day_told(told)
    assert n(found["observed"]) == own[day]
    others = [d for d in log.active(told.entity) if d != day]
    most = max(own[d] / events[d] for d in others)
    shown = percents(own[day] / events[day], most)
    days = f"{len(others):,} other active day{'s' if len(others) > 1 else ''}"
    assert (found["share"], found["rest"]) == (shown[0], f"on {days} at most {shown[1]}")


def recount_absent(log: _Log, told: Observation, found: re.Match[str]) -> None:
    day, active = day_told(told), log.active(told.entity)
    assert day not in active
    assert day in log.days
    # The first and the last day of these logs are whole.
    assert log.alike(day, log.days) == log.alike(day, active)
    assert n(found["known"]) == len(log.alike(day, active))


def recount_absent_value(log: _Log, told: Observation, found: re.Match[str]) -> None:
    day, active = day_told(told), log.active(told.entity)
    kind = "values" if told.view == "absent value" else "order"
    there = log.of_value(kind, told.column)[told.entity, found["value"]]
    assert day in active
    assert day not in there
    assert log.alike(day, active) == log.alike(day, sorted(there))
    assert n(found["known"]) == len(log.alike(day, active))


def held_against(
    by_day: Mapping[int, float], day: int, found: re.Match[str], size: Callable[[float], float]
) -> list[float]:
    """Return the numbers of the days that a sentence names; they are compared by their `size`."""
    if found["which"] == "other":
        return [x for d, x in by_day.items() if d != day]
    own = size(by_day[day])
    earlier, later = (
        [size(x) for d, x in by_day.items() if (d < day if before else d > day)]
        for before in (True, False)
    )
    # Later days hide it: one of them, too, is farther out than all earlier ones.
    assert not min(earlier) <= own <= max(earlier)
    assert max(later) > max(earlier) if own > max(earlier) else min(later) < min(earlier)
    return [x for d, x in by_day.items() if d < day]


def recount_level(log: _Log, told: Observation, found: re.Match[str]) -> None:
    day, levels = day_told(told), log.levels(told.entity, told.column)
    typical = {d: math.copysign(math.expm1(abs(x)), x) for d, x in levels.items()}
    others = held_against(typical, day, found, float)
    shown, least, most = apart(told.column, typical[day], min(others), max(others))
    assert found["observed"] == shown
    assert n(found["of"]) == log.by_day(told.entity, "levels", told.column)[day]
    assert n(found["known"]) == len(others)
    assert found["usual"] == f"{least} to {most}"


def recount_sum(log: _Log, told: Observation, found: re.Match[str]) -> None:
    own: Counter[int] = Counter()
    for each in log.own(told.entity):
        own[day_of(each)] += each[told.column]
    total, others = own[day_told(told)], held_against(own, day_told(told), found, abs)
    shown, least, most = apart(told.column, total, min(others), max(others))
    alike = shown != rounded(told.column, total)
    assert found["observed"] == (shown if alike else amount(told.column, total))
    assert n(found["known"]) == len(others)
    signs = min(total, *others) < 0
    assert found["usual"] == (f"{least} to {most}" if signs else f"at most {most}")


def recount_growth(log: _Log, told: Observation, found: re.Match[str]) -> None:
    slopes = log.slopes(told.column)
    rate, known = slopes[told.entity]

    def grows(x: float) -> str:
        return f"grows by {x:.1%}" if x >= 0 else f"falls by {-x:.1%}"

    assert found["observed"] == grows(rate)
    assert n(found["known"]) == known
    middle = float(np.median([math.log1p(rate) for rate, _ in slopes.values()]))
    assert found["usual"] == f"the middle one of {len(slopes)} {grows(math.expm1(middle))}"


def recount_newcomer(log: _Log, told: Observation, found: re.Match[str]) -> None:
    days: dict[str, set[int]] = {}
    for each in log.rows:
        days.setdefault(each[told.entity_column], set()).add(day_of(each))
    own = [each for each in log.rows if each[told.entity_column] == told.entity]
    assert {day_of(each) for each in own} == {told.start // DAY}
    assert n(found["observed"]) == len(own)
    assert n(found["known"]) == len(set.union(*days.values())) - 1
    assert n(found["of"]) == len(days)
    assert n(found["usual"]) == sum(len(each) > 1 for each in days.values())


def recount_broken_order(log: _Log, told: Observation, found: re.Match[str]) -> None:
    recount_absent_value(log, told, found)
    own = log.new("order", told.column)[told.entity, day_told(told)]
    assert set(told.values[1:]) <= set(own)
    assert found["named"] == ", ".join(f"`{quote(each)}`" for each in told.values[1:3])


DATE = r"(?P<date>\d{4}-\d\d-\d\d)"
SEEN = r"(?P<observed>[\d,]+)"
ANY = r"(?P<observed>.*?)"
OF = r"(?P<of>[\d,]+) events"
REST = r"; (?P<rest>.*)"
COLUMN = r"`(?P<column>.*?)`"
HELD = rf"{COLUMN} `(?P<value>.*?)`"
OTHERS = r"(?P<known>[\d,]+) other"
COMPARED = r"(?P<known>[\d,]+) (?P<which>other|earlier)"
HOURS = r"from (?P<first>\d\d):00 to (?P<last>\d\d):00 UTC"
KIND = r"(?P<kind>working |weekend |)"
STRANGE = rf"and never within two hours of (?:it|these) on other {KIND}days"
FEW = r"on no other day, new to few that day \((?P<named>.*)\)"
SENTENCES: dict[str, tuple[str, Recount]] = {
    "hour": (rf"has {SEEN} events? in an hour, {HOURS} on {DATE}{REST}", recount_hour),
    "hours": (rf"is active in {SEEN} hours? of {DATE} \([^)]*\), {STRANGE}", recount_hours),
    "day": (rf"has {SEEN} events? on {DATE}{REST}", recount_day),
    "new": (rf"has {SEEN} {COLUMN} values? on {DATE} and {FEW}{REST}", recount_new),
    "newcomer": (
        rf"has {SEEN} events? on {DATE} and none on the {OTHERS} days? that are known;"
        rf" of (?P<of>[\d,]+) {COLUMN} values (?P<usual>[\d,]+) come back",
        recount_newcomer,
    ),
    "order": (
        rf"has an order of {COLUMN} on {DATE} in {SEEN} pairs? that it has {FEW}{REST}",
        recount_new,
    ),
    "broken order": (
        rf"has no `(?P<value>.*?)` in its order of {COLUMN} on {DATE}; it has that on all {OTHERS}"
        rf" whole active {KIND}days; in its place it has (?P<named>.*)",
        recount_broken_order,
    ),
    "changes": (
        rf"changes {COLUMN} {ANY}(?:, each)? within ten minutes on {DATE}{REST}",
        recount_changes,
    ),
    "repeats": (
        rf"has {SEEN} events? that repeats? an earlier one of {DATE} in all but ids and times"
        + REST,
        recount_kind,
    ),
    "rhythm": (rf"has {SEEN} events? of {DATE} at regular intervals: [^;]*{REST}", recount_kind),
    "share": (
        rf"has {HELD} in {SEEN} of {OF} on {DATE}(?:, which are (?P<share>\S+) of them)?{REST}",
        recount_share,
    ),
    "absent": (
        rf"has no event on {DATE}; it has some on all {OTHERS} whole {KIND}days",
        recount_absent,
    ),
    "absent value": (
        rf"has events without {HELD} on {DATE}; it has that on all {OTHERS}"
        rf" whole active {KIND}days",
        recount_absent_value,
    ),
    "level": (
        rf"has a typical {COLUMN} of {ANY} over {OF} on {DATE};"
        rf" on {COMPARED} days of at least 5 (?P<usual>.*)",
        recount_level,
    ),
    "sum": (
        rf"has a sum of {COLUMN} of {ANY} on {DATE};"
        rf" on {COMPARED} days that have one (?P<usual>.*)",
        recount_sum,
    ),
    "growth": (
        rf"has a {COLUMN} that {ANY} a day over (?P<known>[\d,]+) days; (?P<usual>.*)",
        recount_growth,
    ),
}


def recount(log: _Log, window: OddWindow) -> set[str]:
    """Count every sentence of a window again; return the views that it has."""
    for told in window.observations:
        [reason] = window_reasons(replace(window, observations=(told,)))
        head = f"`{quote(told.entity)}` "
        assert reason.sentence.startswith(head)
        pattern, recounted = SENTENCES[told.view]
        found = re.fullmatch(pattern, reason.sentence[len(head) :])
        assert found is not None, reason.sentence
        if "date" in found.groupdict():
            day = (date.fromisoformat(found["date"]) - date(1970, 1, 1)).days
            assert day == day_told(told), reason.sentence
        if "kind" in found.groupdict():
            assert found["kind"] == log.kind(day_told(told)), reason.sentence
        if "column" in found.groupdict():
            assert found["column"] == told.column
        recounted(log, told, found)
    return {told.view for told in window.observations}


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_every_figure_of_every_sentence_equals_a_recount_of_the_rows(seed):
    rows = all_planted(office(seed))
    log, views = _Log(rows), set()
    for window in judged(rows):
        views |= recount(log, window)
    # What is rare for one is not where others do it too, as some of these logs have it.
    assert len(views) >= len(SENTENCES) - 1


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTED)
def test_every_figure_of_a_log_with_one_planted_thing_equals_a_recount(name):
    rows = sorted(PLANTED[name].plant(office(2)), key=lambda each: each["time"])
    log = _Log(rows)
    views: set[str] = set()
    for window in judged(rows):
        views |= recount(log, window)
    assert views & PLANTED[name].views


def test_a_sentence_names_the_days_that_it_is_held_against_and_counts_these_alone():
    names = {FIRST + day: "payday" for day in (2, 9, 16, 18, 19)}
    rows = all_planted(office(0))
    counts = tables_of(rows)
    found = windows_by_name(
        lambda read: odd_windows(read, MEASURES, "time", None),
        lambda i: counts[i], MEASURES, names, None,
    )  # fmt: skip
    assert {each.observations[0].alone for each in found.windows} == {None, "payday"}
    for window in found.windows:
        alone = window.observations[0].alone
        said = "among days of `payday` alone" if alone else "with days of `payday` left out"
        assert all(each.sentence.endswith(f", {said}") for each in window_reasons(window))
        days = [each for each in rows if names.get(day_of(each)) == alone]
        unsaid = [replace(each, alone=None, left_out=()) for each in window.observations]
        by_day = [each for each in unsaid if each.view != "rhythm"]  # it spans days
        recount(_Log(days), replace(window, observations=tuple(by_day)))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("a", "b"), "with days of `a` and `b` left out"),
        (("a", "b", "c"), "with days of `a`, `b` and `c` left out"),
        (("a", "b", "c", "d"), "with days of `a` and 3 other names left out"),
    ],
)
def test_names_of_days_are_listed(names: tuple[str, ...], said: str):
    window = judged(all_planted(office(0)))[0]
    told = replace(window.observations[0], left_out=names)
    assert window_title(replace(window, observations=(told,))).endswith(f", {said}")


def test_summary_and_title_are_of_the_first_reasons_and_shares_are_one():
    for window in judged(all_planted(office(0))):
        reasons = window_reasons(window)
        assert window_title(window) == reasons[0].sentence
        assert window_summary(reasons).startswith(reasons[0].sentence)
        shares = [each.share for each in reasons]
        assert shares == sorted(shares, reverse=True)
        assert 0.0 < sum(shares) <= 1.0 + 1e-9
        assert all("\n" not in each.sentence for each in reasons)


def test_what_no_earlier_day_has_is_counted_again_from_the_rows():
    rows = [row for row in PLANTED["new files"].plant(office(2)) if day_of(row) <= FIRST + 17]
    last = FIRST + 17
    told = next(
        each
        for window in judged(sorted(rows, key=lambda row: row["time"]), judged_from=last)
        for each in window.observations
        if (each.view, each.entity, each.column) == ("first seen", "user-2", "object")
    )
    seen: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: row["time"]):
        if row["user"] == "user-2":
            seen.setdefault(row["object"], day_of(row))
    active = sorted({day_of(row) for row in rows if row["user"] == "user-2"})
    new = Counter(seen.values())  # no two people begin with the same files on a day, but by chance
    others = [new[day] for day in active[3:] if day != last]
    most = f"at most {max(others)}" if any(others) else "none"
    on = date.fromordinal(date(1970, 1, 1).toordinal() + last)
    sentence = window_reasons(OddWindow("user", "user-2", (told,)))[0].sentence
    assert sentence.startswith(
        f"`user-2` has {new[last]} `object` values on {on} and on no known day before"
    )
    days = f"{len(others)} other active days, its first three left out,"
    assert sentence.endswith(f"; on {days} {most}")


def test_an_entity_of_four_days_says_that_its_first_three_do_not_count():
    days = [FIRST, FIRST + 4, FIRST + 7, FIRST + 9]
    rows = [row for row in office(0) if day_of(row) <= days[-1]]
    rows = [row for row in rows if row["user"] != "user-2" or day_of(row) in days]
    for day in days:
        rows += own_rows("user-2", day - FIRST, [9], 2)
    new = [{**row, "object": f"secret-{i}"}
           for i, row in enumerate(own_rows("user-2", days[-1] - FIRST, [11], 40))]  # fmt: skip
    rows = sorted([*rows, *new], key=lambda row: row["time"])
    told = next(
        each
        for window in judged(rows, judged_from=days[-1])
        for each in window.observations
        if (each.view, each.entity, each.column) == ("first seen", "user-2", "object")
    )
    [reason] = window_reasons(OddWindow("user", "user-2", (told,)))
    alone = "no other day of it is known but its first three, which are left out"
    left_out = "of other `user` values, the first three of more left out, none has as many"
    assert f"; {alone}; of " in reason.sentence
    assert f" active days {left_out} `object` values" in reason.sentence
    assert reason.column == "object"
    others = {user for user in {row["user"] for row in rows} if user != "user-2"}
    active = [sorted({day_of(row) for row in rows if row["user"] == user}) for user in others]
    counted = sum(len(own[3:]) if len(own) > 3 else len(own) for own in active)
    assert f" of {counted} active days " in reason.sentence


@pytest.mark.parametrize("seed", [65, *(pytest.param(i, marks=pytest.mark.slow) for i in range(8))])
def test_every_figure_of_a_last_day_equals_a_recount(seed):
    rows = messy(seed)
    log = _Log(rows)
    for window in judged(rows, judged_from=log.days[-1]):
        # What is new, or comes back, is counted otherwise there.
        told = [each for each in window.observations
                if each.view not in ("first seen", "first order", "newcomer")]  # fmt: skip
        recount(log, replace(window, observations=tuple(told)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [43, 65, 214, *range(4, 24)])
def test_every_figure_of_a_log_where_things_happen_again_equals_a_recount(seed):
    rows = messy(seed)
    log = _Log(rows)
    for window in judged(rows):
        recount(log, window)
