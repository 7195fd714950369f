"""Partitions: the days of an input whose location holds `{date}`.

`{date}` stands for `2026-01-05`; `{date:%Y/%m/%d}` spells the day in another way. A field may stand
wherever the day does: in a folder, in a hive key (`date={date}`), in a file's name, more than once.
A day is put into the location and nothing else, so that no partition leads out of the input.
"""

import re

from schemas.job.partition import Partition

_FIELD = re.compile(r"\{date(?::(?P<format>[^{}]*))?\}")
_HOUR = re.compile(r"\{hour(?::[^{}]*)?\}")
_DIRECTIVE = re.compile(r"%(.?)")
_PARTS = {"Y": "{0.year:04d}", "m": "{0.month:02d}", "d": "{0.day:02d}"}
_ISO = "%Y-%m-%d"
HISTORY_DAYS = 28
"""Days before a partition that it is judged against by default: four of each weekday.

Of the baselines of daily counts in public health, 28 days are among the best (Tokars et al., 2009).
"""
THE_BATCH = "batch"
"""The setting of a job whose records are judged against each other."""
_WINDOW = re.compile(r"last ([1-9]\d{0,2}) days?")
_WILDCARD = re.compile(r"[*?\[]")


def is_partitioned(location: str) -> bool:
    """Tell whether a location has a day in it.

    Examples
    --------
    >>> is_partitioned("logs/date={date}/"), is_partitioned("logs/")
    (True, False)
    """
    return _FIELD.search(location) is not None


def check_location(location: str) -> str:
    """Check the fields of a location.

    Raises
    ------
    ValueError
        A format has more in it than `%Y`, `%m` and `%d`. Or the fields together leave the day
        open, one is of the hour, or one stands where a URL names its bucket.
    """
    if hour := _HOUR.search(location):
        raise ValueError(f"a partition is a day: write `*` for `{hour[0]}`, and it holds all hours")
    formats = [field["format"] or _ISO for field in _FIELD.finditer(location)]
    used = {letter for each in formats for letter in _DIRECTIVE.findall(each)}
    if strange := used - set(_PARTS):
        wild = ": write `*` for the hour" if strange == {"H"} else ""
        raise ValueError(f"`{{date}}` is spelt with %Y, %m and %d, not with %{min(strange)}{wild}")
    if formats and used != set(_PARTS):
        missing = " and ".join(f"%{letter}" for letter in _PARTS if letter not in used)
        raise ValueError(f"a partition is a day, and its `{{date}}` has no {missing}")
    if formats and "://" in location and is_partitioned(_bucket(location)):
        raise ValueError("`{date}` cannot stand in the name of a bucket")
    return location


def location_of(location: str, partition: Partition) -> str:
    """Put a partition into a location.

    Examples
    --------
    >>> day = Partition.parse("2026-01-05")
    >>> location_of("logs/date={date}/*.parquet", day)
    'logs/date=2026-01-05/*.parquet'
    >>> location_of("s3://logs/{date:%Y/%m}/app-{date:%d}.parquet", day)
    's3://logs/2026/01/app-05.parquet'
    """

    def spelt(field: re.Match[str]) -> str:
        spelling = field["format"] or _ISO
        return _DIRECTIVE.sub(lambda part: _PARTS[part[1]].format(partition.day), spelling)

    return _FIELD.sub(spelt, location)


def root_of(location: str) -> str:
    """Give the folder that all partitions lie in, so that their files have names of their own.

    Examples
    --------
    >>> root_of("logs/date={date}/*.parquet"), root_of("s3://logs/app-{date:%Y/%m/%d}.parquet")
    ('logs', 's3://logs')
    >>> root_of("{date}.parquet"), root_of("/{date}")
    ('.', '/')
    """
    ends = [
        match.start() for match in (_FIELD.search(location), _WILDCARD.search(location)) if match
    ]
    folder, slash, _ = location[: min(ends, default=len(location))].rpartition("/")
    return folder or slash or "."


def without_day(location: str) -> str:
    """Put a wildcard in place of each field, for a name that all partitions share.

    Examples
    --------
    >>> without_day("logs/{date:%Y/%m/%d}/events.parquet")
    'logs/*/events.parquet'
    """
    return _FIELD.sub("*", location)


def days_of_window(window: str) -> int | None:
    """Read how many days a window spans; None for what is no window but a location.

    Raises
    ------
    ValueError
        It begins like a window.

    Examples
    --------
    >>> days_of_window("last 30 days"), days_of_window("logs/history/")
    (30, None)
    """
    spelt = _WINDOW.fullmatch(window)
    if spelt is None and re.match(r"last\s", window):
        raise ValueError('a window is spelt as "last 30 days", of 1 to 999')
    return None if spelt is None else int(spelt[1])


def _bucket(location: str) -> str:
    """Give what stands before the path of a URL; the slashes of a format are not of the path."""
    rest = location.partition("://")[2]
    return _FIELD.sub(lambda field: field[0].replace("/", "%"), rest).partition("/")[0]
