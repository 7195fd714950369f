"""The role of a column: what its values mean to the detector, and how a role is inferred."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What the values of a column mean to the detector."""

    ID = "id"
    """Names the record. Never embedded."""
    TIME = "time"
    """When the event happened. Embedded as hour of the day and day of the week."""
    ENTITY = "entity"
    """A user, host or card: context for the other columns, never embedded by itself."""
    CATEGORY = "category"
    """One of a set of names; the rare ones are far from the common ones."""
    NUMBER = "number"
    """A quantity."""
    TEXT = "text"
    """Free text, a path or a query: embedded by its words and characters."""
    FLAG = "flag"
    """Yes or no."""
    IGNORE = "ignore"
    """Read by nobody."""


@dataclass(frozen=True)
class ColumnProfile:
    """What inference knows of a column: statistics of a sample of its values.

    Shares lie in [0, 1]. Those of patterns are over the distinct, non-null values read as text.
    """

    name: str
    kind: str
    """`bool`, `integer`, `float`, `string`, `binary`, `timestamp`, `date`, `time`, `duration` or
    `null`."""
    rows: int
    nulls: int
    distinct: int
    """Distinct non-null values in the sample."""
    top_share: float
    """Share of the most common value among the non-null rows."""
    mean_length: float
    """Mean length in characters over the distinct values; 0 unless `kind` is `string`."""
    space_share: float
    """Share of distinct values that hold white space."""
    patterns: dict[str, float]
    """Pattern name (see `PATTERNS`) -> share of distinct values that match it wholly."""
    examples: tuple[str, ...]
    """A few values as text, the most common first."""


@dataclass(frozen=True)
class RoleChoice:
    """A role and, in a sentence, why."""

    role: Role
    why: str
