"""Query events: made from the values that a user asks for, not read from a log."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from anomaly.embedding.sequence import SequenceBlock
from anomaly.model.model import AnomalyModel
from schemas.columns.roles import Role
from schemas.errors import InputError
from schemas.events.contract import conform

_ANY_TIME = "1970-01-01T00:00:00Z"
"""The time of an event whose time is not given: its coordinates are not compared."""


@dataclass(frozen=True)
class Columns:
    """The columns that a model reads."""

    roles: Mapping[str, Role]
    sequences: frozenset[str]
    """Those that hold the steps of a session, which are not asked for."""

    def require(self, column: str) -> None:
        """Refuse a column that cannot be asked for.

        Raises
        ------
        InputError
            The model does not read it, or it holds steps.
        """
        if column not in self.roles or column in self.sequences:
            known = ", ".join(f"`{c}`" for c in self.roles if c not in self.sequences)
            raise InputError(f"`{column}` cannot be asked for", remedy=f"ask for {known}")

    def texts(self) -> list[str]:
        """Return the columns of free text.

        Raises
        ------
        InputError
            There is none.
        """
        found = [c for c, r in self.roles.items() if r is Role.TEXT and c not in self.sequences]
        if not found:
            raise InputError("no column is a text", remedy="ask with --where COLUMN=VALUE")
        return found

    def event(self, values: Mapping[str, str]) -> pa.Table:
        """Make a conformed event of some values, null in all other columns.

        Raises
        ------
        InputError
            A value cannot be read as what its column holds.
        """
        untold = {c: _ANY_TIME if r is Role.TIME else None for c, r in self.roles.items()}
        told = untold | dict(values)
        table = pa.table({c: pa.array([told[c]], pa.string()) for c in self.roles})
        conformed = conform(table, self.roles, np.zeros(1, dtype=bool))
        if not conformed.events.num_rows:
            fault = conformed.rejections.to_pylist()[0]
            what = f"{told[fault['column']]!r} in `{fault['column']}`: {fault['reason']}"
            raise InputError(what, remedy="ask for another value")
        event = conformed.events
        for column in self.sequences:
            none = pa.array([[]], pa.list_(pa.string()))
            event = event.set_column(event.column_names.index(column), column, none)
        return event


def columns_of(model: AnomalyModel) -> Columns:
    """Return the columns that a model reads."""
    embedder = model.embedder
    roles = {c: role for c, role in embedder.roles.items() if role not in (Role.ID, Role.IGNORE)}
    blocks = embedder.blocks.items()
    return Columns(roles, frozenset(c for c, block in blocks if isinstance(block, SequenceBlock)))
