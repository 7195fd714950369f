"""Formats of times that text may have beside ISO 8601, as strptime spells them.

A format is told by the values: `31.12.2025` has the day first, as numbers with dots have
everywhere. With `/` or `-` a day above 12 tells which comes first; without one the order is open.
"""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

ACCEPTED = "%Y %y %m %d %j %b %B %a %A %H %I %p %M %S %f %z %%"
"""The directives of a format, with the meaning that strptime gives them."""
ISO_DAY = "%Y-%m-%d"

_CLOCK = r"(\d\d?):(\d\d)(:\d\d)?([.,]\d{1,9})?( ?[ap]m)?( ?[+-]\d\d:?\d\d)?"
_DAY_AND_MONTH = r"(\d\d?)([./-])(\d\d?)\2((?:19|20)\d\d)"
_NUMERIC_DAY = re.compile(rf"(?i)\[?{_DAY_AND_MONTH}(?:(,? |T|:){_CLOCK})?\]?")
_CLOCK_ALONE = re.compile(rf"(?i){_CLOCK}")
_NAMED = tuple(
    (re.compile(rf"(?i)\[?{pattern}\]?"), spelling)
    for pattern, spelling in (
        (r"[a-z]{3} [ \d]\d \d\d:\d\d:\d\d", "%b %d %H:%M:%S"),
        (r"[a-z]{3} [ \d]\d \d{4} \d\d:\d\d:\d\d", "%b %d %Y %H:%M:%S"),
        (r"[a-z]{3} [a-z]{3} [ \d]\d \d\d:\d\d:\d\d \d{4}", "%a %b %d %H:%M:%S %Y"),
        (r"[a-z]{3} [a-z]{3} [ \d]\d \d\d:\d\d:\d\d\.\d+ \d{4}", "%a %b %d %H:%M:%S.%f %Y"),
        (r"\d\d?-[a-z]{3}-\d{4} \d\d:\d\d:\d\d", "%d-%b-%Y %H:%M:%S"),
        (r"\d\d?-[a-z]{3}-\d{4} \d\d:\d\d:\d\d\.\d+", "%d-%b-%Y %H:%M:%S.%f"),
        (r"\d\d?/[a-z]{3}/\d{4}:\d\d:\d\d:\d\d", "%d/%b/%Y:%H:%M:%S"),
    )
)
"""Pattern of a time with the name of its month -> its format. The first is syslog's, without a
year; the others are of network devices, C's `ctime`, web servers and name servers."""

OTHER_TIME = (
    r"(?i)^\[?(\d\d?[./-]\d\d?[./-](19|20)\d\d(,? |T|:)\d\d?:\d\d(:\d\d)?([.,]\d{1,9})?( ?[ap]m)?"
    r"( ?[+-]\d\d:?\d\d)?"
    r"|[a-z]{3} [ \d]\d (\d{4} )?\d\d:\d\d:\d\d"
    r"|[a-z]{3} [a-z]{3} [ \d]\d \d\d:\d\d:\d\d(\.\d+)? \d{4}"
    r"|\d\d?-[a-z]{3}-\d{4} \d\d:\d\d:\d\d(\.\d+)?"
    r"|\d\d?/[a-z]{3}/\d{4}:\d\d:\d\d:\d\d)\]?$"
)
"""Pattern (RE2) of a day with a time of day, in any of these formats."""
OTHER_DATE = r"^\d\d?[./-]\d\d?[./-](19|20)\d\d$"
"""Pattern (RE2) of a day alone, in any of these formats."""
CLOCK = r"(?i)^\d\d?:\d\d(:\d\d)?([.,]\d{1,9})?( ?[ap]m)?( ?[+-]\d\d:?\d\d)?$"
"""Pattern (RE2) of a time of day alone."""


@dataclass(frozen=True)
class Spelling:
    """The format of the time of the event, and the column that holds its day."""

    format: str | None = None
    """Its format, over day and time of day; None for what is read without one."""
    date: str | None = None
    """Another column that holds the day; None where the time's own column does."""
    before: datetime.date | None = None
    """The day that all times lie before: it gives those without a year the latest possible."""


