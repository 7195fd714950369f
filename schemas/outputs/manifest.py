"""The manifest: what a run read, did and wrote. A run without one did not happen."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Literal

from pydantic import Field

from schemas.errors import LedgerError
from schemas.job.partition import Partition
from schemas.outputs.document import OutputDocument
from schemas.outputs.figures import CanaryReport, ColumnDrift, Metrics, PartitionRows
from schemas.outputs.tables import FORMAT_VERSION

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Ledger(OutputDocument):
    """The outcome of every row read."""

    read: int = Field(ge=0)
    scored: int = Field(ge=0)
    quarantined: dict[str, int] = Field(default_factory=dict, description="Reason -> rows.")
    skipped: dict[str, int] = Field(default_factory=dict, description="Reason -> rows.")
    files_left_out: dict[str, int] = Field(
        default_factory=dict,
        description="End of a name, such as `csv` -> files in the folders of the input that are not"
        " Parquet. They were not read, and their rows are not counted.",
    )
    columns_left_out: dict[str, str] = Field(
        default_factory=dict,
        description="Column -> its type, which cannot be read: the rows are judged without it.",
    )
    times_not_read: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Column that looks like a time, in a run without one -> the settings of the job"
        " that would read it. Two where the order of day and month is open, none where it is"
        " written in several ways.",
    )

    @property
    def rows_quarantined(self) -> int:
        """Rows rejected, for whatever reason."""
        return sum(self.quarantined.values())

    @property
    def rows_skipped(self) -> int:
        """Rows left out, for whatever reason."""
        return sum(self.skipped.values())

    def check(self) -> None:
        """Raise `LedgerError` unless read = scored + quarantined + skipped."""
        left = self.scored + self.rows_quarantined + self.rows_skipped
        if self.read != left:
            raise LedgerError(
                f"{self.read} rows read, but {left} accounted for: {self.scored} scored,"
                f" {self.quarantined} quarantined, {self.skipped} skipped"
            )


class InputFile(OutputDocument):
    """One file of the input, by its name below the input's root: never a path of the machine."""

    name: str
    rows: int
    bytes: int
    modified: str | None = Field(default=None, description="UTC time of the last change, if known.")
    damaged: str | None = Field(
        default=None,
        description="Why no row of it was judged: it cannot be read. Its rows, if its footer tells"
        " them, are quarantined; null where it was read.",
    )
    deleted_rows: int = Field(
        default=0, description="Rows of it that its table has deleted: none of them was read."
    )
    deletions: str | None = Field(
        default=None, description="The fingerprint of which rows these are; null where none is."
    )


class ColumnRole(OutputDocument):
    """A column's role in the run and why it has it."""

    role: str
    why: str
    weight: float = 1.0
    secret: bool = Field(
        default=False, description="Whether its values are masked in all that is written."
    )
    kind: str | None = Field(
        default=None,
        description="What it holds, such as `numbers` or `text`. Null where it was null in all"
        " rows, where folders name it, and in earlier versions.",
    )
    format: str | None = Field(
        default=None, description="The format of a time; null where it is read without one."
    )
    date: str | None = Field(
        default=None, description="The column that holds the day of a time; null if it does itself."
    )


class ModelFigures(OutputDocument):
    """A model in numbers: how large it is, and how foreign the sample seemed it was fitted on."""

    dims: int
    sample_rows: int = Field(description="Rows that the statistics of the columns come from.")
    days: int | None = Field(
        default=None,
        description="Days of these rows (UTC); null where they have no time, and in runs before"
        " they were counted.",
    )
    reference_rows: int = Field(description="Rows that the normal cluster was fitted on.")
    calibration_rows: int = Field(description="Rows that the p-values come from.")
    trimmed_share: float = Field(description="Share left out of the normal cluster.")
    unsettled_share: float = Field(
        default=0.0, description="Share of its core that the last trimming step still exchanged."
    )
    agreement: float | None = Field(
        default=None,
        description="Share of the outermost twentieth that is outermost again when the cluster is"
        " found from another half of the rows. It is near 1 where a group lies apart, lower where"
        " the boundary runs through ordinary rows. Null in runs before it was taken.",
    )
    beyond_reference: float | None = Field(
        default=None,
        description="Share of the calibration rows more surprising than 99 % of the normal cluster."
        " It is .01 where nothing was trimmed, else up to about the share left out. It is"
        " less where foreign rows stayed in the cluster, more where the calibration rows are of"
        " another kind. Null in runs before it was taken.",
    )


