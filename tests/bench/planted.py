"""Generated logs with anomalies of a known cause, and whether the first reason names the cause.

A session may hold a step that no other holds, or lack a step that all hold. It may take two steps
in the wrong order, or repeat one step many times. An event may hold two names that never go
together.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from anomaly.explain.known_records import known_records
from anomaly.explain.reasons import Reason, explain
from anomaly.model.model import AnomalyModel
from anomaly.preprocess.session_windows import ByKey
from anomaly.preprocess.sessions import sessionize
from schemas.columns.roles import Role
from schemas.events.contract import conform
from tests.bench.recounts import Records, recount

_START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
_SESSIONS, _EVENTS = 1_200, 4_000
_PLANTED = 3
"""Anomalies of a log."""
_BURST = 40
COMMON = 0.3
"""What holds for a larger share of the records is no reason."""


@dataclass(frozen=True)
class Planted:
    """A log, the records that are planted in it, and the test of their first reason."""

    kind: str
    records: pa.Table
    roles: dict[str, Role]
    rows: list[int]
    names_cause: Callable[[Reason], bool]


@dataclass(frozen=True)
class Told:
    """One planted record and its reasons."""

    kind: str
    reasons: list[Reason]
    named: bool
    """Whether the first reason names the cause."""
    common: int
    """Reasons that hold for more than `COMMON` of the records that they speak of."""
    true: int
    """Reasons whose sentence a recount confirms."""


def planted(seed: int) -> Iterator[Planted]:
    """Yield a log for each kind of anomaly."""
    yield _sessions("session", seed, _with_stranger, _says("`wipe`"))
    yield _sessions("missing", seed, _without_pay, _says("`pay` is missing"))
    yield _sessions("order", seed, _shipped_first, _says("`ship` comes before `pay`"))
    yield _sessions("burst", seed, _many_searches, _is_burst)
    yield _pair(seed)


def explained(log: Planted, seed: int) -> list[Told]:
    """Fit a model on the log as a run does, and ask for the reasons of what is planted."""
    model, drawn = AnomalyModel.fit(log.records, log.roles, {}, seed)
    known = known_records(log.records, drawn, log.roles, drawn=False)
    events = log.records.take(pa.array(log.rows))
    found = explain(model.explaining, known, events).reasons
    records = Records(log.records)
    return [
        _told(log, records, event, reasons)
        for event, reasons in zip(events.to_pylist(), found, strict=True)
    ]


def _told(log: Planted, records: Records, event: dict[str, object], reasons: list[Reason]) -> Told:
    counts = [recount(records, event, r.column, r.sentence, itself=True) for r in reasons]
    return Told(
        log.kind,
        reasons,
        log.names_cause(reasons[0]),
        sum(count.share > COMMON for count in counts),
        sum(count.true for count in counts),
    )


def _says(part: str) -> Callable[[Reason], bool]:
    return lambda reason: part in reason.sentence


def _is_burst(reason: Reason) -> bool:
    """Return whether the reason names the many events, or the step that they repeat."""
    return "`search`" in reason.sentence or reason.column == "session.events"


Steps = list[str]


def _usual(random: np.random.Generator) -> Steps:
    searches = ["search"] * int(random.integers(0, 4))
    voucher = ["voucher"] if random.random() < 0.3 else []
    return ["login", *searches, "cart", *voucher, "pay", "ship", "logout"]


def _with_stranger(steps: Steps, random: np.random.Generator) -> Steps:
    place = int(random.integers(1, len(steps)))
    return [*steps[:place], "wipe", *steps[place:]]


def _without_pay(steps: Steps, _random: np.random.Generator) -> Steps:
    return [step for step in steps if step != "pay"]


def _shipped_first(steps: Steps, _random: np.random.Generator) -> Steps:
    swapped = {"pay": "ship", "ship": "pay"}
    return [swapped.get(step, step) for step in steps]


def _many_searches(steps: Steps, _random: np.random.Generator) -> Steps:
    return ["login", *["search"] * _BURST, *[step for step in steps[1:] if step != "search"]]


def _sessions(
    kind: str,
    seed: int,
    change: Callable[[Steps, np.random.Generator], Steps],
    names_cause: Callable[[Reason], bool],
) -> Planted:
    random = np.random.default_rng(seed)
    odd = set(random.choice(_SESSIONS, _PLANTED, replace=False).tolist())
    order, step, time = [], [], []
    for session in range(_SESSIONS):
        steps = _usual(random)
        steps = change(steps, random) if session in odd else steps
        seconds = (
            np.cumsum(random.uniform(5.0, 30.0, len(steps))) * len(_usual(random)) / len(steps)
        )
        at = _START + dt.timedelta(minutes=float(session * 8 + random.random() * 5))
        order += [f"o{session:05d}"] * len(steps)
        step += steps
        time += [at + dt.timedelta(seconds=float(s)) for s in seconds]
    roles = {"order": Role.ID, "step": Role.CATEGORY, "time": Role.TIME}
    events = _conformed({"order": order, "step": step, "time": time}, roles)
    found = sessionize(events, "order", roles, ByKey())
    return Planted(kind, found.table, found.roles, sorted(odd), names_cause)


def _pair(seed: int) -> Planted:
    """Make a log in which each action has its resources; a planted event mixes two of them."""
    random = np.random.default_rng(seed)
    actions = np.array(["read", "deploy", "invoice", "backup"])
    resources = np.array(["wiki", "cluster", "ledger", "vault"])
    of = random.choice(4, _EVENTS, p=[0.4, 0.3, 0.2, 0.1])
    odd = random.choice(np.flatnonzero(of < 2), _PLANTED, replace=False)
    to = of.copy()
    to[odd] = 1 - of[odd]
    time = [
        _START + dt.timedelta(minutes=float(m)) for m in np.sort(random.uniform(0, 7_000, _EVENTS))
    ]
    columns = {
        "time": time,
        "action": actions[of].tolist(),
        "resource": resources[to].tolist(),
        "size": np.round(np.exp(random.normal(7.0, 0.5, _EVENTS))).tolist(),
    }
    roles = {
        "time": Role.TIME,
        "action": Role.CATEGORY,
        "resource": Role.CATEGORY,
        "size": Role.NUMBER,
    }

    def names_both(reason: Reason) -> bool:
        return reason.sentence.count("`action`") == reason.sentence.count("`resource`") == 1

    return Planted("pair", _conformed(columns, roles), roles, odd.tolist(), names_both)


def _conformed(columns: dict[str, Sequence[object]], roles: dict[str, Role]) -> pa.Table:
    table = pa.table(columns)
    return conform(table, roles, np.zeros(table.num_rows, dtype=bool)).events
