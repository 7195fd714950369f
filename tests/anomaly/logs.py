"""Event logs for the tests of the mathematics, as the event contract would hand them over."""

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from schemas.columns.roles import Role

PATIENT = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
"""For any machine, however busy."""
FEW = settings(PATIENT, max_examples=10)
"""For what fits or scores a model."""

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
NAMES = st.one_of(
    st.none(), st.sampled_from(["", "a", "b", "ß", "名前", "🦊", "-0.0", "x" * 300]), TEXTS
)
FLOATS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1e308, -1e308, 1.7e308, 5e-324, 1.0, 1.0 + 1e-16]),
)
MOMENTS = st.integers(-2_208_988_800_000_000, 7_258_118_399_000_000)
"""From 1900 to 2199, as the contract allows."""

ROLES = {
    "id": Role.ID,
    "time": Role.TIME,
    "user": Role.ENTITY,
    "host": Role.ENTITY,
    "action": Role.CATEGORY,
    "ok": Role.FLAG,
    "size": Role.NUMBER,
    "message": Role.TEXT,
}


def terms(values: list[str | None]) -> pa.DictionaryArray:
    return pa.array(values, pa.string()).dictionary_encode()


def times(microseconds: Any) -> pa.Array:
    return pa.array(np.asarray(microseconds, dtype=np.int64)).cast(pa.timestamp("us", tz="UTC"))


def conformed(columns: dict[str, list[Any]], roles: dict[str, Role]) -> pa.Table:
    """Make a table of plain lists what the contract makes of it."""
    kinds = {Role.TIME: times, Role.NUMBER: lambda v: pa.array(v, pa.float64(), from_pandas=True)}
    kinds[Role.ID] = pa.array
    return pa.table({c: kinds.get(roles[c], terms)(values) for c, values in columns.items()})


def company_log(n: int, seed: int, n_users: int = 20) -> pa.Table:
    """Users at work: each with their hours, host, actions and sizes; three weeks, `ROLES`."""
    random = np.random.default_rng(seed)
    user = random.integers(0, n_users, n)
    day = random.integers(0, 21, n)
    minute = np.clip(random.normal(60 * (8 + user % 5) + 120, 60, n), 0, 1439).astype(int)
    start = int(dt.datetime(2024, 1, 1, tzinfo=dt.UTC).timestamp())
    seconds = start + day * 86_400 + minute * 60 + random.integers(0, 60, n)
    actions = np.array(["read", "list", "write", "login", "logout", "share"])
    kind = (user + random.choice(4, n, p=[0.6, 0.25, 0.1, 0.05])) % len(actions)
    own_host = random.random(n) < 0.95
    host = np.where(own_host, user, random.integers(0, n_users, n))
    size = np.exp(random.normal(4.0 + (user % 4), 0.5, n))
    message = [
        f"user took {random.integers(1, 99)} ms to {actions[k]} /srv/{actions[k]}/report.pdf"
        for k in kind
    ]
    columns = {
        "id": [f"e{i}" for i in range(n)],
        "time": seconds * 1_000_000,
        "user": [f"u{i}" for i in user],
        "host": [f"h{i}" for i in host],
        "action": actions[kind].tolist(),
        "ok": ["false" if r < 0.03 else "true" for r in random.random(n)],
        "size": size.tolist(),
        "message": message,
    }
    return conformed(columns, ROLES)


MIXTURE_ROLES = {
    **{f"x{i}": Role.NUMBER for i in range(6)},
    "kind": Role.CATEGORY,
    "zone": Role.FLAG,
}


def mixture(n: int, seed: int, n_odd: int = 0) -> pa.Table:
    """Three Gaussian clusters with their own mix of categories; the first `n_odd` rows are odd."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(7).normal(0.0, 4.0, (3, 6))
    cluster = random.choice(3, n, p=[0.5, 0.3, 0.2])
    x = centres[cluster] + random.normal(size=(n, 6))
    x[:n_odd] += random.choice([-1.0, 1.0], (n_odd, 6)) * random.uniform(8.0, 15.0, (n_odd, 6))
    kinds = np.array(["a", "b", "c", "d"])
    kind = kinds[(cluster + random.choice(3, n, p=[0.6, 0.25, 0.15])) % 4]
    columns: dict[str, list[Any]] = {f"x{i}": x[:, i].tolist() for i in range(6)}
    columns["kind"] = kind.tolist()
    columns["zone"] = ["true" if r < 0.3 else "false" for r in random.random(n)]
    return conformed(columns, MIXTURE_ROLES)


def with_value(events: pa.Table, row: int, column: str, value: Any) -> pa.Table:
    """Give one event of a table, with another value in one column."""
    event = events.slice(row, 1).combine_chunks()
    kind = event.schema.field(column).type
    changed = terms([value]) if pa.types.is_dictionary(kind) else pa.array([value], kind)
    return event.set_column(event.schema.get_field_index(column), column, changed)
