"""Writes rows that cannot be judged to the quarantine: of damaged files, and rejected rows."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from flows.steps.records import Records
from flows.steps.run import Run
from flows.storage.input.rows import read_rows, source_of
from schemas.events.contract import RejectReason
from schemas.events.instants import ACCEPTED
from schemas.events.secrets import mask_secrets
from schemas.outputs.tables import REJECTION, beside_own_columns

_ROWS_AT_ONCE = 65_536


def quarantine_damaged(run: Run, part: int) -> dict[str, int]:
    """Write the rows of damaged files, of which nothing but their numbers is known.

    Parameters
    ----------
    run
        The run whose input holds them.
    part
        The part of the quarantine that they become.

    Returns
    -------
    dict
        Their reason -> how many they are; nothing where there are none.
    """
    rows = sum(file.rows for file in run.plan.damaged)
    if not rows:
        return {}
    schema = beside_own_columns(REJECTION, run.plan.schema)
    with run.folder.open_part("quarantine", part, schema) as writer:
        for file in run.plan.damaged:
            for start in range(0, file.rows, _ROWS_AT_ONCE):
                numbers = np.arange(start, min(start + _ROWS_AT_ONCE, file.rows))
                writer.write(_rejected(file.name, numbers, schema))
    return {str(RejectReason.DAMAGED_FILE): rows}


def _rejected(file: str, numbers: np.ndarray, schema: pa.Schema) -> pa.Table:
    n = len(numbers)
    lead = [
        pa.repeat(file, n),
        pa.array(numbers),
        pa.nulls(n, pa.string()),
        pa.repeat(str(RejectReason.DAMAGED_FILE), n),
    ]
    own = [pa.nulls(n, field.type) for field in list(schema)[len(lead) :]]
    return pa.table([*lead, *own], schema=schema)


def why_rejected(records: Records) -> str | None:
    """Say how many rows of the first chunk are rejected, and what for most; None if none is."""
    faults = pa.concat_tables([batch.rejected for batch in records.read(0)])
    reasons = Counter(zip(faults["column"].to_pylist(), faults["reason"].to_pylist(), strict=True))
    if not reasons:
        return None
    (column, reason), rows = reasons.most_common(1)[0]
    read = f" (read are {ACCEPTED})" if reason == RejectReason.IMPOSSIBLE_TIME else ""
    return f"{faults.num_rows:,} rows are rejected, {rows:,} for {reason} in `{column}`{read}"


def quarantine_rejected(run: Run, part: int, rejected: Sequence[pa.Table]) -> dict[str, int]:
    """Write the rejected rows whole, with their reasons; count the reasons."""
    faults = pa.concat_tables(rejected)
    rows = faults["row"].to_numpy()
    if not len(rows):
        return {}
    own = mask_secrets(read_rows(run.plan, rows), run.secrets)
    files, places = source_of(run.plan, rows)
    lead = [files, pa.array(places), faults["column"], faults["reason"]]
    schema = beside_own_columns(REJECTION, own.schema)
    run.folder.write_part("quarantine", part, pa.table([*lead, *own.columns], schema=schema))
    return dict(Counter(faults["reason"].to_pylist()))
