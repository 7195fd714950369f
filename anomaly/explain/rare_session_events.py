"""The events that make a session odd: those whose steps few other sessions take.

A step is the name or masked message of one event in one column. It has two shares: that of all
sessions that hold it, and that of the sessions with the step before that go on to it. The smaller
one counts. So a step is not rare only because it follows a rare one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.explain.quoting import quote
from anomaly.numerics.arrays import Integers
from schemas.events.contract import one_array

MOST = 5
"""Events listed of a session."""
LARGEST_SHARE = 0.1
"""A step that a larger share of the sessions takes is not odd."""


@dataclass(frozen=True)
class OddEvent:
    """An event of a session that few other sessions have the like of."""

    position: int
    """Its place among the session's events."""
    column: str
    """The column whose step is rare."""
    holders: int
    """Sessions that hold the step."""
    rarity: str
    """What is rare about the step, in words."""

    def sentence(self, value: str | None) -> str:
        """Say what is odd, given what the event itself holds in the column."""
        held = "missing" if value is None else f"`{value}`"
        return f"`{quote(self.column)}` is {held}{self.rarity}"


def oddest_events(
    found: pa.Table, columns: Sequence[str], sessions: Iterable[pa.Table]
) -> list[list[OddEvent]]:
    """Find the oddest events of each of the `found` sessions, the oddest first.

    Of the events with the same step, the oddest is listed, in doubt the first.

    Parameters
    ----------
    found
        Sessions, as `sessionize` makes them.
    columns
        Their columns that hold steps, list<string>.
    sessions
        All sessions, `found` among them, in tables that are held one at a time.
    """
    odd: list[list[OddEvent]] = [[] for _ in range(found.num_rows)]
    if not columns or not odd:
        return odd
    tallies = [_Tally(column, one_array(found[column])) for column in columns]
    for table in sessions:
        for tally in tallies:
            tally.add(one_array(table[tally.column]))
    session = tallies[0].session
    starts = np.searchsorted(session, np.arange(found.num_rows))
    steps = np.stack([tally.steps for tally in tallies])
    shares = np.stack([tally.shares() for tally in tallies])
    for event, column in _oddest(session, steps, shares):
        of = session[event]
        odd[of].append(tallies[column].told(event, event - int(starts[of])))
    return odd


class _Tally:
    """Counts of the sessions that hold each step, and each pair of steps, of the found sessions."""

    def __init__(self, column: str, lists: pa.ListArray) -> None:
        self.column = column
        self._names = lists.flatten().unique()
        self.session, self.steps, self._before = _read(lists, self._names)
        pairs, self._pair = np.unique(self._pairs(self.steps, self._before), return_inverse=True)
        self._known_pairs = pairs
        # One more than there are names: all sessions have a beginning.
        self._holders = np.zeros(len(self._names) + 1, dtype=np.int64)
        self._pair_holders = np.zeros(len(pairs), dtype=np.int64)

    def add(self, lists: pa.ListArray) -> None:
        """Count the sessions of one table."""
        session, steps, before = _read(lists, self._names)
        known = steps >= 0
        self._holders[-1] += len(lists)
        self._holders[:-1] += _holders(session[known], steps[known], len(self._names))
        pairs = self._pairs(steps, before)
        place = np.minimum(np.searchsorted(self._known_pairs, pairs), len(self._known_pairs) - 1)
        wanted = known & (before >= 0) & (self._known_pairs[place] == pairs)
        self._pair_holders += _holders(session[wanted], place[wanted], len(self._known_pairs))

    def shares(self) -> npt.NDArray[np.float64]:
        """Return the share of sessions that do as each event of the found sessions does."""
        of_all = self._holders[self.steps] / self._holders[-1]
        of_those_before = self._pair_holders[self._pair] / self._holders[self._before]
        return np.minimum(of_all, of_those_before)

    def told(self, event: int, position: int) -> OddEvent:
        """Say what is rare about an event of the found sessions."""
        total, holders = int(self._holders[-1]), int(self._holders[self.steps[event]])
        before, pair = int(self._before[event]), int(self._pair_holders[self._pair[event]])
        from_there = int(self._holders[before])
        if holders * from_there <= pair * total:
            rarity = f": in {holders:,} of {total:,} sessions"
        elif before == len(self._names):
            rarity = f" at the start: in {pair:,} of {total:,} sessions"
        else:
            name = quote(self._names[before].as_py())
            rarity = (
                f" right after `{name}`: in {pair:,} of the {from_there:,} sessions with `{name}`"
            )
        return OddEvent(position, self.column, holders, rarity)

    def _pairs(self, steps: Integers, before: Integers) -> Integers:
        return before * (len(self._names) + 1) + steps


def _read(lists: pa.ListArray, names: pa.Array) -> tuple[Integers, Integers, Integers]:
    """Return each event's session, its step and the step before as places among `names`.

    A step that is none of them is -1; before the first one of a session stands `len(names)`.
    """
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    session = np.repeat(np.arange(len(lists)), lengths)
    places = pc.index_in(lists.flatten(), value_set=names).fill_null(-1)
    steps = places.to_numpy(zero_copy_only=False).astype(np.int64)
    first = np.diff(session, prepend=-1) != 0
    return session, steps, np.where(first, len(names), np.roll(steps, 1))


def _holders(session: Integers, tokens: Integers, n_tokens: int) -> Integers:
    """Count the sessions that hold each of the tokens 0 … n_tokens - 1."""
    held = np.sort(session * n_tokens + tokens)
    once = held[np.diff(held, prepend=-1) != 0]
    return np.bincount(once % max(n_tokens, 1), minlength=n_tokens)


def _oddest(
    session: Integers, steps: Integers, shares: npt.NDArray[np.float64]
) -> list[tuple[int, int]]:
    """Choose the events with the smallest shares, at most `MOST` of a session, and their columns.

    `steps` and `shares` are (n_columns, n_events); of equal steps of a session one is chosen.
    """
    column = np.argmin(shares, axis=0)
    events = np.arange(len(session))
    step, share = steps[column, events], shares[column, events]
    events = events[share <= LARGEST_SHARE]
    by_step = events[np.lexsort((events, *(a[events] for a in (share, step, column, session))))]
    keys = np.stack([session[by_step], column[by_step], step[by_step]])
    new = np.any(np.diff(keys, prepend=-1) != 0, axis=0)
    unique = by_step[new]
    ranked = unique[np.lexsort((unique, share[unique], session[unique]))]
    of = session[ranked]
    rank = np.arange(len(ranked)) - np.searchsorted(of, of)
    best = ranked[rank < MOST]
    return [(int(event), int(column[event])) for event in best]
