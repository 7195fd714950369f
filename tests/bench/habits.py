"""Values of normal events, in all and of each entity: counted plainly, apart from the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from schemas.columns.roles import Role

Event = dict[str, Any]

ENOUGH = 20
"""Events of an entity that make a habit."""


@dataclass(frozen=True)
class Habits:
    """Normal events as a frame, and where in it the events of each entity are."""

    roles: Mapping[str, Role]
    frame: pd.DataFrame
    rows_of: dict[str, dict[str, npt.NDArray[np.int64]]]
    """Entity column -> name -> the positions of its events."""
    counts: dict[str, pd.Series]
    """Category or entity column -> name -> events that hold it, the most frequent first."""
    hours: npt.NDArray[np.int64]
    """(24,): events in each hour of the day; zeros where there is no time."""

    @classmethod
    def of(cls, events: pa.Table, roles: Mapping[str, Role]) -> "Habits":
        """Count what conformed normal `events` hold."""
        frame = events.to_pandas()
        named = [c for c, role in roles.items() if role in (Role.CATEGORY, Role.ENTITY)]
        entities = [c for c, role in roles.items() if role is Role.ENTITY]
        counts = {c: frame[c].value_counts() for c in named}
        rows_of = {c: frame.groupby(c, observed=True).indices for c in entities}
        time = next((c for c, role in roles.items() if role is Role.TIME), None)
        hours = np.zeros(24, dtype=np.int64)
        if time is not None:
            hours = np.bincount(frame[time].dt.hour, minlength=24)
        return cls(
            roles,
            frame,
            rows_of,
            {c: n[n > 0] for c, n in counts.items()},
            hours,
        )

    def columns(self, *roles: Role) -> list[str]:
        """Return the columns that have one of these roles."""
        return [column for column, role in self.roles.items() if role in roles]

    def shares(self, column: str) -> pd.Series:
        """Return the share of all events that each name of `column` has."""
        return self.counts[column] / len(self.frame)

    def own(self, entity: str, event: Event) -> pd.DataFrame:
        """Return the events of the event's entity; none where it is missing or new."""
        rows = self.rows_of[entity].get(event[entity], np.zeros(0, dtype=np.int64))
        return self.frame.iloc[rows]

    def well_known(self, event: Event) -> list[str]:
        """Return the entity columns in which the event names one with a habit."""
        return [e for e in self.rows_of if len(self.own(e, event)) >= ENOUGH]

    def usual(self, column: str, event: Event) -> set[str]:
        """Return the name that each of the event's well-known entities has most often."""
        entities = [e for e in self.well_known(event) if e != column]
        modes = (self.own(e, event)[column].mode() for e in entities)
        return {str(mode.iloc[0]) for mode in modes if len(mode)}
