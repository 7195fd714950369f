"""The card of a stored model: what it was trained on, how, and how good it seemed."""

from datetime import datetime

from pydantic import Field

from schemas.job.partition import Partition
from schemas.outputs.document import OutputDocument
from schemas.outputs.figures import CanaryReport
from schemas.outputs.manifest import ColumnRole, ModelFigures


class ModelCard(OutputDocument):
    """A model's card, read without loading it. It holds no path and no credential."""

    outfield_version: str
    input: str = Field(description="The input's name, without its folder, login or query.")
    rows: int = Field(ge=0, description="Rows of that input.")
    damaged: dict[str, str] = Field(
        default_factory=dict,
        description="Files of the input that are damaged -> why; it was fitted on the others.",
    )
    first: datetime | None = Field(
        default=None, description="Time of the earliest record of the sample, if they have one."
    )
    last: datetime | None = Field(default=None, description="Time of the latest.")
    through: Partition | None = Field(
        default=None,
        description="The last day or hour that it was fitted on. Null without `{date}`.",
    )
    unit: str
    seed: int
    fingerprint: str = Field(description="Of the job's settings that a model depends on.")
    columns: dict[str, ColumnRole] = Field(description="Column of the input -> its role.")
    figures: ModelFigures
    reference: dict[str, list[int]] = Field(
        default_factory=dict,
        description="Column -> records by bin among those the model was not fitted on: what later"
        " batches are compared with.",
    )
    cells: list[int] = Field(
        default_factory=list,
        description="The same records by the cell of the embedding that they lie in; empty in"
        " models before they were counted.",
    )
    canaries: CanaryReport | None = Field(
        default=None, description="The self-check, on records that the model was not fitted on."
    )
