"""Steps `fit`, `take up the model` and `register`: fit a model, or load a stored one."""

from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.explain.known_records import known_records
from anomaly.incidents.verdicts import known_malicious
from anomaly.model.fold import ModelOptions, days_of
from anomaly.model.model import FEWEST_EVENTS, AnomalyModel
from anomaly.model.splits import held_out
from anomaly.monitoring.canaries import search_canaries
from anomaly.monitoring.column_drift import count_records
from anomaly.monitoring.embedding_drift import count_cells
from anomaly.numerics.spacing import evenly_spaced
from flows.jobs.model_choice import new_columns
from flows.runtime.work import Step
from flows.steps.fitted_model import Fitted, loaded_model
from flows.steps.gather import Gathered
from flows.steps.quarantine import why_rejected
from flows.steps.records import Records
from flows.steps.run import Run
from flows.steps.sampling import by_content, is_drawn, sample_rows
from flows.storage.models.registry import register
from flows.storage.models.store import StoredModel, read_card, save_model
from flows.storage.runs.writer import job_folder
from flows.storage.verdicts.store import read_verdicts
from schemas.columns.roles import Role, time_column
from schemas.errors import InputError, ModelFileError, TooFewRecordsError
from schemas.events.kinds import kinds_of
from schemas.job.fingerprint import model_fingerprint
from schemas.job.job import safe_name
from schemas.locations import without_secrets
from schemas.outputs.manifest import ColumnRole, ModelFigures, ModelSummary
from schemas.outputs.model_card import ModelCard

_SELF_CHECK_P = 0.01
"""A canary that one ordinary record in a hundred is as odd as counts as found in the self-check."""
_COUNTED = 16_384
"""Records that later batches are compared with."""


@dataclass(frozen=True)
class Registered:
    """A model that later runs may judge by."""

    stored: StoredModel
    card: ModelCard
    latest: bool
    """Whether it is what `latest` means from now on."""


def fit_model(run: Run, gathered: Gathered) -> Fitted:
    """Fit the model that judges the records of the run on a sample of them, and store it.

    Raises
    ------
    InputError
        There are too few records, or none of their columns is embedded.
    """
    return _fitted(run, gathered, other_days=False)


def fit_history(run: Run, gathered: Gathered) -> Fitted:
    """Fit a model that judges records of other days than those of the run, and store it.

    Raises
    ------
    InputError
        As `fit_model`.
    """
    return _fitted(run, gathered, other_days=True)


FIT = Step("fit", fit_model)
FIT_HISTORY = Step("fit", fit_history)


def _fitted(run: Run, gathered: Gathered, *, other_days: bool) -> Fitted:
    records = gathered.records
    sample = by_content(draw_sample(run, records))
    _require_enough(run, records, sample)
    weights = {column: spec.weight for column, spec in run.job.columns.items()}
    spec = run.job.model
    options = ModelOptions(spec.distance, run.job.peers, spec.text, other_days)
    try:
        model, drawn = AnomalyModel.fit(sample, records.roles, weights, run.job.seed, options)
    except InputError as error:
        where = without_secrets(run.plan.location)
        raise InputError(error.what, where=where, remedy=error.remedy) from error
    more = is_drawn(records.total, len(records.roles))
    known = known_records(sample, drawn, records.roles, drawn=more)
    card = _card(run, model, sample, other_days)
    stored = save_model(run.folder.job_folder, model, known, card)
    return Fitted(stored, _summary(stored.model_id, card, use="fit"))


def take_up_model(run: Run, gathered: Gathered) -> Fitted:
    """Take up the stored model that the run judges by: as it was stored, and made for its records.

    Raises
    ------
    ModelFileError
        It is damaged, or its records have other columns.
    """
    assert run.model is not None  # noqa: S101 - the pipeline asks
    stored, card = run.model.stored, run.model.card
    model, _ = loaded_model(stored)
    judged = {c: r for c, r in model.embedder.roles.items() if r not in (Role.ID, Role.IGNORE)}
    found = {c: r for c, r in gathered.records.roles.items() if r not in (Role.ID, Role.IGNORE)}
    if judged != found:
        raise ModelFileError(
            "its records have other columns than those of this input",
            where=f"model {stored.model_id}",
            remedy="fit a new one with `outfield fit`",
        )
    summary = _summary(stored.model_id, card, use=run.job.model.use)
    unknown = new_columns(run.model, run.choices)
    return Fitted(stored, summary.model_copy(update={"new_columns": unknown}))


TAKE_UP_MODEL = Step("take up the model", take_up_model)


