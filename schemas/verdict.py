"""The verdict of an analyst on an incident: what it says, how far it reaches, how long it lasts."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Label = Literal["benign", "malicious", "expected"]
Scope = Literal["this", "entity", "pattern"]


class Evidence(BaseModel):
    """What the analyst saw: a verdict holds for what is no odder than this."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identity: str
    entity_column: str | None
    entity: str | None
    pattern: str
    columns: list[str] = Field(description="The columns of its reasons.")
    severity: str
    density_score: float
    distance_score: float
    records: list[str] = Field(description="The ids of its records, as far as they are findings.")
    first_time: datetime | None
    last_time: datetime | None


class Opinion(BaseModel):
    """What an analyst says of an incident."""

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
