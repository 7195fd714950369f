"""The sections of a job file, each with its settings."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.roles import Role

DEFAULT_FDR = 0.1
FEWEST_FINDINGS = 20
"""What an analyst has time for in a morning, if the rule selects less: incidents."""

Distance = Literal["euclidean", "cosine"]
TextEmbedding = Literal["tokens", "semantic"]


class Section(BaseModel):
    """Settings of which none may be unknown, and that never change once they are read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ColumnSpec(Section):
    """How one column is read."""

    role: Role = Field(description="What the column's values mean.")
    weight: float = Field(
        default=1.0, gt=0, le=100, strict=True, description="Its voice beside the others."
    )


class SelectionSpec(Section):
    """Which scored records become findings."""

    fdr: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        strict=True,
        description="False discovery rate for Benjamini-Hochberg;"
        f" {DEFAULT_FDR} unless a threshold is set.",
    )
    threshold: float | None = Field(
        default=None,
        ge=0,
        strict=True,
        description="A fixed anomaly score (-10 log10 p) instead of `fdr`.",
    )
    budget: int = Field(
        default=100, ge=1, strict=True, description="The most incidents a run may write."
    )
    at_least: int | None = Field(
        default=None,
        ge=0,
        strict=True,
        description="The fewest incidents a run writes: where the rule selects fewer, the oddest of"
        " the rest follow, marked as chosen by rank. Those that a verdict suppresses count. "
        f"{FEWEST_FINDINGS} under `fdr`, 0 under `threshold`.",
    )

    @property
    def fewest(self) -> int:
        """Return the fewest incidents a run writes, its budget permitting."""
        by_rule = 0 if self.threshold is not None else FEWEST_FINDINGS
        return min(by_rule if self.at_least is None else self.at_least, self.budget)

    @model_validator(mode="after")
    def _one_rule(self) -> "SelectionSpec":
        if self.fdr is not None and self.threshold is not None:
            raise ValueError("set `fdr` or `threshold`, not both")
        return self


class ModelSpec(Section):
    """How records are embedded, and what their distance is."""

    distance: Distance = Field(
        default="euclidean",
        description="What the distance voice measures: `euclidean`, how far the record is in its"
        " farthest column; `cosine`, how unlike the normal ones its direction is over all columns.",
    )
    text: TextEmbedding = Field(
        default="tokens",
        description="What is known of a text: `tokens`, its words, 3-grams and shape; `semantic`,"
        " what it means besides, by a packaged sentence model (needs `outfield[semantic]`).",
    )
