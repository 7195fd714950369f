"""Step `store`: stores records of a run and indexes their embedding for `outfield similar`."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.model.record_similarity import METRICS, centre_of, placed
from anomaly.numerics.spacing import evenly_spaced, spread
from flows.runtime.work import Step
from flows.steps.fitted_model import Fitted, loaded_model
from flows.steps.gather import Gathered
from flows.steps.group import Grouped
from flows.steps.records import Records
from flows.steps.run import Run
from flows.steps.sampling import read_chunk_samples
from flows.storage.search.vector_index import IndexWriter
from schemas.columns.roles import Role
from schemas.outputs.manifest import SearchSummary
from schemas.outputs.tables import RECORD, beside_own_columns

_TAUGHT = 16_384
"""Records that the axes and cells of the index come from."""

Rows = npt.NDArray[np.int64]


def store_records(run: Run, gathered: Gathered, fitted: Fitted, grouped: Grouped) -> SearchSummary:
    """Write the records as the model reads them, and the indexes of their embedding.

    All of them, or evenly spaced ones and the findings where there are more than the job keeps.

    Raises
    ------
    OutputError
        The disk is full or the folder is gone.
    """
    model, _ = loaded_model(fitted.stored)
    records, centre = gathered.records, centre_of(model)
    chosen = _chosen(records.total, run.job.search.records, grouped.rows)
    X = model.embedder.transform(_taught(run, records))
    indexes = {m: IndexWriter(len(chosen), placed(X, centre, m)) for m in METRICS}
    stored = 0
    for chunk in range(records.n_chunks):
        tables = []
        for batch in records.read(chunk):
            held = np.flatnonzero(np.isin(batch.rows, chosen, assume_unique=True))
            events = batch.records.take(pa.array(held))
            tables.append(_as_stored(records, events, batch.rows[held]))
            X = model.embedder.transform(events)
            for metric, index in indexes.items():
                index.add(placed(X, centre, metric))
            stored += len(held)
        run.folder.write_part("records", chunk, pa.concat_tables(tables))
    for metric, index in indexes.items():
        index.write(run.folder.path, metric)
    return SearchSummary(records=stored)


STORE = Step("store", store_records)


def _chosen(total: int, most: int, findings: Rows) -> Rows:
    """Choose records, evenly spaced, and those that must not be missing; their numbers ascend."""
    return np.union1d(spread(total, most), findings)


def _taught(run: Run, records: Records) -> pa.Table:
    """Give some records of the whole run, evenly spaced."""
    some = pa.concat_tables(read_chunk_samples(run.scratch, records.n_chunks)).unify_dictionaries()
    return some.take(pa.array(evenly_spaced(some.num_rows, _TAUGHT))).combine_chunks()


def _as_stored(records: Records, events: pa.Table, rows: Rows) -> pa.Table:
    """Put the id of each record before what the model reads of it; names and texts as strings."""
    read = [c for c in events.column_names if records.roles[c] is not Role.ID]
    own = pa.table({column: _plain(events[column]) for column in read})
    schema = beside_own_columns(RECORD, own.schema)
    return pa.table([records.ids(events, rows), *own.columns], schema=schema)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    coded = pa.types.is_dictionary(column.type)
    return column.cast(column.type.value_type) if coded else column
