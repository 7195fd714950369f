"""Tells an incident in one sentence made of all its records.

It says who did what, how often, in how long and to what, as whom and from where, and how it went.
Then it names what is odd about the most telling record. Which column tells which part is known by
its name (`schemas.columns.event_parts`). A log without such columns is told by what is odd alone.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from anomaly.explain.reasons import Reason
from anomaly.numerics.arrays import Integers
from schemas.columns.event_parts import Part
from schemas.columns.vocabulary import words
from schemas.shortening import shortened

_TELLING = 0.1
"""A column with at least this share of the surprisal may be told to be odd."""
_REASONS = 2
"""The most columns that are told to be odd."""
_LONGEST_VALUE = 48
_ACTIVITIES = frozenset({"action", "operation", "activity", "event", "eventname"})
_ACTIVITIES |= {"command", "method", "verb", "api", "call"}
"""Last words of a column whose values are done; of another, events have them."""
_AROUND = {Part.TARGET: "on", Part.ACTOR: "as", Part.SOURCE: "from"}
"""The words before a part, in the order of the sentence."""
_SECOND, _MINUTE, _HOUR, _DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000


@dataclass(frozen=True)
class Told:
    """The values of a column in the records of an incident."""

    column: str
    distinct: int
    """Of those that are not missing."""
    most: str
    """The commonest of them; the first by name, of several."""
    records: int
    """Of the incident that have it."""


@dataclass(frozen=True)
class Happening:
    """The facts of an incident that a sentence tells."""

    records: int
    span: int | None
    """Microseconds from the first to the last; None where they have no time."""
    parts: Mapping[Part, Told]
    unit: str = "event"
    who: Told | None = None
    """The entity that it is about, as the most telling record has it, and how many have it too."""


def happening(
    events: pa.Table,
    places: Integers,
    parts: Mapping[Part, str],
    time: str | None,
    unit: str = "event",
    who: tuple[str, str] | None = None,
) -> Happening:
    """Return what the records of an incident have in common.

    Parameters
    ----------
    events
        Conformed records.
    places
        Those of the incident, at least one.
    parts
        The column that tells each part. One that holds several values of a session tells none.
    time
        The column that holds the time of a record, if there is one.
    unit
        What a record is: `event` or `session`.
    who
        The column and the name of the entity that it is about, if there is one.
    """
    single = {part: column for part, column in parts.items() if _is_single(events, column)}
    own = events.select(sorted({*single.values(), *([] if time is None else [time])}))
    own = own.take(pa.array(places))
    span = None
    if time is not None:
        ends = pc.min_max(own[time].cast(pa.int64())).as_py()
        span = None if ends["min"] is None else ends["max"] - ends["min"]
    found = {part: told for part, column in single.items() if (told := _told(own[column], column))}
    return Happening(len(places), span, found, unit, _entity(events, places, who))


def sentence(what: Happening, reasons: Sequence[Reason]) -> str:
    """Tell an incident in one sentence.

    An entity is told to have done all only if all records are of it. It may have done more: the
    counts are of these records alone, and so the sentence says.

    Parameters
    ----------
    what
        What its records have in common.
    reasons
        Of its most telling record, the most telling first.

    Examples
    --------
    >>> parts = {
    ...     Part.ACTION: Told("action", 1, "sign_in", 16),
    ...     Part.ACTOR: Told("user", 16, "ann", 1),
    ...     Part.OUTCOME: Told("status", 2, "failure", 15),
    ... }
    >>> why = [Reason("user_agent", "curl", "firefox", 0.9, "")]
    >>> who = Told("source_ip", 1, "198.51.100.7", 16)
    >>> sentence(Happening(16, 96_000_000, parts, who=who), why)
    '`198.51.100.7` did `sign_in` in 16 of its events within 96 s as 16 `user` values, with \
`status` `failure` 15 times; odd is `user_agent` `curl` (expected `firefox`)'
    """
    whose = what.who if what.who is not None and what.who.records == what.records else None
    who = None if whose is None else whose.most
    left = {
        part: told
        for part, told in what.parts.items()
        if whose is None or told.column != whose.column
    }
    around = [
        _around(word, left[part], what.records) for part, word in _AROUND.items() if part in left
    ]
    happened = " ".join([_done(who, left.get(Part.ACTION), what), *around])
    if Part.OUTCOME in left:
        happened += f", {_outcome(left[Part.OUTCOME], what.records)}"
    if what.who is not None and whose is None:
        happened += (
            f", {what.who.records:,} of them with `{what.who.column}` `{short(what.who.most)}`"
        )
    shown = [told for part, told in left.items() if part not in _AROUND or told.distinct == 1]
    odd = _odd(reasons, {(told.column, told.most) for told in shown}, who)
    return f"{happened}; odd is {odd}" if odd else happened


def distinct(sentences: Sequence[str], times: Sequence[int | None]) -> list[str]:
    """Add the time of the first record, in UTC, to sentences that are equal.

    Parameters
    ----------
    sentences
        Those of a run.
    times
        Of the first record of each, in microseconds since 1970; None where it has no time.
    """
    often = Counter(sentences)
    return [
        f"{said}, from {_moment(time)} on" if often[said] > 1 and time is not None else said
        for said, time in zip(sentences, times, strict=True)
    ]


def short(value: str | None) -> str:
    r"""Return a value on one line, of a length that a sentence can hold.

    Examples
    --------
    >>> short("first line\n second line"), short(None), short("")
    ('first line second line', 'missing', 'empty')
    """
    text = "missing" if value is None else " ".join(value.split()) or "empty"
    return shortened(text, _LONGEST_VALUE)


def _entity(events: pa.Table, places: Integers, who: tuple[str, str] | None) -> Told | None:
    if who is None:
        return None
    column, name = who
    of_it = pc.equal(events[column].take(pa.array(places)).cast(pa.string()), name)
    return Told(column, 1, name, pc.sum(of_it).as_py() or 0)


def _is_single(events: pa.Table, column: str) -> bool:
    return not pa.types.is_list(events.schema.field(column).type)


def _told(values: pa.ChunkedArray, column: str) -> Told | None:
    counts = pc.value_counts(values.cast(pa.string()).drop_null()).to_pylist()
    if not counts:
        return None
    most = min(counts, key=lambda each: (-each["counts"], each["values"]))
    return Told(column, len(counts), most["values"], most["counts"])


def _done(who: str | None, action: Told | None, what: Happening) -> str:
    """Say what was done, and in how many records: the entity may have others that are ordinary."""
    span = "" if what.span is None or what.records == 1 else f" within {_duration(what.span)}"
    if action is None:
        if who is None:
            return f"{_counted(what)}{span}"
        some = "One" if what.records == 1 else f"{what.records:,}"
        return f"{some} of the {what.unit}s of `{short(who)}`{span}"
    is_done = bool(_ACTIVITIES & set(words(action.column)[-2:]))
    done = f"`{short(action.most)}`" if is_done else f"`{action.column}` `{short(action.most)}`"
    if action.records < what.records:
        done = f"{done} {_times(action.records)}"
    if action.distinct > 1:
        done = f"{done} and {action.distinct - 1:,} other{'' if action.distinct == 2 else 's'}"
    if who is None:
        return f"{done} in {_counted(what)}{span}"
    some = "one" if what.records == 1 else f"{what.records:,}"
    did = "did" if is_done else "had"
    return f"`{short(who)}` {did} {done} in {some} of its {what.unit}s{span}"


def _counted(what: Happening) -> str:
    return f"one {what.unit}" if what.records == 1 else f"{what.records:,} {what.unit}s"


def _times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n:,} times")


def _duration(span: int) -> str:
    """Say how long at the most, in whole units of which there are few."""
    for unit, name in ((_SECOND, "s"), (_MINUTE, "min"), (_HOUR, "h")):
        if span <= 120 * unit:
            return f"{max(math.ceil(span / unit), 1):,} {name}"
    return f"{math.ceil(span / _DAY):,} days"


def _around(word: str, told: Told, records: int) -> str:
    if told.distinct > 1:
        return f"{word} {told.distinct:,} `{told.column}` values"
    part = "" if told.records == records else f" {_times(told.records)}"
    return f"{word} `{short(told.most)}`{part}"


def _outcome(told: Told, records: int) -> str:
    part = "" if told.records == records else f" {_times(told.records)}"
    return f"with `{told.column}` `{short(told.most)}`{part}"


def _odd(reasons: Sequence[Reason], said: Collection[tuple[str, str]], who: str | None) -> str:
    """Name the columns that are odd, with their values where these do not stand there already.

    Of the most telling one it also says what was to be expected.
    """
    telling = [reason for reason in reasons if reason.share >= _TELLING] or list(reasons[:1])
    named = [_named(reason, said, who) for reason in telling[:_REASONS]]
    if telling and telling[0].observed != who and telling[0].expected is not None:
        named[0] += f" (expected {_set(telling[0], telling[0].expected)})"
    return " and ".join(named)


def _named(reason: Reason, said: Collection[tuple[str, str]], who: str | None) -> str:
    name, value = f"`{reason.column}`", reason.observed
    if value is None:
        return f"{name} (missing)"
    if value == who or (reason.column, value) in said:
        return name
    # What is odd about steps is no value of the column, such as "3 times read".
    of_steps = not (_is_quoted(reason, value) or reason.sentence.startswith(f"{name} is "))
    return f"{name}{': ' if of_steps else ' '}{_set(reason, value)}"


def _set(reason: Reason, value: str) -> str:
    """Set a value as the sentence of its reason does: a number, or what is missing, has no marks.

    Examples
    --------
    >>> why = Reason("ok", "missing", "true", 0.9, "`ok` is missing: in 1 of 9, usually `true`")
    >>> _set(why, "missing"), _set(why, "true")
    ('missing', '`true`')
    """
    return f"`{short(value)}`" if _is_quoted(reason, value) else short(value)


def _is_quoted(reason: Reason, value: str) -> bool:
    return not reason.sentence or f"`{value}`" in reason.sentence


def _moment(time: int) -> str:
    return f"{datetime.fromtimestamp(time // _SECOND, UTC):%H:%M:%S} UTC"
