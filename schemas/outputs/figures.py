"""Figures that a run measured of itself: canaries, drift, rows, time and memory."""

from pydantic import Field

from schemas.outputs.document import OutputDocument


class CanaryReport(OutputDocument):
    """The synthetic anomalies, made from records of the same input, and how many would be found."""

    planted: int = Field(ge=0)
    found: int = Field(ge=0)
    score_cut: float | None = Field(
        description="The anomaly score from which one counts as found: that of the last finding;"
        " null where there is none."
    )
    by_kind: dict[str, tuple[int, int]] = Field(
        default_factory=dict, description="Kind of anomaly -> how many were planted, and found."
    )

    usual: float | None = Field(
        default=None,
        description="Share found in the runs before of the same settings; null where they are few.",
    )
    fell: bool = Field(
        default=False,
        description="Whether the share found is lower than in those runs, beyond chance and their"
        " own variation. These make it as low once in a thousand runs.",
    )

    @property
    def recall(self) -> float:
        """Share found; 0 where none was planted."""
        return self.found / self.planted if self.planted else 0.0


class ColumnDrift(OutputDocument):
    """The drift of a column of the batch, or of its embedding, since the model was fitted."""

    stability_index: float = Field(
        description="Population stability index over the bins of the column, or the cells of the"
        " embedding. 0 is alike, .1 a little apart, .25 another population."
    )
    unseen: float = Field(description="Share of values that the model never saw.")
    unseen_before: float = Field(description="The same among records it was not fitted on, then.")
    moved: bool = Field(description="Whether one of the two is more than chance and custom allow.")


class PartitionRows(OutputDocument):
    """The rows of a partition beside those of the partitions before it."""

    rows: int = Field(description="Its rows.")
    low: int = Field(description="The fewest rows that were to be expected.")
    high: int = Field(description="The most. A steady feed lies outside once in 200 days.")
    days: int = Field(description="Earlier partitions that the two come from.")
    of_weekday: bool = Field(
        description="Whether these are of the same weekday; of all weekdays where fewer than three"
        " of the same are known."
    )

    @property
    def far(self) -> bool:
        """Return whether it has fewer or more rows than were to be expected."""
        return not self.low <= self.rows <= self.high


class Metrics(OutputDocument):
    """Speed and memory of the run; the time of each step stands in `seconds`."""

    rows_per_second: float = Field(description="Rows read by the seconds of all steps.")
    peak_memory: int = Field(
        description="The most bytes that the process which led the run had in memory since it"
        " started. If one of its worker processes had more, that one's."
    )
