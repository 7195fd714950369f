"""Three weeks of an invented office: people on day and night shifts, and service accounts.

A log has one row for each event. Who works, from where and on what is drawn once for each seed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

Random = np.random.Generator
Floats = npt.NDArray[np.float64]
Strings = npt.NDArray[np.object_]
Rows = dict[str, npt.NDArray[Any]]
"""Columns of events, not yet in order; `time` is in seconds after the first day began."""

FIRST_DAY = datetime(2026, 3, 10)
"""A Tuesday. On 29 March, a Sunday, clocks in Europe go forward."""
DAYS = 21
"""The last one is Monday, 30 March."""
HOUR = 3_600.0
DAY = 24 * HOUR

PEOPLE = (
    "anna", "boris", "carla", "david", "elena", "felix", "greta", "henry", "irene", "jonas",
    "katja", "louis", "maria", "niels", "olga", "peter", "quinn", "rosa", "simon", "tanja",
    "ulrich", "vera", "walter", "xenia", "yannis", "zora", "amir", "bella", "cyrus", "diana",
)  # fmt: skip
ACCOUNTANTS = PEOPLE[:3]
TRAVELLERS = PEOPLE[3:13]
BY_NIGHT = PEOPLE[22:]
"""They begin at about 21 h to 23 h, the others at about 7 h to 9 h."""

NETWORKS = {"DE": "192.0.2", "FR": "198.51.100", "NL": "203.0.113"}
"""Country -> the network of its offices. Each person has one address in each."""
HOSTS = {"app-1": 30.0, "app-2": 45.0, "files-1": 20.0, "files-2": 25.0, "mail-1": 60.0}
"""Host -> the median of its latency in milliseconds."""
FAILURES = 0.02
EVENTS_A_SHIFT = 55
SHIFT = 8 * HOUR
AT_WEEKENDS = 0.1
"""The share of people who work on a day of the weekend; on other days it is `AT_WORK`."""
AT_WORK = 0.95
FILES, OWN_FILES, SITES, SUPPLIERS = 1_500, 250, 40, 60


class Action(NamedTuple):
    """A thing that people do: how often, with which programs, and how many bytes at the median."""

    share: float
    processes: tuple[str, ...]
    bytes: float


ACTIONS: Mapping[str, Action] = {
    "open": Action(0.34, ("excel.exe", "winword.exe", "explorer.exe"), 60_000.0),
    "save": Action(0.18, ("excel.exe", "winword.exe"), 45_000.0),
    "send": Action(0.16, ("outlook.exe",), 20_000.0),
    "sign-in": Action(0.04, ("winlogon.exe",), 1_200.0),
    "browse": Action(0.20, ("chrome.exe",), 8_000.0),
    "scan": Action(0.08, ("svchost.exe",), 2_000.0),
}
DIRECTORY = "directory"
"""What one signs in to."""
PAYMENTS_A_SHIFT = 15
"""Of an accountant, in the first half of the shift."""

BACKUP, BACKUP_HOUR = "svc-backup", 2
BACKUP_STEPS = ("mount", "snapshot", "copy", "verify", "prune", "unmount")
"""One after the other, about four minutes apart, each night."""
MONITOR, MONITOR_PERIOD = "svc-monitor", 900.0
SERVICE_ADDRESS = {BACKUP: "192.0.2.240", MONITOR: "192.0.2.242"}

COLUMNS = (
    "time", "request_id", "session", "user", "source_ip", "country", "host", "agent", "process",
    "action", "object", "amount", "bytes", "latency_ms", "status",
)  # fmt: skip
"""`amount` is of payments alone. They are queued, so that they have no latency."""

PLAIN, RARE_TOOLS, NO_WEEKENDS = "plain", "many rare processes", "nobody works at weekends"
BASES = (PLAIN, RARE_TOOLS, NO_WEEKENDS)
"""Kinds of clean logs. That without weekends ends on a Sunday, a day before the others."""
_SITES = np.array([f"site-{number:02d}.example" for number in range(SITES)], dtype=object)
_SUPPLIERS = np.array([f"supplier-{number:02d}" for number in range(SUPPLIERS)], dtype=object)
_TOOL_WORDS = (
    ("alpha", "bravo", "cedar", "delta", "ember", "flint", "grove", "harbor", "indigo",
     "juniper", "kernel", "lumen", "meadow", "nectar", "onyx", "pepper", "quartz", "ribbon",
     "saffron", "timber"),
    ("builder", "checker", "cleaner", "finder", "helper", "indexer", "loader", "mapper", "packer",
     "parser", "printer", "reader", "runner", "sender", "setup", "tracker", "updater", "viewer"),
)  # fmt: skip


@dataclass(frozen=True)
class Office:
    """The habits of each person, drawn once for each seed."""

    files: Mapping[str, Strings]
    """Person -> the files of the pool that are used, the favourites first."""
    starts: Mapping[str, float]
    """Person -> the hour at which the shift begins."""
    busy: Mapping[str, float]
    """Person -> events beside the mean of all."""
    home: Mapping[str, str]
    """Person -> country."""
    away: Mapping[str, str]
    """Traveller -> the country of about a third of the shifts."""
    agent: Mapping[str, str]
    """Person -> the version of the agent that reports the events."""


@dataclass(frozen=True)
class Log:
    """A log in the order of time, what is behind it, and the day on which to plant."""

    events: pd.DataFrame
    office: Office
    days: int
    day: int
    """From 0 on."""


def make_log(base: str, seed: int, *, last: bool = False) -> Log:
    """Make a clean log.

    Parameters
    ----------
    base
        One of `BASES`.
    seed
        Of every choice. The same seed gives the same people and habits in every base.
    last
        Whether things are planted on the last day. Else it is a working day from the second week
        on, which has a day after it.
    """
    days = DAYS - 1 if base == NO_WEEKENDS else DAYS
    events, office = _clean(base, days, seed)
    later = [day for day in range(7, days - 1) if not is_weekend(day)]
    day = days - 1 if last else int(np.random.default_rng(seed).choice(later))
    return Log(events, office, days, day)


@lru_cache(maxsize=len(BASES))
def _clean(base: str, days: int, seed: int) -> tuple[pd.DataFrame, Office]:
    """Make the events of a log; they are shared and must not be changed."""
    random = np.random.default_rng([seed, BASES.index(base)])
    office = _found(np.random.default_rng(seed))
    at_weekends = 0.0 if base == NO_WEEKENDS else AT_WEEKENDS
    parts = [
        shift(office, person, day, random)
        for day in range(-1, days)
        for person in PEOPLE
        if random.random() < (at_weekends if is_weekend(day) else AT_WORK)
    ]
    parts += [_backup(day, random) for day in range(days)]
    parts.append(_monitor(days, random))
    events = _finished(parts, days, random)
    if base == RARE_TOOLS:
        _use_rare_tools(events, random)
    return events, office


def date_of(day: int) -> date:
    """Return the date of a day."""
    return (FIRST_DAY + timedelta(days=day)).date()


def is_weekend(day: int) -> bool:
    """Say whether a day is a Saturday or a Sunday."""
    return date_of(day).weekday() >= 5


def moments(seconds: Floats | Sequence[float]) -> pd.DatetimeIndex:
    """Return the moments so many seconds after the first day began."""
    microseconds = np.round(np.asarray(seconds, dtype=np.float64) * 1e6).astype(np.int64)
    return pd.DatetimeIndex(pd.Timestamp(FIRST_DAY) + pd.to_timedelta(microseconds, unit="us"),
                            tz="UTC").as_unit("us")  # fmt: skip


@overload
def seconds_of(times: pd.Timestamp) -> float: ...
@overload
def seconds_of(times: pd.Series) -> pd.Series: ...
def seconds_of(times: pd.Timestamp | pd.Series) -> float | pd.Series:
    """Return how many seconds after the first day began moments are."""
    return (times - moments([0.0])[0]) / pd.Timedelta(seconds=1)


def on_day(events: pd.DataFrame, day: int) -> pd.Series:
    """Say of each event whether it happened on a day."""
    return events["time"].dt.date == date_of(day)


def address_of(person: str, country: str) -> str:
    """Return the address that a person has in the office of a country."""
    return f"{NETWORKS[country]}.{PEOPLE.index(person) + 10}"


# --- people ----------------------------------------------------------------------------------


def _found(random: Random) -> Office:
    countries = list(NETWORKS)
    pool = np.array([f"/shared/file-{number:04d}" for number in range(FILES)], dtype=object)
    place = {person: number for number, person in enumerate(PEOPLE)}
    return Office(
        files={person: random.choice(pool, OWN_FILES, replace=False) for person in PEOPLE},
        starts={p: (21 if p in BY_NIGHT else 7) + float(random.uniform(0.0, 2.0)) for p in PEOPLE},
        busy={person: float(np.exp(random.normal(0.0, 0.2))) for person in PEOPLE},
        home={person: countries[n % 3] for person, n in place.items()},
        away={person: countries[(place[person] + 1) % 3] for person in TRAVELLERS},
        agent={person: ("4.1", "4.2", "4.2")[n % 3] for person, n in place.items()},
    )


def shift(office: Office, person: str, day: int, random: Random) -> Rows:
    """Make the events of a person's shift that begins on a day, payments included."""
    begins = day * DAY + office.starts[person] * HOUR + float(random.normal(0.0, 600.0))
    n = int(random.poisson(EVENTS_A_SHIFT * office.busy[person]))
    away = person in office.away and random.random() < 1 / 3
    country = office.away[person] if away else office.home[person]
    rows = work(office, person, begins + random.uniform(0.0, SHIFT, n), country, random)
    if person in ACCOUNTANTS:
        times = begins + random.uniform(0.0, SHIFT / 2, int(random.poisson(PAYMENTS_A_SHIFT)))
        rows = together([rows, payments(office, person, times, country, random)])
    return rows | same(len(rows["time"]), session=new_session(random))


