"""Tests of the p-values: uniformity on normal records, and false discoveries among the selected.

`python -m tests.bench.false_discovery [--sets SET …] [--seeds N] [--rows N] [--only PART]`. Normal
records are judged by a model of other normal ones: of these, a share p should have a p-value of at
most p. Other batches are normal records with the set's own anomalies planted among them. Of the
records selected there at a rate, at most that rate should be normal. Windows of clean logs are
counted by `ordinary_windows`.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anomaly.model.model import AnomalyModel
from anomaly.model.selection import select
from schemas.job.job import SelectionSpec
from tests.bench.draws import contaminated, halves
from tests.bench.labelled import SAMPLE, Labelled, Rows, read
from tests.bench.ordinary_windows import OrdinaryWindows, ordinary_table, ordinary_windows
from tests.bench.results import mean_and_error, parser, table, write

EVENT_SETS = ("kdd99", "unsw_backdoor", "csic2010", "bgl_2k", "hdfs", "cloudtrail", "card_fraud")
UNIFORMITY_SETS = (*EVENT_SETS, SAMPLE, "16_http", "34_smtp")
PLANTED_SETS = ("kdd99", "unsw_backdoor", "16_http", "34_smtp")
LEVELS = (0.2, 0.1, 0.05, 0.01, 0.001, 1e-4)
RATES = (0.05, 0.1, 0.2)
SHARE = 0.01
"""Of a batch: the anomalies planted in it."""
ROWS = 20_000


@dataclass(frozen=True)
class Uniformity:
    """The shares of the p-values of normal records below each level, in one draw."""

    name: str
    seed: int
    n: int
    shares: dict[float, float]


@dataclass(frozen=True)
class Discovery:
    """The selection from one batch at one rate."""

    name: str
    seed: int
    fit: str
    """`batch`: the model was fitted on the batch itself; `clean`: on other normal records."""
    rate: float
    n: int
    selected: int
    false: int
    planted: int

    @property
    def proportion(self) -> float:
        """Return the share of the selected that is normal; 0 where nothing is selected."""
        return self.false / max(self.selected, 1)

    @property
    def power(self) -> float:
        """Return the share of the planted anomalies that is selected."""
        return (self.selected - self.false) / self.planted


def p_values(labelled: Labelled, fit_on: Rows, score: Rows, seed: int) -> np.ndarray:
    """Return the p-values of some records under a model of others."""
    model, _ = AnomalyModel.fit(labelled.take(fit_on), labelled.roles, {}, seed)
    return model.score(labelled.take(score)).p_values


def uniformity(labelled: Labelled, rows: int, seed: int) -> Uniformity:
    """Fit on one half of a draw of normal records and count the p-values of the other."""
    fit_on, score = halves(labelled, rows, np.random.default_rng(seed))
    p = p_values(labelled, fit_on, score, seed)
    return Uniformity(
        labelled.name, seed, len(p), {level: float(np.mean(p <= level)) for level in LEVELS}
    )


def discoveries(labelled: Labelled, rows: int, seed: int) -> list[Discovery]:
    """Select from a batch with planted anomalies, by a model of itself and by one of others."""
    batch = contaminated(labelled, SHARE, rows, np.random.default_rng(seed))
    found = []
    for fit, fit_on in (("batch", batch.rows), ("clean", batch.clean)):
        p = p_values(labelled, fit_on, batch.rows, seed)
        for rate in RATES:
            outcome = select(p, len(p), SelectionSpec(fdr=rate))
            chosen = p <= outcome.p_cut
            false = int(np.sum(chosen & ~batch.planted))
            planted = int(batch.planted.sum())
            found.append(
                Discovery(labelled.name, seed, fit, rate, len(p), int(chosen.sum()), false, planted)
            )
    return found


# --- what is reported ------------------------------------------------------------------------


def uniformity_table(found: Sequence[Uniformity]) -> str:
    """Return a row a set: the mean share at each level with its standard error over the seeds."""
    rows = []
    for name in dict.fromkeys(u.name for u in found):
        draws = [u for u in found if u.name == name]
        shares = [[u.shares[level] for u in draws] for level in LEVELS]
        rows.append([name, str(draws[0].n), *(_share(s, draws[0].n) for s in shares)])
    return table(["set", "n", *(f"p ≤ {level:g}" for level in LEVELS)], rows)


def _share(shares: Sequence[float], n: int) -> str:
    """Show a mean share and its error: over seeds, or of a binomial where that is larger.

    The seeds draw from one set of records, so that their spread alone is too small an error.
    """
    mean, error = mean_and_error(shares)
    binomial = float(np.sqrt(mean * (1.0 - mean) / n / len(shares)))
    return f"{mean:.3g} ± {max(error, binomial):.1g}"


def discovery_table(found: Sequence[Discovery]) -> str:
    """Return a row for each set, fit and rate: what share of the selected is normal."""
    head = ["set, fit", "rate", "n", "planted", "false %", "power %", "selected", "none selected %"]
    rows = []
    for name, fit, rate in dict.fromkeys((d.name, d.fit, d.rate) for d in found):
        draws = [d for d in found if (d.name, d.fit, d.rate) == (name, fit, rate)]
        rows.append(
            [
                f"{name}, {fit}",
                f"{rate:g}",
                str(draws[0].n),
                str(draws[0].planted),
                _over(draws, lambda d: 100.0 * d.proportion),
                _over(draws, lambda d: 100.0 * d.power),
                _over(draws, lambda d: d.selected),
                f"{100.0 * np.mean([d.selected == 0 for d in draws]):.0f}",
            ]
        )
    return table(head, rows)


def _over(draws: Sequence[Discovery], figure: Callable[[Discovery], float]) -> str:
    mean, error = mean_and_error([figure(draw) for draw in draws])
    return f"{mean:.1f} ± {error:.1f}"


def main() -> None:
    """Run the benchmark and write what it found."""
    sets = list(dict.fromkeys((*PLANTED_SETS, *UNIFORMITY_SETS)))
    options = parser("false_discovery", "Do p-values mean it?", sets, seeds=10)
    options.add_argument("--rows", type=int, default=ROWS, help="the most records of a draw")
    options.add_argument("--only", choices=("uniformity", "discoveries", "windows"),
                         help="one part of it")  # fmt: skip
    given = options.parse_args()
    uniform: list[Uniformity] = []
    found: list[Discovery] = []
    for name in given.sets if given.only != "windows" else ():
        planted = name in PLANTED_SETS and given.only != "uniformity"
        if not planted and given.only == "discoveries":
            continue
        labelled = read(name, given.data)
        for seed in range(given.seeds):
            if given.only != "discoveries":
                uniform.append(uniformity(labelled, given.rows, seed))
            if planted:
                found += discoveries(labelled, given.rows, seed)
        print(f"{name}: {given.seeds} draws", file=sys.stderr)
    windows = [*ordinary_windows(given.seeds)] if given.only in (None, "windows") else []
    _write(given.output, uniform, found, windows)


def _write(
    output: Path,
    uniform: Sequence[Uniformity],
    found: Sequence[Discovery],
    windows: Sequence[OrdinaryWindows],
) -> None:
    page = ["# Do p-values mean it?"]
    if uniform:
        page += ["## Share of normal records with so small a p-value", uniformity_table(uniform)]
    if found:
        page += ["## False discoveries among the selected", discovery_table(found)]
    if windows:
        page += ["## Odd windows of clean logs", ordinary_table(windows)]
    told = [{**vars(d), "proportion": d.proportion, "power": d.power} for d in found]
    figures = {
        "uniformity": [vars(u) for u in uniform],
        "discoveries": told,
        "windows": [vars(each) for each in windows],
    }
    write(output, "\n\n".join(page), figures)


if __name__ == "__main__":
    main()
