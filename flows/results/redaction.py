"""Redaction: secrets and identifiers are replaced, evidence stays.

A name of an entity or record becomes a pseudonym, the same wherever it stands, so that it can still
be seen who did what. Everywhere, what looks like an address, an identifier or a key is replaced by
the name of its kind. In free text, digits are replaced too.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from anomaly.preprocess.masking import mask
from schemas.columns.roles import Role
from schemas.columns.vocabulary import suggests_secret, words
from schemas.outputs.manifest import RunManifest
from schemas.patterns import IPV4, UUID
from schemas.shortening import shortened

SECRET = "[secret]"  # noqa: S105 - what stands in the place of one
_LONGEST = 300
"""Characters of a value."""
_ANYWHERE = (
    (r"[\w.+-]+@[\w-]+\.[\w.-]*\w", "<email>"),
    (UUID, "<uuid>"),
    (rf"\b{IPV4}(?::\d+)?\b", "<ip>"),
    (r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F:]*[0-9a-fA-F]{1,4}(?![\w:])", "<ip>"),
    (r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){1,6}:[0-9a-fA-F:]*(?![\w:])", "<ip>"),
    (r"\barn:[\w-]*:[^\s\"']+", "<arn>"),
    (r"\b(?=\w*\d)(?=\w*[A-Za-z])[A-Za-z0-9_+/-]{20,}={0,2}", "<key>"),
    (r"(?<![\d.])\d{9,}(?![\d.])", "<number>"),
)
"""Patterns that name a person, a machine or a thing, wherever they stand."""
_TOKEN = re.compile(r"\w+(?:[.@:/-]\w+)*")
_PART = re.compile(r"\w+(?:[.@-]\w+)*")
"""A part of a path, which may be a name though the whole path is none."""
_PATTERNS = tuple((re.compile(pattern), name) for pattern, name in _ANYWHERE)


@dataclass
class Redactor:
    """Replaces what must not be told, the same value by the same pseudonym."""

    roles: Mapping[str, Role]
    secret: frozenset[str]
    """Columns whose values are secrets."""
    others: Mapping[str, str] = field(default_factory=dict)
    """Names that may stand in a text -> the column of names that they are of."""
    _names: dict[str, str] = field(default_factory=dict)
    """Value -> pseudonym."""
    _numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, run: RunManifest, others: Mapping[str, str]) -> "Redactor":
        """Know the columns of a run, and names that its texts may hold."""
        roles = {column: Role(known.role) for column, known in run.columns.items()}
        named = {column for column in roles if suggests_secret(column)}
        secret = {column for column, known in run.columns.items() if known.secret}
        entities = {column for column, role in roles.items() if role in (Role.ENTITY, Role.ID)}
        return cls(roles, frozenset(secret | (named - entities)), others)

    def learn(self, column: str, values: Iterable[str | None]) -> None:
        """Give values of a column of names their pseudonyms: `user-1`, `user-2`."""
        kind = "-".join(words(column)) or "name"
        for value in values:
            if value and value not in self._names:
                self._numbers[kind] = self._numbers.get(kind, 0) + 1
                self._names[value] = f"{kind}-{self._numbers[kind]}"

    def value(self, column: str, value: Any) -> Any:
        """Redact a value of a column."""
        if value is None:
            return None
        if column in self.secret:
            return SECRET
        match value:
            case bool() | int():
                told: Any = value
            case float():
                told = value if math.isfinite(value) else None
            case list():
                told = [self.value(column, each) for each in value]
            case dict():
                told = {name: self.value(f"{column}.{name}", each) for name, each in value.items()}
            case datetime():
                told = value.isoformat()
            case _:
                told = self._named(column, str(value))
        return told

    def _named(self, column: str, value: str) -> str:
        role = self.roles.get(column)
        if role in (Role.ENTITY, Role.ID):
            self.learn(column, [value])
            return self._names[value]
        told = self.text(value)
        return str(mask(pa.array([told]))[0]) if role is Role.TEXT else told

    def _other(self, token: str) -> str:
        """Replace a token that is a name of the log, or the parts of it that are."""
        return self._other_name(token) or _PART.sub(
            lambda part: self._other_name(part.group()) or part.group(), token
        )

    def _other_name(self, token: str) -> str | None:
        """Return the pseudonym of a name of the log; one without letters may be any number."""
        if token not in self.others or not any(map(str.isalpha, token)):
            return None
        self.learn(self.others[token], [token])
        return self._names[token]

    def text(self, text: str) -> str:
        """Redact a text that may hold any name, wherever it stands."""
        if self._names:
            known = sorted(self._names, key=len, reverse=True)
            whole = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)")
            text = whole.sub(lambda found: self._names[found.group()], text)
        text = _TOKEN.sub(lambda found: self._other(found.group()), text)
        for pattern, name in _PATTERNS:
            text = pattern.sub(name, text)
        return shortened(text, _LONGEST)