def register_model(run: Run, fitted: Fitted, promote: bool) -> Registered:
    """Note that a model was fitted to be used again; `promote` makes it the latest of the job.

    Raises
    ------
    ModelFileError, OutputError
        The registry of the job cannot be read or written.
    """
    register(job_folder(run.job), fitted.stored, run.started, promote=promote)
    return Registered(fitted.stored, read_card(fitted.stored), latest=promote)


REGISTER = Step("register", register_model)


def _summary(model_id: str, card: ModelCard, use: str) -> ModelSummary:
    return ModelSummary(model_id=model_id, use=use, **card.figures.model_dump())


def _card(run: Run, model: AnomalyModel, sample: pa.Table, other_days: bool) -> ModelCard:
    """Say what a model was trained on, and how good it is on the part it was not fitted on."""
    time = time_column(model.embedder.roles)
    span = {} if time is None else pc.min_max(sample[time]).as_py()
    days = days_of(sample, model.embedder.roles)
    parted = held_out(sample.num_rows, run.job.seed, days if other_days else None)
    unseen = sample.take(pa.array(parted))
    counted = [_some(unseen)]
    return ModelCard(
        outfield_version=version("outfield"),
        input=safe_name(without_secrets(run.plan.location)),
        rows=run.plan.rows,
        damaged={file.name: file.why for file in run.plan.damaged},
        first=span.get("min"),
        last=span.get("max"),
        through=run.partition,
        unit=run.job.unit,
        seed=run.job.seed,
        fingerprint=model_fingerprint(run.job),
        columns=column_roles(run),
        figures=ModelFigures(
            dims=model.embedder.n_dims,
            sample_rows=model.sample_rows,
            days=None if days is None else len(np.unique(days)),
            reference_rows=model.explaining.reference_rows,
            calibration_rows=model.calibration_rows,
            trimmed_share=model.explaining.trimmed_share,
            unsettled_share=model.explaining.unsettled_share,
            agreement=model.explaining.agreement,
            beyond_reference=model.explaining.beyond_reference,
        ),
        reference={
            column: n.tolist() for column, n in count_records(model.embedder, counted).bins.items()
        },
        cells=count_cells(model.explaining, counted).tolist(),
        canaries=search_canaries(model, unseen, _SELF_CHECK_P, run.job.seed),
    )


def column_roles(run: Run) -> dict[str, ColumnRole]:
    """Say how each column of the input is taken, and why."""
    weights = {column: spec.weight for column, spec in run.job.columns.items()}
    of_folders = run.plan.partition_values()
    kinds = {c: k for c, k in kinds_of(run.plan.schema).items() if c not in of_folders}
    return {
        column: ColumnRole(
            role=choice.role,
            why=choice.why,
            weight=weights.get(column, 1.0),
            secret=choice.secret,
            kind=kinds.get(column),
            format=choice.spelling.format,
            date=choice.spelling.date,
        )
        for column, choice in run.choices.items()
    }


def _some(records: pa.Table) -> pa.Table:
    """Take so many records, evenly spaced, as the counts of a reference need."""
    return records.take(pa.array(evenly_spaced(records.num_rows, _COUNTED)))


def _require_enough(run: Run, records: Records, sample: pa.Table) -> None:
    """Refuse a sample without a cluster, and say what became of the rows."""
    n, where = sample.num_rows, without_secrets(run.plan.location)
    if n >= FEWEST_EVENTS:
        return
    unit = "sessions" if run.job.unit == "session" else "valid events"
    rejected = why_rejected(records)
    if rejected is None:
        remedy = f"a normal cluster needs at least {FEWEST_EVENTS}; widen the input"
        raise TooFewRecordsError(f"only {n} {unit}", where=where, remedy=remedy)
    raise TooFewRecordsError(
        f"only {n} {unit}: {rejected}",
        where=where,
        remedy="give that column another role in the job file",
    )


def draw_sample(run: Run, records: Records) -> pa.Table:
    """Draw the records that the model is fitted on; none that a malicious verdict is about."""
    rows = sample_rows(records.total, len(records.roles), run.job.seed)
    verdicts = read_verdicts(run.folder.job_folder)
    if all(verdict.label != "malicious" for verdict in verdicts):
        return records.take(rows)
    seen = pa.array([i for v in verdicts if v.label == "malicious" for i in v.evidence.records])
    named = Role.ID in records.roles.values() or run.job.session_key is not None
    if not named:
        # An id says where the row stands, which is lost once rows are rejected.
        known = pc.is_in(records.ids(pa.table({}), rows), seen.cast(pa.string()))
        rows = rows[~np.asarray(known)]
    sample = records.take(rows)
    ids = records.ids(sample, rows) if named else pa.nulls(sample.num_rows, pa.string())
    time = time_column(records.roles)
    return sample.filter(pa.array(~known_malicious(sample, ids, verdicts, time)))
