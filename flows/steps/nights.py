"""Earlier nights of a job: how odd the oddest new incident of each was."""

from collections.abc import Mapping, Sequence
from typing import Any

from anomaly.incidents.alarms import MOST_NIGHTS
from flows.steps.run import Run
from flows.storage.runs.reader import PublishedRun
from schemas.outputs.manifest import ModelSummary
from schemas.outputs.verdict import Verdict

_FEWEST_DAYS = 2
"""Days of a model that say something of what is new every day: one calibrates the other."""


def knows_other_days(run: Run, model: ModelSummary) -> bool:
    """Tell whether a run is judged by days other than its own: it may be held against nights."""
    return run.model is not None and (model.days or 0) >= _FEWEST_DAYS


def past_nights(
    earlier: Sequence[PublishedRun], rows: Sequence[Mapping[str, Any]], verdicts: Sequence[Verdict]
) -> list[float]:
    """Return the number that each earlier night is known by (`anomaly.incidents.alarms`).

    Parameters
    ----------
    earlier
        The earlier runs of the job, the oldest first.
    rows
        Their incidents: `identity`, `incident`, `status`, `p_value`, and the place of the `run`.
    verdicts
        All verdicts. What is malicious is no part of an ordinary night.
    """
    malicious = {verdict.incident for verdict in verdicts if verdict.label == "malicious"}
    found = []
    for place, run in enumerate(earlier):
        number = run.manifest.incidents.oddest
        if number is None:
            continue
        own = [row for row in rows if row["run"] == place and row["status"] != "recurring"]
        if any(row["incident"] in malicious for row in own):
            others = [row["p_value"] for row in own if row["incident"] not in malicious]
            number = min(others, default=1.0) * run.manifest.units_scored
        found.append(number)
    return found[-MOST_NIGHTS:]
