"""Steps of the known sessions, and the counts that tell what is odd in another session."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.numerics.arrays import Integers

_NEVER = np.iinfo(np.int64).max

Rows = Integers | slice
ALL = slice(None)


class StepColumn:
    """The steps of n sessions, as codes one after the other."""

    def __init__(self, lists: pa.ListArray) -> None:
        encoded = lists.flatten().dictionary_encode()
        self.names: list[str] = encoded.dictionary.to_pylist()
        self.codes: Integers = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        self.n = len(lengths)
        self.session: Integers = np.repeat(np.arange(self.n), lengths)
        self._starts: Integers = np.cumsum(lengths) - lengths
        self._code_of = {name: code for code, name in enumerate(self.names)}
        self._times: dict[str, Integers] = {}
        self._first: dict[str, Integers] = {}

    def holds(self, steps: Sequence[str] | None, rows: Rows = ALL) -> npt.NDArray[np.bool_]:
        """Return which sessions, all or some, have just these steps, bool (n,)."""
        wanted = np.array([self._code_of.get(step, -1) for step in steps or []], dtype=np.int64)
        ends = np.append(self._starts[1:], len(self.codes))
        same = ends - self._starts == len(wanted)
        for place, code in enumerate(wanted.tolist()):
            there = np.flatnonzero(same)
            same[there] = self.codes[self._starts[there] + place] == code
        return same[rows]

    def times(self, step: str) -> Integers:
        """Return how often each session holds `step`, int64 (n,)."""
        if step not in self._times:
            at = self.session[self._at(step)]
            self._times[step] = np.bincount(at, minlength=self.n)
        return self._times[step]

    def holders(self, step: str) -> int:
        """Count the sessions that hold `step`."""
        return int((self.times(step) > 0).sum())

    def firsts(self, step: str) -> Integers:
        """Return the place of the first `step` in each session, int64 (n,); the largest for none.

        Places of one session alone can be compared.
        """
        if step not in self._first:
            at = self._at(step)
            first = np.full(self.n, _NEVER)
            # From the last to the first, so that the first one stands.
            first[self.session[at][::-1]] = at[::-1]
            self._first[step] = first
        return self._first[step]

    def right_after(self, step: str, before: str | None) -> int:
        """Count the sessions in which `step` comes right after `before`, or first."""
        codes = [len(self.names) if s is None else self._code_of.get(s, -1) for s in (before, step)]
        return self._pairs.get(codes[0] * self._size + codes[1], 0) if min(codes) >= 0 else 0

    @property
    def _size(self) -> int:
        return len(self.names) + 1

    @cached_property
    def _pairs(self) -> dict[int, int]:
        """Two steps in a row -> the sessions that hold them; before the first stands one more."""
        before = np.roll(self.codes, 1)
        before[self._starts[self._starts < len(self.codes)]] = len(self.names)
        pairs, places = np.unique(before * self._size + self.codes, return_inverse=True)
        held = np.unique(self.session * len(pairs) + places) % max(len(pairs), 1)
        return dict(zip(pairs.tolist(), np.bincount(held).tolist(), strict=True))

    @cached_property
    def in_most(self) -> list[tuple[str, int]]:
        """The steps that at least nine of ten sessions hold, and how many do."""
        held = np.unique(self.session * max(len(self.names), 1) + self.codes)
        counts = np.bincount(held % max(len(self.names), 1), minlength=len(self.names))
        most = np.flatnonzero(counts >= 0.9 * self.n)
        return [(self.names[code], int(counts[code])) for code in most.tolist()]

    def _at(self, step: str) -> Integers:
        """Return the places of a step, ascending."""
        code = self._code_of.get(step, -1)
        start, stop = self._ends[code : code + 2] if code >= 0 else (0, 0)
        return self._by_step[start:stop]

    @cached_property
    def _by_step(self) -> Integers:
        return np.argsort(self.codes, kind="stable")

    @cached_property
    def _ends(self) -> Integers:
        return np.append(0, np.cumsum(np.bincount(self.codes, minlength=len(self.names))))
