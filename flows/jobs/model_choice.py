"""Chooses the stored model that judges a job's records, if any, and checks that it reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flows.storage.input.held_columns import place_of_column
from flows.storage.input.plan import InputPlan
from flows.storage.models.registry import latest_model
from flows.storage.models.store import StoredModel, find_model, read_card
from flows.storage.runs.writer import job_folder
from schemas.columns.roles import Role, RoleChoice
from schemas.columns.time_formats import Spelling
from schemas.columns.vocabulary import names_password, names_token
from schemas.errors import InputError, ModelFileError
from schemas.events.flattening import flattened_origin
from schemas.events.kinds import kinds_of
from schemas.job.fingerprint import model_fingerprint
from schemas.job.job import JobSpec
from schemas.locations import without_secrets
from schemas.outputs.model_card import ModelCard

_UNREAD = (Role.ID, Role.IGNORE)
"""Roles of columns that a model does not look at."""


@dataclass(frozen=True)
class ChosenModel:
    """A stored model and what is known of it."""

    stored: StoredModel
    card: ModelCard


def choose_model(job: JobSpec) -> ChosenModel | None:
    """Find the stored model that a job names; None where it fits one on its own records.

    A job that refits its latest model by itself also begins by itself: before its first run one is
    fitted.

    Raises
    ------
    ModelFileError
        It is not there, or its card cannot be read.
    """
    use = job.model.use
    if use == "fit":
        return None
    stored = latest_model(job_folder(job)) if use == "latest" else find_model(job_folder(job), use)
    if stored is not None:
        return ChosenModel(stored, read_card(stored))
    if job.model.refit == "never":
        raise ModelFileError(
            "no model of the job was fitted to be used again",
            where=str(job.name),
            remedy='run `outfield fit` first, or take the default, `use = "fit"`',
        )
    return None


def roles_in_model(job: JobSpec, model: ChosenModel, plan: InputPlan) -> dict[str, RoleChoice]:
    """Give each column of the input the role it has in a stored model; new ones are ignored.

    Raises
    ------
    ModelFileError
        The model was fitted by a job that reads or measures otherwise.
    InputError
        The input lacks a column that the model judges by, or holds other values in it.
    """
    card, model_id = model.card, model.stored.model_id
    if card.fingerprint != model_fingerprint(job):
        raise ModelFileError(
            "it was fitted with other settings of columns, peers, unit, sessions, text or distance",
            where=f"model {model_id}",
            remedy="fit a new one with `outfield fit`, or take the settings back",
        )
    columns = flattened_origin(plan.schema)
    needed = [name for name, column in card.columns.items() if Role(column.role) not in _UNREAD]
    needed += [column.date for column in card.columns.values() if column.date is not None]
    missing = [name for name in needed if name not in columns]
    if missing:
        more = f" (nor {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise InputError(
            f"it has no column `{missing[0]}`{more}, which model {model_id} judges by",
            where=without_secrets(plan.location),
            remedy="mend the input, or fit a new model on input like it with `outfield fit`",
        )
    check_kinds(model, plan)
    choices = {name: _role(card, name, model_id) for name in columns}
    dated = {name: spec.spelling.before for name, spec in job.columns.items()}
    return {
        name: replace(choice, spelling=replace(choice.spelling, before=dated.get(name)))
        for name, choice in choices.items()
    }


def check_kinds(model: ChosenModel, plan: InputPlan) -> None:
    """Check that the columns that a model judges by hold what they held when it was fitted.

    Raises
    ------
    InputError
        One holds another kind of values: read by its role, they would be rejected or all be new.
    """
    now, of_folders = kinds_of(plan.schema), plan.partition_values()
    for name, column in model.card.columns.items():
        kind = None if name in of_folders else now.get(name)
        if Role(column.role) in _UNREAD or None in (kind, column.kind) or kind == column.kind:
            continue
        raise InputError(
            f"column `{name}` holds {kind}, and held {column.kind} when model"
            f" {model.stored.model_id} was fitted",
            where=place_of_column(plan, flattened_origin(plan.schema)[name]),
            remedy="write it as before, or fit a new model with `outfield fit`",
        )


def new_columns(model: ChosenModel | None, choices: Mapping[str, RoleChoice]) -> list[str]:
    """List the columns of the input that the stored model does not know."""
    return [] if model is None else [name for name in choices if name not in model.card.columns]


def _role(card: ModelCard, name: str, model_id: str) -> RoleChoice:
    known = card.columns.get(name)
    if known is None:
        secret = names_password(name) or names_token(name)
        return RoleChoice(Role.IGNORE, f"model {model_id} does not know it", secret)
    why = f"{known.why} (model {model_id})"
    return RoleChoice(Role(known.role), why, known.secret, Spelling(known.format, known.date))
