"""The company behind the sample log: its accounts, and what they do on ordinary days.

The names, departments, services and shares stand in `company.toml`.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Strings = NDArray[np.object_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CONTRACTOR = -1
"""The department of people whose department the log does not know."""
SUCCESS, FAILURE, DENIED = range(3)
JUMP, NO_HOST = 3, -1
"""Machines beside an account's own three: a shared jump host, or one that is not managed."""
DAY = 86_400


@cache
def tables() -> dict[str, Any]:
    """Read `company.toml`."""
    return tomllib.loads(Path(__file__).with_name("company.toml").read_text(encoding="utf-8"))


def action_names() -> list[str]:
    """List the actions; an action's number is its place here."""
    return list(tables()["actions"])


def per_action(key: str) -> Floats:
    """Read one number for each action."""
    return np.array([action[key] for action in tables()["actions"].values()])


@dataclass(frozen=True)
class Company:
    """All accounts, people first and then services, as arrays over the accounts."""

    users: Strings
    people: int
    """How many of the accounts are people."""
    department: Integers
    """Index into the departments and, after them, Platform; or `CONTRACTOR`."""
    start_hour: Floats
    """(people,): habitual start, in hours UTC."""
    volume: Floats
    """How busy an account is, relative to its like."""
    home_share: Floats
    """(people,): share of days spent at home."""
    hosts: Strings
    """(accounts, 3): the usual one first."""
    office_ip: Integers
    home_ip: Integers
    """(people,)."""
    agents: Strings
    """(accounts, 3): browser before its update, browser after it, program."""
    update_day: Integers
    habits: Floats
    """(accounts, actions): how often each account does what; rows sum to 1."""


@dataclass(frozen=True)
class Calls:
    """Calls of the company's accounts, as arrays over the calls."""

    account: Integers
    seconds: Floats
    """Since the first day began."""
    action: Integers
    outcome: Integers
    address: Integers
    machine: Integers
    """Which of the account's hosts, `JUMP` or `NO_HOST`."""


def found(rng: np.random.Generator) -> Company:
    """Draw the company: its people, then the service accounts."""
    heads = [department["heads"] for department in tables()["departments"].values()]
    services = tables()["services"]
    n = len(services)
    room = np.repeat(np.arange(len(heads)), heads)
    people = len(room)
    abroad = rng.random(people) < 0.12  # the office in New York, five hours behind
    known = np.where(rng.random(people) < 0.03, CONTRACTOR, room)
    network = np.concatenate([20 + abroad, np.full(n, 50)]), np.concatenate([room, np.arange(n)])
    volumes = [service["volume"] for service in services.values()]
    programs = objects([[service["agent"]] * 3 for service in services.values()])
    return Company(
        users=np.concatenate([_names(rng, people), objects(list(services))]),
        people=people,
        department=np.concatenate([known, np.full(n, len(heads))]),
        start_hour=rng.normal(8.6, 0.7, people).clip(6, 11) + 5 * abroad,
        volume=np.concatenate([rng.lognormal(0, 0.45, people), volumes]),
        home_share=rng.beta(2, 3, people),
        hosts=np.concatenate([_own_hosts(rng, room), _nodes(rng, n)]),
        office_ip=(10 << 24)
        + (network[0] << 16)
        + (network[1] << 8)
        + rng.integers(10, 250, people + n),
        home_ip=public_address(rng, people),
        agents=np.concatenate([_own_agents(rng, people), programs]),
        update_day=rng.integers(2, 21, people + n),
        habits=_habits(rng, room),
    )


def objects(values: list[Any]) -> Strings:
    """Make an array that holds strings of any length."""
    return np.array(values, dtype=object)


def public_address(rng: np.random.Generator, size: int) -> Integers:
    """Draw addresses of the public internet, as 32-bit numbers."""
    first = np.array([31, 45, 62, 77, 81, 86, 91, 93, 109, 151, 185, 188, 193, 212])
    middle = rng.integers(0, 1 << 16, size)
    return (rng.choice(first, size) << 24) + (middle << 8) + rng.integers(2, 250, size)


def _zipf(count: int, exponent: float) -> Floats:
    odds = np.arange(1, count + 1) ** -exponent
    return odds / odds.sum()


def _names(rng: np.random.Generator, people: int) -> Strings:
    names = tables()["names"]
    every = objects([f"{first}.{last}" for first in names["first"] for last in names["last"]])
    return rng.choice(every, people, replace=False)


