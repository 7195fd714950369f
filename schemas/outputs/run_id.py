"""The id of a run: the instant it began, so that ids sort by time."""

import re
from datetime import UTC, datetime

_FORMAT = "%Y%m%dT%H%M%S%fZ"
_SHAPE = re.compile(r"\d{8}T\d{12}Z", re.ASCII)


def run_id_of(instant: datetime) -> str:
    """Return the id of a run that began then.

    Examples
    --------
    >>> run_id_of(datetime(2026, 3, 4, 2, 13, 9, 57, tzinfo=UTC))
    '20260304T021309000057Z'
    """
    return f"{instant:{_FORMAT}}"


def instant_of(run_id: str) -> datetime | None:
    """Return the instant that an id names, or None where it is none of ours.

    Examples
    --------
    >>> instant_of("20260304T021309000057Z")
    datetime.datetime(2026, 3, 4, 2, 13, 9, 57, tzinfo=datetime.timezone.utc)
    >>> instant_of("20269999T021309000057Z") is instant_of("mine") is None
    True
    """
    if not _SHAPE.fullmatch(run_id):
        return None
    try:
        return datetime.strptime(run_id, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
