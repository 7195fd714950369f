"""What becomes of the files that cannot be read: their rows are in the quarantine, by number."""

import numpy as np
import pyarrow as pa

from flows.planning import Run
from schemas.events import RejectReason
from schemas.outputs import REJECTION, beside_own_columns

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
