"""Are the reasons right? Normal events made odd in one column, and the place of that column.

`python -m tests.bench.explanations [--sets SET …] [--events N] [--seeds N]`. The model is fitted on
normal events alone; others, held out, are each changed in one column (see `tests.bench.changes`).
A column that goes along with the changed one is as wrong a reason as any other.

Anomalies of a known cause are planted in generated logs, too (`tests.bench.planted`). Each sentence
is held against a recount of the records (`tests.bench.recounts`).
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from anomaly.explain.known_records import known_records
from anomaly.explain.reasons import Reason, explain
from anomaly.model.model import AnomalyModel
from schemas.columns.roles import Role
from tests.bench.changes import KINDS, Change
from tests.bench.expectations import agrees
from tests.bench.habits import Event, Habits
from tests.bench.labelled import SAMPLE, Labelled, Rows, read
from tests.bench.planted import COMMON, Told, explained, planted
from tests.bench.recounts import Records, recount
from tests.bench.results import parser, table, write

SETS = ("kdd99", "unsw_backdoor", "csic2010", "bgl_2k", "cloudtrail", "card_fraud", SAMPLE)
ODD = 0.01
"""The p-value up to which a changed event is one that the model finds odd itself."""
_SPARED = 0.2
"""The largest share of the normal events that is held out."""


@dataclass(frozen=True)
class Changed:
    """A held-out event and what is changed in it."""

    kind: str
    event: Event
    change: Change


@dataclass(frozen=True)
class Case:
    """One changed event and its reasons."""

    name: str
    seed: int
    changed: Changed
    reasons: list[Reason]
    right: bool | None
    """Whether the expected value agrees with the original; None where there is none to compare."""
    p_before: float
    p: float
    common: int = 0
    """Reasons that hold for more than `COMMON` of the records that they speak of."""
    untrue: tuple[str, ...] = ()
    """Sentences that a recount does not confirm."""

    @property
    def kind(self) -> str:
        """Return the kind of change."""
        return self.changed.kind

    @property
    def column(self) -> str:
        """Return the column that was changed."""
        return self.changed.change.column

    @property
    def rank(self) -> int | None:
        """Return the place of the changed column among the reasons, from 1; None if it has none."""
        columns = [reason.column for reason in self.reasons]
        return columns.index(self.column) + 1 if self.column in columns else None

    def told(self) -> dict[str, Any]:
        """Return the case as the results keep it."""
        change, event = self.changed.change, self.changed.event
        return {
            "set": self.name,
            "seed": self.seed,
            "kind": self.kind,
            **vars(change),
            "original": event[change.column],
            "rank": self.rank,
            "right": self.right,
            "p_before": self.p_before,
            "p": self.p,
            "common": self.common,
            "untrue": self.untrue,
            "reasons": [vars(reason) for reason in self.reasons],
            "event": event,
        }


def run(labelled: Labelled, n_events: int, seed: int) -> list[Case]:
    """Fit on the normal events of a set, change `n_events` held-out ones, and ask for reasons."""
    random = np.random.default_rng(seed)
    rest, held_out = hold_out(labelled.normal_rows, n_events, random)
    normal = labelled.take(rest)
    model, drawn = AnomalyModel.fit(normal, labelled.roles, {}, seed)
    habits = Habits.of(normal, labelled.roles)
    changed = make_odd(habits, labelled.take(held_out).to_pylist(), n_events, random)
    before = as_events([c.event for c in changed], normal.schema)
    after = as_events([c.change.apply(c.event) for c in changed], normal.schema)
    known = known_records(normal, drawn, labelled.roles, drawn=False)
    reasons = explain(model.explaining, known, after).reasons
    p_before, p = model.score(before).p_values, model.score(after).p_values
    checks = _recounts(Records(normal), after.to_pylist(), reasons)
    return [
        Case(
            labelled.name, seed, one, said, _right(habits, one, said), float(p0), float(p1), *check
        )
        for one, said, p0, p1, check in zip(changed, reasons, p_before, p, checks, strict=True)
    ]


def _recounts(
    records: Records, events: Sequence[Event], reasons: Sequence[Sequence[Reason]]
) -> list[tuple[int, tuple[str, ...]]]:
    """Count for each event the reasons that hold for many, and give the sentences not confirmed."""
    found = []
    for event, said in zip(events, reasons, strict=True):
        counts = [recount(records, event, r.column, r.sentence, itself=False) for r in said]
        common = sum(count.share > COMMON for count in counts)
        untrue = [r.sentence for r, count in zip(said, counts, strict=True) if not count.true]
        found.append((common, tuple(untrue)))
    return found


def hold_out(normal: Rows, n_events: int, random: np.random.Generator) -> tuple[Rows, Rows]:
    """Part the normal rows into those to fit on and, in random order, those to change."""
    held_out = random.permutation(normal)[: min(4 * n_events, int(_SPARED * len(normal)))]
    return np.setdiff1d(normal, held_out), held_out


def make_odd(
    habits: Habits, events: Sequence[Event], n_events: int, random: np.random.Generator
) -> list[Changed]:
    """Change about `n_events` of the events, as many of each kind that the columns allow."""
    by_kind = {kind: _each(kind, habits, events, n_events, random) for kind in KINDS}
    possible = [changed for changed in by_kind.values() if changed]
    share = -(-n_events // max(len(possible), 1))
    return [one for changed in possible for one in changed[:share]]


def _each(
    kind: str, habits: Habits, events: Sequence[Event], most: int, random: np.random.Generator
) -> list[Changed]:
    found: list[Changed] = []
    for i in random.permutation(len(events)):
        change = KINDS[kind](habits, events[i], random)
        if change is not None:
            found.append(Changed(kind, events[i], change))
        if len(found) == most:
            break
    return found


def as_events(rows: list[Event], schema: pa.Schema) -> pa.Table:
    """Make rows of plain values what the contract would make of them."""
    plain = pa.schema(
        [
            field.with_type(pa.string() if pa.types.is_dictionary(field.type) else field.type)
            for field in schema
        ]
    )
    return pa.Table.from_pylist(rows, schema=plain).cast(schema)


def _right(habits: Habits, changed: Changed, reasons: Sequence[Reason]) -> bool | None:
    """Return whether the value expected in the changed column agrees with what stood there."""
    column, event = changed.change.column, changed.event
    reason = next((reason for reason in reasons if reason.column == column), None)
    if reason is None:
        return None
    role = habits.roles[column]
    named = role in (Role.CATEGORY, Role.ENTITY)
    usual = habits.usual(column, event) if named else set()
    return agrees(role, reason.expected, event[column], usual)


# --- what is reported ------------------------------------------------------------------------

Figures = dict[str, float | int | None]


def figures(cases: Sequence[Case]) -> Figures:
    """Count how often the changed column comes first and among the first three, in per cent."""
    odd = [case for case in cases if case.p <= ODD]
    return {
        "n": len(cases),
        "first": _percent(cases, lambda case: case.rank == 1),
        "first_three": _percent(cases, _in_three),
        "n_odd": len(odd),
        "odd_first": _percent(odd, lambda case: case.rank == 1),
        "odd_first_three": _percent(odd, _in_three),
        "expected_right": _percent(
            [case for case in cases if case.right is not None], lambda case: bool(case.right)
        ),
        "seen": _percent(cases, lambda case: case.p < case.p_before),
    }


def _in_three(case: Case) -> bool:
    return case.rank is not None and case.rank <= 3


def _percent(cases: Sequence[Case], holds: Callable[[Case], bool]) -> float | None:
    return 100.0 * sum(map(holds, cases)) / len(cases) if cases else None


def mean_over_sets(by_set: Iterable[Figures]) -> Figures:
    """Average each percentage over the sets that have it, and add up the counts."""
    sets = list(by_set)
    known = {key: [s[key] for s in sets if s[key] is not None] for key in figures([])}
    return {
        key: sum(values) if key.startswith("n") else (np.mean(values) if values else None)
        for key, values in known.items()
    }


HEAD = (
    "n",
    "first %",
    "first 3 %",
    f"n, p ≤ {ODD:g}",
    "first %",
    "first 3 %",
    "expected right %",
    "seen %",
)
"""The figures of a row: of all changed events, of those the model finds odd, and of all again."""


def page(cases: Sequence[Case], told: Sequence[Told] = ()) -> str:
    """Return the tables: the sets with their mean, their kinds, and what came first instead.

    Then what is `told` of planted anomalies, and how many sentences a recount confirms.
    """
    names = list(dict.fromkeys(case.name for case in cases))
    by_set = {name: [case for case in cases if case.name == name] for name in names}
    rows = [
        [f"{name}: {kind}", *_cells(figures([c for c in by_set[name] if c.kind == kind]))]
        for name in names
        for kind in KINDS
        if any(c.kind == kind for c in by_set[name])
    ]
    totals = {name: figures(of) for name, of in by_set.items()}
    total_rows = [[name, *_cells(total)] for name, total in totals.items()]
    total_rows.append(["mean over sets", *_cells(mean_over_sets(totals.values()))])
    return "\n\n".join(
        [
            "# Are the reasons right?",
            table(["set", *HEAD], total_rows),
            table(["set: kind", *HEAD], rows),
            "## What came first instead",
            table(["set: kind, changed column", "came first", "times"], _instead(cases)),
            "## Planted anomalies",
            table(["kind", "n", "cause in the first reason %", *_CHECKED], _planted_rows(told)),
            "## Sentences",
            table(["set", *_CHECKED], _sentence_rows(by_set)),
        ]
    )


_CHECKED = ("reasons", f"hold for more than {COMMON:.0%} of the records %", "recount agrees %")


def _planted_rows(told: Sequence[Told]) -> list[list[str]]:
    rows = []
    for kind in dict.fromkeys(each.kind for each in told):
        of = [each for each in told if each.kind == kind]
        n = sum(len(each.reasons) for each in of)
        common, true = sum(each.common for each in of), sum(each.true for each in of)
        named = 100.0 * sum(each.named for each in of) / len(of)
        rows.append([kind, str(len(of)), f"{named:.1f}", *_checked(n, common, true)])
    return rows


def _sentence_rows(by_set: Mapping[str, Sequence[Case]]) -> list[list[str]]:
    rows = []
    for name, of in by_set.items():
        n = sum(len(case.reasons) for case in of)
        true = n - sum(len(case.untrue) for case in of)
        rows.append([name, *_checked(n, sum(case.common for case in of), true)])
    return rows


def _checked(n: int, common: int, true: int) -> list[str]:
    return [str(n), f"{100.0 * common / max(n, 1):.1f}", f"{100.0 * true / max(n, 1):.1f}"]


def _cells(found: Figures) -> list[str]:
    shown = ((found[key], ".0f" if key.startswith("n") else ".1f") for key in figures([]))
    return ["–" if value is None else f"{value:{form}}" for value, form in shown]


def _instead(cases: Sequence[Case]) -> list[list[str]]:
    wrong = Counter(
        (f"{case.name}: {case.kind}, {case.column}", case.reasons[0].column)
        for case in cases
        if case.rank != 1
    )
    return [[cause, blamed, str(times)] for (cause, blamed), times in wrong.most_common(25)]


def main() -> None:
    """Run the benchmark and write what it found."""
    options = parser("explanations", "Are the reasons right?", SETS, seeds=1)
    options.add_argument("--events", type=int, default=300, help="changed events of each set")
    options.add_argument("--planted", type=int, default=10, help="generated logs of each kind")
    given = options.parse_args()
    cases: list[Case] = []
    for name in given.sets:
        labelled = read(name, given.data)
        for seed in range(given.seeds):
            cases += run(labelled, given.events, seed)
            print(f"{name}, seed {seed}: {len(cases)} events changed", file=sys.stderr)
    told = [each for s in range(given.planted) for log in planted(s) for each in explained(log, s)]
    results = {"cases": [case.told() for case in cases], "planted": [asdict(each) for each in told]}
    write(given.output, page(cases, told), results)


if __name__ == "__main__":
    main()
