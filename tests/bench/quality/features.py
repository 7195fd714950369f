"""Features for the peers: a matrix of numbers for the rows or the sessions of a set."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.preprocessing import StandardScaler

from anomaly.preprocess.profile import profile
from schemas.columns.roles import Role, infer_roles
from schemas.events.flattening import flatten
from tests.bench.quality.cases import Case

PROTOCOL = 1
"""Raised when the peers are given something else: their earlier results are then not theirs."""

Matrix = npt.NDArray[np.float64]
Vectorize = Callable[[Case, pa.Table, pa.Array], Matrix]
"""Takes the case, its events and its units; gives a row for each unit."""


def vectorizer_of(case: Case) -> Vectorize:
    """Choose how the peers see a set, and import what that takes."""
    if case.session_key is not None:
        return count_messages
    if case.suite == "adbench":
        return lambda case, events, units: _standardised(_columns(events))
    from skrub import StringEncoder, TableVectorizer  # noqa: PLC0415 - a peer, not a dependency

    def vectorize(case: Case, events: pa.Table, units: pa.Array) -> Matrix:
        ids = {case.key, "event_id"}
        frame = events.drop_columns([name for name in events.column_names if name in ids])
        # Its defaults, but for the seed of the text encoder: every detector gets the same matrix.
        table = TableVectorizer(high_cardinality=StringEncoder(random_state=0))
        return _standardised(table.fit_transform(frame.to_pandas()).to_numpy(dtype=np.float64))

    return vectorize


def _columns(events: pa.Table) -> Matrix:
    return np.column_stack([column.to_numpy().astype(np.float64) for column in events.columns])


def _standardised(X: Matrix) -> Matrix:
    """Put 0 for what is missing, then scale."""
    return StandardScaler().fit_transform(np.where(np.isnan(X), 0.0, X))


def count_messages(case: Case, events: pa.Table, sessions: pa.Array) -> Matrix:
    """Count the masked messages of each session: log(1 + count) · log(sessions / sessions with it).

    Messages are the columns whose inferred role is text, as for outfield. They are masked as the
    simplest log parsers do it: every word with a digit alike. Outfield's own rules are not used:
    they keep the sign of an id, by which each message of a block would be two.

    Raises
    ------
    ValueError
        No column holds text.
    """
    roles = infer_roles(profile(flatten(events)))
    texts = [name for name, c in roles.items() if c.role is Role.TEXT and name != case.session_key]
    if not texts:
        raise ValueError("no column holds messages")
    row = pc.index_in(events[case.session_key].combine_chunks(), sessions)
    judged = np.flatnonzero(row.is_valid())
    row = row.drop_null().to_numpy()
    blocks = [
        _counted(events[name].combine_chunks().take(judged), row, len(sessions)) for name in texts
    ]
    counts = np.hstack(blocks)
    idf = np.log(len(sessions) / (counts > 0).sum(axis=0))
    return np.log1p(counts) * idf


def _counted(messages: pa.Array, row: npt.NDArray[np.int64], sessions: int) -> Matrix:
    """Count how often each masked message stands in each session, (sessions, messages)."""
    distinct = messages.cast(pa.string()).fill_null("").dictionary_encode()
    masked = pc.replace_substring_regex(distinct.dictionary, r"\S*\d\S*", "<*>")
    template = pd.factorize(masked.to_pandas())[0][distinct.indices.to_numpy()]
    width = template.max() + 1
    cells = np.bincount(row * width + template, minlength=sessions * width)
    return cells.reshape(sessions, width).astype(np.float64)
