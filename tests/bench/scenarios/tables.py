"""The outcomes as tables: what must be found, and what is lawful."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from tests.bench.lawful.measure import FIRST
from tests.bench.results import table
from tests.bench.scenarios.draws import Draw, control_of
from tests.bench.scenarios.measure import Outcome
from tests.bench.scenarios.scenarios import FOUND, LAWFUL, SCENARIOS, Scenario

Outcomes = Mapping[Draw, Outcome]
NONE = "–"
_REASON = 160
"""Characters of a reason that are shown."""
TWICE = 2.0
"""The share of findings may be so many times the share of rows."""


def found_table(outcomes: Outcomes, among: Collection[Scenario] = FOUND) -> str:
    """Return a row for each thing that must be found, among some scenarios."""
    head = ["scenario", "rank for each seed", "found", "told", "oddest planted event"]
    head += ["above low", "in the control", "first reason"]
    rows = [_found_row(part, outcomes) for part in by_scenario(outcomes, among, lawful=False)]
    return table(head, rows)


def by_scenario(
    outcomes: Outcomes, among: Collection[Scenario], *, lawful: bool
) -> list[dict[Draw, Outcome]]:
    """Part the outcomes by scenario, without those of controls."""
    names = [each.name for each in among if each.lawful == lawful]
    parts = [{d: o for d, o in outcomes.items() if d.scenario == name} for name in names]
    return [part for part in parts if part]


def _found_row(part: Outcomes, outcomes: Outcomes) -> list[str]:
    scenario = SCENARIOS[next(iter(part)).scenario]
    each = list(part.values())
    ranks = ", ".join(str(outcome.rank or NONE) for outcome in each)
    events = [outcome.event_rank for outcome in each if outcome.event_rank is not None]
    return [
        scenario.says,
        ranks,
        f"{sum(outcome.found for outcome in each)} of {len(each)}",
        f"{sum(outcome.told for outcome in each)} of {len(each)}",
        f"{np.median(events):,.0f}" if events else NONE,
        *_grave(part, outcomes),
        _cell(example(each)),
    ]


def _grave(part: Outcomes, outcomes: Outcomes) -> list[str]:
    """Return the mean incidents above low, and those of the controls."""
    controls = [outcomes[control_of(draw)] for draw in part]
    return [f"{np.mean([one.grave for one in some]):.1f}" for some in (part.values(), controls)]


def example(outcomes: Sequence[Outcome]) -> str:
    """Return the first reason of the first seed that is told, else found, else in any incident."""
    ordered = sorted(outcomes, key=lambda outcome: (not outcome.told, not outcome.found))
    return next((outcome.reason for outcome in ordered if outcome.rank is not None), NONE)


def _cell(text: str) -> str:
    """Cut a text to fit a cell; a bar would end it."""
    return (text if len(text) <= _REASON else text[: _REASON - 1] + "…").replace("|", "\\|")


def totals(outcomes: Outcomes) -> str:
    """Return how many of the planted things are found, and how many of these are told."""
    each = [one for part in by_scenario(outcomes, FOUND, lawful=False) for one in part.values()]
    found, told = sum(one.found for one in each), sum(one.told for one in each)
    return (
        f"Found: {_share(found, len(each))}. Told: {_share(told, found)} of these."
        f" {_controls(outcomes)}"
    )


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.0%})" if whole else NONE


def _controls(outcomes: Outcomes) -> str:
    controls = [outcome for draw, outcome in outcomes.items() if not draw.scenario]
    grave, alarms = (sum(getattr(one, what) for one in controls) for what in ("grave", "alarms"))
    return (
        f"The {len(controls)} controls have {grave} incidents of a severity above low,"
        f" {alarms} alarms."
    )


def lawful_table(outcomes: Outcomes, among: Collection[Scenario] = LAWFUL) -> str:
    """Return a row for each thing that is ordinary among some scenarios, the means of its seeds."""
    head = ["lawful", "share of the rows", "of the findings", "times", "at most twice"]
    head += ["above low", "in the control", "alarms"]
    parts = by_scenario(outcomes, among, lawful=True)
    return table(head, [_lawful_row(part, outcomes) for part in parts])


def _lawful_row(part: Outcomes, outcomes: Outcomes) -> list[str]:
    each = list(part.values())
    rows = np.mean([one.rows_share for one in each])
    findings = np.mean([one.findings_share for one in each])
    within = sum(one.findings_share <= TWICE * one.rows_share for one in each)
    return [
        SCENARIOS[next(iter(part)).scenario].says,
        f"{rows:.1%}",
        f"{findings:.1%}",
        f"{findings / rows:.1f}",
        f"{within} of {len(each)}",
        *_grave(part, outcomes),
        str(sum(one.alarms for one in each)),
    ]


def about(*, history: bool) -> str:
    """Say what the tables count."""
    judged = (
        "The last day is judged by the days before it, as a schedule does."
        if history
        else "All days are judged as one batch, with default settings."
    )
    return (
        f"{judged} Found: one of the first {FIRST} incidents holds a planted record, or is a window"
        " of the planted entity on its day. Told: the first reason of it, or its title, names the"
        " true cause. The rank is that of the incident; one that is told counts before one that is"
        " not. The oddest planted event is the best rank of one among all judged events, the median"
        " of the seeds. Above low: the mean number of incidents of such a severity."
    )
