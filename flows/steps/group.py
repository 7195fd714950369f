"""Step `group`: groups anomalous records into incidents; applies verdicts; compares earlier runs.

The most anomalous records are grouped until there are as many incidents as the job wants. An
incident that a verdict suppresses is not replaced by a less anomalous one. Verdicts on similar
incidents change the order of the others. The most anomalous records of each become findings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.incidents.summary import OF_WINDOW, Incident
from anomaly.model.selection import severity
from flows.runtime.work import Step
from flows.steps.fitted_model import Fitted
from flows.steps.gather import Gathered
from flows.steps.incident_history import held_against_the_past
from flows.steps.incident_pool import Pool, grouping_inputs, pool_of
from flows.steps.named_incidents import judged_incidents
from flows.steps.run import Run
from flows.steps.score import ChunkScored, times_covered
from flows.steps.select import Selected
from flows.steps.window_charts import CHARTS, window_charts
from flows.steps.window_incidents import with_windows
from flows.steps.windows import JudgedWindows
from schemas.outputs.figures import ColumnDrift
from schemas.outputs.manifest import IncidentSummary
from schemas.outputs.tables import INCIDENT, MEMBER, SEVERITY_RANK

FINDINGS_OF_ONE = 10
"""The most findings that an incident has; its other records are counted."""
FOUND = "found"
"""What the scratch holds of the records that become findings: themselves, conformed."""

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grouped:
    """The records that become findings, the oddest first, and what their incidents come to."""

    selected: Selected
    """The records that they come from."""
    rows: Integers
    p_values: npt.NDArray[np.float64]
    by_rule: npt.NDArray[np.bool_]
    """Whether the job's rule selects each."""
    of_window: npt.NDArray[np.bool_]
    """Whether each is not odd by itself, but of an odd window."""
    incidents: list[str]
    """The incident that each is of."""
    summary: IncidentSummary
    in_incidents: int
    """Records that the rule selects and that are part of an incident."""
    covers: tuple[datetime, datetime] | None
    """The first and the last time of the run's records."""
    severities: list[str]
    """The severity of each: no graver than that of its incident."""
    of_windows: dict[str, Incident]
    """Incident -> itself, of those whose records are odd together alone."""
    column_drift: dict[str, ColumnDrift]
    """Column -> how far it is from the data of the stored model; empty where none judges."""


def group_incidents(
    run: Run,
    gathered: Gathered,
    fitted: Fitted,
    scored: ChunkScored,
    selected: Selected,
    windows: JudgedWindows,
) -> Grouped:
    """Gather the oddest records and windows into incidents; write these, and what is known."""
    inputs = grouping_inputs(run, gathered, fitted, scored, selected)
    pool = with_windows(inputs, pool_of(inputs), windows)
    outcome = judged_incidents(inputs, pool)
    covers = times_covered(scored)
    parted, summary = held_against_the_past(inputs, outcome, covers, windows.views)
    reported = parted["incidents"]
    for dataset, some in parted.items():
        written = [incident.row(rank) for rank, incident in enumerate(some, start=1)]
        run.folder.write_part(dataset, 0, pa.Table.from_pylist(written, schema=INCIDENT))
    members = _members(pool, outcome.numbers)
    run.folder.write_part("members", 0, members)
    places = _findings(pool, [outcome.numbers[incident.incident] for incident in reported])
    named = {outcome.numbers[incident.incident]: incident for incident in reported}
    of_each = [named[number] for number in pool.numbers[places].tolist()]
    found = pool.odd.events.take(pa.array(places)).unify_dictionaries().combine_chunks()
    run.scratch.write_table(FOUND, found)
    _write_charts(run, pool, named)
    of_rule = pool.numbers[: inputs.by_rule]
    return Grouped(
        selected=selected,
        rows=pool.odd.rows[places],
        p_values=pool.odd.p_values[places],
        by_rule=places < inputs.by_rule,
        of_window=places >= len(pool.odd.rows) - pool.of_windows,
        incidents=[incident.incident for incident in of_each],
        summary=summary.model_copy(update={"members": len(members)}),
        in_incidents=int(np.isin(of_rule, list(outcome.numbers.values())).sum()),
        covers=covers,
        severities=_severities(pool.odd.p_values[places], scored.scored, of_each),
        of_windows={each.incident: each for each in reported if each.view == OF_WINDOW},
        column_drift=inputs.drift,
    )


GROUP = Step("group", group_incidents)


def _write_charts(run: Run, pool: Pool, named: Mapping[int, Incident]) -> None:
    """Leave what the charts of the reported windows show in the scratch."""
    drawn = {named[n].incident: window for n, window in pool.windows.items() if n in named}
    run.scratch.write_table(CHARTS, window_charts(drawn))


def _severities(
    p_values: npt.NDArray[np.float64], n_scored: int, of_each: Sequence[Incident]
) -> list[str]:
    """Return the severity of each finding: its own, but no graver than that of its incident."""
    own = severity(p_values, n_scored)
    return [
        min(name, incident.severity, key=SEVERITY_RANK.__getitem__)
        for name, incident in zip(own, of_each, strict=True)
    ]


def _members(pool: Pool, numbers: Mapping[str, int]) -> pa.Table:
    """Return the records of all incidents, with the incident that each is of, as `MEMBER`."""
    names = {number: incident for incident, number in numbers.items()}
    of_each = pa.array([names.get(number) for number in pool.numbers.tolist()], pa.string())
    found = pa.table([pool.odd.ids, of_each], names=MEMBER.names)
    return found.filter(of_each.is_valid()).cast(MEMBER)


def _findings(pool: Pool, numbers: Sequence[int]) -> Integers:
    """Return the places of the records that become findings: the oddest of each incident."""
    order = np.argsort(pool.numbers, kind="stable")
    starts = np.searchsorted(pool.numbers[order], pool.numbers[order])
    first_ones = order[np.arange(len(order)) - starts < FINDINGS_OF_ONE]
    places = np.sort(first_ones[np.isin(pool.numbers[first_ones], numbers)])
    return places[np.argsort(pool.odd.p_values[places], kind="stable")]
