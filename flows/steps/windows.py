"""Step `judge windows`: what entities did on a day, held against their other days."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from logging import WARNING
from typing import NamedTuple

import numpy as np

from anomaly.behaviour.calendar import windows_by_name
from anomaly.behaviour.measures import Measure
from anomaly.behaviour.observations import OddWindow
from anomaly.behaviour.odd_windows import odd_windows
from anomaly.explain.window_reasons import MOST_NAMED, window_title
from anomaly.incidents.summary import OF_RECORDS, OF_WINDOW
from flows.runtime.run_log import log
from flows.runtime.work import Step
from flows.steps.activity import (
    MOST_EVENTS,
    activity_of_run,
    days_from,
    first_judged_day,
    measures_of_run,
    merge_activity,
    partition_day,
)
from flows.steps.gather import Gathered
from flows.steps.past_activity import DaysBefore, PastActivity, past_activity
from flows.steps.run import Run
from flows.steps.score import ChunkScored, times_covered
from flows.steps.window_rows import rows_of_windows
from flows.storage.runs.history import earlier_runs, runs_before
from schemas.columns.roles import time_column
from schemas.job.calendar import date_of, names_of_days
from schemas.outputs.manifest import UnjudgedDay

MOST_WINDOWS = 40
"""Odd windows that may become incidents."""
ROWS_OF_WINDOW = "window-rows-{}"
"""What the scratch holds of each odd window: the numbers of its telling records."""


@dataclass(frozen=True)
class JudgedWindows:
    """The odd windows of a run; their records stand in the scratch."""

    windows: tuple[OddWindow, ...] = ()
    """The oddest first."""
    activity: int | None = None
    """Rows of the dataset `activity`; None where behaviour is not judged."""
    missed: tuple[str, ...] = ()
    """Sentences on what has no record in the run, the oddest first."""
    unjudged: tuple[UnjudgedDay, ...] = ()
    """Named days of which too few others are known."""
    any_judged: bool = True
    """Whether any day of the run could be held against others."""

    @property
    def views(self) -> list[str]:
        """Return of what kinds the incidents of the run may be."""
        of_windows = self.activity is not None and self.any_judged
        return [OF_RECORDS, *([OF_WINDOW] if of_windows else [])]


def judge_windows(run: Run, gathered: Gathered, scored: ChunkScored) -> JudgedWindows:
    """Hold what entities did against their other days, of this run or of earlier ones."""
    records = gathered.records
    measures = measures_of_run(run, records)
    spec = run.job.behaviour
    if spec is not None and records.total > MOST_EVENTS:
        log("days of entities are not judged", WARNING, events=records.total, most=MOST_EVENTS)
    if spec is None or not measures or scored.covers is None:
        return JudgedWindows()
    rows_of_activity = merge_activity(run, records.n_chunks, measures)
    before = _before(run, measures, scored, scored.covers[0])
    judged = windows_by_name(
        lambda read: odd_windows(
            read,
            measures,
            str(time_column(records.roles)),
            before.judged_from,
            frozenset(spec.windows),
            before.whole_day,
        ),
        lambda number: [*before.past.of(number), *activity_of_run(run.scratch, number)],
        measures,
        names_of_days(run.job.calendar),
        before.judged_from,
    )
    windows = tuple(judged.windows[:MOST_WINDOWS])
    found_rows = rows_of_windows(run, records, windows)
    for place, rows in enumerate(found_rows):
        run.scratch.write_array(ROWS_OF_WINDOW.format(place), np.asarray(rows))
    missed = (each for each, rows in zip(windows, found_rows, strict=True) if not len(rows))
    return JudgedWindows(
        tuple(map(_named, windows)),
        rows_of_activity,
        tuple(map(window_title, missed)),
        tuple(
            UnjudgedDay(day=date_of(day), name=name, known=known)
            for day, name, known in judged.unjudged
        ),
        any_judged=judged.any_judged,
    )


class _Before(NamedTuple):
    """The counts of earlier runs, and which days are judged by them."""

    past: PastActivity
    judged_from: int | None
    """The first day since 1970 that is judged; None where no earlier one is known."""
    whole_day: int | None
    """The day of the partition."""


def _before(run: Run, measures: Sequence[Measure], scored: ChunkScored, first_time: int) -> _Before:
    """Read what earlier runs counted; `first_time` is that of the records, in microseconds."""
    whole_day = partition_day(run)
    first_day = whole_day if whole_day is not None else first_judged_day(run, first_time)
    names = names_of_days(run.job.calendar)
    judged = days_from(run, first_day)
    wanted = frozenset(names.get(day) for day in judged) or frozenset([None])
    days = DaysBefore(first_day, whole_day is not None, names, wanted)
    files, covers = run.plan.manifest_files(), times_covered(scored)
    published = runs_before(run.folder.job_folder, run.run_id)
    earlier = earlier_runs(published, run.partition, covers, files, days.wanted_days)
    past = past_activity(run.scratch, earlier, measures, scored.scored, days)
    known = any(any(past.of(number)) for number in range(len(measures)))
    return _Before(past, first_day if known else None, whole_day)


def _named(window: OddWindow) -> OddWindow:
    """Return a window with the values that sentences name, and the days that are drawn.

    The other values have told its records. What is oddest about it is drawn.
    """
    told = [replace(each, values=each.values[:MOST_NAMED]) for each in window.observations]
    rest = (replace(each, series=None) for each in told[1:])
    return replace(window, observations=(told[0], *rest))


JUDGE_WINDOWS = Step("judge windows", judge_windows)
