"""Infers which part of an event a column tells: who did what, to what, from where, how it went.

The names are those of logs in general, and of the Elastic Common Schema and OCSF: `user.name`,
`event.action`, `src_endpoint.ip`. Columns without such a name tell no part.
"""

from collections.abc import Mapping
from enum import StrEnum

from schemas.columns.roles import Role
from schemas.columns.vocabulary import words


class Part(StrEnum):
    """A part of an event, as a sentence tells it."""

    ACTOR = "actor"
    ACTION = "action"
    TARGET = "target"
    SOURCE = "source"
    OUTCOME = "outcome"


_ACTORS = (
    *("user", "username", "userid", "account", "actor", "principal", "subject", "login"),
    *("identity", "owner", "employee", "customer", "customerid", "member", "person", "card"),
    *("sender", "caller"),
)
_ACTIONS = (
    *("action", "operation", "activity", "eventname", "event", "command", "method", "verb"),
    *("api", "call", "rule", "step", "process"),
)
_TARGETS = (
    *("resource", "target", "object", "path", "url", "uri", "file", "filename", "bucket"),
    *("table", "database", "page", "endpoint", "terminal", "merchant", "recipient"),
)
_OUTCOMES = ("outcome", "status", "result", "success", "error", "response", "statuscode")
_ADDRESSES = ("ip", "addr", "address", "ipaddress", "clientip", "srcip", "host", "hostname")
FROM = frozenset(["src", "source", "client", "remote", "origin", "peer", "srcip", "clientip"])
_HOSTS = ("host", "hostname")
TO = frozenset(["dst", "dest", "destination", "target", "server", "dstip"])
_NAMING = frozenset(["name", "id", "code", "type", "no", "number", "value"])
"""Last words that say only in which form a part is told."""

_ROLES = {
    Part.ACTOR: (Role.ENTITY, Role.CATEGORY),
    Part.ACTION: (Role.CATEGORY, Role.TEXT),
    Part.TARGET: (Role.CATEGORY, Role.TEXT, Role.ENTITY),
    Part.SOURCE: (Role.ENTITY, Role.CATEGORY),
    Part.OUTCOME: (Role.CATEGORY, Role.FLAG),
}


def event_parts(roles: Mapping[str, Role]) -> dict[Part, str]:
    """Return the column that tells each part, of those that have one.

    Parameters
    ----------
    roles
        Column -> role.

    Examples
    --------
    >>> roles = {"src_ip": Role.ENTITY, "user.name": Role.ENTITY, "event.action": Role.CATEGORY}
    >>> {str(part): column for part, column in event_parts(roles).items()}
    {'actor': 'user.name', 'action': 'event.action', 'source': 'src_ip'}
    """
    found: dict[Part, str] = {}
    for part in Part:
        ranked = [
            (rank, place, column)
            for place, (column, role) in enumerate(roles.items())
            if role in _ROLES[part] and (rank := _rank(part, column)) is not None
        ]
        free = [each for each in sorted(ranked) if each[2] not in found.values()]
        if free:
            found[part] = free[0][2]
    return found


def _rank(part: Part, column: str) -> int | None:
    """Return how surely a name is that of a part: 0 the most; None where it is not."""
    parts = words(column)
    if not parts:
        return None
    told = parts[-2] if len(parts) > 1 and parts[-1] in _NAMING else parts[-1]
    sides = set(parts)
    if part is Part.SOURCE:
        if sides & TO or not (told in _ADDRESSES or (told in FROM and len(parts) == 1)):
            return None
        return (0 if sides & FROM else 2) + (told in _HOSTS)
    if part is Part.TARGET and sides & TO and told in _ADDRESSES:
        return len(_TARGETS)
    names = _NAMES[part]
    return names.index(told) if told in names else None


_NAMES = {
    Part.ACTOR: _ACTORS,
    Part.ACTION: _ACTIONS,
    Part.TARGET: _TARGETS,
    Part.OUTCOME: _OUTCOMES,
}
