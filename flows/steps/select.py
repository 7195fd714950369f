"""Step `select`: applies the job's selection rule to the scores of the whole run."""

from dataclasses import dataclass

import numpy as np

from anomaly.model.selection import (
    NO_RULE,
    Drift,
    Selection,
    anomaly_score,
    drift_of,
    largest_p,
    select,
)
from flows.runtime.work import Step
from flows.steps.candidates import MOST_CANDIDATES, ODDEST, Oddest
from flows.steps.fitted_model import Fitted
from flows.steps.gather import Gathered
from flows.steps.run import Run
from flows.steps.score import ChunkScored

ORDINARY = 0.5
"""The p-value of a record in the middle of the others: beyond it nothing is a finding by rank."""


@dataclass(frozen=True)
class Selected:
    """The number of records that the rule selects; the candidates stand in the scratch."""

    rule: str
    by_rule: int
    """Records that the rule selects: the first of the candidates, or more than there are."""
    score_cut: float | None
    drift: Drift
    all_usual: bool = False
    """Whether no record is odder than half of the normal ones."""


def select_findings(run: Run, gathered: Gathered, fitted: Fitted, scored: ChunkScored) -> Selected:
    """Apply the job's rule to the scores of the whole run."""
    spec = run.job.selection
    drift = drift_of(scored.histogram, fitted.summary.calibration_rows)
    outcome = NO_RULE
    if run.model is None or spec.names_a_rule:
        outcome = _by_rule(run, scored, drift)
    top = Oddest(MOST_CANDIDATES)
    for chunk in range(gathered.records.n_chunks):
        top.add(*(run.scratch.read_array(f"{name}-{chunk}") for name in ODDEST))
    for name, array in zip(ODDEST, (top.rows, top.p_values), strict=True):
        run.scratch.write_array(name, array)
    cut = float(anomaly_score(outcome.p_cut)) if outcome.selected else None
    all_usual = outcome.selected == 0 and not (top.p_values < ORDINARY).any()
    return Selected(outcome.rule, outcome.selected, cut, drift, all_usual)


SELECT = Step("select", select_findings)


def _by_rule(run: Run, scored: ChunkScored, drift: Drift) -> Selection:
    spec = run.job.selection
    largest = largest_p(spec, scored.histogram)
    parts = run.folder.read_parts("scores", ["p_value"])
    p_values = [p[p <= largest] for p in (table["p_value"].to_numpy() for _, table in parts)]
    return select(np.concatenate(p_values), scored.scored, spec, drift)
