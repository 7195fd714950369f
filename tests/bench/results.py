"""Output of the benchmarks: one Markdown page and one JSON file each; and their common options."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.labelled import DATA

OUTPUT = Path(__file__).parents[2] / "bench-output"


def parser(module: str, about: str, sets: Sequence[str], seeds: int) -> argparse.ArgumentParser:
    """Return the options that every benchmark has, with the defaults of this one."""
    options = argparse.ArgumentParser(prog=f"python -m tests.bench.{module}", description=about)
    options.add_argument("--data", type=Path, default=DATA, help="the folder of the labelled sets")
    options.add_argument("--sets", nargs="+", default=list(sets), metavar="SET", help="which sets")
    options.add_argument("--seeds", type=int, default=seeds, help="how many draws of each set")
    options.add_argument("--output", type=Path, default=OUTPUT / module, help="where to write")
    return options


def positive(text: str) -> int:
    """Read a count of 1 or more from the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number, 1 or more")
    return int(text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose first column is text and whose others are figures.

    Examples
    --------
    >>> print(table(["set", "n"], [["a", "3"]]))
    | set | n |
    |---|--:|
    | a | 3 |
    """
    rule = "|---|" + "--:|" * (len(head) - 1)
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    return "\n".join([lines[0], rule, *lines[1:]])


def write(folder: Path, page: str, figures: dict[str, Any]) -> None:
    """Print the page and write it beside the figures as `results.md` and `results.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.md").write_text(page + "\n", encoding="utf-8")
    text = json.dumps(figures, indent=1, default=str)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    print(page)
    print(f"\nwritten to {folder}")


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean of what several draws gave, and its standard error; 0 for a single one.

    >>> mean_and_error([1.0, 3.0])
    (2.0, 1.0)
    """
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return float(np.mean(values)), round(float(error), 12)
