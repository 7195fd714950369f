"""The sample that a model is fitted on, without what an analyst has called malicious."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.verdicts import known_malicious
from flows.planning import Run
from flows.records import Records
from flows.sampling import sample_rows
from flows.storage.verdicts import read_verdicts
from schemas.roles import Role


def reference_sample(run: Run, records: Records) -> pa.Table:
    """Draw the records that the model is fitted on; none that a malicious verdict is about."""
    rows = sample_rows(records.total, len(records.roles), run.job.seed)
    verdicts = read_verdicts(run.folder.path.parents[1])
    if all(verdict.label != "malicious" for verdict in verdicts):
        return records.take(rows)
    seen = pa.array([i for v in verdicts if v.label == "malicious" for i in v.evidence.records])
    named = Role.ID in records.roles.values() or run.job.session_key is not None
    if not named:
        # An id says where the row stands, which is lost once rows are rejected.
        known = pc.is_in(records.ids(pa.table({}), rows), seen.cast(pa.string()))
        rows = rows[~np.asarray(known)]
    sample = records.take(rows)
    ids = records.ids(sample, rows) if named else pa.nulls(sample.num_rows, pa.string())
    time = next((column for column, role in records.roles.items() if role is Role.TIME), None)
    return sample.filter(pa.array(~known_malicious(sample, ids, verdicts, time)))
