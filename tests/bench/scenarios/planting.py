"""Things that must be found, one of them planted in a clean log.

Each function takes a log and a random generator, and returns the log with the planted rows or
without those that lack.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tests.bench.scenarios.days import DAY, HOUR, Floats, on_day, seconds_of
from tests.bench.scenarios.logs import Log, frame_of
from tests.bench.scenarios.office import (
    ACCOUNTANTS,
    ACTIONS,
    BACKUP,
    BY_NIGHT,
    DIRECTORY,
    EVENTS_A_SHIFT,
    FAILURES,
    HOSTS,
    PEOPLE,
    SHIFT,
    TRAVELLERS,
    Random,
    Rows,
    new_ids,
    new_session,
    same,
    together,
    work,
)

Flags = npt.NDArray[np.bool_]
Entity = tuple[str, str]
"""A column and a name in it."""

DRIP = 1.06
"""Times a day."""
BURST = 20
FILES = 400
PERIOD = 300.0
STRANGER, STRANGE_HOST, STRANGE_COUNTRY = "zelda", "app-9", "BR"
LOOK_ALIKE = "svch0st.exe"


@dataclass(frozen=True)
class Planted:
    """A log in the order of time, and where the planted thing shows."""

    events: pd.DataFrame
    records: Flags
    """(n_rows,): the planted rows, and those that what lacks belongs to."""
    entities: tuple[Entity, ...] = ()
    """Whom it is about, in one column or another."""
    days: tuple[int, ...] = ()
    """When it happens, or should have happened."""
    named: tuple[int, ...] = ()
    """The paydays that the job names in its calendar."""


def with_rows(log: Log, rows: pd.DataFrame) -> tuple[pd.DataFrame, Flags]:
    """Add rows to a log in the order of time, and say which they are."""
    events = pd.concat([log.events, rows], ignore_index=True)
    added = np.arange(len(events)) >= len(log.events)
    order = events["time"].argsort(kind="stable").to_numpy()
    return events.iloc[order].reset_index(drop=True), added[order]


def by_day(log: Log, random: Random, among: Sequence[str] = ()) -> tuple[str, pd.DataFrame]:
    """Draw a person of the day shift who works on the day; return the events of the shift, too."""
    today = log.events[on_day(log.events, log.day)]
    people = [person for person in among or PEOPLE if person not in BY_NIGHT]
    counts = today["user"].value_counts().reindex(people, fill_value=0)
    person = str(random.choice(counts.index[counts >= 0.4 * EVENTS_A_SHIFT]))
    return person, today[today["user"] == person]


def _more_work(log: Log, person: str, shift: pd.DataFrame, times: Floats, random: Random) -> Rows:
    """Make further ordinary events of a shift."""
    one = shift.iloc[0]
    rows = work(log.office, person, times, one["country"], random)
    return rows | same(len(times), session=one["session"])


def _added(log: Log, rows: Rows, random: Random, *entities: Entity) -> Planted:
    events, added = with_rows(log, frame_of(rows, random))
    return Planted(events, added, entities, (log.day,))


# --- of a person -----------------------------------------------------------------------------


def odd_hour(log: Log, random: Random) -> Planted:
    """Six ordinary events at night, of a person who never works then; others do."""
    person, _ = by_day(log, random)
    begins = log.day * DAY + random.uniform(1.5, 3.0) * HOUR
    times = np.sort(begins + random.uniform(0.0, 40 * 60.0, 6))
    rows = work(log.office, person, times, log.office.home[person], random)
    rows |= same(len(times), session=new_session(random))
    return _added(log, rows, random, ("user", person))


def two_countries(log: Log, random: Random) -> Planted:
    """Three events from the other country of a traveller, within minutes of one from here."""
    person, shift = by_day(log, random, TRAVELLERS)
    here = shift.iloc[len(shift) // 2]
    both = (log.office.home[person], log.office.away[person])
    there = both[1] if here["country"] == both[0] else both[0]
    times = seconds_of(here["time"]) + np.array([40.0, 80.0, 120.0])
    rows = work(log.office, person, times, there, random)
    rows |= same(len(times), session=here["session"])
    planted = _added(log, rows, random, ("user", person))
    beside = (planted.events["request_id"] == here["request_id"]).to_numpy()
    return Planted(planted.events, planted.records | beside, planted.entities, planted.days)


def drip(log: Log, random: Random) -> Planted:
    """The bytes of a person grow from day to day; the evidence is where they have doubled."""
    person, _ = by_day(log, random, PEOPLE[len(ACCOUNTANTS) :])
    events = log.events.copy()
    own = (events["user"] == person).to_numpy()
    day = (seconds_of(events["time"]) // DAY).astype(int)
    grown = np.where(own, DRIP**day, 1.0)
    events["bytes"] = (events["bytes"] * grown).round()
    doubled = tuple(day for day in range(log.days) if DRIP**day >= 2)
    return Planted(events, own & np.isin(day, doubled), (("user", person),), doubled)


def burst(log: Log, random: Random, among: Sequence[str] = ()) -> Planted:
    """Twenty times the usual events of a person within an hour."""
    person, shift = by_day(log, random, among)
    n = round(BURST * EVENTS_A_SHIFT * log.office.busy[person] * HOUR / SHIFT)
    begins = seconds_of(shift["time"].iloc[0]) + random.uniform(1.0, 5.0) * HOUR
    times = np.sort(begins + random.uniform(0.0, HOUR, n))
    return _added(log, _more_work(log, person, shift, times, random), random, ("user", person))


def replay(log: Log, random: Random) -> Planted:
    """The payments of a morning once more four hours later, with new ids."""
    person, shift = by_day(log, random, ACCOUNTANTS)
    paid = shift[shift["action"] == "pay"]
    ids = new_ids(len(paid), random)
    again = paid.assign(time=paid["time"] + pd.Timedelta(hours=4), request_id=ids)
    events, added = with_rows(log, again)
    first = events["request_id"].isin(paid["request_id"]).to_numpy()
    return Planted(events, added | first, (("user", person),), (log.day,))


def look_alike(log: Log, random: Random) -> Planted:
    """A process runs three times whose name looks like that of a common one."""
    person, shift = by_day(log, random)
    begins = seconds_of(shift["time"].iloc[0]) + random.uniform(1.0, 6.0) * HOUR
    times = np.sort(begins + random.uniform(0.0, 600.0, 3))
    rows = _more_work(log, person, shift, times, random)
    rows |= _all_of("scan", log, person, random, len(times))
    rows |= same(len(times), process=LOOK_ALIKE)
    entities = (("user", person), ("process", LOOK_ALIKE))
    return _added(log, rows, random, *entities)


def _all_of(action: str, log: Log, person: str, random: Random, n: int) -> Rows:
    """Make columns of events that do the same, each on a file of the person."""
    return {
        "action": np.full(n, action, dtype=object),
        "process": np.full(n, ACTIONS[action].processes[-1], dtype=object),
        "object": random.choice(log.office.files[person], n),
        "bytes": np.round(ACTIONS[action].bytes * np.exp(random.normal(0.0, 1.0, n))),
    }


def foreign_files(log: Log, random: Random) -> Planted:
    """A person opens 400 files one after the other: others have used each, the person none."""
    person, shift = by_day(log, random)
    own = log.events["user"] == person
    by_others = set(log.events.loc[~own, "object"]) - set(log.events.loc[own, "object"])
    files = sorted(each for each in by_others if each.startswith("/shared/"))
    begins = seconds_of(shift["time"].iloc[0])
    times = np.sort(begins + random.uniform(0.0, SHIFT - HOUR, FILES))
    rows = _more_work(log, person, shift, times, random)
    rows |= _all_of("open", log, person, random, FILES)
    rows["object"] = random.choice(files, FILES, replace=False).astype(object)
    return _added(log, rows, random, ("user", person))


def beaconing(log: Log, random: Random) -> Planted:
    """One small request every 300 seconds during a shift, to a site that others use, too."""
    person, shift = by_day(log, random)
    n = int(SHIFT / PERIOD)
    begins = seconds_of(shift["time"].iloc[0])
    times = begins + PERIOD * np.arange(n) + random.uniform(0.0, 2.0, n)
    rows = _more_work(log, person, shift, times, random)
    rows |= _all_of("browse", log, person, random, n)
    rows |= same(n, object="site-20.example", host="mail-1", status="ok")
    rows["bytes"] = np.round(500.0 + random.normal(0.0, 15.0, n))
    return _added(log, rows, random, ("user", person))


def password_spray(log: Log, random: Random) -> Planted:
    """One failed sign-in on each of the thirty accounts, from one address."""
    begins = log.day * DAY + random.uniform(9.0, 14.0) * HOUR
    address = "203.0.113.201"
    parts = []
    for number, person in enumerate(random.permutation(np.array(PEOPLE, dtype=object))):
        times = np.array([begins + 120.0 * number + random.uniform(0.0, 30.0)])
        rows = work(log.office, person, times, "NL", random)
        rows |= _all_of("sign-in", log, person, random, 1)
        rows |= same(1, object=DIRECTORY, source_ip=address, status="failed")
        parts.append(rows | same(1, session=new_session(random)))
    return _added(log, together(parts), random, ("source_ip", address))


# --- of service accounts ---------------------------------------------------------------------


def _tonight(log: Log) -> Flags:
    events = log.events
    return ((events["user"] == BACKUP) & on_day(events, log.day)).to_numpy()


def no_backup(log: Log, random: Random) -> Planted:
    """The backup of a night does not run."""
    events = log.events[~_tonight(log)].reset_index(drop=True)
    none = np.zeros(len(events), dtype=bool)
    return Planted(events, none, (("user", BACKUP), ("process", "backup.exe")), (log.day,))


def short_backup(log: Log, random: Random) -> Planted:
    """The backup of a night lacks its last two steps; the others of that night are evidence."""
    tonight = _tonight(log)
    last = log.events["action"].isin(["prune", "unmount"]).to_numpy()
    retained = ~(tonight & last)
    events = log.events[retained].reset_index(drop=True)
    return Planted(events, tonight[retained], (("user", BACKUP),), (log.day,))


def wrong_order(log: Log, random: Random) -> Planted:
    """Two steps of the backup change places: it prunes what it has no snapshot of yet."""
    events, tonight = log.events.copy(), _tonight(log)
    rows = {step: int(row) for row, step in events.loc[tonight, "action"].items()}
    one, other = rows["snapshot"], rows["prune"]
    taken = events.drop(columns="time").iloc[[one, other]]
    for column in taken:
        events.loc[[one, other], column] = taken[column].to_numpy()[::-1]
    return Planted(events, tonight, (("user", BACKUP),), (log.day,))


def interactive_service(log: Log, random: Random) -> Planted:
    """The account of the backup works as people do, from the address of one of them."""
    person, shift = by_day(log, random)
    begins = seconds_of(shift["time"].iloc[0]) + random.uniform(1.0, 6.0) * HOUR
    times = np.sort(begins + random.uniform(0.0, HOUR / 2, 25))
    rows = work(log.office, person, times, shift["country"].iloc[0], random)
    rows |= same(len(times), user=BACKUP, session=new_session(random))
    return _added(log, rows, random, ("user", BACKUP))


# --- of hosts, and what is new ---------------------------------------------------------------


def _on(host: str, log: Log) -> Flags:
    """Say of each event whether it is of a host and of the day."""
    return ((log.events["host"] == host) & on_day(log.events, log.day)).to_numpy()


def slow_host(log: Log, random: Random) -> Planted:
    """The latencies of a host double for a day."""
    host = str(random.choice(list(HOSTS)))
    events, today = log.events.copy(), _on(host, log)
    events["latency_ms"] = events["latency_ms"].where(~today, 2.0 * events["latency_ms"]).round(1)
    return Planted(events, today, (("host", host),), (log.day,))


def failing_host(log: Log, random: Random) -> Planted:
    """The failures of the busiest host triple for a day, to about 24 where there were 8."""
    host = str(log.events["host"].value_counts().index[0])
    events, today = log.events.copy(), _on(host, log)
    succeeded = np.flatnonzero(today & (events["status"] == "ok").to_numpy())
    failed = int(today.sum()) - len(succeeded)
    more = max(0, round(3 * FAILURES * int(today.sum())) - failed)
    events.loc[random.choice(succeeded, more, replace=False), "status"] = "failed"
    failing = today & (events["status"] == "failed").to_numpy()
    return Planted(events, failing, (("host", host),), (log.day,))


def new_user(log: Log, random: Random) -> Planted:
    """A person works the first day, as others do."""
    like, shift = by_day(log, random)
    begins = seconds_of(shift["time"].iloc[0])
    times = np.sort(begins + random.uniform(0.0, SHIFT - HOUR, EVENTS_A_SHIFT))
    rows = work(log.office, like, times, "DE", random)
    rows |= same(len(times), user=STRANGER, source_ip="192.0.2.77", session=new_session(random))
    return _added(log, rows, random, ("user", STRANGER))


def new_host(log: Log, random: Random) -> Planted:
    """A host answers sixty ordinary requests on its first day."""
    today = on_day(log.events, log.day) & log.events["user"].isin(PEOPLE)
    moved = random.choice(np.flatnonzero(today), 60, replace=False)
    events = log.events.copy()
    events.loc[moved, "host"] = STRANGE_HOST
    records = (events["host"] == STRANGE_HOST).to_numpy()
    return Planted(events, records, (("host", STRANGE_HOST),), (log.day,))


def new_country(log: Log, random: Random) -> Planted:
    """A person works for a day from a country where nobody was before."""
    person, shift = by_day(log, random)
    events = log.events.copy()
    events.loc[shift.index, ["country", "source_ip"]] = [STRANGE_COUNTRY, "192.88.99.10"]
    records = (events["country"] == STRANGE_COUNTRY).to_numpy()
    entities = (("user", person), ("country", STRANGE_COUNTRY))
    return Planted(events, records, entities, (log.day,))
