"""Things to plant in the log of an office: each is known by whose it is and on which day."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from anomaly.behaviour.activity import DAY, HOUR
from tests.anomaly.behaviour.office import FIRST, MINUTE, Row, day_of, row

Plant = Callable[[list[Row]], list[Row]]


class Planted(NamedTuple):
    plant: Plant
    user: str
    day: int | None
    """Of the log; None where it is not of one day."""
    views: frozenset[str]
    """Those that may tell it."""


def on(rows: list[Row], user: str, day: int) -> list[Row]:
    return [each for each in rows if each["user"] == user and day_of(each) == FIRST + day]


def own_rows(user: str, day: int, hours: list[int], n: int) -> list[Row]:
    """Return ordinary rows at random moments of some hours."""
    random = np.random.default_rng(7)
    own = [f"file-{i}" for i in range(3)]
    times = [h * HOUR + int(random.integers(HOUR)) for h in hours for _ in range(n)]
    return [row(day, time, user, random, own) for time in sorted(times)]


def burst(rows: list[Row]) -> list[Row]:
    return [*rows, *own_rows("user-0", 16, [14], 120)]


def night(rows: list[Row]) -> list[Row]:
    return [*rows, *own_rows("user-1", 15, [0, 1, 2, 3], 4)]


def new_files(rows: list[Row]) -> list[Row]:
    added = own_rows("user-2", 17, [12], 40)
    return [*rows, *({**each, "object": f"secret-{i}"} for i, each in enumerate(added))]


def replay(rows: list[Row]) -> list[Row]:
    own = on(rows, "user-3", 14) or own_rows("user-3", 14, [12], 5)
    again = [{**each, "time": each["time"] + (i + 1) * MINUTE} for each in own for i in range(3)]
    return [*rows, *again]


def beacon(rows: list[Row]) -> list[Row]:
    one = own_rows("user-4", 18, [9], 1)[0]
    begins = (FIRST + 18) * DAY + 9 * HOUR
    return [*rows, *({**one, "time": begins + i * 5 * MINUTE} for i in range(60))]


def two_countries(rows: list[Row]) -> list[Row]:
    own = on(rows, "user-5", 11)
    changed = {id(each) for each in own[::3]}
    return [{**each, "country": "us"} if id(each) in changed else each for each in rows]


def failures(rows: list[Row]) -> list[Row]:
    return [
        {**each, "ok": "false"} if each["user"] == "user-6" and day_of(each) == FIRST + 9 else each
        for each in rows
    ]


def no_backup(rows: list[Row]) -> list[Row]:
    return [r for r in rows if r["user"] != "backup" or day_of(r) != FIRST + 10]


def no_last_steps(rows: list[Row]) -> list[Row]:
    return [
        r
        for r in rows
        if r["user"] != "backup" or day_of(r) != FIRST + 12 or r["action"] in ("begin", "copy")
    ]


def wrong_order(rows: list[Row]) -> list[Row]:
    swapped = {"copy": "verify", "verify": "copy"}
    return [
        {**r, "action": swapped.get(r["action"], r["action"])}
        if r["user"] == "backup" and day_of(r) == FIRST + 8
        else r
        for r in rows
    ]


def large_sum(rows: list[Row]) -> list[Row]:
    big = {**own_rows("user-7", 16, [12], 1)[0], "bytes": 9_000_000.0}
    return [*rows, big]


def large_level(rows: list[Row]) -> list[Row]:
    return [
        {**r, "bytes": r["bytes"] * 20} if r["user"] == "user-8" and day_of(r) == FIRST + 17 else r
        for r in rows
    ]


def drip(rows: list[Row]) -> list[Row]:
    return [
        {**r, "bytes": r["bytes"] * 1.2 ** (day_of(r) - FIRST)} if r["user"] == "user-9" else r
        for r in rows
    ]


def new_user(rows: list[Row]) -> list[Row]:
    return [*rows, *own_rows("zoë`\n | x\x1f", 15, [9, 10, 11, 12, 13], 20)]


def refunds(rows: list[Row]) -> list[Row]:
    """Numbers of one person are below 0, and once far below."""
    own = [{**r, "bytes": -r["bytes"]} if r["user"] == "user-10" else r for r in rows]
    return [
        {**r, "bytes": r["bytes"] * 30} if r["user"] == "user-10" and day_of(r) == FIRST + 3 else r
        for r in own
    ]


PLANTED = {
    "burst": Planted(burst, "user-0", 16, frozenset(["hour", "day"])),
    "night": Planted(night, "user-1", 15, frozenset(["hours", "hour"])),
    "new files": Planted(new_files, "user-2", 17, frozenset(["new"])),
    "replay": Planted(replay, "user-3", 14, frozenset(["repeats"])),
    "beacon": Planted(beacon, "user-4", 18, frozenset(["rhythm"])),
    "two countries": Planted(two_countries, "user-5", 11, frozenset(["changes", "new"])),
    "failures": Planted(failures, "user-6", 9, frozenset(["share"])),
    "no backup": Planted(no_backup, "backup", 10, frozenset(["absent"])),
    "no last steps": Planted(no_last_steps, "backup", 12, frozenset(["absent value"])),
    "wrong order": Planted(wrong_order, "backup", 8, frozenset(["order"])),
    "large sum": Planted(large_sum, "user-7", 16, frozenset(["sum"])),
    "large level": Planted(large_level, "user-8", 17, frozenset(["level"])),
    "refunds": Planted(refunds, "user-10", 3, frozenset(["level", "sum"])),
    "drip": Planted(drip, "user-9", None, frozenset(["growth"])),
    "new user": Planted(new_user, "zoë`\n | x\x1f", 15, frozenset(["newcomer"])),
}


def all_planted(rows: list[Row]) -> list[Row]:
    for each in PLANTED.values():
        rows = each.plant(rows)
    return sorted(rows, key=lambda r: r["time"])
