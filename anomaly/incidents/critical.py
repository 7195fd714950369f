"""Critical values: names that the job file gives, whose incidents come first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.incidents.summary import Incident
from schemas.columns.roles import Role
from schemas.events.contract import one_array
from schemas.events.texts import as_text
from schemas.outputs.tables import SEVERITIES, SEVERITY_RANK

_NAMING = (Role.ENTITY, Role.CATEGORY, Role.FLAG)
_LEAST = {True: "high", False: "medium"}
"""Whether it is an alarm -> the severity that a critical incident has at least."""


def critical_values(
    events: pa.Table,
    numbers: npt.NDArray[np.int64],
    roles: Mapping[str, Role],
    entities: Collection[str],
    critical: Collection[str],
) -> dict[int, str]:
    """Find the incidents that have a critical value.

    Parameters
    ----------
    events
        Conformed records of incidents, the oddest first, n of them.
    numbers
        int64 (n,): the incident that each is of.
    roles
        Column -> role. Those of other roles than entity, category and flag are not looked at.
    entities
        The columns that name whom a record is about.
    critical
        The values, as text. Masked values are masked in the records, too.

    Returns
    -------
    dict of int to str
        Incident -> the value: of an entity column if any of its records has it, else if its oddest
        record has it. Of several the one in the first column, of the oddest record.
    """
    if not critical:
        return {}
    oddest = np.zeros(len(numbers), dtype=bool)
    oddest[np.unique(numbers, return_index=True)[1]] = True
    wanted, found = pa.array(sorted(critical), pa.string()), dict[int, str]()
    for column in events.column_names:
        if column not in entities and roles.get(column) not in _NAMING:
            continue
        texts = as_text(one_array(events[column]))
        has = np.asarray(pc.is_in(texts, wanted).to_numpy(zero_copy_only=False), dtype=bool)
        places = np.flatnonzero(has if column in entities else has & oddest)
        values = texts.take(pa.array(places)).to_pylist()
        for place, value in zip(places.tolist(), values, strict=True):
            found.setdefault(int(numbers[place]), value)
    return found


def raised(incident: Incident) -> Incident:
    """Give an incident with a critical value at least the severity of its kind."""
    if incident.critical is None:
        return incident
    rank = max(SEVERITY_RANK[incident.severity], SEVERITY_RANK[_LEAST[incident.alarm]])
    return replace(incident, severity=next(s for s in SEVERITIES if SEVERITY_RANK[s] == rank))


def critical_first(incidents: Sequence[Incident]) -> list[Incident]:
    """Put those with a critical value before others of their kind, alarms before leads.

    Else the order stays.
    """
    return sorted(incidents, key=lambda each: (not each.alarm, each.critical is None))
