"""An invented office: people on day and night shifts, and service accounts, and what they do.

Who works when, from where and on what is drawn once for each seed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tests.bench.scenarios.days import DAY, HOUR, Floats

Random = np.random.Generator
Strings = npt.NDArray[np.object_]
Rows = dict[str, npt.NDArray[Any]]
"""Columns of events, not yet in order; `time` is in seconds after the first day began."""

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

_SITES = np.array([f"site-{number:02d}.example" for number in range(SITES)], dtype=object)
_SUPPLIERS = np.array([f"supplier-{number:02d}" for number in range(SUPPLIERS)], dtype=object)


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


def address_of(person: str, country: str) -> str:
    """Return the address that a person has in the office of a country."""
    return f"{NETWORKS[country]}.{PEOPLE.index(person) + 10}"


# --- people ----------------------------------------------------------------------------------


def found_office(random: Random) -> Office:
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


def new_ids(n: int, random: Random) -> list[str]:
    """Draw the ids of requests."""
    return [f"r-{number:013x}" for number in random.integers(0, 16**13, n)]


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


def backup(day: int, random: Random) -> Rows:
    """Make the steps of the backup of a night."""
    begins = day * DAY + BACKUP_HOUR * HOUR + random.uniform(0.0, 120.0)
    gaps = random.normal(240.0, 15.0, len(BACKUP_STEPS))
    sizes = 20_000.0 * np.exp(random.normal(0.0, 0.3, len(gaps)))
    return _service(BACKUP, begins + np.cumsum(gaps), BACKUP_STEPS, sizes, random)


def monitor(days: int, random: Random) -> Rows:
    """Make the checks of the monitor, a session for each day."""
    times = np.arange(0.0, days * DAY, MONITOR_PERIOD)
    times = times + random.uniform(0.0, 10.0, len(times))
    sizes = 600.0 * np.exp(random.normal(0.0, 0.1, len(times)))
    rows = _service(MONITOR, times, ["check"] * len(times), sizes, random)
    names = np.array([new_session(random) for _ in range(days)], dtype=object)
    return rows | {"session": names[(times // DAY).astype(int)]}
