"""Those incidents of a run that a user asks for."""

from collections.abc import Collection
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc


def matching(
    incidents: pa.Table,
    statuses: Collection[str] = (),
    severities: Collection[str] = (),
    since: datetime | None = None,
) -> pa.Table:
    """Keep the incidents of some statuses and severities that lasted until a time, or came later.

    Parameters
    ----------
    incidents
        Rows of `schemas.outputs.tables.INCIDENT`.
    statuses, severities
        Those that are wanted; all by default.
    since
        A time with its zone. Incidents without a time are left out then.
    """
    found = incidents
    for column, wanted in (("status", statuses), ("severity", severities)):
        if wanted:
            found = found.filter(pc.is_in(found[column], pa.array(sorted(wanted), pa.string())))
    if since is not None:
        last = found["last_time"]
        found = found.filter(pc.greater_equal(last, pa.scalar(since, last.type)))
    return found
