"""Make the sample event log: ordinary days of an invented company, and a few planted incidents.

`python -m data.generate DIR` writes `DIR/events/date=…/part-0.parquet`, which the program reads,
and `DIR/labels.parquet`, which it never reads. The same arguments give the same bytes.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data import company as co
from data.company import Calls, Company, Floats, Integers, Strings, objects, tables
from data.drift import drifted
from data.incidents import Background, mixed, plan, plant

FIRST_DAY = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""

EVENTS = pa.schema(
    {
        "event_id": pa.string(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "user": pa.string(),
        "department": pa.string(),
        "host": pa.string(),
        "source_ip": pa.string(),
        "user_agent": pa.string(),
        "action": pa.string(),
        "resource": pa.string(),
        "status": pa.string(),
        "bytes": pa.int64(),
        "duration_ms": pa.float64(),
        "message": pa.string(),
    }
)


def generate(
    rows: int = 200_000, days: int = 14, seed: int = 7, drift: float = 0.0
) -> tuple[pa.Table, pa.Table]:
    """Make the events, in time order, and the labels of the planted ones.

    Parameters
    ----------
    rows
        How many events, the planted ones included: at least 2,000. The planted share stays below
        0.3 % from 20,000 rows on.
    days
        How many days, from `FIRST_DAY` on.
    seed
        The seed of every random choice.
    drift
        The share of accounts that work in another way by the end (see `data.drift`).

    Returns
    -------
    events, labels
        Tables of the schemas `EVENTS` and `data.incidents.LABELS`.

    Raises
    ------
    ValueError
        If there are fewer than 2,000 rows or no day.
    """
    if rows < 2_000 or days < 1:
        raise ValueError(f"{rows} rows over {days} days: at least 2,000 rows and 1 day are needed")
    founding, working, writing, planting, moving = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(5)
    )
    company = co.found(founding)
    incidents = plan(rows)
    calls = co.ordinary_calls(company, rows - sum(map(sum, incidents.values())), days, working)
    ordinary = drifted(written_down(company, calls, writing), drift, moving)
    planted = plant(Background(ordinary, FIRST_DAY, days, planting), incidents)
    return mixed(ordinary, planted)


def write(events: pa.Table, labels: pa.Table, folder: Path) -> None:
    """Write the events, a partition for each day, and the labels apart from them.

    Parameters
    ----------
    events, labels
        As `generate` makes them.
    folder
        Is made where it is missing. Partitions of an earlier log in it are removed.
    """
    for old in folder.glob("events/date=*/part-0.parquet"):
        old.unlink()
    dates = events["timestamp"].cast(pa.date32())
    for day in dates.unique():
        partition = folder / "events" / f"date={day}"
        partition.mkdir(parents=True, exist_ok=True)
        pq.write_table(events.filter(pc.equal(dates, day)), partition / "part-0.parquet")
    pq.write_table(labels, folder / "labels.parquet")


def written_down(company: Company, calls: Calls, rng: np.random.Generator) -> pa.Table:
    """Give the calls the columns of `EVENTS`, without `event_id` and in no order."""
    size = _sizes(company, calls, rng)
    took = _durations(calls, size, rng)
    day = np.floor(calls.seconds / co.DAY).astype(np.int64)
    names = resources(company.users, rng)
    # Departments have other favourites, and these move on from week to week.
    favourites = 31 * company.department[calls.account] + day // 7
    microseconds = pa.array(
        np.round(calls.seconds * 1e6).astype(np.int64) + int(FIRST_DAY.timestamp() * 1e6)
    )
    departments = objects([*tables()["departments"], "Platform", None])  # None at -1: contractors
    columns = {
        "timestamp": microseconds.cast(EVENTS.field("timestamp").type),
        "user": pa.array(company.users[calls.account]),
        "department": pa.array(departments[company.department[calls.account]]),
        "host": pa.array(_hosts(company, calls, rng)),
        "source_ip": _dotted(calls.address),
        "user_agent": pa.array(_agents(company, calls, day, rng)),
        "action": pa.array(list(tables()["actions"])).take(calls.action),
        "resource": pa.array(names.texts[names.pick(rng, calls.action, favourites)]),
        "status": pa.array(["success", "failure", "denied"]).take(calls.outcome),
        "bytes": pa.array(np.round(size), pa.int64(), mask=np.isnan(size)),
        "duration_ms": pa.array(took),
    }
    columns["message"] = _messages(calls, columns, rng)
    return pa.table(columns)


def _sizes(company: Company, calls: Calls, rng: np.random.Generator) -> Floats:
    """Draw bytes; NaN where a call has no size or, failing, mostly did not get that far."""
    median, spread = np.array([a["bytes"] for a in tables()["actions"].values()], float).T
    size = median[calls.action] * np.exp(spread[calls.action] * rng.normal(size=len(calls.action)))
    nightly = [each["minutes"] >= 1440 for each in tables()["services"].values()]
    size *= np.where(np.array([False] * company.people + nightly)[calls.account], 60, 1)
    aborted = (calls.outcome != co.SUCCESS) & (rng.random(len(size)) < 0.6)
    return np.where((size > 0) & ~aborted, size, np.nan)


def _durations(calls: Calls, size: Floats, rng: np.random.Generator) -> Floats:
    """Draw milliseconds: slower by day and for big transfers; some failures wait for a timeout."""
    by_day = 1 + 0.3 * np.exp(-(((calls.seconds / 3600 % 24 - 14) / 4) ** 2))
    took = co.per_action("ms")[calls.action] * by_day * rng.lognormal(0, 0.6, len(size))
    took += np.nan_to_num(size) / 2e4
    waited = (calls.outcome == co.FAILURE) & (rng.random(len(size)) < 0.2)
    return np.where(waited, 30_000 + rng.exponential(40, len(size)), took).round(1)


def _hosts(company: Company, calls: Calls, rng: np.random.Generator) -> Strings:
    jump = objects([f"jump-{number:02d}" for number in range(1, 5)])
    own = company.hosts[calls.account, calls.machine.clip(0, 2)]
    host = np.where(calls.machine == co.JUMP, rng.choice(jump, len(own)), own)
    host[calls.machine == co.NO_HOST] = None
    return host


def _agents(company: Company, calls: Calls, day: Integers, rng: np.random.Generator) -> Strings:
    by_program = np.array([a["tool"] == "cli" for a in tables()["actions"].values()])[calls.action]
    updated = day >= company.update_day[calls.account]
    agent = company.agents[calls.account, np.where(by_program, 2, updated)]
    stray = TextGroups.of([tables()["agents"]["stray"]])
    rare = (calls.account < company.people) & (rng.random(len(agent)) < 7e-4)
    return np.where(rare, stray.texts[stray.pick(rng, np.zeros_like(day))], agent)


def _dotted(address: Integers) -> pa.Array:
    octets = [pa.array((address >> shift) & 255).cast(pa.string()) for shift in (24, 16, 8, 0)]
    return pc.binary_join_element_wise(*octets, ".")


def _messages(calls: Calls, columns: dict[str, pa.Array], rng: np.random.Generator) -> pa.Array:
    n = len(calls.action)
    silent = (rng.random(n) < co.per_action("silent")[calls.action]) & (calls.outcome == co.SUCCESS)
    messages = phrases()
    rare = rng.random(n) < 8e-4
    chosen = messages.pick(
        rng, np.where(rare, len(messages.count) - 1, 3 * calls.action + calls.outcome)
    )
    digits = pa.array([f"{number:04x}" for number in range(1 << 16)])
    slots = {
        "user": columns["user"],
        "ip": columns["source_ip"],
        "resource": columns["resource"],
        "number": pa.array(np.round(rng.lognormal(6, 2, n)).astype(np.int64) + 1).cast(pa.string()),
        "hex": pc.binary_join_element_wise(
            *(digits.take(rng.integers(0, 1 << 16, n)) for _ in range(2)), ""
        ),
        "ms": pc.round(columns["duration_ms"]).cast(pa.int64()).cast(pa.string()),
        "size": columns["bytes"].cast(pa.string()),
    }
    return pc.if_else(pa.array(silent & ~rare), None, render(messages, chosen, slots))


@dataclass(frozen=True)
class TextGroups:
    """Groups of texts end to end: group g is `texts[start[g] : start[g] + count[g]]`."""

    texts: Strings
    start: Integers
    count: Integers

    @classmethod
    def of(cls, groups: Sequence[Sequence[str] | Strings]) -> "TextGroups":
        """Put the groups end to end."""
        count = np.array([len(group) for group in groups])
        texts = objects([text for group in groups for text in group])
        return cls(texts, np.cumsum(count) - count, count)

    def pick(self, rng: np.random.Generator, group: Integers, turn: Integers | int = 0) -> Integers:
        """Draw for each group one of its texts, the first ones most often.

        `turn` moves the favourites along, so that not all have the same ones.
        """
        count = self.count[group]
        return self.start[group] + (_zipf_rank(rng, count) + turn) % count


def resources(users: Strings, rng: np.random.Generator) -> TextGroups:
    """List the resources of each action, in a shuffled order: the first are the favourites."""
    spec = tables()["resources"]
    families = {
        name: rng.permutation(_expand(patterns, users))
        for name, patterns in spec["families"].items()
    }
    return TextGroups.of([families[action["family"]] for action in tables()["actions"].values()])


def _expand(patterns: list[str], users: Strings) -> Strings:
    spec = tables()["resources"]
    names = {
        pattern.format(project=project, n=n, user=user)
        for pattern in patterns
        for project in spec["projects"]
        for n in range(1, spec["numbered"] + 1)
        for user in (users if "{user}" in pattern else [""])
    }
    return objects(sorted(names))


def phrases() -> TextGroups:
    """List the messages: three groups for each action (its outcomes), then the rare ones."""
    messages, troubles = tables()["messages"], tables()["troubles"]
    groups: list[list[str]] = []
    for name in tables()["actions"]:
        failures = troubles["sign_in"] if name == "sign_in" else troubles["failure"]
        groups += [messages[name], failures, troubles["denied"]]
    return TextGroups.of([*groups, tables()["rare"]["messages"]])


def render(messages: TextGroups, chosen: Integers, slots: dict[str, pa.Array]) -> pa.Array:
    """Fill the chosen messages' slots; null where a slot's value is null.

    Parameters
    ----------
    messages
        The messages, each with at most two slots.
    chosen
        (n,): the place of each event's message among them.
    slots
        Slot -> its values (n,), strings.
    """
    parts = [_parts(text) for text in messages.texts]
    names, columns = ["", *slots], [pa.array([""] * len(chosen)), *slots.values()]
    pieces = []
    for place in range(3):
        literal = pa.array([part[place][0] for part in parts])
        slot = np.array([names.index(part[place][1]) for part in parts])
        pieces += [literal.take(chosen), pc.choose(pa.array(slot[chosen]), *columns)]
    return pc.binary_join_element_wise(*pieces, "")


def _parts(text: str) -> list[tuple[str, str]]:
    """Cut a message into three pairs of literal and slot."""
    pairs = [(literal, slot or "") for literal, slot, _, _ in Formatter().parse(text)]
    return pairs + [("", "")] * (3 - len(pairs))


def _zipf_rank(rng: np.random.Generator, counts: Integers) -> Integers:
    """Draw for each of `counts` a rank in [0, count), rank k about as often as 1 / (k + 1)."""
    rank = np.floor((counts + 1.0) ** rng.random(len(counts))).astype(np.int64) - 1
    return np.minimum(rank, counts - 1)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m data.generate", description=__doc__)
    parser.add_argument("folder", type=Path, help="where events/ and labels.parquet are written")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--drift", type=float, default=0.0, help="share of accounts that change")
    given = parser.parse_args()
    write(*generate(given.rows, given.days, given.seed, given.drift), given.folder)


if __name__ == "__main__":
    main()
