"""The sections of a job file, each with its settings."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from schemas.columns.roles import Role
from schemas.columns.time_formats import Spelling, check_format, has_year
from schemas.job.durations import Duration, seconds_of
from schemas.job.partitioned_location import days_of_window
from schemas.job.quiet_hours import QuietHours

DEFAULT_FDR = 0.1
FEWEST_FINDINGS = 20
"""What an analyst has time for in a morning, if the rule selects less: incidents."""

Distance = Literal["euclidean", "cosine"]
TextEmbedding = Literal["tokens", "semantic"]


class Section(BaseModel):
    """Settings of which none may be unknown, and that never change once they are read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ColumnSpec(Section):
    """The settings of one column."""

    role: Role = Field(description="What the column's values mean.")
    weight: float = Field(
        default=1.0, gt=0, le=100, strict=True, description="Its weight beside the others."
    )
    format: str | None = Field(
        default=None,
        description="The format of a time, as strptime spells it: `%d.%m.%Y %H:%M:%S`. With `date`,"
        " that of day, blank and time of day.",
    )
    date: str | None = Field(
        default=None,
        min_length=1,
        description="The column that holds the day, where this one holds the time of day.",
    )
    year: int | None = Field(
        default=None,
        ge=1900,
        le=2199,
        strict=True,
        description="The year of times whose format has none. Without it the day of the partition"
        " tells.",
    )
    secret: bool | None = Field(
        default=None,
        strict=True,
        description="Whether its values are masked in all that is written, models included; by its"
        " name unless set.",
    )

    @field_validator("format")
    @classmethod
    def _format_is_accepted(cls, spelling: str | None) -> str | None:
        return None if spelling is None else check_format(spelling)

    @model_validator(mode="after")
    def _only_times_are_spelt(self) -> "ColumnSpec":
        for setting in ("format", "date", "year"):
            if self.role is not Role.TIME and getattr(self, setting) is not None:
                raise ValueError(
                    f"`{setting}` is of a time, not of a column with role `{self.role}`"
                )
        if self.year is not None and (self.format is None or has_year(self.format)):
            raise ValueError("`year` is for a `format` without `%Y`")
        return self

    @property
    def spelling(self) -> Spelling:
        """Return how the times are written."""
        before = None if self.year is None else date(self.year + 1, 1, 1)
        return Spelling(self.format, self.date, before)

    @model_validator(mode="after")
    def _masks_are_names(self) -> "ColumnSpec":
        if self.secret and self.role in (Role.TIME, Role.NUMBER, Role.FLAG):
            raise ValueError(
                f"a masked column is no `{self.role}`: make it a category, or `ignore` it"
            )
        return self


_ALARMS = re.compile(r"1 in ([1-9]\d{0,3}) nights?")


def _nights(value: Any) -> Any:
    spelt = _ALARMS.fullmatch(value.strip()) if isinstance(value, str) else None
    if spelt is not None:
        return float(spelt[1])
    if isinstance(value, float):  # as it was read before
        return value
    raise PydanticCustomError("alarms", 'must be spelt as "1 in 10 nights", of 1 to 9999')


Nights = Annotated[
    float,
    BeforeValidator(
        _nights,
        json_schema_input_type=Annotated[str, Field(pattern=r"^1 in [1-9][0-9]{0,3} nights?$")],
    ),
]
"""A rate of once in so many nights."""


