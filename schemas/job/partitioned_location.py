"""The location of an input in partitions: it holds `{date}` for a day, and `{hour}` for an hour.

`{date}` stands for `2026-01-05`; `{date:%Y/%m/%d}` spells the day in another way. `{hour}` beside
it stands for `05`, as `%H` does in a format: then each hour is a partition. A field may stand
wherever the day does: in a folder, in a hive key (`date={date}`), in a file's name, more than once.
A partition is put into the location and nothing else, so that none leads out of the input.
"""

import re

from schemas.job.partition import Partition

_FIELD = re.compile(r"\{(?P<name>date|hour)(?::(?P<format>[^{}]*))?\}")
_LIKE_A_FIELD = re.compile(r"\{\s*(?P<name>[^\W\d]\w*)\s*(?::[^{}]*)?\}")
"""A name in braces, as a field is spelt."""
_DIRECTIVE = re.compile(r"%(-?.?)")
_PARTS = {
    "Y": "{0.year:04d}",
    "m": "{0.month:02d}",
    "d": "{0.day:02d}",
    "H": "{0.hour:02d}",
    "-m": "{0.month}",
    "-d": "{0.day}",
    "-H": "{0.hour}",
}
_OF_A_DAY, _HOURS = "Ymd", ({"H"}, {"-H"})
_DEFAULTS = {"date": "%Y-%m-%d", "hour": "%H"}
_UNPADDED = "\0"
_TOUCHING = re.compile(rf"[\d*?\[\]{_UNPADDED}]{_UNPADDED}|{_UNPADDED}[\d*?\[]")
HOURS_A_DAY = 24
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
        A format has more in it than `%Y`, `%m`, `%d` and `%H`. Or the fields together leave the
        day open, or one stands where a URL names its bucket. Or a number without zeros in front
        touches another. Or a name in braces is no field, where others are or it is spelt nearly so.
    """
    _refuse_other_fields(location)
    used = _directives(location)
    for field in _FIELD.finditer(location):
        if field["name"] == "hour" and set(_DIRECTIVE.findall(_format(field))) not in _HOURS:
            raise ValueError(f"`{{hour}}` is spelt with %H alone, and here it is `{field[0]}`")
    if strange := used - set(_PARTS):
        raise ValueError(f"`{{date}}` is spelt with %Y, %m, %d and %H, not with %{min(strange)}")
    letters = {each.removeprefix("-") for each in used}
    missing = " and ".join(f"%{letter}" for letter in _OF_A_DAY if letter not in letters)
    if letters == {"H"}:
        raise ValueError("an hour is one of a day: put `{date}` beside its `{hour}`")
    if is_partitioned(location) and missing:
        raise ValueError(f"a partition is a day, and its `{{date}}` has no {missing}")
    if "://" in location and is_partitioned(_bucket(location)):
        raise ValueError("`{date}` cannot stand in the name of a bucket")
    if _TOUCHING.search(_FIELD.sub(_outline, location.replace(_UNPADDED, "."))):
        raise ValueError(
            "a number spelt by `%-m`, `%-d` or `%-H` has neither a digit nor a wildcard beside it,"
            " as in `hour={hour:%-H}/`"
        )
    return location


def _refuse_other_fields(location: str) -> None:
    """Refuse `{Hour}` and, beside a field, any other name in braces: it would be taken as text."""
    for like in _LIKE_A_FIELD.finditer(location):
        nearly = like["name"].lower() in _DEFAULTS
        if _FIELD.fullmatch(like[0]) is None and (nearly or is_partitioned(location)):
            raise ValueError(
                f"`{like[0]}` is no field: those are `{{date}}` for a day and `{{hour}}` for an"
                " hour, in small letters and without spaces"
            )


def _directives(location: str) -> set[str]:
    """Return what the fields of a location are spelt with, such as `Y` and `-H`."""
    fields = _FIELD.finditer(location)
    return {each for field in fields for each in _DIRECTIVE.findall(_format(field))}


def _format(field: re.Match[str]) -> str:
    return field["format"] or _DEFAULTS[field["name"]]


def _outline(field: re.Match[str]) -> str:
    """Write zeros for the numbers of a field whose length is known, else a mark."""
    return _DIRECTIVE.sub(lambda part: _UNPADDED if "-" in part[1] else "00", _format(field))


def is_hourly(location: str) -> bool:
    """Tell whether each hour is a partition.

    Examples
    --------
    >>> is_hourly("logs/{date}/{hour}.parquet"), is_hourly("logs/{date:%Y/%m/%d/%H}.parquet")
    (True, True)
    >>> is_hourly("logs/{date}/")
    False
    """
    return any(each.endswith("H") for each in _directives(location))


def partitions_a_day(location: str) -> int:
    """Return how many partitions a day has: its hours, or one."""
    return HOURS_A_DAY if is_hourly(location) else 1


def location_of(location: str, partition: Partition) -> str:
    """Put a partition into a location.

    Examples
    --------
    >>> day = Partition.parse("2026-01-05")
    >>> location_of("logs/date={date}/*.parquet", day)
    'logs/date=2026-01-05/*.parquet'
    >>> location_of("s3://logs/{date:%Y/%m}/app-{date:%d}.parquet", day)
    's3://logs/2026/01/app-05.parquet'
    >>> location_of("logs/dt={date}/hour={hour:%-H}", Partition.parse("2026-01-05T07"))
    'logs/dt=2026-01-05/hour=7'
    """

    def spelt(field: re.Match[str]) -> str:
        return _DIRECTIVE.sub(lambda part: _PARTS[part[1]].format(partition.start), _format(field))

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
