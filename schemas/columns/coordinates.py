"""Infers which columns hold the latitude and longitude of an event, by their names."""

from collections.abc import Mapping

from schemas.columns.event_parts import FROM, TO
from schemas.columns.roles import Role
from schemas.columns.vocabulary import words

_LATITUDE = frozenset(["latitude", "lat"])
_LONGITUDE = frozenset(["longitude", "lon", "lng", "long"])
_UNITS = frozenset(
    ["ns", "us", "ms", "millis", "sec", "secs", "seconds", "minutes", "hours", "avg", "mean", "max"]
)
"""Words of durations and of summaries, which a place has not: `lat_ms` is a latency."""


def coordinates(roles: Mapping[str, Role]) -> dict[str, str]:
    """Return latitude column -> longitude column: numbers whose names differ in that word alone.

    Parameters
    ----------
    roles
        Column -> role.

    Examples
    --------
    >>> roles = dict.fromkeys(["src_lat", "geo.lng", "src_lon", "geo.latitude"], Role.NUMBER)
    >>> coordinates(roles)
    {'src_lat': 'src_lon', 'geo.latitude': 'geo.lng'}
    """
    numbers = [column for column, role in roles.items() if role is Role.NUMBER]
    longitudes = {
        rest: column
        for column in reversed(numbers)
        if (rest := _without(column, _LONGITUDE)) is not None
    }
    return {
        column: longitudes[rest]
        for column in numbers
        if (rest := _without(column, _LATITUDE)) in longitudes
    }


def place_of_actor(roles: Mapping[str, Role]) -> tuple[str, str] | None:
    """Return the latitude and longitude columns of who acts; None where a log has none.

    Those of a source come first. Those of a destination tell where another is.

    Examples
    --------
    >>> place_of_actor(dict.fromkeys(["lat", "lon", "src_lat", "src_lon"], Role.NUMBER))
    ('src_lat', 'src_lon')
    >>> place_of_actor(dict.fromkeys(["dst_lat", "dst_lon"], Role.NUMBER))
    """
    pairs = [pair for pair in coordinates(roles).items() if not TO & set(words(pair[0]))]
    return min(pairs, key=lambda pair: not FROM & set(words(pair[0])), default=None)


def _without(column: str, names: frozenset[str]) -> tuple[str, ...] | None:
    """Return the words of a name with a blank for the one of some names; None without just one.

    None of a duration or a summary, too.
    """
    parts = words(column)
    if _UNITS & set(parts):
        return None
    blanked = tuple("" if word in names else word for word in parts)
    return blanked if blanked.count("") == 1 else None
