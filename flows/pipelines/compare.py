"""Pipeline `compare`: counts the findings that two models have alone and in common."""

from dataclasses import dataclass
from datetime import date
from functools import partial

from flows.runtime.progress import OnProgress, Steps
from flows.runtime.runner import Runner
from flows.steps.candidates import candidates
from flows.steps.fit import take_up_model
from flows.steps.gather import gather_records
from flows.steps.plan import PlanStep, beside_damage
from flows.steps.run import passing_run
from flows.steps.score import merge_chunks, score_chunk
from flows.steps.select import select_findings
from schemas.job.job import JobSpec


@dataclass(frozen=True)
class Comparison:
    """How the findings of two models differ."""

    models: tuple[str, str]
    both: int
    only_first: int
    only_second: int
    by_rule: tuple[int, int]
    """Findings that the job's rule selects; the others are the oddest of the rest."""


def compare_models(
    job: JobSpec,
    models: tuple[str, str],
    runner: Runner,
    on_progress: OnProgress,
    partition: date | None = None,
) -> Comparison:
    """Judge the job's input by each of two models, and publish nothing.

    Raises
    ------
    OutfieldError
        What the user can mend.
    """
    step = Steps(on_progress)
    found: list[tuple[set[int], int]] = []
    for model in models:
        with step(f"judge by {model}"):
            found.append(beside_damage(partial(_select, job, model, runner, partition)))
    (first, of_first), (second, of_second) = found
    return Comparison(
        models=models,
        both=len(first & second),
        only_first=len(first - second),
        only_second=len(second - first),
        by_rule=(of_first, of_second),
    )


def _select(
    job: JobSpec, model: str, runner: Runner, partition: date | None, plan: PlanStep
) -> tuple[set[int], int]:
    judged_by = job.model.model_copy(update={"use": model, "refit": "never"})
    job = job.model_copy(update={"model": judged_by})
    with passing_run(job, runner.here(plan, job, partition)) as run:
        gathered = runner.call(gather_records, run)
        fitted = runner.call(take_up_model, run, gathered)
        n = gathered.records.n_chunks
        chunks = [chunk for _, chunk in runner.each(score_chunk, n, run, gathered, fitted)]
        selected = runner.call(select_findings, run, gathered, fitted, merge_chunks(chunks))
        rows, _ = candidates(run)
        # What the rule selects, or the oddest where it selects fewer.
        found = rows[: max(selected.by_rule, job.selection.fewest)]
        return set(found.tolist()), selected.by_rule
