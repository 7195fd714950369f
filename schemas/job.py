"""The job: everything a user may set, in one TOML file."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from schemas.roles import Role


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnSpec(_Strict):
    """How one column is read."""

    role: Role = Field(description="What the column's values mean.")
    weight: float = Field(default=1.0, gt=0, le=100, description="Its voice beside the others.")


def _role_alone(value: Any) -> Any:
    return {"role": value} if isinstance(value, str) else value


class SelectionSpec(_Strict):
    """Which scored records become findings."""

    fdr: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="False discovery rate for Benjamini-Hochberg; 0.1 unless a threshold is set.",
    )
    threshold: float | None = Field(
        default=None, ge=0, description="A fixed anomaly score (-10 log10 p) instead of `fdr`."
    )
    budget: int = Field(default=100, ge=1, description="The most findings a run may write.")

    @model_validator(mode="after")
    def _one_rule(self) -> "SelectionSpec":
        if self.fdr is not None and self.threshold is not None:
            raise ValueError("set `fdr` or `threshold`, not both")
        return self


class JobSpec(_Strict):
    """Everything a user may set for one detection job."""

    input: str | None = Field(
        default=None, description="A file, folder, glob or s3://, gs://, abfs:// URL."
    )
    output: str = Field(default="outfield-output", description="The folder that holds the results.")
    name: str | None = Field(
        default=None, description="The job's name; the input's name by default."
    )
    unit: Literal["event", "session"] = Field(default="event", description="What is judged.")
    session_key: str | None = Field(default=None, description="The column that names the session.")
    columns: dict[str, Annotated[ColumnSpec, BeforeValidator(_role_alone)]] = Field(
        default_factory=dict,
        description="Column -> its role, or a table of role and weight. Others are inferred.",
    )
    selection: SelectionSpec = Field(default_factory=SelectionSpec, description="What is reported.")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="The seed of every random choice.")

    @model_validator(mode="after")
    def _session_has_key(self) -> "JobSpec":
        if (self.unit == "session") != (self.session_key is not None):
            raise ValueError('`unit = "session"` and `session_key` go together')
        return self
