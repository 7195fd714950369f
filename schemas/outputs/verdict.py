"""The verdict of an analyst on an incident: what it says, how far it reaches, how long it lasts."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Label = Literal["benign", "malicious", "expected"]
Scope = Literal["this", "entity", "pattern"]


class Evidence(BaseModel):
    """The incident as the analyst saw it: a verdict holds for what is no odder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identity: str
    entity_column: str | None
    entity: str | None
    pattern: str
    columns: list[str] = Field(description="The columns of its reasons.")
    shares: list[float] | None = Field(
        default=None,
        description="The share of each of them in the surprisal; null in verdicts of earlier"
        " versions.",
    )
    severity: str
    density_score: float
    distance_score: float
    records: list[str] = Field(description="The ids of its records, as far as they are findings.")
    first_time: datetime | None
    last_time: datetime | None


class Opinion(BaseModel):
    """An analyst's opinion on an incident."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Label
    scope: Scope = Field(
        default="this",
        description="What it holds for: `this` entity with this pattern, all of the `entity`, or"
        " the `pattern`, which must name a value, with any entity.",
    )
    until: date | None = Field(
        default=None, description="The last day of events it holds for; null: for good."
    )
    note: str = ""
    who: str
    when: datetime


class Verdict(Opinion):
    """An opinion, with all that later runs need to know of its incident."""

    verdict: str = Field(pattern=r"^v-[0-9a-f]{12}$", description="Its name.")
    incident: str = Field(description="The incident that it was given on.")
    run_id: str = Field(description="The run that the incident was seen in.")
    evidence: Evidence


class Withdrawal(BaseModel):
    """The end of a verdict: later runs act as if it had never been given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verdict: str = Field(pattern=r"^v-[0-9a-f]{12}$", description="The verdict's name.")
    note: str = ""
    who: str
    when: datetime


class _Line(Opinion):
    """An opinion as a file may hold it: not of any length."""

    note: str = Field(default="", max_length=2_000)
    who: str = Field(default="unknown", max_length=200)


def opinion_of(values: Mapping[str, str], changed: datetime) -> Opinion:
    """Read an opinion from the texts of a file's line; keys that it has no use for are passed over.

    Parameters
    ----------
    values
        Its fields as text, those that are empty left out.
    changed
        When the file was changed last: it was said then, where the line does not say when.

    Raises
    ------
    pydantic.ValidationError
        A field is missing or wrong.
    """
    own = {name: text for name, text in values.items() if name in Opinion.model_fields}
    line = _Line.model_validate({"when": changed, **own})
    when = line.when if line.when.tzinfo else line.when.replace(tzinfo=UTC)
    return Opinion.model_validate(line.model_dump() | {"when": when.astimezone(UTC)})
