"""Look-alikes: rare names that may be mistaken for a common one, such as `svch0st.exe`.

A close pair is no evidence where names come in close pairs. So how odd a look-alike is, is counted
in its column. Suppose that a name does not depend on how common it is. Then the share of names that
are close to a common one is a conformal p-value:

    p = max( (k + 1) / (n + 1),  k_rare / (n_rare + 1) )

k of the n other names are close to a common one, and k_rare of the n_rare other rare ones. The
second is the larger where rare names are spellings of common ones. The surprisal of an event with
such a name is `-log( s p )`, with s the share of events whose name is as rare.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.embedding.block import Rarity
from anomaly.embedding.rarity import others
from anomaly.numerics.arrays import Doubles, Integers
from anomaly.preprocess.close_names import closest

_MOST_NAMES, _MOST_COMMON = 4_096, 512
"""Names of a column that is looked at, and of them the commonest that others are compared with."""
_TIMES = 30.0
"""A name is common beside another that it is so many times as common as."""
_UNSEEN_COUNT = 0.5
_MOST_P = 0.1
"""Where more names are close to a common one, none is evidence."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class LookAlikes:
    """The common names of a column, and the surprisal of being close to one of them.

    It has one dimension: 0 for a name that looks like no common one.
    """

    common: tuple[str, ...]
    """The commonest first."""
    nearest: Integers
    """(n_names,): the place in `common` of what each name of the sample may be mistaken for; -1 for
    none."""
    surprisals: Doubles
    """(n_names + 1,): of each name, in nats; 0 where it is none. Of a look-alike never seen last, 0
    where it is no evidence."""

    @classmethod
    def fit(cls, names: Sequence[str], counts: Integers, total: int) -> "LookAlikes | None":
        """Learn from the names of a sample; None where a look-alike would be no evidence.

        Parameters
        ----------
        names
            n_names, the commonest first.
        counts
            (n_names,): the events that hold each.
        total
            The events of the sample.
        """
        needed = _TIMES * np.maximum(others(np.append(counts, 0)), _UNSEEN_COUNT)
        n_common = int(np.sum(counts[:_MOST_COMMON] >= needed[-1]))
        if len(names) > _MOST_NAMES or not n_common:
            return None
        nearest = closest(names, names[:n_common])
        p_values = _p_values(nearest, needed[:-1] <= counts[0])
        told = p_values <= _MOST_P
        told[:-1] &= (nearest >= 0) & (needed[:-1] <= counts[nearest])
        if not told.any():
            return None
        surprisals = np.where(told, -np.log(p_values * _as_rare(counts, total)), 0.0)
        return cls(tuple(names[:n_common]), np.where(told[:-1], nearest, -1), surprisals)

    def transform(self, names: pa.Array, codes: Integers) -> npt.NDArray[np.float32]:
        """Return the surprisal of names, float32 (n,).

        Parameters
        ----------
        names
            string (n,).
        codes
            (n,): their places among the names of the sample; -1 where it does not hold them.
        """
        found = self.surprisals[codes]
        new = np.flatnonzero((codes < 0) & pc.is_valid(names).to_numpy(zero_copy_only=False))
        found[codes < 0] = 0.0
        found[new] = np.where(self._nearest_new(names.take(pa.array(new)).to_pylist()) >= 0,
                              self.surprisals[-1], 0.0)  # fmt: skip
        return found.astype(np.float32)

    def rarity(self, code: int, name: str | None) -> Rarity:
        """Return the common name that `name`, at the place `code`, may be mistaken for."""
        new = [] if code >= 0 or name is None else [name]
        place = int(self.nearest[code] if code >= 0 else [*self._nearest_new(new), -1][0])
        return Rarity("look-alike", usual=self.common[place] if place >= 0 else None)

    def _nearest_new(self, names: Sequence[str]) -> Integers:
        if not self.surprisals[-1]:
            return np.full(len(names), -1)
        return closest(names, self.common)


def _p_values(nearest: Integers, rare: Flags) -> Doubles:
    """Return the p-value of each name as a look-alike, (n_names + 1,); of an unseen one last.

    The common name that is close to the judged one itself is no other close pair.
    """
    close, known = np.append(nearest >= 0, False), np.append(np.ones(len(nearest), bool), False)
    rare, partner = np.append(rare, True), np.append(nearest, -1)
    mutual = close & (partner[partner] == np.arange(len(partner)))
    k, n = close.sum() - close - mutual, known.sum() - known
    close_rare, known_rare = close & rare, known & rare
    k_rare, n_rare = close_rare.sum() - close_rare, known_rare.sum() - known_rare
    k_rare = k_rare - (mutual & rare[partner])
    return np.asarray(np.maximum((k + 1.0) / (n + 1.0), k_rare / (n_rare + 1.0)))


def _as_rare(counts: Integers, total: int) -> Doubles:
    """Return the share of events whose name is as rare as each, (n_names + 1,).

    The event itself counts. Of an unseen name it is the share of names that are seen once: so often
    does a new one come (Good, 1953).
    """
    ascending = np.sort(counts)
    held = np.append(0, np.cumsum(ascending))
    once = np.append(counts, 1)
    events = held[np.searchsorted(ascending, once, side="right")]
    events[-1] += 1
    return np.asarray(np.minimum(events / total, 1.0))
