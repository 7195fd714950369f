"""Canaries: synthetic anomalies, records of the batch with one value that is odd where it stands.

They are scored as the batch is and change nothing else. The share of them that would be findings
estimates the share of real anomalies that a run finds. Each kind is made only where it would be
odd: where most names are new, another new name is not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.explain.known_records import without_spare_names
from anomaly.model.model import AnomalyModel
from anomaly.model.selection import anomaly_score
from schemas.columns.roles import Role
from schemas.events.contract import one_array
from schemas.outputs.figures import CanaryReport

PLANTED = 256
"""Canaries of a run: enough to tell a share of one half from one of six tenths."""

UNSEEN_NAME, NAME_OF_OTHERS = "unheard-of name", "name of others"
FAR_NUMBER, QUIET_HOUR = "far number", "quiet hour"
ODD_TEXT, UNSEEN_STEP = "odd text", "unheard-of step"

_RARE, _NOVELTY = 0.001, 0.05
"""A name with a smaller share, or seen once, is rare; rare ones may hold so much of the records."""
_COMMON = 0.01
"""A name with a larger share is common; and so is one of those that three records in four hold."""
_WELL_KNOWN, _OWN_NOVELTY = 20, 0.2
"""Records of an entity whose habits are known, and the most names it may have for each of them."""
_EXTREME = 0.995
_QUIET = 0.005
"""The largest share of the records in a quiet hour."""
_FAR_HOURS = 3
_HOUR = 3_600_000_000
_TRIES = 8
_LETTERS = np.array(list("bcdfghjklmnpqrtvwxzaeiou"))

Rows = npt.NDArray[np.int64]
Random = np.random.Generator
Maker = Callable[[Rows, Random], tuple[Rows, pa.Array]]
"""Rows to make odd -> those of them where that is possible, and their new values."""


@dataclass(frozen=True)
class Canaries:
    """Records that a detector should find."""

    records: pa.Table
    """n_canaries conformed records."""
    kinds: tuple[str, ...]
    """(n_canaries,): what is odd about each."""


def make_canaries(records: pa.Table, roles: Mapping[str, Role], n: int, seed: int) -> Canaries:
    """Make about `n` canaries from some of `records`; fewer where little can be made odd.

    The kinds have equal shares, and so have the columns of a kind, or the first of thousands.

    Parameters
    ----------
    records
        n_records conformed records: enough to know what is common among them.
    roles
        Column -> role; `id` and `ignore` are left alone.
    n
        How many are wanted.
    seed
        Of every choice.
    """
    random = np.random.default_rng(seed)
    records = records.combine_chunks()
    makers = _makers(records, roles) if records.num_rows else {}
    changes, kinds = list[_Change](), list[str]()
    for kind, columns in makers.items():
        share = n // len(makers)
        for i, (column, maker) in enumerate(columns[:share]):
            wanted = share // len(columns) + (i < share % len(columns))
            rows = random.choice(records.num_rows, min(wanted, records.num_rows), replace=False)
            changed, values = maker(rows, random)
            changes.append(_Change(column, changed, values))
            kinds += [kind] * len(changed)
    return Canaries(_changed(records, changes), tuple(kinds))


class _Change(NamedTuple):
    """Records that are made odd in one column."""

    column: str
    rows: Rows
    values: pa.Array


def _changed(records: pa.Table, changes: Sequence[_Change]) -> pa.Table:
    """Take the records of all changes, and put the new values where the old ones were."""
    rows = np.concatenate([np.zeros(0, np.int64), *(change.rows for change in changes)])
    taken = without_spare_names(records.take(pa.array(rows)))
    for column in dict.fromkeys(change.column for change in changes):
        old, pieces, start = one_array(taken[column]), [], 0
        for change in changes:
            stop = start + len(change.rows)
            pieces.append(change.values if change.column == column else old[start:stop])
            start = stop
        taken = taken.set_column(taken.column_names.index(column), column, pa.chunked_array(pieces))
    return taken.combine_chunks()


def search_canaries(
    model: AnomalyModel, records: pa.Table, p_cut: float, seed: int
) -> CanaryReport:
    """Make canaries from `records`, and count those that `model` finds.

    Parameters
    ----------
    model
        The model that judges the records.
    records
        n_records conformed records.
    p_cut
        The largest p-value that is a finding; 0 where none is.
    seed
        Of every choice.
    """
    canaries = make_canaries(records, model.embedder.roles, PLANTED, seed)
    found = model.score(canaries.records).p_values <= p_cut
    kinds = np.array(canaries.kinds, dtype=object)
    by_kind = {
        kind: (int((kinds == kind).sum()), int(found[kinds == kind].sum()))
        for kind in dict.fromkeys(canaries.kinds)
    }
    cut = float(anomaly_score(p_cut)) if p_cut > 0.0 else None
    return CanaryReport(planted=len(found), found=int(found.sum()), score_cut=cut, by_kind=by_kind)


def _makers(records: pa.Table, roles: Mapping[str, Role]) -> dict[str, list[tuple[str, Maker]]]:
    """List what can be made odd: kind -> columns and how."""
    found: dict[str, list[tuple[str, Maker]]] = {}
    for column, role in roles.items():
        if role in (Role.ID, Role.IGNORE):
            continue
        for kind, maker in _of_column(one_array(records[column]), role):
            found.setdefault(kind, []).append((column, maker))
    for column, maker in _of_pairs(records, roles):
        found.setdefault(NAME_OF_OTHERS, []).append((column, maker))
    return found


def _of_column(values: pa.Array, role: Role) -> Iterator[tuple[str, Maker]]:
    match role:
        case Role.CATEGORY if _knows_its_names(values):
            yield UNSEEN_NAME, lambda rows, random: (rows, _encoded(_words(len(rows), random)))
        case Role.NUMBER:
            far = _tenfold(values.drop_null().to_numpy(zero_copy_only=False))
            if far is not None:
                yield FAR_NUMBER, lambda rows, _: (rows, pa.array(np.full(len(rows), far)))
        case Role.TIME:
            quiet = _quiet_hours(pc.cast(values, pa.int64()).to_numpy(zero_copy_only=False))
            if len(quiet):
                yield QUIET_HOUR, lambda rows, random: _moved(values, quiet, rows, random)
        case Role.TEXT if pa.types.is_list(values.type):
            yield UNSEEN_STEP, lambda rows, random: _with_a_step(values, rows, random)
        case Role.TEXT:
            yield ODD_TEXT, lambda rows, random: _with_odd_words(values, rows, random)


def _of_pairs(records: pa.Table, roles: Mapping[str, Role]) -> Iterator[tuple[str, Maker]]:
    entities = [column for column, role in roles.items() if role is Role.ENTITY]
    names = [c for c, role in roles.items() if role in (Role.CATEGORY, Role.ENTITY)]
    for column in names:
        context = next((entity for entity in entities if entity != column), None)
        if context is not None:
            of, given = one_array(records[column]), one_array(records[context])
            others = _Others(_codes(given), _codes(of), of.dictionary)
            if others.possible:
                yield column, others.swapped


class _Others:
    """The names that are common, though an entity never has them."""

    def __init__(self, entity: Rows, name: Rows, names: pa.Array) -> None:
        # Null is -1 and becomes 0: so it is counted too, and never taken for a name.
        self._entity, self._name, self._names = entity + 1, name + 1, names
        self._width = len(names) + 1
        self._pairs = np.unique(self._entity * self._width + self._name)
        counts = np.bincount(self._name, minlength=self._width)
        counts[0] = 0
        self._common = _common(counts)
        n_records = np.bincount(self._entity)
        n_names = np.bincount(self._pairs // self._width, minlength=len(n_records))
        self._steady = (n_records >= _WELL_KNOWN) & (n_names <= _OWN_NOVELTY * n_records)
        self._steady[0] = False
        self.possible = len(self._common) > 1 and bool(self._steady.any())

    def swapped(self, rows: Rows, random: Random) -> tuple[Rows, pa.Array]:
        """Give each of `rows` a common name that its entity never has, where there is one."""
        candidates = np.flatnonzero(self._steady[self._entity] & (self._name > 0))
        rows = random.choice(candidates, min(len(rows), len(candidates)), replace=False)
        drawn = random.choice(self._common, (_TRIES, len(rows)))
        own = np.isin(self._entity[rows] * self._width + drawn, self._pairs)
        first = np.argmin(own, axis=0)
        strange = ~own[first, np.arange(len(rows))]
        chosen = drawn[first, np.arange(len(rows))][strange]
        return rows[strange], _encoded(self._names.take(pa.array(chosen - 1)))


def _common(counts: npt.NDArray[np.int64]) -> Rows:
    """Return the names that are frequent for their column.

    Examples
    --------
    >>> _common(np.array([600, 395, 5])), _common(np.array([0, 0]))
    (array([0, 1]), array([], dtype=int64))
    """
    ordered = np.sort(counts)
    quarter = int(np.searchsorted(np.cumsum(ordered), 0.25 * counts.sum()))
    least = min(_COMMON * counts.sum(), ordered[quarter])
    return np.flatnonzero(counts >= max(least, 1))


def _knows_its_names(names: pa.DictionaryArray) -> bool:
    counts = np.bincount(_codes(names) + 1)[1:]
    rare = counts < max(_RARE * len(names), 2)
    return bool(counts[rare].sum() <= _NOVELTY * len(names))


def _tenfold(values: npt.NDArray[np.float64]) -> float | None:
    """Return ten times the median, the 99.5 % quantile or the maximum: what first lies beyond it.

    Examples
    --------
    >>> _tenfold(np.array([1.0, 2.0, 3.0])), _tenfold(np.array([2.0, 2.0]))
    (20.0, None)
    """
    if not len(values) or values.min() < 0.0 or values.min() == values.max():
        return None
    typical, extreme = np.quantile(values, [0.5, _EXTREME]).tolist()
    with np.errstate(over="ignore"):
        tenfolds = [10.0 * value for value in (typical, extreme, float(values.max()))]
    return next((value for value in tenfolds if extreme < value < np.inf), None)


def _quiet_hours(moments: Rows) -> Rows:
    if np.ptp(moments) < 48 * _HOUR:
        return np.zeros(0, dtype=np.int64)
    hours = np.bincount(moments // _HOUR % 24, minlength=24)
    return np.flatnonzero(hours < _QUIET * hours.sum())


def _moved(values: pa.Array, quiet: Rows, rows: Rows, random: Random) -> tuple[Rows, pa.Array]:
    """Move records to a quiet hour of their day, where one is some hours away."""
    moments = pc.cast(values.take(pa.array(rows)), pa.int64()).to_numpy(zero_copy_only=False)
    to = random.choice(quiet, len(rows))
    hours = moments // _HOUR % 24
    away = np.abs((to - hours + 12) % 24 - 12) >= _FAR_HOURS
    moved = pa.array((moments + (to - hours) * _HOUR)[away])
    return rows[away], moved.cast(values.type)


def _with_odd_words(texts: pa.Array, rows: Rows, random: Random) -> tuple[Rows, pa.Array]:
    rows = rows[_codes(texts)[rows] >= 0]
    known = texts.take(pa.array(rows)).cast(pa.string())
    ending = [_words(len(rows), random) for _ in range(3)]
    return rows, _encoded(pc.binary_join_element_wise(known, *ending, " "))


def _with_a_step(steps: pa.ListArray, rows: Rows, random: Random) -> tuple[Rows, pa.Array]:
    known: list[Any] = steps.take(pa.array(rows)).to_pylist()
    made_up = _words(len(rows), random).to_pylist()
    grown = [[*(own or ()), step] for own, step in zip(known, made_up, strict=True)]
    return rows, pa.array(grown, steps.type)


def _words(n: int, random: Random) -> pa.Array:
    """Make up `n` words that nobody has written."""
    return pa.array(["".join(word) for word in random.choice(_LETTERS, (n, 9))], pa.string())


def _encoded(names: pa.Array) -> pa.DictionaryArray:
    return names.cast(pa.string()).dictionary_encode()


def _codes(names: pa.DictionaryArray) -> Rows:
    """Return the code of each name; -1 for null."""
    return names.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
