"""Figures of the results: by set and detector, with means, ranks and spreads.

A detector has a figure on a set if it has a result with every seed that was run there. It has a
mean only if it has a figure on every set: means over different sets cannot be compared.
"""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd
from scipy.stats import wilcoxon

from tests.bench.quality.detectors import OUTFIELD
from tests.bench.quality.trials import Result

BEST = "best of the peers"
"""The best peer of each set, chosen by the labels: what no user can choose."""


class Figures:
    """The results of the sets of one suite.

    Parameters
    ----------
    results
        All results of the suite.
    sets, detectors
        Their names, in the order in which they are shown.
    """

    def __init__(
        self, results: Sequence[Result], sets: Sequence[str], detectors: Sequence[str]
    ) -> None:
        columns = list(Result.__dataclass_fields__)
        self._frame = pd.DataFrame([asdict(result) for result in results], columns=columns)
        self.results, self.sets, self.detectors = list(results), list(sets), list(detectors)
        self.peers = [name for name in detectors if name != OUTFIELD]

    def by_set(self, metric: str) -> pd.DataFrame:
        """Give the mean over the seeds, sets × detectors; NaN where there is no figure."""
        return self._per_set(self._frame, metric)

    def spread_by_set(self, metric: str) -> pd.DataFrame:
        """Give the standard deviation over the seeds, sets × detectors; NaN for a single seed."""
        values = self._frame.assign(value=self._frame[metric].astype(float))
        spread = values.groupby(["set", "detector"])["value"].std().unstack()
        return self._shaped(spread).where(self.by_set(metric).notna())

    def with_best(self, metric: str) -> pd.DataFrame:
        """Give the figures by set and beside them the best of the peers'."""
        grid = self.by_set(metric)
        return grid.assign(**{BEST: grid[self.peers].max(axis=1)}) if self.peers else grid

    def means(self, metric: str) -> pd.Series:
        """Give each detector's mean over the sets, and that of the best of the peers."""
        return self.with_best(metric).mean(axis=0, skipna=False)

    def answered(self) -> pd.Series:
        """Count the sets on which each detector has a figure."""
        return self.by_set("ap").notna().sum(axis=0)

    def mean_ranks(self) -> pd.Series:
        """Give each detector's mean rank by AP, 1 for the best; without a figure it is last.

        Equals share the mean of their ranks.
        """
        ranks = self.by_set("ap").rank(axis=1, ascending=False, na_option="bottom")
        return ranks.mean(axis=0)

    def spreads(self) -> pd.DataFrame:
        """Give what the seed does to the mean AP: `sd` and `range` (largest - smallest).

        NaN for a detector that has a single seed, or no mean.
        """
        by_seed = pd.DataFrame(
            {
                seed: self._per_set(part, "ap").mean(axis=0, skipna=False)
                for seed, part in self._frame.groupby("seed")
            },
            index=self.detectors,
        )
        several = by_seed.notna().sum(axis=1) > 1
        spread = {"sd": by_seed.std(axis=1), "range": by_seed.max(axis=1) - by_seed.min(axis=1)}
        return pd.DataFrame(spread).where(several)

    def worst(self) -> tuple[str, float, float] | None:
        """Name the set where outfield's AP is the smallest part of the best peer's, and both."""
        grid = self.with_best("ap")
        if OUTFIELD not in grid or BEST not in grid:
            return None
        part = (grid[OUTFIELD] / grid[BEST]).dropna()
        if part.empty:
            return None
        name = str(part.idxmin())
        return name, float(grid[OUTFIELD][name]), float(grid[BEST][name])

    def paired(self) -> pd.DataFrame:
        """Hold outfield's AP against that of each other detector, on the sets where both have one.

        Gives `sets`, `wins`, `losses`, the mean `difference` and `p`: the two-sided p-value of the
        Wilcoxon signed-rank test over the sets. It is 1 where no set differs.
        """
        grid = self.with_best("ap")
        others = [name for name in grid.columns if name != OUTFIELD]
        if OUTFIELD not in grid:
            return pd.DataFrame()
        rows = {name: _held_against(grid[OUTFIELD] - grid[name]) for name in others}
        return pd.DataFrame.from_dict(rows, orient="index")

    def wins_by_set(self) -> pd.DataFrame:
        """Count for each set the peers with a lower AP than outfield, and those with a higher."""
        grid = self.by_set("ap")
        if OUTFIELD not in grid:
            return pd.DataFrame()
        others = grid[self.peers].sub(grid[OUTFIELD], axis=0)
        counts = {"wins": (others < 0).sum(axis=1), "losses": (others > 0).sum(axis=1)}
        return pd.DataFrame(counts)

    def reasons(self) -> list[str]:
        """Say why there is no figure, a line for each set and detector."""
        missing = self._frame[self._frame["status"] != "done"]
        unique = missing.drop_duplicates(["set", "detector"])
        return [f"{row.set}, {row.detector}: {row.reason}" for row in unique.itertuples()]

    def _per_set(self, frame: pd.DataFrame, metric: str) -> pd.DataFrame:
        values = frame.assign(value=frame[metric].astype(float))
        grouped = values.groupby(["set", "detector"])["value"]
        whole = grouped.count() == grouped.size()
        return self._shaped(grouped.mean().where(whole).unstack())

    def _shaped(self, grid: pd.DataFrame) -> pd.DataFrame:
        return grid.reindex(index=self.sets, columns=self.detectors)


def _held_against(differences: "pd.Series[float]") -> dict[str, float]:
    known = differences.dropna()
    p = float(wilcoxon(known).pvalue) if (known != 0).any() else 1.0
    return {
        "sets": len(known),
        "wins": int((known > 0).sum()),
        "losses": int((known < 0).sum()),
        "difference": float(known.mean()),
        "p": p,
    }


def joined(suites: Sequence[Figures]) -> Figures:
    """Return the figures of all suites as of one."""
    results = [result for figures in suites for result in figures.results]
    sets = [name for figures in suites for name in figures.sets]
    detectors = dict.fromkeys(name for figures in suites for name in figures.detectors)
    return Figures(results, sets, list(detectors))
