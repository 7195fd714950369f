"""Reasons of an odd window: what an entity did there, and what it did on its other days."""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from anomaly.behaviour.levels import FEWEST_EVENTS
from anomaly.behaviour.observations import MOST_EXPECTED, VERY_ODD, Observation, OddWindow
from anomaly.behaviour.travel import FARTHER, FASTER, Move, moves_in
from anomaly.explain.amounts import amount, apart, percents, rounded
from anomaly.explain.quoting import quote
from anomaly.explain.reasons import Reason

_MOST_REASONS = 5
MOST_NAMED = 3
"""Values that are named of those of a window."""
_SMALLEST_SHARE = 0.05
_IN_SUMMARY = 3
_SATURDAY = 5
_WITHOUT_ENDS = {
    **dict.fromkeys(("new", "order"), "the first and last of more than three left out"),
    **dict.fromkeys(("first seen", "first order"), "the first three of more left out"),
}
"""Views that leave out days at the ends of other entities, and the words for these."""
_ALL_DIGITS = 17
_LONG = 120
"""From so many seconds on a time is told in minutes, and from so many minutes on in hours."""


def window_reasons(window: OddWindow) -> list[Reason]:
    """Return the reasons of an odd window, the most telling first."""
    numbers = [max(each.number, VERY_ODD) for each in window.observations]
    nats = [math.log(2.0 * MOST_EXPECTED / number) for number in numbers]
    shares = [each / sum(nats) for each in nats]
    told = zip(window.observations, shares, strict=True)
    return [
        _reason(each, share)
        for place, (each, share) in enumerate(told)
        if place == 0 or (share >= _SMALLEST_SHARE and place < _MOST_REASONS)
    ]


def window_summary(reasons: Sequence[Reason]) -> str:
    """Return the sentences of the most telling reasons."""
    return "; ".join(reason.sentence for reason in reasons[:_IN_SUMMARY])


def window_title(window: OddWindow) -> str:
    """Tell an odd window in one sentence, by what is oddest about it."""
    return _reason(window.observations[0], 1.0).sentence


def other_days(told: Observation) -> str:
    """Say which days the other ones are, as a clause; nothing where no day has a name."""
    if told.alone is not None:
        return f", among days of `{quote(told.alone)}` alone"
    if not told.left_out:
        return ""
    first, *rest = (f"`{quote(name)}`" for name in told.left_out)
    if len(rest) >= MOST_NAMED:
        return f", with days of {first} and {len(rest)} other names left out"
    listed = " and ".join(filter(None, [", ".join([first, *rest[:-1]]), *rest[-1:]]))
    return f", with days of {listed} left out"


def _reason(told: Observation, share: float) -> Reason:
    observed, expected, did = _TOLD[told.view](told)
    # Of a new name, all that it does is new: the name is what is odd.
    column = told.column if told.known or told.without_ends else told.entity_column
    sentence = f"`{quote(told.entity)}` {did}{other_days(told)}"
    return Reason(column, observed, expected, share, sentence)


