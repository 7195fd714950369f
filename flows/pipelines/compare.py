"""Pipeline `compare`: counts the findings that two models have alone and in common."""

from dataclasses import dataclass
from functools import partial

from flows.pipelines.damage import PlanStep, beside_damage
from flows.runtime.progress import OnProgress, Steps
from flows.runtime.runner import Runner
from flows.steps.candidates import candidates
from flows.steps.fit import TAKE_UP_MODEL
from flows.steps.gather import GATHER
from flows.steps.planned import Source
from flows.steps.run import passing_run
from flows.steps.score import SCORE, merge_chunks
from flows.steps.select import SELECT
from schemas.job.job import JobSpec
from schemas.job.partition import Partition


@dataclass(frozen=True)
class Comparison:
    """The numbers of findings that two models have in common and alone."""

    models: tuple[str, str]
    both: int
    only_first: int
    only_second: int
    by_rule: tuple[int, int]
    """Records that the job's rule selects, for each model.

    Where they are fewer than the job asks for, the most anomalous of the rest are findings too.
    """


def compare_models(
    job: JobSpec,
    models: tuple[str, str],
    runner: Runner,
    on_progress: OnProgress,
    partition: Partition | None = None,
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
            found.append(beside_damage(partial(_select, job, model, runner, Source(partition))))
    (first, of_first), (second, of_second) = found
    return Comparison(
        models=models,
        both=len(first & second),
        only_first=len(first - second),
        only_second=len(second - first),
        by_rule=(of_first, of_second),
    )


def _select(
    job: JobSpec, model: str, runner: Runner, source: Source, plan: PlanStep
) -> tuple[set[int], int]:
    judged_by = job.model.model_copy(update={"use": model, "refit": "never"})
    job = job.model_copy(update={"model": judged_by})
    with passing_run(job, runner.here(plan, job, source)) as run:
        gathered = runner.call(GATHER, run)
        fitted = runner.call(TAKE_UP_MODEL, run, gathered)
        n = gathered.records.n_chunks
        chunks = [chunk for _, chunk in runner.each(SCORE, n, run, gathered, fitted)]
        selected = runner.call(SELECT, run, gathered, fitted, merge_chunks(chunks))
        rows, _ = candidates(run)
        # What the rule selects, or the oddest where it selects fewer.
        found = rows[: max(selected.by_rule, job.selection.fewest(against_others=False))]
        return set(found.tolist()), selected.by_rule
