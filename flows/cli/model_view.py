"""Models as the command line shows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flows.cli.console import Justify, Terminal
from flows.pipelines.compare import Comparison
from flows.report.text import count, moment
from flows.steps.fit import Registered
from flows.storage.fs.atomic import naming_read_errors
from flows.storage.fs.store_path import Place
from flows.storage.models.registry import read_registry
from flows.storage.models.store import list_models, read_card
from flows.storage.runs.reader import RUNS, runs_in
from schemas.errors import ModelFileError, OutputError
from schemas.outputs.model_card import ModelCard

_COLUMNS: dict[str, Justify] = {
    "model": "left",
    "": "left",
    "fitted": "left",
    "rows": "right",
    "canaries": "right",
    "runs": "right",
    "on": "left",
}


@dataclass(frozen=True)
class KnownModel:
    """A model of a job, and what became of it."""

    model_id: str
    card: ModelCard | None
    """None where it cannot be read."""
    fault: str
    """Why not."""
    state: str
    """`latest`, `fitted` to be used again, `of a run` or `damaged`."""
    fitted: datetime | None
    runs: tuple[str, ...]
    """The runs that it judged, the newest first."""

    def document(self) -> dict[str, Any]:
        """Describe it for a machine."""
        return {
            **model_document(self.model_id, self.card),
            "state": self.state,
            "fitted": self.fitted.isoformat() if self.fitted else None,
            "runs": list(self.runs),
            "fault": self.fault,
        }


def known_models(job: Place) -> list[KnownModel]:
    """Find the models of a job: the latest first, then those last fitted, then those of runs.

    Raises
    ------
    OutputError
        There is no such job, or it cannot be read.
    ModelFileError
        Its registry cannot be read.
    """
    models = list_models(job)
    with naming_read_errors(job):
        is_there, has_runs = job.is_dir(), (job / RUNS).is_dir()
    if not models and not is_there:
        raise OutputError("no such folder", where=str(job), remedy="name OUTPUT/JOB or a job file")
    registry = read_registry(job)
    runs = runs_in(job) if has_runs else []
    found = []
    for stored in models:
        card, fault = None, ""
        try:
            card = read_card(stored)
        except ModelFileError as error:
            fault = str(error)
        fitted = registry.fitted_at(stored.model_id)
        judged = [r for r in runs if r.manifest.model.model_id == stored.model_id]
        state = "fitted" if fitted else "of a run"
        state = "latest" if stored.model_id == registry.latest else state
        when = fitted or min((run.manifest.started for run in judged), default=None)
        ids = tuple(run.manifest.run_id for run in judged)
        found.append(
            KnownModel(
                stored.model_id, card, fault, state if card else f"{state}, damaged", when, ids
            )
        )
    return sorted(found, key=_place)


def show_fitted(terminal: Terminal, model: Registered) -> None:
    """Print what a model was fitted on and how good it seems."""
    card, figures = model.card, model.card.figures
    rows = f"{count(card.rows, 'row')}{_span(card)}"
    terminal.line(f"Model {model.stored.model_id} fitted on {card.input}: {rows}")
    if card.damaged:
        name, why = next(iter(card.damaged.items()))
        files = count(len(card.damaged), "damaged file")
        terminal.line(f"Not fitted on {files}, the first is {name}: {why}")
    terminal.line(
        f"{figures.reference_rows:,} records make the normal cluster,"
        f" {figures.calibration_rows:,} calibrate;"
        f" {figures.trimmed_share:.0%} was left out of the cluster"
    )
    if card.canaries and card.canaries.planted:
        terminal.line(
            f"Of {card.canaries.planted} canaries made from records it was not fitted on,"
            f" {card.canaries.recall:.0%} score {card.canaries.score_cut:.0f} or more"
        )
    terminal.line(
        "It is the latest model of the job."
        if model.latest
        else "It is a candidate: `outfield promote` makes it the latest."
    )


def show_models(terminal: Terminal, models: list[KnownModel]) -> None:
    """Print a table of models, a row each, and what is wrong with damaged ones."""
    terminal.table(_COLUMNS, [_row(model) for model in models])
    for model in models:
        if model.fault:
            terminal.line(model.fault)


def show_comparison(terminal: Terminal, comparison: Comparison) -> None:
    """Print how many findings two models share."""
    first, second = comparison.models
    terminal.line(f"{comparison.both:,} findings of both models")
    terminal.line(f"{comparison.only_first:,} of {first} alone")
    terminal.line(f"{comparison.only_second:,} of {second} alone")
    terminal.line(
        f"By the rule, without those chosen by rank:"
        f" {comparison.by_rule[0]:,} and {comparison.by_rule[1]:,}"
    )


def model_document(model_id: str, card: ModelCard | None) -> dict[str, Any]:
    """Describe a model for a machine."""
    return {"model_id": model_id, "card": card.model_dump(mode="json") if card else None}


def _place(model: KnownModel) -> tuple[bool, bool, float, str]:
    age = -model.fitted.timestamp() if model.fitted else 0.0
    return (not model.state.startswith("latest"), "of a run" in model.state, age, model.model_id)


def _row(model: KnownModel) -> list[str]:
    card = model.card
    recall = f"{card.canaries.recall:.0%}" if card and card.canaries else ""
    return [
        model.model_id,
        model.state,
        moment(model.fitted) if model.fitted else "",
        f"{card.rows:,}" if card else "",
        recall,
        f"{len(model.runs):,}",
        f"{card.input}{_span(card)}" if card else "",
    ]


def _span(card: ModelCard) -> str:
    if card.first is None or card.last is None:
        return ""
    return f", {moment(card.first)} to {moment(card.last)}"
