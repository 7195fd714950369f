"""The lines of a list of incidents: a stack is one line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from anomaly.incidents.sentence import short
from anomaly.incidents.verdicts import names_value

Row = Mapping[str, Any]
"""A row of `schemas.outputs.tables.INCIDENT`."""


@dataclass(frozen=True)
class Line:
    """A line of a list: an incident, and how many of its stack it stands for, itself included."""

    incident: Row
    incidents: int = 1

    @property
    def times(self) -> str:
        """Say how many it stands for, and what they have in common; nothing if it is one."""
        if self.incidents == 1:
            return ""
        return f"× {self.incidents:,}: `{short(self.incident['pattern'])}`"

    @property
    def scope(self) -> str:
        """Return the scope of a verdict on it that is about all of its stack."""
        columns = [reason["column"] for reason in self.incident["reasons"]]
        return "pattern" if names_value(self.incident["pattern"], columns) else "this"


def stack_lines(incidents: Iterable[Row]) -> list[Line]:
    """Give one line for each stack, in place of its first incident, and that incident on it."""
    found: dict[str, list[Row]] = {}
    for each in incidents:
        found.setdefault(each["stack"] or each["incident"], []).append(each)
    return [Line(alike[0], len(alike)) for alike in found.values()]