def _hour(told: Observation) -> tuple[str, str | None, str]:
    start, stop = (datetime.fromtimestamp(end // 1_000_000, UTC) for end in (told.start, told.stop))
    span = f"from {start:%H:%M} to {stop:%H:%M} UTC on {start:%Y-%m-%d}"
    usual = _most(told, "in that hour", _kind(told) if told.of_kind else "")
    did = f"has {_events(told.observed)} in an hour, {span}; {usual}"
    return f"{told.observed:,.0f} events in an hour", _expected(told), did


def _hours(told: Observation) -> tuple[str, str | None, str]:
    hours = f"{told.observed:,.0f} hour{'' if told.observed == 1 else 's'}"
    of_these = "it" if told.observed == 1 else "these"
    did = f"is active in {hours} of {_date(told)} ({_named(told)}), and never within two hours of"
    return (
        f"{hours} far from those of other days",
        None,
        f"{did} {of_these} on other {_kind(told)}days",
    )


def _day(told: Observation) -> tuple[str, str | None, str]:
    did = f"has {_events(told.observed)} on {_date(told)}; {_most(told)}"
    return f"{told.observed:,.0f} events on a day", _expected(told), did


def _new(told: Observation) -> tuple[str, str | None, str]:
    n, column = int(told.observed), quote(told.column)
    values = f"{n:,} `{column}` value{'' if n == 1 else 's'}"
    did = f"has {values} on {_date(told)} and on no {_other_day(told)}, new to few that day"
    return (
        f"{n:,} new",
        _expected(told),
        f"{did} ({_named(told)}); {_most(told, held=f'`{column}` values')}",
    )


def _newcomer(told: Observation) -> tuple[str, str | None, str]:
    others = f"of {told.exposure:,} `{quote(told.column)}` values {told.most:,.0f} come back"
    other = f"{told.known:,} other day{'' if told.known == 1 else 's'} that are known"
    did = f"has {_events(told.observed)} on {_date(told)} and none on the {other}; {others}"
    return "one day alone", None, did


def _order(told: Observation) -> tuple[str, str | None, str]:
    n, column = int(told.observed), quote(told.column)
    pairs = f"{n:,} pair{'' if n == 1 else 's'} that it has on no {_other_day(told)}"
    pairs = f"{pairs}, new to few that day"
    did = f"has an order of `{column}` on {_date(told)} in {pairs}"
    did = f"{did} ({_named(told)}); {_most(told, 'such', held='pairs')}"
    return f"{n:,} new in order", _expected(told), did


def _broken_order(told: Observation) -> tuple[str, str | None, str]:
    column, away = quote(told.column), quote(told.values[0])
    new = ", ".join(f"`{quote(value)}`" for value in told.values[1:MOST_NAMED])
    did = f"has no `{away}` in its order of `{column}` on {_date(told)}; it has that on all"
    did = f"{did} {told.known:,} other whole active {_kind(told)}days; in its place it has {new}"
    return "missing", away, did


def _changes(told: Observation) -> tuple[str, str | None, str]:
    each = "" if told.observed == 1 else ", each"
    did = f"changes `{quote(told.column)}` {_times(told.observed)}{each} within ten minutes"
    return (
        f"{told.observed:,.0f} changes",
        _expected(told),
        f"{did} on {_date(told)}; {_most(told)}",
    )


def _travel(told: Observation) -> tuple[str, str | None, str]:
    [fastest] = moves_in(told.values[:1])
    once = ":" if told.observed == 1 else ", the fastest"
    did = f"moves over {FARTHER:,.0f} km at more than {FASTER:,.0f} km/h {_times(told.observed)}"
    did = f"{did} on {_date(told)}{once} {_move(fastest)}; {_most(told)}"
    return f"{told.observed:,.0f} too fast", _expected(told), did


def _repeats(told: Observation) -> tuple[str, str | None, str]:
    repeat = "repeats" if told.observed == 1 else "repeat"
    did = f"has {_events(told.observed)} that {repeat} an earlier one of {_date(told)} in all but"
    return (
        f"{told.observed:,.0f} repeated",
        _expected(told),
        f"{did} ids and times; {_most(told)}",
    )


def _rhythm(told: Observation) -> tuple[str, str | None, str]:
    did = f"has {_events(told.observed)} of {_date(told)} at regular intervals: each follows one"
    return (
        f"{told.observed:,.0f} at regular intervals",
        _expected(told),
        f"{did} alike after the time that this one took; {_most(told)}",
    )


def _share(told: Observation) -> tuple[str, str | None, str]:
    value = quote(told.values[0])
    of = f"{told.observed:,.0f} of {told.exposure:,} events"
    did = f"has `{quote(told.column)}` `{value}` in {of} on {_date(told)}"
    own = told.observed / told.exposure
    if told.observed > told.most or own <= told.most_share:
        return value, _expected(told), f"{did}; {_most(told)}"
    share, usual = percents(own, told.most_share)
    days = f"{told.known:,} other active day{'' if told.known == 1 else 's'}"
    did = f"{did}, which are {share} of them; on {days} at most {usual}"
    return value, f"at most {usual} of the events", did


def _absent(told: Observation) -> tuple[str, str | None, str]:
    did = f"has no event on {_date(told)}; it has some on all {told.known:,} other whole"
    did = f"{did} {_kind(told)}days"
    return "no event", f"at most {told.most:,.0f}", did


def _absent_value(told: Observation) -> tuple[str, str | None, str]:
    value = f"`{quote(told.column)}` `{quote(told.values[0])}`"
    did = f"has events without {value} on {_date(told)}; it has that on all {told.known:,} other"
    return "missing", quote(told.values[0]), f"{did} whole active {_kind(told)}days"


def _level(told: Observation) -> tuple[str, str | None, str]:
    column = quote(told.column)
    typical, least, most = apart(told.column, told.observed, told.least, told.most)
    of = f"over {told.exposure:,} events on {_date(told)}"
    others = f"on {_days(told)} of at least {FEWEST_EVENTS} {least} to {most}"
    return typical, f"{least} to {most}", f"has a typical `{column}` of {typical} {of}; {others}"


def _sum(told: Observation) -> tuple[str, str | None, str]:
    total = told.observed
    shown, least, most = apart(told.column, total, told.least, told.most)
    usual = f"{least} to {most}" if min(total, told.least) < 0 else f"at most {most}"
    observed = amount(told.column, total) if shown == rounded(told.column, total) else shown
    did = f"has a sum of `{quote(told.column)}` of {observed} on {_date(told)}"
    return observed, usual, f"{did}; on {_days(told)} that have one {usual}"


def _growth(told: Observation) -> tuple[str, str | None, str]:
    own, usual = told.observed, told.most
    differ = (n for n in range(1, _ALL_DIGITS) if f"{own:z.{n}%}" != f"{usual:z.{n}%}")
    digits = next(differ, _ALL_DIGITS)
    did = f"has a `{quote(told.column)}` that {_grows(own, digits)} a day over {told.known:,} days"
    did = f"{did}; the middle one of {told.exposure:,} {_grows(usual, digits)}"
    return f"{own:+z.{digits}%} a day", f"{usual:+z.{digits}%} a day", did


_TOLD: dict[str, Callable[[Observation], tuple[str, str | None, str]]] = {
    "hour": _hour,
    "hours": _hours,
    "day": _day,
    "new": _new,
    "newcomer": _newcomer,
    "order": _order,
    "first seen": _new,
    "first order": _order,
    "broken order": _broken_order,
    "changes": _changes,
    "travel": _travel,
    "repeats": _repeats,
    "rhythm": _rhythm,
    "share": _share,
    "absent": _absent,
    "absent value": _absent_value,
    "level": _level,
    "sum": _sum,
    "growth": _growth,
}


def _kind(told: Observation) -> str:
    """Name the kind of the day, where working days and weekends are held apart."""
    if not told.kinds_apart:
        return ""
    day = datetime.fromtimestamp(told.start // 1_000_000, UTC)
    return "weekend " if day.weekday() >= _SATURDAY else "working "


def _other_day(told: Observation) -> str:
    return "known day before" if told.view.startswith("first") else "other day"


def _days(told: Observation) -> str:
    return f"{told.known:,} {'earlier days' if told.before else 'other days'}"


def _date(told: Observation) -> str:
    return f"{datetime.fromtimestamp(told.start // 1_000_000, UTC):%Y-%m-%d}"


def _events(n: float) -> str:
    return f"{n:,.0f} event{'' if n == 1 else 's'}"


def _times(n: float) -> str:
    return {1: "once", 2: "twice"}.get(int(n), f"{n:,.0f} times")


def _move(move: Move) -> str:
    minutes = move.seconds / 60
    took = f"{move.seconds:,.0f} s"
    if move.seconds >= _LONG:
        took = f"{minutes:,.0f} min" if minutes < _LONG else f"{minutes / 60:,.1f} h"
    start, stop = (", ".join(f"{each:z.2f}" for each in place) for place in (move.start, move.stop))
    return f"{move.kilometres:,.0f} km in {took}, from {start} to {stop}"


def _most(told: Observation, where: str = "", kind: str = "", held: str = "") -> str:
    """Say what the other windows had at the most, or how many of them had as many.

    Where no other one is known, those of other entities tell; `held` names what they have.
    """
    if not told.known:
        return _of_others(told, held)
    place = f" {where}" if where else ""
    days = f"{told.known:,} {'earlier' if told.before else 'other'} active {kind}day"
    days = f"{days}{'' if told.known == 1 else 's'}"
    if told.without_ends:
        days = f"{days}, {_ends(told)} left out,"
    if told.as_high and not told.before:
        return f"on {told.as_high:,} of {days} as many or more{place}"
    most = "none" if not told.most else f"at most {told.most:,.0f}"
    again = f", and on {told.as_high:,} later as many or more" if told.as_high else ""
    return f"on {days} {most}{place}{again}"


def _ends(told: Observation) -> str:
    if told.view.startswith("first"):
        return "its first three"
    return "its first" if told.before else "its first and last"


def _of_others(told: Observation, held: str) -> str:
    alone = "no other day of it is known"
    if told.without_ends:
        alone = f"{alone} but {_ends(told)}, which are left out"
    if not told.others:
        return alone
    windows = "hours with events" if told.view == "hour" else "active days"
    have = "has" if told.others_as_high <= 1 else "have"
    some = f"{told.others_as_high:,}" if told.others_as_high else "none"
    what = f"as many {held}" if held else "as many"
    others = f"{told.others:,} {windows} of other `{quote(told.entity_column)}` values"
    if told.view in _WITHOUT_ENDS:
        others = f"{others}, {_WITHOUT_ENDS[told.view]},"
    return f"{alone}; of {others} {some} {have} {what}"


def _expected(told: Observation) -> str | None:
    if told.as_high and not told.before:
        return f"fewer on {told.known - told.as_high:,} of {told.known:,} other days"
    return f"at most {told.most:,.0f}" if told.known else None


def _named(told: Observation) -> str:
    named = ", ".join(f"`{quote(value)}`" for value in told.values[:MOST_NAMED])
    return f"{named}, …" if told.observed > MOST_NAMED else named


def _grows(rate: float, digits: int) -> str:
    return f"grows by {rate:.{digits}%}" if rate >= 0 else f"falls by {-rate:.{digits}%}"
