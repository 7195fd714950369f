"""The columns that drive the findings."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from flows.report.text import visible

_NAME_LENGTH = 80


@dataclass(frozen=True)
class Driver:
    """A column's part in all findings together."""

    column: str
    share: float
    """Its part of the sum of all reasons' shares, in [0, 1]."""
    findings: int
    """Findings that name it among their reasons."""


def drivers(findings: pa.Table) -> list[Driver]:
    """Sum the reasons' shares by column, the largest first."""
    reasons = pc.list_flatten(findings["reasons"]).combine_chunks()
    parts = pa.table({name: pc.struct_field(reasons, name) for name in ("column", "share")})
    sums = parts.group_by("column").aggregate([("share", "sum"), ("share", "count")])
    sums = sums.sort_by([("share_sum", "descending"), ("column", "ascending")])
    total = pc.sum(sums["share_sum"]).as_py() or 1.0
    return [
        Driver(visible(row["column"][:_NAME_LENGTH]), row["share_sum"] / total, row["share_count"])
        for row in sums.to_pylist()
    ]
