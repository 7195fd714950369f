"""The figures as Markdown."""

from collections.abc import Sequence

import numpy as np

from tests.bench.results import table
from tests.bench.speed.trials import FLOOR, OUTFIELD, PREFECT, TEXT_PEER, Trial

_DASH = "–"


def page(trials: Sequence[Trial], terms: Sequence[str]) -> str:
    """Write all tables, and the terms under which the figures were made, a sentence a line."""
    texts = [trial for trial in trials if trial.kind == "texts"]
    trials = [trial for trial in trials if trial.kind == "names"]
    parts = [
        "# Speed",
        "\n".join(f"- {line}" for line in terms),
        "## The whole job",
        _by_rows(trials),
        growth(trials),
        "## Its steps, in seconds",
        _steps(trials),
    ]
    peers = [t for t in trials if t.name not in (OUTFIELD, FLOOR, PREFECT)]
    if peers:
        parts += ["## Beside what else is there", _beside(trials, peers)]
    if texts:
        parts += ["## With texts", _with_texts(texts), "Its steps, in seconds:", _steps(texts)]
    return "\n\n".join(parts)


def _by_rows(trials: Sequence[Trial]) -> str:
    head = ["events", "program", "seconds", "events a second", "× the floor", "CPU s", "peak MiB"]
    floors = {t.rows: t.measured.seconds for t in trials if t.name == FLOOR}
    rows = [
        [
            f"{trial.rows:,}",
            trial.name,
            *_figures(trial, f"{trial.measured.seconds / floors[trial.rows]:.1f}"),
        ]
        for trial in sorted(trials, key=lambda t: t.rows)
        if trial.name in (OUTFIELD, FLOOR, PREFECT) and trial.rows in floors
    ]
    return table(head, [[row[1], row[0], *row[2:]] for row in rows]).replace(
        "| events | program |", "| program | events |", 1
    )


def _beside(trials: Sequence[Trial], peers: Sequence[Trial]) -> str:
    ours = {t.rows: t.measured.seconds for t in trials if t.name == OUTFIELD}
    head = ["program", "events", "seconds", "events a second", "outfield is × faster"]
    rows = []
    for peer in sorted(peers, key=lambda t: (t.rows, t.measured.seconds)):
        faster = f"{peer.measured.seconds / ours[peer.rows]:.1f}" if peer.rows in ours else _DASH
        seconds, rate, times, cpu, peak = _figures(peer, faster)
        rows.append([peer.name, f"{peer.rows:,}", seconds, rate, times, cpu, peak])
    return table([*head, "CPU s", "peak MiB"], rows)


def _with_texts(trials: Sequence[Trial]) -> str:
    scripts = {t.rows: t.measured.seconds for t in trials if t.name == TEXT_PEER}
    head = ["program", "events", "seconds", "events a second", "× the script", "CPU s", "peak MiB"]
    rows = []
    for trial in sorted(trials, key=lambda t: t.rows):
        script = scripts.get(trial.rows)
        ratio = f"{trial.measured.seconds / script:.2f}" if script else _DASH
        rows.append([trial.name, f"{trial.rows:,}", *_figures(trial, ratio)])
    return table(head, rows)


def _figures(trial: Trial, ratio: str) -> list[str]:
    measured = trial.measured
    if measured.failed:
        return [measured.failed, _DASH, _DASH, _DASH, f"{measured.peak_mib:,.0f}"]
    return [
        f"{measured.seconds:.1f}",
        f"{trial.rows_per_second:,.0f}",
        ratio,
        f"{measured.cpu_seconds:.1f}",
        f"{measured.peak_mib:,.0f}",
    ]


def _steps(trials: Sequence[Trial]) -> str:
    ours = sorted((t for t in trials if t.steps), key=lambda t: (t.rows, t.name))
    names = list(dict.fromkeys(step for trial in ours for step in trial.steps))
    rows = [
        [
            f"{trial.name}, {trial.rows:,} events",
            *(f"{trial.steps[step]:.1f}" if step in trial.steps else _DASH for step in names),
        ]
        for trial in ours
    ]
    return table(["", *names], rows)


def growth(trials: Sequence[Trial]) -> str:
    """Say how far the time of outfield is from a straight line over the rows, and the memory."""
    ours = sorted(
        (t for t in trials if t.name == OUTFIELD and not t.measured.failed), key=lambda t: t.rows
    )
    if len(ours) < 3:
        return "Fewer than three sizes: nothing is said of the growth."
    rows = np.array([t.rows for t in ours], dtype=float)
    seconds = np.array([t.measured.seconds for t in ours])
    slope, start = np.polyfit(rows, seconds, 1, w=1.0 / seconds)
    off = np.abs(start + slope * rows - seconds) / seconds
    first, last = ours[0], ours[-1]
    return (
        f"From {first.rows:,} to {last.rows:,} events the time is {start:.1f} s and"
        f" {1e6 * slope:.2f} s for each million; no size is more than {100.0 * off.max():.0f} % off"
        f" that line. The memory is {last.measured.peak_mib / ours[-2].measured.peak_mib:.2f} times"
        f" that at {ours[-2].rows:,} events."
    )
