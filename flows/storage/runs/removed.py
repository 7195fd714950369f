"""The days of a job whose runs were removed: they are not due again.

OUTPUT/JOB/removed.json
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Literal

from pydantic import Field, ValidationError

from flows.storage.fs.atomic import naming_output_errors, write_whole
from flows.storage.fs.store_path import Place
from schemas.errors import OutputError
from schemas.job.partition import Partition
from schemas.outputs.document import OutputDocument

REMOVED = "removed.json"


class RemovedDays(OutputDocument):
    """The days whose runs were removed, and when that was last."""

    format_version: Literal[1] = 1
    days: dict[Partition, datetime] = Field(default_factory=dict)


def removed_days(job: Place) -> dict[Partition, date]:
    """Read when the runs of a job's days were removed, by day; in UTC.

    Raises
    ------
    OutputError
        The file is damaged or of a newer format.
    """
    return {day: at.astimezone(UTC).date() for day, at in _read(job).days.items()}


def note_removed(job: Place, days: Iterable[Partition], now: datetime) -> None:
    """Note that runs of some days are about to be removed.

    Raises
    ------
    OutputError
        The file cannot be read or written.
    """
    noted = dict.fromkeys(days, now)
    if not noted:
        return
    known = RemovedDays(days=dict(sorted({**_read(job).days, **noted}.items())))
    with naming_output_errors(job):
        write_whole(job / REMOVED, known.model_dump_json(indent=2) + "\n")


def _read(job: Place) -> RemovedDays:
    path = job / REMOVED
    try:
        return RemovedDays.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return RemovedDays()
    except (OSError, ValidationError) as error:
        raise OutputError(
            "this list of removed days cannot be read",
            where=str(path),
            remedy="move it away: the days in it are then due again",
        ) from error
