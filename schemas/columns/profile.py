"""A column as inference sees it: its profile, the patterns in it, and the role it can have."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.columns.time_formats import CLOCK, OTHER_DATE, OTHER_TIME, PLAIN, Spelling
from schemas.patterns import IPV4, NAMED_MONTHS


class Role(StrEnum):
    """The meaning of a column's values to the detector."""

    ID = "id"
    """Names the record. Never embedded."""
    TIME = "time"
    """When the event happened. Embedded as hour of the day and day of the week."""
    ENTITY = "entity"
    """A user, host or card: context for the other columns. Judged by how familiar it is."""
    CATEGORY = "category"
    """One of a set of names; the rare ones are far from the common ones."""
    NUMBER = "number"
    """A quantity."""
    TEXT = "text"
    """Free text, a path or a query: embedded by its words and characters."""
    FLAG = "flag"
    """Yes or no."""
    IGNORE = "ignore"
    """Read by no step."""


@dataclass(frozen=True)
class RoleChoice:
    """A role and, in a sentence, why."""

    role: Role
    why: str
    secret: bool = False
    """Whether its values are masked wherever rows are read."""
    spelling: Spelling = PLAIN
    """How its values are written, if it is the time."""
    unread: tuple[Spelling, ...] | None = None
    """The ways to read it, if it looks like a time and is not read as one; None otherwise.

    They are two where the order of day and month is open, none where it is written in several.
    """


_V6 = r"[0-9a-f]{1,4}(:[0-9a-f]{1,4})*"
_DAY = r"(19|20)\d\d[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])"

PATTERNS: Mapping[str, str] = {
    "missing": r"(?i)^\s*(-|nan|na|n/a|nat|null|none)?\s*$",
    "true": r"(?i)^(true|t|yes|y|on|1)$",
    "false": r"(?i)^(false|f|no|n|off|0)$",
    "epoch": r"^([12]\d{9}(\d{3}){0,3}(\.\d+)?|1[2-4]\d{16})$",
    "decimal": r"^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?$",
    "long number": r"^\d{10,}$",
    "date": rf"^{_DAY}$",
    "time": rf"^{_DAY}[T ]\d\d:?\d\d(:?\d\d([.,]\d+)?)?\s?(Z|UTC|[+-]\d\d:?(\d\d)?)?$",
    "named month": "|".join(f"(^{pattern}$)" for pattern, _ in NAMED_MONTHS),
    "other time": OTHER_TIME,
    "other date": OTHER_DATE,
    "clock": CLOCK,
    "ip": rf"(?i)^({IPV4}(:\d+)?|([0-9a-f]{{1,4}}:){{7}}[0-9a-f]{{1,4}}|"
    rf"({_V6})?::({_V6})?(:?{IPV4})?)(%\w+)?(/\d+)?$",
    "mac": r"(?i)^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$",
    "email": r"^[^@\s]+@[^@\s]+\.\w+$",
    "arn": r"^arn:[\w-]*:[\w-]+:\S+$",
    "host": r"(?i)^[a-z0-9_]([a-z0-9_-]*)(\.[a-z0-9_-]+)+\.?$",
    "uuid": r"(?i)^\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$",
    "hash": r"(?i)^([a-z0-9]+:)?([0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96,128})$",
    "url": r"(?i)^[a-z][a-z0-9+.-]*://\S+",
    "path": r"^(/[^/]+/|[A-Za-z]:\\|\\\\|~/|\.\.?/)",
    "query": r"^\??[^=&\s]+=[^&]*(&[^=&]+=[^&]*)+$",
    "json": r'^\s*(\{\s*("|\})|\[\s*["\[{\]])',
}
"""Pattern name -> regular expression (RE2) that a value of that kind matches."""


LOOKS_LIKE = 0.8
"""From this share of distinct values that match a pattern, a column looks like it."""


@dataclass(frozen=True)
class WholeNumbers:
    """Frequencies of a column's whole numbers; a number is common if ten rows hold it."""

    common: int
    """Distinct common numbers."""
    share: float
    """Share of the rows that hold a common number."""
    gaps: int
    """Neighbouring common numbers with two or more between them that hardly a row holds."""
    declining: bool
    """Whether 0 or 1 is the most common, and nine rows of ten come before the first gap."""
    stepped: bool
    """Whether they are multiples of their least one, or evenly spaced but for rounding."""


@dataclass(frozen=True)
class ColumnProfile:
    """Statistics of a sample of a column's values: all that inference knows of it.

    Shares lie in [0, 1]. Those of patterns are over the distinct, non-null values of strings.
    """

    name: str
    kind: str
    """`bool`, `integer`, `float`, `string`, `binary`, `timestamp`, `date`, `time`, `duration` or
    `null`. A decimal without places is an `integer`, any other a `float`."""
    rows: int
    nulls: int
    """Nulls, and floats that are not a number."""
    distinct: int
    """Distinct non-null values in the sample."""
    top_share: float
    """Share of the most common value among the non-null rows."""
    mean_length: float
    """Mean length in characters over the distinct values; 0 unless `kind` is `string`."""
    space_share: float
    """Share of distinct values that hold white space."""
    patterns: dict[str, float]
    """Pattern name (see `PATTERNS`) -> share of distinct values that match it."""
    examples: tuple[str, ...]
    """A few values as text, the most common first; long ones are cut."""
    minimum: float | None = None
    """The least finite value of an `integer` or `float`."""
    maximum: float | None = None
    """The greatest finite value of an `integer` or `float`."""
    whole: bool = False
    """Whether an `integer` or `float` holds whole numbers only: gaps make integers floats."""
    time_formats: tuple[str, ...] = ()
    """Formats that read all of a `string` that looks like a time, a day or a time of day."""
    whole_numbers: WholeNumbers | None = None
    """Where all values are whole numbers, text that spells them included: how often each occurs."""

    @property
    def filled(self) -> int:
        """Rows that hold a value."""
        return self.rows - self.nulls

    @property
    def repeats(self) -> float:
        """Return how often each value occurs, on average."""
        return self.filled / max(self.distinct, 1)

    @property
    def unique(self) -> bool:
        """Return whether every row has a value of its own, but for one row in a thousand."""
        return self.distinct >= max(2, 0.999 * self.rows)

    def share(self, *patterns: str) -> float:
        """Give the share of distinct values that match the patterns, which exclude each other."""
        return min(1.0, sum(self.patterns.get(pattern, 0.0) for pattern in patterns))