class SelectionSpec(Section):
    """The settings that select findings among the scored records."""

    fdr: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        strict=True,
        description="False discovery rate for Benjamini-Hochberg over the records. Unless it or a"
        f" threshold is set: {DEFAULT_FDR} where they are judged against each other, and no rule"
        " where they are judged against other days.",
    )
    threshold: float | None = Field(
        default=None,
        ge=0,
        strict=True,
        description="A fixed anomaly score (-10 log10 p) instead of `fdr`.",
    )
    alarms: Nights = Field(
        default=10.0,
        validate_default=True,
        description="How often a quiet night may have a false alarm: `1 in 10 nights`. A job that"
        " judges hours takes 24 of them for a night.",
    )
    min_records: int = Field(
        default=1,
        ge=1,
        strict=True,
        description="An incident of fewer records is no alarm.",
    )
    quiet_hours: tuple[QuietHours, ...] = Field(
        default=(),
        description="An incident whose records all lie in these hours is no alarm:"
        ' `["22:00-06:00"]`. In the time zone of the schedule, else in UTC.',
    )
    critical: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(),
        description="Values of entities, categories and flags whose incidents come first: alarms"
        " before other alarms, leads before other leads. They are at least `high` and `medium`.",
    )
    budget: int = Field(
        default=100, ge=1, strict=True, description="The most incidents a run may write."
    )
    at_least: int | None = Field(
        default=None,
        ge=0,
        strict=True,
        description="The fewest incidents a run writes: where the rule selects fewer, the oddest of"
        " the rest follow, marked as chosen by rank. Those that a verdict suppresses count. 0 where"
        " a run is judged against other days, or by `threshold`;"
        f" {FEWEST_FINDINGS} where records are judged against each other.",
    )

    def fewest(self, *, against_others: bool) -> int:
        """Return the fewest incidents a run writes, its budget permitting.

        `against_others`: whether the records are judged against those of other days.
        """
        alone = self.threshold is None and not against_others
        unless_set = FEWEST_FINDINGS if alone else 0
        return min(unless_set if self.at_least is None else self.at_least, self.budget)

    @property
    def names_a_rule(self) -> bool:
        """Return whether the job itself says which records are selected."""
        return self.fdr is not None or self.threshold is not None

    @model_validator(mode="after")
    def _one_rule(self) -> "SelectionSpec":
        if self.fdr is not None and self.threshold is not None:
            raise ValueError("set `fdr` or `threshold`, not both")
        return self


MOST_STORED = 1_000_000
"""Records that a run keeps to be searched, unless the job says otherwise."""


class SearchSpec(Section):
    """The settings of the records that a run stores, to be searched for those like another."""

    store: bool = Field(
        default=False,
        strict=True,
        description="Keep records and their embedding, for `outfield similar`: needs"
        " `outfield[search]`.",
    )
    records: int = Field(
        default=MOST_STORED,
        ge=1,
        strict=True,
        description="The most that a run keeps: evenly spaced if there are more, and all findings.",
    )


_MODEL_ID = re.compile(r"[0-9a-f]{16}")


def _word_or_seconds(value: Any) -> Any:
    if value in ("never", "on-drift"):
        return value
    try:
        return seconds_of(value)
    except PydanticCustomError:
        raise PydanticCustomError("refit", "must be a word or a duration") from None


Refit = Annotated[
    Literal["never", "on-drift"] | float,
    BeforeValidator(
        _word_or_seconds, json_schema_input_type=Literal["never", "on-drift"] | Duration
    ),
]


class ModelSpec(Section):
    """The settings of the model: which one judges, how it embeds records, and their distance."""

    use: str = Field(
        default="fit",
        description="`fit`: on the records of the run itself. `latest`: the stored one that was"
        " promoted last; `fit` promotes, but for `--candidate`. Or the id of a stored one.",
    )
    refit: Refit = Field(
        default="never",
        description="When a run fits a new latest model before it judges. `never`. `on-drift`: when"
        " its records are no longer like those of the model. A duration such as `7d`: when the"
        ' model is older than that. It goes with `use = "latest"`.',
    )
    train: str | None = Field(
        default=None,
        min_length=1,
        description="What a partition is judged against: `last 28 days`, those that are there"
        " before it (the default); or `batch`, its own records. Or another location, which"
        " `outfield fit` and a refit read instead of `input`. `fit` counts the days up to the one"
        " that is named.",
    )
    distance: Distance = Field(
        default="euclidean",
        description="What the distance score measures. `euclidean`: how far the record is in its"
        " farthest column. `cosine`: how unlike the normal ones its direction is over all columns.",
    )
    text: TextEmbedding = Field(
        default="tokens",
        description="What is known of a text: `tokens`, its words, 3-grams and shape; `semantic`,"
        " what it means besides, by a packaged sentence model (needs `outfield[semantic]`).",
    )

    @field_validator("train")
    @classmethod
    def _train_is_a_window_or_a_location(cls, train: str | None) -> str | None:
        if train is not None:
            days_of_window(train)
        return train

    @field_validator("use")
    @classmethod
    def _use_is_known(cls, use: str) -> str:
        if use not in ("fit", "latest") and not _MODEL_ID.fullmatch(use):
            raise PydanticCustomError(
                "model_use", 'must be "fit", "latest" or the 16 digits of a model\'s id'
            )
        return use

    @model_validator(mode="after")
    def _only_the_latest_is_replaced(self) -> "ModelSpec":
        if self.refit != "never" and self.use != "latest":
            raise ValueError('`refit` replaces the latest model, so it needs `use = "latest"`')
        return self