class ModelSummary(ModelFigures):
    """The model the run judged by."""

    model_id: str
    use: str = Field(
        default="fit",
        description="How it was chosen: `fit` on the records of the run, `latest`, or its id.",
    )
    renewal: Literal["first", "drift", "age"] | None = Field(
        default=None,
        description="Why the model was fitted just before the run; null where it was not. There was"
        " none, the data had changed, or the old one was older than the job allows.",
    )
    alone: str | None = Field(
        default=None,
        description="Why the records were judged against each other, though the job names days to"
        " judge them against; null where they were not.",
    )
    new_columns: list[str] = Field(
        default_factory=list,
        description="Columns of the input that a stored model does not know: they are not judged.",
    )


NO_RULE_OVER_RECORDS = "none over records"


class SelectionSummary(OutputDocument):
    """The selection of the findings."""

    rule: str = Field(
        description="The rule, such as `Benjamini-Hochberg at a false discovery rate of 0.1`; or"
        f" `{NO_RULE_OVER_RECORDS}`, where records are judged against other days and the job names"
        " no rule."
    )
    score_cut: float | None = Field(description="The lowest anomaly score selected; null if none.")
    selected: int = Field(description="Records that the rule selects.")
    findings: int = Field(description="Records written: at most ten of each incident.")
    budget: int
    by_rank: int = Field(
        default=0, description="Findings that the rule does not select: the oddest of the rest."
    )
    by_window: int = Field(
        default=0, description="Findings that are not odd by themselves, but of odd windows."
    )
    in_incidents: int | None = Field(
        default=None,
        description="Records that the rule selects and that are part of the run's incidents, those"
        " that a verdict suppresses among them. Null in runs before there were incidents.",
    )
    drift: float = Field(
        default=1.0,
        ge=1.0,
        description="How many times as often as the calibration rows these records are below the"
        " p-value `drift_at`; 1 where that is no more than chance. Benjamini-Hochberg takes the"
        " p-values raised by it; the scores, and a fixed threshold, stay as they are.",
    )
    drift_at: float | None = Field(
        default=None, description="Where that is most: about .5, .3, .2 or .1; null without drift."
    )
    all_usual: bool = Field(
        default=False,
        description="Whether no record is odder than half of the normal ones, as where all are"
        " alike. There is no finding then.",
    )

    @property
    def has_rule(self) -> bool:
        """Return whether a rule over records was applied."""
        return self.rule != NO_RULE_OVER_RECORDS

    @property
    def cut_off(self) -> int:
        """Records the rule selects that the budget left out."""
        if self.in_incidents is not None:
            return self.selected - self.in_incidents
        return self.selected - self.by_rule

    @property
    def by_rule(self) -> int:
        """Findings that the rule selects."""
        return self.findings - self.by_rank - self.by_window


class VerdictEffect(OutputDocument):
    """The effect of a verdict in the run."""

    verdict: str
    label: str
    suppressed: int = Field(description="Incidents that it kept from the analyst.")
    let_through: int = Field(
        description="Incidents it is about that it did not suppress. They are odder than what it"
        " was given on, it has run out, or it says malicious."
    )


class VerdictCount(OutputDocument):
    """The incidents of one severity that have verdicts, and how many of them are malicious."""

    severity: str = Field(description="The severity that they had when the verdict was given.")
    incidents: int = Field(description="Incidents with a verdict that is not withdrawn.")
    malicious: int = Field(description="Those whose newest verdict says malicious.")


class MovedColumn(OutputDocument):
    """A column that moved as a whole: many records hold values that the model never saw."""

    column: str
    unseen: float = Field(description="Share of records with such a value.")
    unseen_before: float = Field(description="The same among records it was not fitted on, then.")
    examples: list[str] = Field(
        default_factory=list,
        description="The commonest of them, at most three; none of a masked column.",
    )
    incidents: int = Field(
        default=0,
        description="Incidents with no other reason. They are neither alarms nor leads, and are"
        " kept in the dataset `unshown`.",
    )


class EarlierIncident(OutputDocument):
    """An incident of an earlier run."""

    incident: str
    title: str
    partition: Partition | None = Field(description="The day or hour that its run judged.")