def same(n: int, **values: object) -> Rows:
    """Return columns that hold the same value n times."""
    return {name: np.full(n, value, dtype=object) for name, value in values.items()}


def together(parts: Sequence[Rows]) -> Rows:
    """Put the columns of parts one after the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def new_session(random: Random) -> str:
    """Draw the name of a session."""
    return f"s-{random.integers(16**10):010x}"


def work(office: Office, person: str, times: Floats, country: str, random: Random) -> Rows:
    """Make ordinary events of a person at given times, without a session."""
    n = len(times)
    shares = [each.share for each in ACTIONS.values()]
    names = np.array(list(ACTIONS), dtype=object)[random.choice(len(ACTIONS), n, p=shares)]
    files = office.files[person][favourites(OWN_FILES, n, random)]
    host = np.array(list(HOSTS), dtype=object)[random.integers(0, len(HOSTS), n)]
    medians = np.array([ACTIONS[name].bytes for name in names])
    return same(
        n,
        user=person,
        source_ip=address_of(person, country),
        country=country,
        agent=office.agent[person],
    ) | {
        "time": np.asarray(times, dtype=np.float64),
        "host": host,
        "process": _processes(names, random),
        "action": names,
        "object": np.select(
            [names == "browse", names == "sign-in"],
            [_SITES[favourites(SITES, n, random)], np.full(n, DIRECTORY, dtype=object)],
            files,
        ),
        "amount": np.full(n, np.nan),
        "bytes": np.round(medians * np.exp(random.normal(0.0, 1.0, n))),
        "latency_ms": latencies(host, random),
        "status": statuses(n, random),
    }


def _processes(names: Strings, random: Random) -> Strings:
    """Draw a program for each action."""
    choices = [ACTIONS[name].processes for name in names]
    draws = random.random(len(names))
    drawn = [each[int(draw * len(each))] for each, draw in zip(choices, draws, strict=True)]
    return np.array(drawn, dtype=object)


def favourites(most: int, n: int, random: Random) -> npt.NDArray[np.int64]:
    """Draw places below `most`, the first ones most often: about as 1, 1/2, 1/3 and so on."""
    return np.floor((most + 1.0) ** random.random(n)).astype(np.int64) - 1


def latencies(host: Strings, random: Random) -> Floats:
    """Draw the latencies of hosts."""
    medians = np.array([HOSTS[name] for name in host])
    return np.round(medians * np.exp(random.normal(0.0, 0.35, len(host))), 1)


def statuses(n: int, random: Random) -> Strings:
    """Draw whether events failed."""
    return np.where(random.random(n) < FAILURES, "failed", "ok").astype(object)


def payments(office: Office, person: str, times: Floats, country: str, random: Random) -> Rows:
    """Make payments to suppliers at given times, without a session."""
    n = len(times)
    rows = work(office, person, times, country, random)
    return (
        rows
        | same(n, host="app-1", process="ledger.exe", action="pay")
        | {
            "object": _SUPPLIERS[random.integers(0, SUPPLIERS, n)],
            "amount": np.exp(random.normal(6.0, 1.0, n)).round(2),
            "bytes": np.round(900.0 + random.normal(0.0, 40.0, n)),
            "latency_ms": np.full(n, np.nan),
        }
    )


# --- service accounts ------------------------------------------------------------------------


def _service(
    name: str, times: Floats, actions: Sequence[str], sizes: Floats, random: Random
) -> Rows:
    host, target = ("files-1", "volume-1") if name == BACKUP else ("app-2", "dashboard")
    rows = same(
        len(times),
        session=new_session(random),
        user=name,
        source_ip=SERVICE_ADDRESS[name],
        country="DE",
        host=host,
        agent="4.2",
        process=f"{name.removeprefix('svc-')}.exe",
        object=target,
    )
    return rows | {
        "time": times,
        "action": np.array(actions, dtype=object),
        "amount": np.full(len(times), np.nan),
        "bytes": np.round(sizes),
        "latency_ms": latencies(rows["host"], random),
        "status": statuses(len(times), random),
    }


def _backup(day: int, random: Random) -> Rows:
    """Make the steps of the backup of a night."""
    begins = day * DAY + BACKUP_HOUR * HOUR + random.uniform(0.0, 120.0)
    gaps = random.normal(240.0, 15.0, len(BACKUP_STEPS))
    sizes = 20_000.0 * np.exp(random.normal(0.0, 0.3, len(gaps)))
    return _service(BACKUP, begins + np.cumsum(gaps), BACKUP_STEPS, sizes, random)


def _monitor(days: int, random: Random) -> Rows:
    """Make the checks of the monitor, a session for each day."""
    times = np.arange(0.0, days * DAY, MONITOR_PERIOD)
    times = times + random.uniform(0.0, 10.0, len(times))
    sizes = 600.0 * np.exp(random.normal(0.0, 0.1, len(times)))
    rows = _service(MONITOR, times, ["check"] * len(times), sizes, random)
    names = np.array([new_session(random) for _ in range(days)], dtype=object)
    return rows | {"session": names[(times // DAY).astype(int)]}


# --- a log of it -----------------------------------------------------------------------------


def _finished(parts: Sequence[Rows], days: int, random: Random) -> pd.DataFrame:
    """Put parts together in the order of time, without what lies before or after the days."""
    events = frame_of(together(parts), random)
    begin, end = moments([0.0, days * DAY])
    within = (events["time"] >= begin) & (events["time"] < end)
    return events[within].sort_values("time", kind="stable", ignore_index=True)


def frame_of(rows: Rows, random: Random) -> pd.DataFrame:
    """Give rows their moments and ids."""
    ids = new_ids(len(rows["time"]), random)
    return pd.DataFrame(rows | {"time": moments(rows["time"]), "request_id": ids})[list(COLUMNS)]


def new_ids(n: int, random: Random) -> list[str]:
    """Draw the ids of requests."""
    return [f"r-{number:013x}" for number in random.integers(0, 16**13, n)]


def _use_rare_tools(events: pd.DataFrame, random: Random) -> None:
    """Let every process of a long list run once or twice."""
    names = [f"{first}-{second}.exe" for first in _TOOL_WORDS[0] for second in _TOOL_WORDS[1]]
    used = np.repeat(names, random.integers(1, 3, len(names)))
    by_people = np.flatnonzero(events["user"].isin(PEOPLE) & (events["action"] == "open"))
    events.loc[random.choice(by_people, len(used), replace=False), "process"] = used