def _own_hosts(rng: np.random.Generator, room: Integers) -> Strings:
    """One to three machines a person; who has fewer repeats the laptop."""
    kinds = ("lt", "ws", "ph")  # laptop, workstation, phone
    short = [name[:3].lower() for name in tables()["departments"]]
    numbers = rng.choice(np.arange(100, 999), len(room), replace=False)
    owned = rng.choice([1, 2, 3], len(room), p=[0.45, 0.4, 0.15])
    hosts = [
        [f"{kind if k < own else 'lt'}-{short[where]}-{number}" for k, kind in enumerate(kinds)]
        for where, number, own in zip(room, numbers, owned, strict=True)
    ]
    return objects(hosts)


def _nodes(rng: np.random.Generator, services: int) -> Strings:
    places = rng.permutation(3 * services).reshape(-1, 3)
    return objects([[f"node-{place:02d}" for place in three] for three in places])


def _own_agents(rng: np.random.Generator, people: int) -> Strings:
    agents = tables()["agents"]
    browsers, programs = objects(agents["browsers"]), objects(agents["people_programs"])
    browser = rng.choice(len(browsers), people, p=_zipf(len(browsers), 0.8))
    return np.column_stack([browsers[browser], programs[rng.integers(0, len(programs), people)]])


def _habits(rng: np.random.Generator, room: Integers) -> Floats:
    """Zipf over the actions of the department or service, with a personal draw around it."""
    number = {name: index for index, name in enumerate(action_names())}
    usual = [department["actions"].split() for department in tables()["departments"].values()]
    jobs = [service["actions"].split() for service in tables()["services"].values()]
    own = [usual[where] for where in room] + jobs
    habits = np.zeros((len(own), len(number)))
    for account, actions in enumerate(own):
        columns = [number[action] for action in actions]
        habits[account, columns] = rng.dirichlet(60 * _zipf(len(columns), 1.3))
    return habits


def ordinary_calls(company: Company, rows: int, days: int, rng: np.random.Generator) -> Calls:
    """Draw what people (some 70 % of the calls) and services do."""
    by_people = round(0.7 * rows)
    parts = [
        _of_people(company, by_people, days, rng),
        _of_services(company, rows - by_people, days, rng),
    ]
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in Calls.__dataclass_fields__
    }
    # What would fall past the last midnight is moved to the middle of the last day.
    joined["seconds"] -= np.where(joined["seconds"] >= days * DAY, DAY / 2, 0)
    return Calls(**joined)


def _of_people(company: Company, rows: int, days: int, rng: np.random.Generator) -> Calls:
    person, day = np.nonzero(_at_work(company, days, rng))
    busy = company.volume[person] * rng.lognormal(0, 0.35, len(person))
    busy *= np.where(day % 7 < 5, 1 - 0.04 * (day % 7), 0.3)
    shift = np.repeat(np.arange(len(person)), rng.multinomial(rows, busy / busy.sum()))
    seconds = _moments(company, person, day, shift, rng)
    order = np.lexsort((seconds, shift))
    shift, seconds = shift[order], seconds[order]
    account = person[shift]
    action = _choose(company.habits[account], rng)
    action, outcome, seconds = _sign_in_and_out(shift, action, seconds, rng)
    where = _places(company, person, rng)
    machine = rng.choice([0, 1, 2, NO_HOST], len(shift), p=[0.86, 0.1, 0.035, 0.005])
    by_jump = rng.random(len(shift)) < per_action("by_jump")[action]
    return Calls(account, seconds, action, outcome, where[shift], np.where(by_jump, JUMP, machine))


