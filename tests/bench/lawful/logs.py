"""Logs of an invented company: an ordinary minority of any share, and one anomaly of each kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

MINORITIES = ("category", "code", "text", "weekend", "payday", "network")
"""Kinds of ordinary minorities: what the few do otherwise than the many."""
PLANTED = ("hour", "name", "number", "pair", "text")
"""Kinds of anomalies: one event of each stands in a log."""

_DAY = 86_400.0
_FIRST_DAY = 20_458 * _DAY
"""A Monday, in seconds since 1970: 2026-01-05."""
_WEEKS = 4
_USERS = 20
_TEMPLATES = ("request {} answered", "cache miss for key {}", "page {} sent to the client")

Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class LawfulLog:
    """A log, which of its rows are of the minority, and which are anomalies."""

    events: pa.Table
    minority: npt.NDArray[np.bool_]
    """(n_rows,): True for the events of the ordinary minority."""
    planted: dict[str, int]
    """Kind of anomaly -> its row."""


def make_log(minority: str, share: float, rows: int, seed: int) -> LawfulLog:
    """Make a log of so many rows, `share` of which are of an ordinary minority.

    The many work from Monday to Friday, from 8 to 18 h. The anomalies are planted into events of
    the many, each odd in one thing only.
    """
    random = np.random.default_rng([seed, MINORITIES.index(minority), rows])
    columns = _ordinary(rows, random)
    few = random.random(rows) < share
    _DIFFERENCES[minority](columns, few, random)
    many = np.flatnonzero(~few)
    places = random.choice(many, len(PLANTED), replace=False).tolist()
    for kind, row in zip(PLANTED, places, strict=True):
        _ANOMALIES[kind](columns, row)
    order = np.argsort(columns["time"], kind="stable")
    place_of = np.argsort(order)
    planted = {kind: int(place_of[row]) for kind, row in zip(PLANTED, places, strict=True)}
    return LawfulLog(_table(columns, order), few[order], planted)


def _ordinary(n: int, random: np.random.Generator) -> Columns:
    day = random.integers(0, 5, n) + 7 * random.integers(0, _WEEKS, n)
    hour = np.clip(random.normal(13.0, 2.0, n), 8.0, 18.0)
    size = np.exp(random.normal(7.0, 0.6, n))
    texts = [
        _TEMPLATES[kind].format(number)
        for kind, number in zip(
            random.integers(0, 3, n).tolist(), random.integers(0, 10**6, n).tolist(), strict=True
        )
    ]
    return {
        "time": _FIRST_DAY + day * _DAY + hour * 3_600.0,
        "user": np.array([f"user{i:02d}" for i in range(_USERS)])[random.integers(0, _USERS, n)],
        "action": np.array(["read", "write", "list"], dtype=object)[random.integers(0, 3, n)],
        "protocol": np.array(["https", "ssh"], dtype=object)[random.integers(0, 2, n)],
        "port": np.full(n, 443),
        "status": np.full(n, 200),
        "bytes": np.round(size),
        "packets": np.ceil(size / 900.0 * np.exp(random.normal(0.0, 0.05, n)) * 10.0),
        "message": np.array(texts, dtype=object),
    }


def _category(columns: Columns, few: npt.NDArray[np.bool_], _: np.random.Generator) -> None:
    columns["action"][few] = "login"


def _code(columns: Columns, few: npt.NDArray[np.bool_], _: np.random.Generator) -> None:
    columns["status"][few] = 404


def _text(columns: Columns, few: npt.NDArray[np.bool_], random: np.random.Generator) -> None:
    peers = random.integers(0, 256, int(few.sum())).tolist()
    columns["message"][few] = [f"connection from 10.0.3.{peer} closed by peer" for peer in peers]


def _weekend(columns: Columns, few: npt.NDArray[np.bool_], random: np.random.Generator) -> None:
    week = random.integers(0, _WEEKS, int(few.sum()))
    day = 7 * week + random.integers(5, 7, len(week))
    columns["time"][few] = _FIRST_DAY + day * _DAY + columns["time"][few] % _DAY


def _payday(columns: Columns, few: npt.NDArray[np.bool_], _: np.random.Generator) -> None:
    payday = 7 * (_WEEKS - 1) + 4  # the last Friday
    columns["time"][few] = _FIRST_DAY + payday * _DAY + columns["time"][few] % _DAY
    for column in ("bytes", "packets"):
        columns[column][few] = np.round(columns[column][few] * 6.0)


def _network(columns: Columns, few: npt.NDArray[np.bool_], _: np.random.Generator) -> None:
    """The same fact in four columns."""
    columns["protocol"][few], columns["port"][few] = "ftp", 21
    for column in ("bytes", "packets"):
        columns[column][few] = np.round(columns[column][few] * 20.0)


_DIFFERENCES: Mapping[str, Callable[..., None]] = {
    "category": _category,
    "code": _code,
    "text": _text,
    "weekend": _weekend,
    "payday": _payday,
    "network": _network,
}


def _at_night(columns: Columns, row: int) -> None:
    columns["time"][row] += 3.1 * 3_600.0 - columns["time"][row] % _DAY


def _new_name(columns: Columns, row: int) -> None:
    columns["action"][row] = "purge"


def _far_number(columns: Columns, row: int) -> None:
    columns["bytes"][row], columns["packets"][row] = 9.9e8, 1.1e7


def _broken_pair(columns: Columns, row: int) -> None:
    """Each number is usual, and never with the other."""
    columns["bytes"][row], columns["packets"][row] = 400.0, 60.0


def _new_text(columns: Columns, row: int) -> None:
    columns["message"][row] = "assertion failed: ledger out of balance"


_ANOMALIES: Mapping[str, Callable[[Columns, int], None]] = {
    "hour": _at_night,
    "name": _new_name,
    "number": _far_number,
    "pair": _broken_pair,
    "text": _new_text,
}


def _table(columns: Columns, order: npt.NDArray[np.int64]) -> pa.Table:
    taken = {name: values[order] for name, values in columns.items()}
    moments = (taken.pop("time") * 1e6).astype(np.int64)
    time = pa.array(moments).cast(pa.timestamp("us", "UTC"))
    return pa.table({"time": time} | {name: pa.array(v.tolist()) for name, v in taken.items()})
