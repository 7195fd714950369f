"""The registry of a job's models: a small file with every decision, and so the latest model.

    OUTPUT/JOB/models/registry.json

It is replaced as a whole, and what stands in it only grows: who rolls back adds a line too.
"""

from datetime import datetime
from typing import Literal

from pydantic import Field, ValidationError

from flows.storage.fs.atomic import naming_output_errors, write_whole
from flows.storage.fs.store_path import Place
from flows.storage.models.store import MODELS, StoredModel, find_model
from schemas.errors import ModelFileError
from schemas.outputs.document import OutputDocument

REGISTRY = "registry.json"

Act = Literal["fitted", "promoted", "rolled back"]


class RegistryEntry(OutputDocument):
    """A decision about a model, and its time."""

    model_id: str
    act: Act
    at: datetime


class Registry(OutputDocument):
    """The models that were fitted to be used again, and what became of them."""

    format_version: Literal[1] = 1
    entries: tuple[RegistryEntry, ...] = Field(default=(), description="From old to new.")

    @property
    def latest(self) -> str | None:
        """The model that `latest` means: the last promoted one that was not rolled back."""
        standing = self._standing()
        return standing[-1] if standing else None

    @property
    def before(self) -> str | None:
        """The model that rolling back would return to."""
        standing = self._standing()
        return standing[-2] if len(standing) > 1 else None

    def fitted_at(self, model_id: str) -> datetime | None:
        """Tell when a model was last fitted; None where it never was to be used again."""
        times = [e.at for e in self.entries if e.model_id == model_id and e.act == "fitted"]
        return max(times, default=None)

    def _standing(self) -> list[str]:
        """List the promoted models, the latest last; rolling back takes the last away."""
        standing: list[str] = []
        for entry in self.entries:
            if entry.act == "rolled back":
                del standing[-1:]
            elif entry.act == "promoted" and standing[-1:] != [entry.model_id]:
                standing.append(entry.model_id)
        return standing


def read_registry(job: Place) -> Registry:
    """Read the registry of a job; an empty one where no model was fitted to be used again.

    Raises
    ------
    ModelFileError
        It is damaged or of a newer format.
    """
    path = job / MODELS / REGISTRY
    try:
        return Registry.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Registry()
    except (OSError, ValidationError) as error:
        raise ModelFileError(
            "not a registry that this version of outfield can read",
            where=f"{MODELS}/{REGISTRY}",
            remedy="move it away and promote a model, or update outfield",
        ) from error


def register(job: Place, model: StoredModel, at: datetime, *, promote: bool) -> None:
    """Note that a model was fitted to be used again; `promote` makes it the latest.

    Raises
    ------
    ModelFileError, OutputError
        The registry cannot be read or written.
    """
    acts: tuple[Act, ...] = ("fitted", "promoted") if promote else ("fitted",)
    _append(job, *(RegistryEntry(model_id=model.model_id, act=act, at=at) for act in acts))


def promote(job: Place, model_id: str, at: datetime) -> StoredModel:
    """Make a model of a job the latest.

    Raises
    ------
    ModelFileError
        There is no such model.
    """
    model = find_model(job, model_id)
    _append(job, RegistryEntry(model_id=model_id, act="promoted", at=at))
    return model


def roll_back(job: Place, at: datetime) -> StoredModel:
    """Make the model the latest that was it before.

    Raises
    ------
    ModelFileError
        There was none before, or it is not there any more.
    """
    before = read_registry(job).before
    if before is None:
        raise ModelFileError("no model was promoted before", remedy="promote one by its id")
    model = find_model(job, before)
    _append(job, RegistryEntry(model_id=before, act="rolled back", at=at))
    return model


def latest_model(job: Place) -> StoredModel | None:
    """Find the latest model of a job; None where none was promoted.

    Raises
    ------
    ModelFileError
        It is not there any more.
    """
    latest = read_registry(job).latest
    return None if latest is None else find_model(job, latest)


def _append(job: Place, *entries: RegistryEntry) -> None:
    known = read_registry(job)
    grown = known.model_copy(update={"entries": (*known.entries, *entries)})
    with naming_output_errors(job):
        (job / MODELS).mkdir(parents=True, exist_ok=True)
    write_whole(job / MODELS / REGISTRY, grown.model_dump_json(indent=1) + "\n")
