"""Features for the peers: for each row or session of a set, a row of them."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.preprocessing import StandardScaler

from tests.bench.engineered import Matrix, encoded
from tests.bench.quality.cases import Case
from tests.bench.quality.raw_columns import raw_columns
from tests.bench.quality.session_counts import count_messages

PROTOCOL = 2
"""Raised when the peers are given something else: their earlier results are then not theirs."""

Vectorize = Callable[[Case, pa.Table, pa.Array], Matrix | pd.DataFrame]
"""Takes the case, its events and its units; gives a row for each unit."""
Kind = Literal["skrub", "encoded", "frame"]
"""How an event log is seen: by skrub's defaults, or by engineered features, names encoded or not.

Tables and sessions are seen alike by all."""


def vectorizer_of(case: Case, kind: Kind) -> Vectorize:
    """Choose how the peers see a set, and import what that takes."""
    if case.session_key is not None:
        return count_messages
    if case.suite == "adbench":
        return lambda case, events, units: _standardised(_columns(events))
    if kind == "frame":
        return lambda case, events, units: raw_columns(_without_id(case, events))
    if kind == "encoded":
        return lambda case, events, units: encoded(raw_columns(_without_id(case, events)))
    from skrub import StringEncoder, TableVectorizer  # noqa: PLC0415 - a peer, not a dependency

    def vectorize(case: Case, events: pa.Table, units: pa.Array) -> Matrix:
        frame = _without_id(case, events)
        # Its defaults, but for the seed of the text encoder: every detector gets the same matrix.
        table = TableVectorizer(high_cardinality=StringEncoder(random_state=0))
        return _standardised(table.fit_transform(frame.to_pandas()).to_numpy(dtype=np.float64))

    return vectorize


def _without_id(case: Case, events: pa.Table) -> pa.Table:
    ids = {case.key, "event_id"}
    return events.drop_columns([name for name in events.column_names if name in ids])


def _columns(events: pa.Table) -> Matrix:
    return np.column_stack([column.to_numpy().astype(np.float64) for column in events.columns])


def _standardised(X: Matrix) -> Matrix:
    """Put 0 for what is missing, then scale."""
    return StandardScaler().fit_transform(np.where(np.isnan(X), 0.0, X))