PLAIN = Spelling()
"""What is read as it is: ISO 8601, common log format, RFC 1123 and counts."""


def check_format(spelling: str) -> str:
    """Check the format of a time.

    Raises
    ------
    ValueError
        A directive is unknown, or the format leaves the day open.

    Examples
    --------
    >>> check_format("%d.%m.%Y %H:%M:%S")
    '%d.%m.%Y %H:%M:%S'
    """
    used = _directives(spelling)
    strange = [f"%{letter}" for letter in used if f"%{letter}" not in ACCEPTED.split()]
    if strange:
        raise ValueError(f"a format has no `{strange[0]}`; accepted are {ACCEPTED}")
    day = {"d", "j"} & set(used) and {"m", "b", "B", "j"} & set(used)
    if not day:
        raise ValueError(
            f"a format needs a day and a month, as `%d.%m.%Y %H:%M:%S` has; accepted are {ACCEPTED}"
        )
    return spelling


def has_year(spelling: str) -> bool:
    """Tell whether a format names the year.

    Examples
    --------
    >>> has_year("%d.%m.%Y %H:%M:%S"), has_year("%b %d %H:%M:%S")
    (True, False)
    """
    return bool({"Y", "y"} & set(_directives(spelling)))


def likely_formats(texts: Sequence[str]) -> tuple[str, ...]:
    """Give the formats that read all of these texts.

    Parameters
    ----------
    texts
        Distinct values of a column; those that are no time at all are left out of account.

    Returns
    -------
    tuple of str
        One format. Or two, where the order of day and month is open. Or none, where the texts are
        no times or are written in several ways.

    Examples
    --------
    >>> likely_formats(["12/31/2025 11:59:59 PM", "1/5/2026 3:11:00 AM"])
    ('%m/%d/%Y %I:%M:%S %p',)
    >>> likely_formats(["1/5/2026 3:11:00 AM"])
    ('%d/%m/%Y %I:%M:%S %p', '%m/%d/%Y %I:%M:%S %p')
    """
    numeric = [match for match in map(_NUMERIC_DAY.fullmatch, texts) if match]
    named = [spelling for spelling in map(_named_format, texts) if spelling]
    clocks = [match for match in map(_CLOCK_ALONE.fullmatch, texts) if match]
    found = [kind for kind in (numeric, named, clocks) if kind]
    if len(found) != 1:
        return ()
    if numeric:
        return _of_numeric_days(numeric)
    ways = set(named) or {_clock_format(match, 1) for match in clocks}
    return tuple(ways) if len(ways) == 1 else ()


def _directives(spelling: str) -> list[str]:
    return re.findall(r"%(.|$)", spelling, re.DOTALL)


def _named_format(text: str) -> str | None:
    return next((spelling for pattern, spelling in _NAMED if pattern.fullmatch(text)), None)


def _of_numeric_days(matches: Sequence[re.Match[str]]) -> tuple[str, ...]:
    ways = {(match[2], _tail_format(match)) for match in matches}
    if len(ways) > 1:
        return ()
    mark, tail = ways.pop()
    first = max(int(match[1]) for match in matches)
    second = max(int(match[3]) for match in matches)
    day_first = first <= 31 and second <= 12
    month_first = first <= 12 and second <= 31 and not (mark == "." and day_first)
    orders = (("%d", "%m", day_first), ("%m", "%d", month_first))
    return tuple(f"{one}{mark}{two}{mark}%Y{tail}" for one, two, possible in orders if possible)


def _tail_format(match: re.Match[str]) -> str:
    return f"{match[5]}{_clock_format(match, 6)}" if match[5] else ""


def _clock_format(match: re.Match[str], hour: int) -> str:
    """Give the format of a time of day whose hour is this group of the match."""
    seconds, fraction, half, zone = (match[group] for group in range(hour + 2, hour + 6))
    return "".join(
        (
            "%I" if half else "%H",
            ":%M",
            ":%S" if seconds else "",
            f"{fraction[0]}%f" if fraction else "",
            f"{' ' if half.startswith(' ') else ''}%p" if half else "",
            f"{' ' if zone.startswith(' ') else ''}%z" if zone else "",
        )
    )
