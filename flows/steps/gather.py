"""Step `gather`: turns the rows of the input into the records of the run."""

from dataclasses import dataclass, field, replace

import numpy as np

from anomaly.preprocess.session_windows import session_cut_of
from flows.runtime.work import Step
from flows.steps.quarantine import quarantine_damaged, quarantine_rejected
from flows.steps.records import REPEATED, EventRecords, Records, Rows
from flows.steps.run import Run
from flows.steps.session_records import gather_sessions
from flows.storage.input.duplicate_ids import repeated_ids
from schemas.columns.roles import Role
from schemas.errors import InputError
from schemas.locations import without_secrets


@dataclass(frozen=True)
class Gathered:
    """The records of the run, and the rows that are part of none."""

    records: Records
    events_gathered: int = 0
    """Rows of the input that are part of a session; 0 where each row is a record."""
    rejected: dict[str, int] = field(default_factory=dict)
    """Reason -> rows rejected before any scoring."""


def gather_records(run: Run) -> Gathered:
    """Make the rows of the input the records of the run, or its sessions.

    Raises
    ------
    InputError
        The job judges sessions, and no row is a valid event.
    """
    id_column = next((c for c, choice in run.choices.items() if choice.role is Role.ID), None)
    if id_column is None:
        return _gathered(run, np.zeros(0, dtype=np.int64))
    return _gathered(run, repeated_ids(run.plan, id_column, run.scratch))


def gather_history(run: Run) -> Gathered:
    """Do the same for a history: there an id may stand for another record on each day.

    Raises
    ------
    InputError
        As `gather_records`.
    """
    return _gathered(run, np.zeros(0, dtype=np.int64))


GATHER = Step("gather", gather_records)
GATHER_HISTORY = Step("gather", gather_history)


def _gathered(run: Run, repeated: Rows) -> Gathered:
    """Gather the records; `repeated` are the numbers of the rows that repeat an id."""
    run.scratch.write_array(REPEATED, repeated)
    roles = {column: choice.role for column, choice in run.choices.items()}
    key = run.job.session_key
    events = EventRecords(
        run.plan, roles, run.scratch, required=key, secrets=run.secrets, spelling=run.time_spelling
    )
    damaged = quarantine_damaged(run, part=events.n_chunks)
    if key is None:
        return Gathered(events, rejected=damaged)
    gathered = _gather_sessions(run, events, key)
    return replace(gathered, rejected=gathered.rejected | damaged)


def _gather_sessions(run: Run, events: EventRecords, key: str) -> Gathered:
    # All events at once: a session may lie anywhere in the input.
    batches = [batch for chunk in range(events.n_chunks) for batch in events.read(chunk)]
    rejected = quarantine_rejected(run, 0, [batch.rejected for batch in batches])
    gathered = sum(len(batch.rows) for batch in batches)
    if not gathered:
        raise InputError(
            "no valid event",
            where=without_secrets(run.plan.location),
            remedy="give the columns whose values are rejected other roles in the job file",
        )
    records = gather_sessions(events, batches, key, session_cut_of(run.job))
    return Gathered(records, gathered, rejected)
