"""Sessions as the peers see them: how often each holds each message, name or code."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.preprocess.profile import profile
from schemas.columns.roles import Role, infer_roles
from schemas.events.flattening import flatten
from schemas.events.parsing import read_numbers, read_terms
from tests.bench.engineered import Matrix
from tests.bench.quality.cases import Case

MOST_CODES = 1_000
"""Distinct integers up to which a session's column of them holds codes."""


def count_messages(case: Case, events: pa.Table, sessions: pa.Array) -> Matrix:
    """Count what each session holds: log(1 + count) · log(sessions / sessions with it).

    Counted are masked messages. Where no column holds any, names and integer codes are.

    Raises
    ------
    ValueError
        No column holds messages, names or codes.
    """
    steps = _steps(events.drop_columns([case.session_key]))
    if not steps:
        raise ValueError("no column holds messages, names or codes")
    row = pc.index_in(events[case.session_key].combine_chunks(), sessions)
    judged = np.flatnonzero(row.is_valid())
    row = row.drop_null().to_numpy()
    counts = np.hstack([_counted(step.take(judged), row, len(sessions)) for step in steps])
    idf = np.log(len(sessions) / (counts > 0).sum(axis=0))
    return np.log1p(counts) * idf


def _steps(events: pa.Table) -> list[pa.DictionaryArray]:
    """Return the columns whose values are counted, by their inferred roles."""
    flat = flatten(events)
    roles = {name: choice.role for name, choice in infer_roles(profile(flat)).items()}
    texts = [name for name, role in roles.items() if role is Role.TEXT]
    if texts:
        return [_masked(flat[name].combine_chunks()) for name in texts]
    columns = {name: flat[name].combine_chunks() for name in roles}
    return [read_terms(v) for name, v in columns.items() if _holds_names(v, roles[name])]


def _masked(messages: pa.Array) -> pa.DictionaryArray:
    """Mask messages as the simplest log parsers do it: every word with a digit alike.

    Outfield's own rules are not used: they keep the sign of an id, by which each message of a block
    would be two.
    """
    distinct = messages.cast(pa.string()).fill_null("").dictionary_encode()
    masked = pc.replace_substring_regex(distinct.dictionary, r"\S*\d\S*", "<*>")
    return pa.DictionaryArray.from_arrays(distinct.indices, masked)


def _holds_names(values: pa.Array, role: Role) -> bool:
    """Tell whether a column holds names, or integers so few that they are codes."""
    if role is not Role.NUMBER:
        return role not in (Role.ID, Role.TIME, Role.ENTITY, Role.IGNORE)
    distinct = pc.drop_null(read_numbers(values).values).unique().to_numpy()
    return len(distinct) <= MOST_CODES and bool(np.all(distinct == np.round(distinct)))


def _counted(steps: pa.DictionaryArray, row: npt.NDArray[np.int64], sessions: int) -> Matrix:
    """Count how often each step stands in each session, (sessions, steps)."""
    codes = pd.factorize(np.append(steps.dictionary.to_pandas(), ""))[0]
    step = codes[steps.indices.fill_null(len(steps.dictionary)).to_numpy()]
    width = step.max() + 1
    cells = np.bincount(row * width + step, minlength=sessions * width)
    return cells.reshape(sessions, width).astype(np.float64)
