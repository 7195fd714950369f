"""The figures as Markdown."""

from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from tests.bench.quality.detectors import OUTFIELD
from tests.bench.quality.figures import BEST, Figures, joined

METRICS = {
    "ap": "average precision",
    "auroc": "AUROC",
    "precision": "precision among the first 100",
}
"""Metric -> its name; higher is better for each."""
TITLES = {"events": "Event logs", "adbench": "ADBench tables"}
DASH = "–"


def share(value: float) -> str:
    """Write a figure between 0 and 1.

    Examples
    --------
    >>> share(0.2), share(1.0), share(float("nan"))
    ('.200', '1.000', '–')
    """
    return DASH if pd.isna(value) else f"{value:.3f}".removeprefix("0")


def signed(value: float) -> str:
    """Write a difference of figures between 0 and 1.

    Examples
    --------
    >>> signed(0.25), signed(-0.0312), signed(0.0), signed(float("nan"))
    ('+.250', '−.031', '+.000', '–')
    """
    return DASH if pd.isna(value) else f"{'−' if value < 0 else '+'}{share(abs(value))}"


def span(value: float) -> str:
    """Write seconds.

    Examples
    --------
    >>> span(0.25), span(12.345), span(float("nan"))
    ('0.2', '12.3', '–')
    """
    return DASH if pd.isna(value) else f"{value:.1f}"


def markdown(suites: dict[str, Figures], protocol: Sequence[str]) -> str:
    """Write all tables.

    Parameters
    ----------
    suites
        `events` and `adbench`, those that there are.
    protocol
        How the figures were made, a sentence a line.
    """
    parts = ["# Quality", "\n".join(f"- {line}" for line in protocol)]
    for suite, figures in suites.items():
        parts += [f"## {TITLES[suite]}", _summary(figures), *_worst(figures)]
        parts += [*_paired(figures), *_wins_by_set(figures)]
        if suite == "events":
            parts += [_detectors_by_sets(figures, metric) for metric in METRICS]
        else:
            parts += [_sets_by_detectors(figures, metric) for metric in METRICS]
        parts += [_seconds(figures), *_reasons(figures)]
    if len(suites) > 1:
        every = joined(list(suites.values()))
        parts += [f"## All {len(every.sets)} sets", *_paired(every)]
    return "\n\n".join(parts) + "\n"


def _summary(figures: Figures) -> str:
    means = {metric: figures.means(metric) for metric in METRICS}
    ranks, spreads = figures.mean_ranks(), figures.spreads()
    answered, seconds = figures.answered(), figures.means("seconds")
    rows = []
    for name in means["ap"].index:
        best = name == BEST
        ap, auroc, precision = (share(means[metric][name]) for metric in METRICS)
        sets = "" if best else f"{answered[name]} of {len(figures.sets)}"
        spread = ["", ""] if best else [share(value) for value in spreads.loc[name]]
        rank, took = ("", "") if best else (f"{ranks[name]:.1f}", span(seconds[name]))
        rows.append([name, sets, ap, *spread, auroc, precision, rank, took])
    head = ["mean over the sets", "sets", "AP", "SD", "max − min", "AUROC", "P@100"]
    return _table([*head, "rank by AP", "seconds"], rows)


def _worst(figures: Figures) -> list[str]:
    worst = figures.worst()
    if worst is None:
        return []
    name, ours, best = worst
    return [
        f"outfield's worst set is {name}: AP {share(ours)} where the best peer has {share(best)}"
        f" ({ours / best:.0%} of it)."
    ]


def _paired(figures: Figures) -> list[str]:
    """Lay out the pairs of outfield and another detector, the largest lead first."""
    pairs = figures.paired()
    if pairs.empty:
        return []
    rows = [
        [
            str(name),
            *(str(int(pair[column])) for column in ("sets", "wins", "losses")),
            signed(pair["difference"]),
            share(pair["p"]),
        ]
        for name, pair in pairs.sort_values("difference", ascending=False).iterrows()
    ]
    head = ["AP of outfield against", "sets", "wins", "losses", "mean difference", "Wilcoxon p"]
    return [_table(head, rows)]


def _wins_by_set(figures: Figures) -> list[str]:
    """Lay out how many peers outfield passes on each set, and its lead over the best of them."""
    counts, grid = figures.wins_by_set(), figures.with_best("ap")
    if counts.empty or BEST not in grid:
        return []
    lead = grid[OUTFIELD] - grid[BEST]
    rows = [
        [case, str(counts["wins"][case]), str(counts["losses"][case]), signed(lead[case])]
        for case in figures.sets
    ]
    return [_table(["AP of outfield on", "peers below", "peers above", "less the best"], rows)]


def _detectors_by_sets(figures: Figures, metric: str) -> str:
    """Lay out few sets: a row for each detector."""
    grid, cell = figures.with_best(metric), _cell(figures, metric)
    means = figures.means(metric)
    rows = [
        [name, *(cell(case, name) for case in figures.sets), share(means[name])]
        for name in grid.columns
    ]
    return _table([METRICS[metric], *figures.sets, "mean"], rows)


def _sets_by_detectors(figures: Figures, metric: str) -> str:
    """Lay out many sets: a row for each set."""
    grid, cell = figures.with_best(metric), _cell(figures, metric)
    rows = [[case, *(cell(case, name) for name in grid.columns)] for case in figures.sets]
    means = figures.means(metric)
    rows.append(["mean", *(share(means[name]) for name in grid.columns)])
    return _table([METRICS[metric], *grid.columns], rows)


def _cell(figures: Figures, metric: str) -> Callable[[str, str], str]:
    """Write figures with their standard deviation over seeds; bold for the best detector's."""
    grid, spread = figures.with_best(metric), figures.spread_by_set(metric)
    highest = figures.by_set(metric).max(axis=1)

    def cell(case: str, name: str) -> str:
        text = share(grid[name][case])
        if name == BEST:
            return text
        if grid[name][case] == highest[case]:
            text = f"**{text}**"
        sd = spread[name][case]
        return text if pd.isna(sd) else f"{text} ± {share(sd)}"

    return cell


def _seconds(figures: Figures) -> str:
    grid, means = figures.by_set("seconds"), figures.means("seconds")
    rows = [[case, *(span(grid[name][case]) for name in grid.columns)] for case in figures.sets]
    rows.append(["mean", *(span(means[name]) for name in grid.columns)])
    return _table(["seconds", *grid.columns], rows)


def _reasons(figures: Figures) -> list[str]:
    reasons = figures.reasons()
    return ["No figure:\n\n" + "\n".join(f"- {line}" for line in reasons)] if reasons else []


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table, the row or column of outfield in bold."""

    def line(cells: Iterable[str]) -> str:
        shown = (f"**{cell}**" if cell == OUTFIELD else cell for cell in cells)
        return "| " + " | ".join(shown) + " |"

    rule = "|---|" + "---:|" * (len(head) - 1)
    return "\n".join([line(head), rule, *(line(row) for row in rows)])