class IncidentSummary(OutputDocument):
    """The incidents that the findings make up."""

    incidents: int = Field(default=0, description="Those written: at most the budget.")
    records: int = Field(default=0, description="Records in them, findings or not.")
    statuses: dict[str, int] = Field(
        default_factory=dict, description="`new`, `recurring`, `worse` -> incidents."
    )
    resolved: int = Field(
        default=0,
        description="Incidents of the run before that are not in this one, and that a verdict calls"
        " benign or expected.",
    )
    not_seen: int | None = Field(
        default=None,
        description="Incidents of the run before that are not in this one, without such a verdict."
        " Null in runs of earlier versions, where `resolved` counts them, too.",
    )
    compared_with: str | None = Field(
        default=None,
        description="The run before: that of the newest earlier partition. Without"
        " partitions, the newest whose records end earlier.",
    )
    compared_day: str | None = Field(
        default=None,
        description="The day that this run judged, or its first and last; without times, the day it"
        " ran. Null in runs of earlier versions.",
    )
    suppressed: int = Field(default=0, description="Incidents that verdicts suppress.")
    unshown: int | None = Field(
        default=None,
        description="Incidents less odd than the leads, kept for later runs to know them by. Null"
        " in runs before they were kept.",
    )
    members: int | None = Field(
        default=None,
        description="Records of all incidents, shown or not. Null in runs before they were listed.",
    )
    alarms: int = Field(default=0, description="Incidents that are alarms.")
    alarm_stacks: int | None = Field(
        default=None,
        description="Stacks that the alarms are in; an alarm without a look-alike counts as one."
        " Null in runs before there were stacks.",
    )
    lead_stacks: int | None = Field(
        default=None, description="The same of the leads: incidents that are no alarms."
    )
    nights: int | None = Field(
        default=None,
        description="Earlier nights that the incidents were held against; earlier hours where a"
        " partition is an hour. Null where the records"
        " were judged against each other, where none could be scored, and in runs before there were"
        " alarms.",
    )
    oddest: float | None = Field(
        default=None,
        description="What later nights are held against: the records that would be as odd as the"
        " oddest new incident if all were ordinary. Null where the model knew fewer than two"
        " other days.",
    )
    window_nights: int | None = Field(
        default=None,
        description="Earlier nights of which days of entities were judged, too: incidents of the"
        " view `window` are held against them. Null as `nights`, and where no day of an entity"
        " could be held against others.",
    )
    oddest_window: float | None = Field(
        default=None,
        description="As `oddest`, of days of entities: the days that would be as odd as the oddest"
        " new one. 2 without an incident of this view; null where no day of an entity could be held"
        " against others.",
    )
    to_review: list[EarlierIncident] = Field(
        default_factory=list,
        description="What the oddest of these nights are known by, as far as it has no verdict: at"
        " most three. A verdict on them changes later alarms most.",
    )
    moved: list[MovedColumn] = Field(
        default_factory=list,
        description="Columns that moved as a whole, the most first. Only where the records were"
        " judged by other days.",
    )
    verdicts: list[VerdictEffect] = Field(
        default_factory=list, description="Those that are about an incident of the run."
    )
    verdict_counts: list[VerdictCount] = Field(
        default_factory=list,
        description="The incidents of the job with verdicts, by severity. Empty in runs before"
        " they were counted.",
    )
    refused_verdicts: list[str] = Field(
        default_factory=list,
        description="Lines of dropped files of verdicts that cannot be heeded, each with why.",
    )

    @property
    def quiet(self) -> bool:
        """Return whether the run is judged by other days and has no alarm."""
        return self.nights is not None and not self.alarms


class SearchSummary(OutputDocument):
    """The records that a run stored to be searched."""

    records: int = Field(description="Records kept: all, or evenly spaced ones and the findings.")


class UnjudgedDay(OutputDocument):
    """A day on which what entities do was not judged, in a job that names days."""

    day: date
    name: str | None = Field(description="Null of a day without a name.")
    known: int = Field(
        description="Other days of that name, of the run and of earlier ones; or days without one."
    )