def _at_work(company: Company, days: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(people, days): who works when. Some are on leave for a while; few work at weekends."""
    day = np.arange(days)
    chance = np.where(day % 7 < 5, 0.94, 0.06)
    leave = np.where(rng.random(company.people) < 0.12, rng.integers(0, days, company.people), days)
    back = leave + rng.integers(1, 9, company.people)
    away = (day >= leave[:, None]) & (day < back[:, None])
    return (rng.random((company.people, days)) < chance) & ~away


def _moments(
    company: Company, person: Integers, day: Integers, shift: Integers, rng: np.random.Generator
) -> Floats:
    """Draw when each call of a shift happens: in bursts of work, few of them at lunch."""
    shifts, bursts = len(person), 12
    weekend = (day % 7 >= 5)[:, None]
    start = company.start_hour[person, None] + rng.normal(0, 0.4, (shifts, 1))
    start = start + np.where(weekend, rng.uniform(0, 7, (shifts, 1)), 0)
    length = np.where(weekend, rng.uniform(0.4, 3, (shifts, 1)), rng.normal(8.4, 0.7, (shifts, 1)))
    burst = start + length * rng.random((shifts, bursts))
    burst[:, 0] = start[:, 0]
    lunch = np.where(company.start_hour > 12, 17.3, 12.3)[person, None]
    at_lunch = (burst > lunch) & (burst < lunch + 1) & (rng.random(burst.shape) < 0.8)
    burst = np.where(at_lunch, start + length * rng.random(burst.shape), burst)
    in_the_evening = (rng.random((shifts, 1)) < 0.035) & (np.arange(bursts) >= 9)
    burst = np.where(in_the_evening, start + length + rng.uniform(1, 5, burst.shape), burst)
    on_call = (rng.random((shifts, 1)) < 0.006) & (np.arange(bursts) >= 10)
    burst = np.where(on_call, rng.uniform(0, 6, burst.shape), burst)
    which = rng.integers(0, bursts, len(shift))
    hour = burst[shift, which] + rng.exponential(0.12, len(shift))
    return (day[shift] * 24 + hour) * 3600


def _choose(odds: Floats, rng: np.random.Generator) -> Integers:
    """Draw for each row of `odds` (n, choices) one of the choices."""
    reached = np.cumsum(odds, axis=1) < rng.random((len(odds), 1))
    return np.minimum(reached.sum(axis=1), odds.shape[1] - 1)


def _outcomes(action: Integers, scale: float, rng: np.random.Generator) -> Integers:
    failure, denied = scale * per_action("failure"), scale * per_action("denied")
    drawn = rng.random(len(action))
    refused = np.where(drawn < (failure + denied)[action], DENIED, SUCCESS)
    return np.where(drawn < failure[action], FAILURE, refused)


def _sign_in_and_out(
    shift: Integers, action: Integers, seconds: Floats, rng: np.random.Generator
) -> tuple[Integers, Integers, Floats]:
    """Begin shifts with a sign-in, end most with a sign-out, and try again after a failure."""
    sign_in, sign_out = (action_names().index(name) for name in ("sign_in", "sign_out"))
    starts = np.diff(shift, prepend=-1) != 0
    ends = np.diff(shift, append=shift[-1] + 1) != 0
    action = np.where(ends & (rng.random(len(shift)) < 0.85), sign_out, action)
    action = np.where(starts | (rng.random(len(shift)) < 0.02), sign_in, action)
    outcome = _outcomes(action, 1.0, rng)
    failed = np.flatnonzero((action == sign_in) & (outcome == FAILURE) & ~ends)
    for _ in range(4):
        again = failed + 1
        action[again], outcome[again] = sign_in, SUCCESS
        seconds[again] = seconds[failed] + rng.uniform(4, 40, len(failed))
        failed = again[(rng.random(len(again)) < 0.3) & ~ends[again]]
        outcome[failed] = FAILURE
    return action, outcome, seconds


def _places(company: Company, person: Integers, rng: np.random.Generator) -> Integers:
    """Draw the address of each shift: the office, home, now and then a hotel or a train."""
    office = company.office_ip[person]
    moved = rng.random(len(person)) < 0.15
    office = np.where(moved, office // 256 * 256 + rng.integers(10, 250, len(person)), office)
    at_home = rng.random(len(person)) < company.home_share[person]
    address = np.where(at_home, company.home_ip[person], office)
    travelling = rng.random(len(person)) < 0.015
    return np.where(travelling, public_address(rng, len(person)), address)


def _of_services(company: Company, rows: int, days: int, rng: np.random.Generator) -> Calls:
    """Draw the runs of each service and the calls in them."""
    services = list(tables()["services"].values())
    volume = company.volume[company.people :]
    service = np.repeat(np.arange(len(services)), rng.multinomial(rows, volume / volume.sum()))
    period = np.array([60.0 * each["minutes"] for each in services])
    phase = rng.uniform(0, np.minimum(period, 10_800))
    spread = np.array([each["seconds"] for each in services])
    run = np.floor(rng.random(rows) * (days * DAY / period)[service])
    seconds = (run * period[service] + phase[service]) + spread[service] * rng.random(rows)
    account = service + company.people
    action = _choose(company.habits[account], rng)
    outcome = _outcomes(action, 0.4, rng)
    machine = rng.choice([0, 1, 2], rows, p=[0.7, 0.2, 0.1])
    return Calls(account, seconds, action, outcome, company.office_ip[account], machine)
