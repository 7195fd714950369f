"""Recounts what a sentence of a reason says, from its text and the records alone.

Nothing of `anomaly.explain` is used, so that what it counts wrongly shows. A sentence of a form
that is not known here counts as false.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.embedding.token_hashing import words_of
from anomaly.preprocess.masking import mask

Mask = npt.NDArray[np.bool_]

_N = r"(-?[\d,.]+(?:e[+-]?\d+)?)"
_NOUN = r"(?:sampled |known )?(?:event|session)s?"
_WITH = (
    r"(?P<given> with `(?P<other>[^`]+)` (?P<held>missing|`.*?`|[\d,.\-e+]+(?: to [\d,.\-e+]+)?))?"
)


@dataclass(frozen=True)
class Recount:
    """Result of a recount."""

    true: bool
    share: float
    """Of the records that it speaks of, those that it holds for."""


class Records:
    """The records of a log, for recounts."""

    def __init__(self, table: pa.Table) -> None:
        self.n = table.num_rows
        self._table = table
        self._columns: dict[str, Any] = {}

    def values(self, column: str) -> Any:
        """Return the values of a column as plain objects."""
        if column not in self._columns:
            values = self._table[column]
            if pa.types.is_dictionary(values.type):
                values = values.cast(values.type.value_type)
            numeric = pa.types.is_floating(values.type)
            self._columns[column] = (
                values.to_numpy() if numeric else np.array(values.to_pylist(), dtype=object)
            )
        return self._columns[column]

    def holding(self, column: str, value: Any) -> Mask:
        """Return which records hold `value`."""
        values = self.values(column)
        if values.dtype == float:
            return np.isnan(values) if value is None else values == value
        return np.fromiter((v == value for v in values), bool, self.n)

    @cached_property
    def words(self) -> dict[str, Counter[str]]:
        """Column -> masked word -> the records whose text holds it; filled when asked for."""
        return {}

    def word_holders(self, column: str, word: str) -> int:
        """Count the records whose text holds a masked word."""
        if column not in self.words:
            texts = Counter(v for v in self.values(column) if v is not None)
            held: Counter[str] = Counter()
            masked = mask(pc.utf8_slice_codeunits(pa.array(list(texts), pa.string()), 0, 2048))
            for text, n in zip(masked.to_pylist(), texts.values(), strict=True):
                for each in words_of(text):
                    held[each] += n
            self.words[column] = held
        return self.words[column][word]


def recount(
    records: Records, event: Mapping[str, Any], column: str, sentence: str, *, itself: bool
) -> Recount:
    """Count again what a sentence about a column of an event says."""
    asked = _Asked(records, event, column, itself)
    for form, check in _FORMS:
        found = re.match(form, sentence, re.DOTALL)
        if found:
            told = check(asked, found)
            return Recount(told.true and _usual_is_true(asked, found, sentence), told.share)
    return Recount(False, 0.0)


_TAIL = (
    r", (?P<often>usually|most often) (?:between (?P<hour>\d\d):00 and \d\d:00"
    r"|on a (?P<usual_day>\w+)|(?P<name>missing|`.*?`)|(?P<low>\S+(?: \w?B| ?\w{1,3})?)"
    r"(?: to (?P<high>.*?))?)(?: with `(?P<peer>[^`]+)` (?:missing|`.*?`))?$"
)


def _usual_is_true(asked: "_Asked", found: re.Match[str], sentence: str) -> bool:
    """Return whether as many of the other records hold what is usual as the words promise.

    Of numbers with a unit that is not checked.
    """
    tail = re.search(_TAIL, sentence, re.DOTALL)
    if tail is None:
        return True
    among = (
        asked.records.holding(tail["peer"], asked.event[tail["peer"]])
        if tail["peer"]
        else (asked.among(found))
    )
    values = asked.records.values(asked.column)
    least = 0.5 if tail["often"] == "usually" else 0.1
    if tail["name"]:
        held = np.array(
            [
                (v is None) == (tail["name"] == "missing")
                and (v is None or f"`{_shown(str(v))}`" == tail["name"])
                for v in values
            ]
        )
    elif tail["hour"] or tail["usual_day"]:
        names = [f"{m:%A}" if tail["usual_day"] else f"{m:%H}" for m in values[among]]
        return Counter(names).most_common(1)[0][1] == names.count(tail["usual_day"] or tail["hour"])
    else:
        try:
            ends = [_number(end) for end in (tail["low"], tail["high"] or tail["low"])]
        except ValueError:
            return True
        slack = 1e-3 * max(map(abs, ends))
        held = (values >= ends[0] - slack) & (values <= ends[1] + slack)
        least = 0.7
    others = max(int(among.sum()) - int(asked.itself), 1)
    return int((held & among).sum()) >= least * others


@dataclass(frozen=True)
class _Asked:
    records: Records
    event: Mapping[str, Any]
    column: str
    itself: bool

    def among(self, found: re.Match[str]) -> Mask:
        """Return the records that the sentence speaks of."""
        groups = found.groupdict()
        if groups.get("day"):
            moments = self.records.values(self.column)
            return np.array([f"{m:%A}" == groups["day"] for m in moments])
        if not groups.get("given"):
            return np.ones(self.records.n, dtype=bool)
        other, held = groups["other"], groups["held"]
        values = self.records.values(other)
        if values.dtype == float and not held.startswith("`") and held != "missing":
            ends = [_number(end) for end in held.split(" to ")]
            return (values >= ends[0]) & (values <= ends[-1])
        return self.records.holding(other, self.event[other])

    def says(self, found: re.Match[str], held: Mask, among: Mask) -> Recount:
        """Compare `never seen in N` or `in K of N` with a count."""
        return self.counted(found, int((held & among).sum()), int(among.sum()))

    def counted(self, found: re.Match[str], count: int, total: int) -> Recount:
        """Compare the same with counts that are known."""
        never, some, of = (found[f"s{i}"] for i in "123")
        if never is not None:
            true = count == int(self.itself) and _number(never) == total - int(self.itself)
        else:
            true = count == _number(some) and total == _number(of)
        return Recount(true, count / max(total, 1))

    def steps(self) -> Sequence[list[str]]:
        return [list(steps or []) for steps in self.records.values(self.column)]


def _number(text: str) -> float:
    return float(text.replace(",", "").strip())


def _seen(after: str = "") -> str:
    never, some = (
        rf"never seen in (?P<s1>{_N[1:-1]})",
        rf"in (?P<s2>{_N[1:-1]}) of (?P<s3>{_N[1:-1]})",
    )
    return rf"(?:{never} (?:other )?{_NOUN}|{some} {_NOUN}){after}"


def _holds_value(asked: _Asked, found: re.Match[str]) -> Recount:
    held = asked.records.holding(asked.column, asked.event[asked.column])
    return asked.says(found, held, asked.among(found))


_PART = (
    r"`(?P<column>[^`]+)` (?:is between (?P<low>\S+) and (?P<high>[\d.,e+-]+)"
    r"|is in (?P<hour>\d\d):00 to \d\d:00|has just these (?P<steps>[\d,]+) steps"
    r"|is (?:`.*?`|missing|empty))(?= and `|$)"
)


def _combined(asked: _Asked, found: re.Match[str]) -> Recount:
    held = np.ones(asked.records.n, dtype=bool)
    for part in re.finditer(_PART, found["what"], re.DOTALL):
        values = asked.records.values(part["column"])
        if part["low"]:
            held &= (values >= _number(part["low"])) & (values <= _number(part["high"]))
        elif part["hour"]:
            held &= np.array([m.hour == int(part["hour"]) for m in values])
        else:
            held &= asked.records.holding(part["column"], asked.event[part["column"]])
    return asked.says(found, held, np.ones(asked.records.n, dtype=bool))


def _outermost(asked: _Asked, found: re.Match[str]) -> Recount:
    among, value = asked.among(found), asked.event[asked.column]
    values = asked.records.values(asked.column)
    values = values[among & ~np.isnan(values)]
    highest = found["most"] in ("highest", "higher than ever")
    end = values.max() if highest else values.min()
    true = len(values) == _number(found["n"]) and int((values == value).sum()) == int(asked.itself)
    true &= (value >= end) if highest else (value <= end)
    if found["times"]:
        others = values[values != value]
        times, next_one = _number(found["times"]), others.max()
        true &= abs(value / next_one - times) <= 0.51 * (1.0 if times >= 10 else 0.1)
    return Recount(bool(true), 0.0)


def _as_high(asked: _Asked, found: re.Match[str]) -> Recount:
    among, value = asked.among(found), asked.event[asked.column]
    values = asked.records.values(asked.column)
    values = values[among & ~np.isnan(values)]
    held = values >= value if found["side"] == "high or higher" else values <= value
    true = int(held.sum()) == _number(found["k"]) and len(values) == _number(found["n"])
    return Recount(true, float(held.mean()))


def _between(asked: _Asked, found: re.Match[str]) -> Recount:
    values = asked.records.values(asked.column)
    values = values[asked.among(found) & ~np.isnan(values)]
    low, high = _number(found["low"]), _number(found["high"])
    count = int(((values >= low) & (values <= high)).sum())
    k = int(asked.itself) if found["k"] is None else _number(found["k"])
    return Recount(count == k and len(values) == _number(found["n"]), count / len(values))


def _hour(asked: _Asked, found: re.Match[str]) -> Recount:
    hour = int(found["hour"])
    held = np.array([m.hour == hour for m in asked.records.values(asked.column)])
    return asked.says(found, held, asked.among(found))


def _weekday(asked: _Asked, found: re.Match[str]) -> Recount:
    held = np.array([f"{m:%A}" == found["on"] for m in asked.records.values(asked.column)])
    return asked.says(found, held, np.ones(asked.records.n, dtype=bool))


def _word(asked: _Asked, found: re.Match[str]) -> Recount:
    own = words_of(mask(pa.array([asked.event[asked.column][:2048]]))[0].as_py())
    told = found["word"] or _MASKS.get(found["masked"] or "")
    if found["like"]:
        told = mask(pa.array([found["like"]]))[0].as_py().lower()
    word = next((each for each in own if _shown(each) == told), None)
    if word is None:
        return Recount(False, 0.0)
    return asked.counted(found, asked.records.word_holders(asked.column, word), asked.records.n)


def _alike(asked: _Asked, found: re.Match[str]) -> Recount:
    own = mask(pa.array([asked.event[asked.column][:2048]]))[0].as_py()
    texts = Counter(v for v in asked.records.values(asked.column) if v is not None)
    masked = mask(pc.utf8_slice_codeunits(pa.array(list(texts), pa.string()), 0, 2048))
    count = sum(n for t, n in zip(masked.to_pylist(), texts.values(), strict=True) if t == own)
    return asked.counted(found, count, asked.records.n)


def _as_long(asked: _Asked, found: re.Match[str]) -> Recount:
    length = int(_number(found["length"]))
    count = sum(v is not None and len(v) >= length for v in asked.records.values(asked.column))
    told = asked.counted(found, count, asked.records.n)
    return Recount(told.true and len(asked.event[asked.column]) == length, told.share)


def _shown(step: str) -> str:
    return "empty" if not step else step if len(step) <= 80 else f"{step[:33]}…{step[-46:]}"


def _step(asked: _Asked, found: re.Match[str]) -> Recount:
    count = sum(found["step"] in map(_shown, steps) for steps in asked.steps())
    return asked.counted(found, count, asked.records.n)


def _missing_step(asked: _Asked, found: re.Match[str]) -> Recount:
    holds = sum(found["step"] in map(_shown, steps) for steps in asked.steps())
    own = found["step"] in map(_shown, asked.event[asked.column] or [])
    true = not own and holds == _number(found["k"]) and asked.records.n == _number(found["n"])
    return Recount(true, 1.0 - holds / asked.records.n)


def _order(asked: _Asked, found: re.Match[str]) -> Recount:
    def before(steps: list[str]) -> bool:
        shown = [_shown(step) for step in steps]
        a, b = found["a"], found["b"]
        return a in shown and b in shown and shown.index(a) < shown.index(b)

    count = sum(map(before, asked.steps()))
    told = asked.counted(found, count, asked.records.n)
    return Recount(told.true and before(asked.event[asked.column]), told.share)


def _right_after(asked: _Asked, found: re.Match[str]) -> Recount:
    def holds(steps: list[str]) -> bool:
        shown = [_shown(step) for step in steps]
        if found["start"]:
            return shown[:1] == [found["a"]]
        return (found["b"], found["a"]) in pairwise(shown)

    count = sum(map(holds, asked.steps()))
    told = asked.counted(found, count, asked.records.n)
    return Recount(told.true and holds(asked.event[asked.column]), told.share)


def _times(asked: _Asked, found: re.Match[str]) -> Recount:
    times = int(_number(found["times"]))
    each = [[_shown(step) for step in steps].count(found["step"]) for steps in asked.steps()]
    told = asked.counted(found, sum(n >= times for n in each), asked.records.n)
    own = [_shown(step) for step in asked.event[asked.column]].count(found["step"])
    return Recount(told.true and own == times, told.share)


_NUMBER_IS = r"`[^`]+` is [^`]*?(?:where `[^`]+` is [^:]*)?:"
_OUTERMOST = r"(?:the )?(?P<most>highest|lowest|higher than ever|lower than ever) (?:of|in)"
_END = r"(?:, (?:usually|most often) .*)?$"
_SOME = rf"(?P<n>{_N[1:-1]}) {_NOUN}{_WITH}"
_MASKS = {
    "a hexadecimal number": "<hex>",
    "an IP address": "<ip>",
    "a MAC address": "<mac>",
    "a UUID": "<uuid>",
    "a number": "0",
}
_WORD = r"(?:the word `(?P<word>.*)`|a word like `(?P<like>.*)`, digits aside,"
_WORD += rf"|(?P<masked>{'|'.join(_MASKS)}))"
_FORMS = [
    (
        rf"`[^`]+` holds `(?P<step>.*?)` (?P<times>[\d,]+) times: as often or more {_seen()}$",
        _times,
    ),
    (rf"`[^`]+` holds `(?P<step>.*)`: {_seen()}$", _step),
    (
        rf"`(?P<step>.*)` is missing in `[^`]+`: (?P<k>[\d,]+) of (?P<n>[\d,]+) {_NOUN} hold it$",
        _missing_step,
    ),
    (rf"in `[^`]+`, `(?P<a>.*)` comes before `(?P<b>.*)`: {_seen()}$", _order),
    (
        rf"in `[^`]+`, `(?P<a>.*)` comes (?:(?P<start>at the start)|right after `(?P<b>.*)`):"
        rf" {_seen()}$",
        _right_after,
    ),
    (
        rf"{_NUMBER_IS} {_OUTERMOST} {_SOME},"
        rf"(?: (?P<times>{_N[1:-1]}) times)? the (?:next|previous \w+).*$",
        _outermost,
    ),
    (
        rf"{_NUMBER_IS} as (?P<side>(?:high|low) or \w+) in (?P<k>[\d,]+) of {_SOME}{_END}",
        _as_high,
    ),
    (
        rf"{_NUMBER_IS}"
        rf" (?:never )?between (?P<low>{_N[1:-1]}) and (?P<high>{_N[1:-1]})"
        rf" in (?:another|(?P<k>[\d,]+)) of {_SOME}{_END}",
        _between,
    ),
    (
        rf"`[^`]+` is \w+ \d\d:\d\d UTC: between (?P<hour>\d\d):00 and \d\d:00"
        rf" {_seen()}(?: on a (?P<day>\w+))?{_WITH}{_END}",
        _hour,
    ),
    (rf"`[^`]+` is \w+ \d\d:\d\d UTC: on a (?P<on>\w+) {_seen()}{_END}", _weekday),
    (rf"`[^`]+` is `.*`: {_WORD} {_seen()}$", _word),
    (rf"`[^`]+` is `.*`: a text like this, numbers and ids aside, {_seen()}$", _alike),
    (rf"`[^`]+` is `.*`: (?P<length>[\d,]+) characters or more {_seen()}$", _as_long),
    (rf"(?P<what>.* and .*): {_seen()} together$", _combined),
    (rf"(?P<what>`[^`]+` (?:is between .*|is in .*|has just these .*)): {_seen()}$", _combined),
    (
        rf"`[^`]+` is (?:`.*`|missing|empty): {_seen()}{_WITH}"
        rf"(?:, from the known network `[^`]+`)?{_END}",
        _holds_value,
    ),
]
