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
    views: Collection[str] = (),
) -> pa.Table:
    """Keep the incidents of some kinds that lasted until a time, or came later.

    Parameters
    ----------
    incidents
        Rows of `schemas.outputs.tables.INCIDENT`.
    statuses, severities
        Those that are wanted; all by default.
    since
        A time with its zone. Incidents without a time are left out then.
    views
        What is odd in those that are wanted: `records`, `window`, or both by default. Incidents of
        versions that did not say it are of records.
    """
    found = incidents
    for column, wanted in (("status", statuses), ("severity", severities)):
        if wanted:
            found = found.filter(pc.is_in(found[column], pa.array(sorted(wanted), pa.string())))
    if views:
        told = pc.fill_null(found["view"], "records")
        found = found.filter(pc.is_in(told, pa.array(sorted(views), pa.string())))
    if since is not None:
        last = found["last_time"]
        found = found.filter(pc.greater_equal(last, pa.scalar(since, last.type)))
    return found
