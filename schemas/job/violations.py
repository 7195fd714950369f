"""Words for the mistakes of a job file: where, what, and the nearest right thing."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas.errors import JobError
from schemas.shortening import shortened

SHOWN = 3
"""So many violations are told in full; of the others only how many there are."""

_SYNONYMS = {"code": "category", "address": "entity", "ip": "entity"}
"""Word that a reader may expect -> the one that a job file has for it."""
_BOUNDS = {
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be below {lt:g}",
    "less_than_equal": "must be at most {le:g}",
}
_TYPES = {
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "string_type": "must be text in quotes",
    "string_too_short": "must hold a character",
    "dict_type": "must be a table",
    "tuple_type": "must be a list",
    "too_short": "must hold something",
    "model_type": "must be a table",
    "model_use": 'must be "fit", "latest" or the 16 digits of a model\'s id',
    "refit": 'must be "never", "on-drift" or a duration such as "7d"',
    "behaviour": "must be true, false or a table",
    "behaviour_window": 'must be "hour" or "day"',
    "quiet_hours": 'must be hours such as "22:00-06:00"',
    "calendar_days": 'must be a day such as "2026-01-30", or days such as "2026-12-24/2026-12-31"',
    "calendar_span": "must be from a day to a later one, of at most 366 days",
    "duration": 'must be a duration such as "30m", "1h", "1d", or a number of seconds',
    "duration_bounds": 'must be from "1ms" to "36525d"',
}


@dataclass(frozen=True)
class _Violation:
    path: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        located = f"{self.path}: {self.what}" if self.path else self.what
        return f"{located}, {self.remedy}" if self.remedy else located


def job_error(
    error: ValidationError, source: str, sections: Mapping[str, type[BaseModel]]
) -> JobError:
    """Say all that pydantic found in one error of one line.

    Parameters
    ----------
    error
        What pydantic found.
    source
        The job file's name.
    sections
        Section of the file ("" is its top) -> the settings it may hold.
    """
    violations = _without_echoes(error, sections)
    if len(violations) == 1:
        only = violations[0]
        where = f"{source}: {only.path}" if only.path else source
        return JobError(only.what, where=where, remedy=only.remedy)
    told = [str(violation) for violation in violations[:SHOWN]]
    rest = len(violations) - len(told)
    return JobError("; ".join([*told, f"and {rest} more"] if rest else told), where=source)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word that a misspelt one is most like, if one is like it at all.

    Examples
    --------
    >>> nearest("Budjet", ["fdr", "budget"])
    'budget'
    """
    by_fold = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else None


def key_path(parts: Iterable[int | str]) -> str:
    """Spell a key of a TOML file with dots; parts that are no bare key stand in quotes.

    Examples
    --------
    >>> key_path(("columns", "user.name"))
    'columns."user.name"'
    """
    return ".".join(_key(str(part)) for part in parts)


def _key(part: str) -> str:
    bare = part.isascii() and part.replace("_", "").replace("-", "").isalnum()
    return part if bare else json.dumps(part, ensure_ascii=False)


def _without_echoes(
    error: ValidationError, sections: Mapping[str, type[BaseModel]]
) -> list[_Violation]:
    """Word each violation once.

    Where a key is unknown, that another is missing is an echo. So is that a list holds nothing
    where what it holds is wrong.
    """
    found = error.errors()
    held = {item["loc"][:-1] for item in found}
    strangers = {item["loc"][:-1] for item in found if item["type"] == "extra_forbidden"}
    return [
        _worded(item, sections)
        for item in found
        if (item["type"] != "missing" or item["loc"][:-1] not in strangers)
        and (item["type"] != "too_short" or item["loc"] not in held)
    ]


def _worded(item: Any, sections: Mapping[str, type[BaseModel]]) -> _Violation:
    kind, path = item["type"], item["loc"]
    if kind == "extra_forbidden":
        return _unknown_key(path, sections)
    if kind in ("enum", "literal_error"):
        return _unknown_word(path, item["input"], sections)
    if kind == "model_type" and path[0] == "columns":
        what = f"must be a role or a table with one, not {_spelt(item['input'])}"
        return _Violation(key_path(path), what, _misplaced(str(path[-1]), sections))
    if kind == "missing":
        return _Violation(key_path(path[:-1]), f"`{path[-1]}` is missing")
    if kind == "value_error":
        return _Violation(key_path(path), str(item["ctx"]["error"]))
    return _Violation(key_path(path), _broken_rule(item))


def _broken_rule(item: Any) -> str:
    """Say which bound or type a value misses; what pydantic says where we have no word for it."""
    rule = _BOUNDS.get(item["type"], _TYPES.get(item["type"]))
    if rule is None:
        return f"{item['msg'][:1].lower()}{item['msg'][1:]}"
    return f"{rule.format(**item.get('ctx', {}))}, not {_spelt(item['input'])}"


def _unknown_key(
    path: tuple[int | str, ...], sections: Mapping[str, type[BaseModel]]
) -> _Violation:
    section = str(path[0]) if len(path) > 1 else ""
    key = str(path[-1])
    settings = list(sections[section].model_fields)
    place = {"": "a job", "columns": "a column"}.get(section, f"[{section}]")
    likely = nearest(key, settings)
    if likely:
        remedy = f"did you mean `{likely}`?"
    elif section == "columns":
        remedy = f'a column with a dot in its name stands in quotes: "{path[-2]}.{key}"'
    else:
        remedy = _misplaced(key, sections) or f"it has {', '.join(settings)}"
    return _Violation(key_path(path), f"`{key}` is not a setting of {place}", remedy)


def _unknown_word(
    path: tuple[int | str, ...], given: Any, sections: Mapping[str, type[BaseModel]]
) -> _Violation:
    """Name the nearest of the words that a setting takes."""
    section = str(path[0]) if len(path) > 1 else ""
    setting = str(path[-1])
    known = _words(sections[section].model_fields[setting].annotation)
    likely = nearest(_SYNONYMS.get(given, given), known) if isinstance(given, str) else None
    place = path[:-1] if section == "columns" else path
    remedy = f"did you mean `{likely}`?" if likely else f"use one of {', '.join(known)}"
    article = "an" if setting[0] in "aeio" else "a"
    return _Violation(key_path(place), f"{_spelt(given)} is not {article} {setting}", remedy)


def _words(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(member.value) for member in annotation]
    return [str(word) for word in annotation.__args__]


def _misplaced(key: str, sections: Mapping[str, type[BaseModel]]) -> str:
    """Say where a setting belongs that stands in another section."""
    homes = [section for section, model in sections.items() if key in model.model_fields]
    if not homes:
        return ""
    return f"it belongs into [{homes[0]}]" if homes[0] else "it belongs above the first [section]"


def _spelt(value: Any) -> str:
    """Spell a value as the job file does, but no longer than a reader needs."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    plain = isinstance(value, str | bool | int | float)
    text = json.dumps(value, ensure_ascii=False) if plain else str(value)
    return shortened(text, 40)