class RunManifest(OutputDocument):
    """All that is known of a run."""

    format_version: str = FORMAT_VERSION
    outfield_version: str
    job: str
    run_id: str
    unit: str
    seed: int
    partition: Partition | None = Field(
        default=None,
        description="The day of the input that was judged, such as `2026-01-05`, or the hour, such"
        " as `2026-01-05T13`; null without `{date}`.",
    )
    job_fingerprint: str | None = Field(
        default=None,
        description="Hash of the job's settings but those of input, output, name, schedule,"
        " search, notifications and `keep`. Null in runs before it was taken.",
    )
    started: datetime
    finished: datetime
    input_files: list[InputFile]
    table_kind: str | None = Field(
        default=None,
        description="`Delta` or `Iceberg` where the input is such a table; else null.",
    )
    table_version: int | None = Field(
        default=None,
        description="The version of the Delta table, or the snapshot of the Iceberg table, that was"
        " read; null where the input is none.",
    )
    table_columns: str | None = Field(
        default=None,
        description="The fingerprint of the columns of the Iceberg table: a change of them alone"
        " makes no new snapshot. Null where the input is none.",
    )
    ledger: Ledger
    units_scored: int = Field(description="Events, or sessions where the unit is the session.")
    columns: dict[str, ColumnRole]
    model: ModelSummary
    selection: SelectionSummary
    severities: dict[str, int]
    incidents: IncidentSummary = Field(default_factory=IncidentSummary)
    covers: tuple[datetime, datetime] | None = Field(
        default=None, description="The first and the last time of its records, if they have one."
    )
    canaries: CanaryReport | None = Field(
        default=None, description="Null in runs before they were scored."
    )
    column_drift: dict[str, ColumnDrift] = Field(
        default_factory=dict,
        description="Column -> how far it is from what the stored model was fitted on. Where drift"
        " made the run fit a new one, the model before it counts. Empty where the model was fitted"
        " on the records themselves.",
    )
    embedding_drift: ColumnDrift | None = Field(
        default=None,
        description="How far all columns together are from that, by the cells of the embedding that"
        " its records lie in; null where no column is compared.",
    )
    partition_rows: PartitionRows | None = Field(
        default=None,
        description="Its rows beside those of earlier partitions. Null without `{date}` in the"
        " input, with fewer than five earlier days, and where none of these is of its weekday.",
    )
    search: SearchSummary | None = Field(
        default=None, description="Null where the job does not ask for it."
    )
    activity: int | None = Field(
        default=None,
        description="Rows of the dataset `activity`. Null where behaviour is not judged, and in"
        " runs before it was.",
    )
    missed: tuple[str, ...] = Field(
        default=(),
        description="Sentences on entities without an event in the run that have some on all other"
        " whole days of earlier runs. They are in no incident, as they have no record.",
    )
    calendar: dict[str, tuple[date, ...]] = Field(
        default_factory=dict,
        description="Name -> the days that the job names, up to the last one of the run.",
    )
    unjudged_days: tuple[UnjudgedDay, ...] = Field(
        default=(),
        description="Days of the run that were not held against others. Of named ones too few of"
        " that name are known; of those without a name the named ones leave too few. Their records"
        " were judged one by one.",
    )
    seconds: dict[str, float] = Field(description="Step -> wall seconds.")
    metrics: Metrics | None = Field(
        default=None, description="Null in runs before they were taken."
    )
    files: dict[str, str] = Field(
        default_factory=dict,
        description="File of the run, by its name in the run's folder -> its SHA-256; empty in runs"
        " before it was taken.",
    )

    @property
    def rows_of_datasets(self) -> dict[str, int]:
        """Dataset of the run -> the rows that it holds, if nothing was lost or invented."""
        stored = {} if self.search is None else {"records": self.search.records}
        if self.incidents.unshown is not None:
            stored["unshown"] = self.incidents.unshown
        if self.incidents.members is not None:
            stored["members"] = self.incidents.members
        if self.activity is not None:
            stored["activity"] = self.activity
        return stored | {
            "findings": self.selection.findings,
            "scores": self.units_scored,
            "quarantine": self.ledger.rows_quarantined,
            "incidents": self.incidents.incidents,
            "suppressed": self.incidents.suppressed,
        }

    @property
    def night(self) -> Literal["night", "hour"]:
        """The name of what it is held against: a night, or an hour."""
        hourly = self.partition is not None and self.partition.hour is not None
        return "hour" if hourly else "night"

    @property
    def judged_day(self) -> str:
        """The day or hour that it judged, or the first and last day; without times, when it ran."""
        if self.partition is not None:
            return f"{self.partition}"
        if self.covers is None:
            return f"{self.started:%Y-%m-%d}"
        first, last = (f"{end:%Y-%m-%d}" for end in self.covers)
        return first if first == last else f"{first} – {last}"

    def covers_any(self, days: Collection[int]) -> bool:
        """Tell whether one of some days since 1970 lies between its first and its last record."""
        if self.covers is None or not days:
            return False
        first, last = ((end - _EPOCH).days for end in self.covers)
        return any(first <= day <= last for day in days)

    def covers_only(self, days: Collection[int]) -> bool:
        """Tell whether all days since 1970 from its first to its last record are among some."""
        if self.covers is None:
            return False
        first, last = ((end - _EPOCH).days for end in self.covers)
        return all(day in days for day in range(first, last + 1))

    @property
    def damaged_files(self) -> list[InputFile]:
        """The files of the input of which no row was judged."""
        return [file for file in self.input_files if file.damaged is not None]

    @property
    def moved_columns(self) -> list[str]:
        """The columns that are not what the model was fitted on, the farthest first."""
        moved = {name: drift for name, drift in self.column_drift.items() if drift.moved}
        return sorted(moved, key=lambda name: -moved[name].stability_index)

    @property
    def moved_together(self) -> bool:
        """Return whether other values go together than when the model was fitted."""
        return self.embedding_drift is not None and self.embedding_drift.moved
