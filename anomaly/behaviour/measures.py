"""The measures of behaviour: what is counted of each entity in each window of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from schemas.columns.coordinates import coordinates, place_of_actor
from schemas.columns.event_parts import Part, event_parts
from schemas.columns.roles import Role

_MOST_ENTITIES = 4
_MOST_VALUES = 10
_MOST_NUMBERS = 3
_NAMES = (Role.CATEGORY, Role.FLAG, Role.ENTITY)


class Kind(StrEnum):
    """A kind of count of an entity."""

    EVENTS = "events"
    """Its events."""
    VALUES = "values"
    """Its events with each value of a column."""
    ORDER = "order"
    """Its events that follow another within an hour, by the values of both in a column."""
    CHANGES = "changes"
    """Those within ten minutes of one that holds another value of a column."""
    TRAVEL = "travel"
    """Those too far from the one before for the time between, by latitude and longitude."""
    REPEATS = "repeats"
    """Those that hold the same as an earlier one of a day, but for ids and times."""
    RHYTHM = "rhythm"
    """Those that follow one alike after the same time as that one did."""
    LEVELS = "levels"
    """Its numbers of a column: how many, their sum, and their logarithms."""


@dataclass(frozen=True)
class Measure:
    """Something that is counted of each name of an entity column."""

    entity: str
    """The entity column."""
    kind: Kind
    column: str | None = None
    """The column whose values are counted, if one is; of travel that of latitudes."""
    longitudes: str | None = None
    """The column of longitudes, of travel."""


def entities_of(roles: Mapping[str, Role]) -> tuple[str, ...]:
    """Return the columns whose names are judged, unless the job names others."""
    return tuple(column for column, role in roles.items() if role is Role.ENTITY)[:_MOST_ENTITIES]


def actor_of(roles: Mapping[str, Role], entities: Sequence[str]) -> str:
    """Return which of some entity columns acts: the one of that name, or the first."""
    actor = event_parts(roles).get(Part.ACTOR)
    return actor if actor is not None and actor in entities else entities[0]


def measures_of(
    roles: Mapping[str, Role], entities: Sequence[str] | None = None
) -> tuple[Measure, ...]:
    """Return the measures of a log with these columns, in a fixed order; none without entities.

    Parameters
    ----------
    roles
        Column -> role.
    entities
        The columns whose names are judged; by default those of `entities_of`.

    Examples
    --------
    >>> roles = {"user": Role.ENTITY, "action": Role.CATEGORY}
    >>> " ".join(str(each.kind) for each in measures_of(roles))
    'events values repeats rhythm order'
    """
    parts = event_parts(roles)
    entities = tuple(dict.fromkeys(entities_of(roles) if entities is None else entities))
    actor = actor_of(roles, entities) if entities else ""
    found: list[Measure] = []
    for entity in entities:
        found += _of_entity(entity, roles, parts, acts=entity == actor)
    return tuple(found)


def _of_entity(
    entity: str, roles: Mapping[str, Role], parts: Mapping[Part, str], *, acts: bool
) -> list[Measure]:
    """Return the measures of an entity column; of one that acts, its order and repeats, too."""
    told = [parts[part] for part in (Part.ACTION, Part.OUTCOME) if part in parts]
    names = [column for column, role in roles.items() if role in _NAMES]
    names = [*told, *(column for column in names if column not in told)][:_MOST_VALUES]
    # A typical latitude says nothing, nor does a sum of them.
    of_places = {column for pair in coordinates(roles).items() for column in pair}
    numbers = [column for column, role in roles.items() if role is Role.NUMBER]
    numbers = [column for column in numbers if column not in of_places][:_MOST_NUMBERS]
    values = [column for column in names if column != entity]
    target, action = parts.get(Part.TARGET), parts.get(Part.ACTION)
    if target not in (None, entity, *values):
        values.append(str(target))
    often = (action, parts.get(Part.OUTCOME), target)
    slow = [column for column in values if column not in often]
    if not acts:
        slow = [column for column in slow if roles[column] is Role.ENTITY]
    found = [Measure(entity, Kind.EVENTS)]
    found += [Measure(entity, Kind.VALUES, column) for column in values]
    found += [Measure(entity, Kind.CHANGES, column) for column in slow]
    found += [Measure(entity, Kind.LEVELS, column) for column in numbers]
    if acts:
        found += [Measure(entity, Kind.REPEATS), Measure(entity, Kind.RHYTHM)]
    place = place_of_actor(roles) if acts else None
    if place is not None:
        found.append(Measure(entity, Kind.TRAVEL, *place))
    if acts and action in values:
        found.append(Measure(entity, Kind.ORDER, action))
    return found
