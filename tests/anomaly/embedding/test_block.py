"""Every block bins its column: the unseen first, the missing last."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from anomaly.embedding.embedder import EventEmbedder
from schemas.columns.roles import Role
from tests.anomaly.logs import conformed

HOUR, DAYS = 3_600_000_000, 24 * 3_600_000_000
ROLES = {
    "time": Role.TIME,
    "user": Role.ENTITY,
    "action": Role.CATEGORY,
    "size": Role.NUMBER,
    "message": Role.TEXT,
}
SAMPLE = {
    "time": [DAYS * (i % 20) + HOUR * (i % 24) for i in range(100)],
    "user": ["ann"] * 60 + ["bob"] * 40,
    "action": ["read"] * 90 + ["list"] * 7 + [None] * 3,
    "size": [float(i) for i in range(99)] + [None],
    "message": ["read file 3"] * 95 + ["list folder"] * 4 + [None],
}


@pytest.fixture(scope="module")
def embedder() -> EventEmbedder:
    return EventEmbedder.fit(conformed(SAMPLE, ROLES), ROLES, {}, 0)


def bins(embedder: EventEmbedder, column: str, values: list[Any]) -> tuple[list[int], int]:
    of = {column: ROLES[column]}
    codes, n_bins = embedder.drift_bins(column, conformed({column: values}, of))
    return codes.tolist(), n_bins


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("time", [0, 5 * HOUR, 23 * HOUR + DAYS], ([1, 6, 24], 25)),
        ("user", ["ann", "bob", "eve"], ([1, 2, 0], 3)),
        ("action", ["read", "list", "drop", None], ([1, 2, 0, 3], 4)),
        ("size", [-1.0, 0.0, 98.0, 99.0, None], ([0, 1, 10, 0, 11], 12)),
        ("message", ["read file 3", "read gremlins", None], ([1, 0, 17], 18)),
    ],
)
def test_unseen_values_are_in_the_first_bin_and_missing_ones_in_the_last(
    embedder: EventEmbedder, column: str, values: list[Any], expected: tuple[list[int], int]
) -> None:
    assert bins(embedder, column, values) == expected


def test_hours_are_not_binned_where_the_sample_does_not_cover_the_day() -> None:
    roles = {"time": Role.TIME}
    short = EventEmbedder.fit(conformed({"time": [0, HOUR, 2 * HOUR]}, roles), roles, {}, 0)
    assert short.drift_bins("time", conformed({"time": [0]}, roles)).n_bins == 0


def test_sessions_are_binned_by_their_rarest_step() -> None:
    steps = pa.table({"steps": pa.array([["open", "read"]] * 60 + [["open", "sudo"]] * 2)})
    embedder = EventEmbedder.fit(steps, {"steps": Role.TEXT}, {}, 0)
    batch = pa.table({"steps": pa.array([["read"], ["sudo"], ["never"], None])})
    codes, n_bins = embedder.drift_bins("steps", batch)
    assert codes.tolist() == [1, 1 + int(-np.log(1 / 61)), 0, 17]
    assert n_bins == 18
