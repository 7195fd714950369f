"""Claims: sentences about one column of a record, with the share of records they also hold for.

A claim that holds for many records is no reason. Each count is of the known records.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from anomaly.explain.known_records import KnownRecords, Mask
from anomaly.explain.quoting import quote

COMMON = 0.3
"""What holds for a larger share of the records is no reason."""
ENOUGH = 20
"""Other records of an entity that tell what is usual for it. A tenth of them is then two, so one
record alone is never called what is most frequent."""
FEWEST = 4
"""Other records that something can be rare among."""
_USUAL, _OFTEN = 0.5, 0.1
"""Shares from which on a value is said to be usual, or the most frequent one."""


@dataclass(frozen=True)
class Claim:
    """One sentence about one column of a record."""

    observed: str | None
    expected: str | None
    sentence: str
    share: float
    """Of the records that it speaks of, those that it holds for."""


@dataclass(frozen=True)
class Among:
    """Some known records, and the words that say which."""

    mask: Mask
    words: str
    """Such as "with `user` `ann`"; empty for all records."""
    column: str | None = None
    """The column that they hold the same in as the record; None where it is another choice."""

    @cached_property
    def total(self) -> int:
        """Return how many they are."""
        return int(self.mask.sum())


@dataclass(frozen=True)
class Judged:
    """A record that is explained, beside the known records."""

    known: KnownRecords
    event: Mapping[str, Any]
    itself: int
    """1 where it is one of the known records, else 0."""
    noun: str
    """What the known records are called: events or sessions, `sampled` or `known` ones."""
    entities: tuple[str, ...]
    """Whose other records say what is usual: its entity columns, the most telling first, then its
    peer groups."""

    @cached_property
    def everybody(self) -> Among:
        """All known records."""
        return Among(np.ones(self.known.n, dtype=bool), "")

    @cached_property
    def peers(self) -> Among:
        """The records that say what is usual: those of its entity, or of its peers, or all.

        The first of these that `ENOUGH` others are known of.
        """
        return next(
            (a for e in self.entities if self._others(a := self.among(e)) >= ENOUGH), None
        ) or (self.everybody)

    def among(self, given: str) -> Among:
        """Return the records that hold in the column `given` what the record holds."""
        value = self.event[given]
        held = "missing" if value is None else f"`{quote(value)}`"
        return Among(self.known.holding(given, value), f"with `{quote(given)}` {held}", given)

    def _others(self, among: Among) -> int:
        return among.total - self.itself

    def few(self, among: Among) -> bool:
        """Return whether there are too few other records for anything to be rare among them."""
        return self._others(among) < FEWEST

    def seen(self, count: int, among: Among) -> str:
        """Say how many of some records hold what is told; `count` includes the record itself."""
        if count <= self.itself:
            others = self._others(among)
            other = "other " if self.itself else ""
            return f"never seen in {others:,} {other}{self._named(others, among)}"
        return f"in {count:,} of {among.total:,} {self._named(among.total, among)}"

    def some(self, among: Among) -> str:
        """Say of how many records something is told: `60 events with …`."""
        return f"{among.total:,} {self._named(among.total, among)}"

    def _named(self, n: int, among: Among) -> str:
        noun = self.noun if n != 1 else self.noun.removesuffix("s")
        return f"{noun} {among.words}".rstrip()

    def usual_name(self, column: str, among: Among) -> tuple[str | None, str]:
        """Return the name that is usual among some records, and the words that say so.

        The records are those of the peers, if a claim is of all.
        """
        peers = among if among.words else self.peers
        if peers.column == column:
            peers = self.everybody
        value = self.event[column]
        name, count = self.known.column(column).commonest(peers.mask, value)
        own = int((self.known.holding(column, value) & peers.mask).sum())
        share = count / max(self._others(peers), 1)
        if share < _OFTEN or count <= own:
            return None, ""
        shown = quote(name)
        told = "missing" if name is None else f"`{shown}`"
        often = "usually" if share >= _USUAL else "most often"
        whose = f" {peers.words}" if peers.words and not among.words else ""
        return shown, f", {often} {told}{whose}"
