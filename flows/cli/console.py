"""The output of the commands: plain text in a pipe, rich tables and progress on a terminal.

Names and values come from logs that an attacker may have written. Nothing here reads them as
markup, and no control character of theirs reaches the terminal.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, Literal, TextIO

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from flows.runtime.progress import OnProgress
from schemas.escaping import escape

Justify = Literal["left", "right"]

_WIDEST_LEAD = 36
"""Characters that a column before the last may take on a terminal: a UUID fits."""
_LEAST_LAST = 24
"""Characters that the last column keeps, whose text goes over several lines."""
_LONGEST_FAULT = 500
_WIDTH = 100
"""Columns of text in a pipe."""
_LEAST_TEXT = 40
"""Columns that the last column's text needs beside the others; else it stands below them."""
_BELOW = 6
"""How far that text is indented."""


class ReaderGoneError(Exception):
    """The reader of standard output has closed it, as in `outfield findings … | head`."""


def fault(error: Exception) -> str:
    """Say in one line that outfield failed by a fault of ours."""
    said = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_FAULT]
    return f"outfield failed: {said}; this is a fault of ours"


class Terminal:
    """Standard output and standard error, each a terminal or not.

    Parameters
    ----------
    out, err
        The two streams.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err

    @property
    def err(self) -> TextIO:
        """Standard error."""
        return self._err

    def line(self, text: str = "") -> None:
        """Print one line."""
        self._write(escape(text) + "\n")

    def json(self, document: Any) -> None:
        """Print one JSON document, in ASCII; DEL too is spelt out."""
        dumped = json.dumps(document, indent=2, allow_nan=False)
        self._write(dumped.replace("\x7f", "\\u007f") + "\n")

    def table(self, columns: Mapping[str, Justify], rows: Sequence[Sequence[str]]) -> None:
        """Print rows of cells under their columns' names."""
        cells = [[escape(cell) for cell in row] for row in rows]
        screen = Console(file=self._out).width if self._out.isatty() else None
        beside = sum(_widths(columns, cells)[:-1]) + 2 * len(columns)
        # On a narrow terminal the other columns would be cut.
        if screen is not None and not screen - _LEAST_LAST < beside <= screen:
            self._write(_rich_table(self._out, columns, cells))
        else:
            self._write(_plain_table(columns, cells, screen or _WIDTH))

    def say(self, text: str) -> None:
        """Print a sentence, in a pipe over several lines where it is long."""
        if self._out.isatty():
            self.line(text)
            return
        for line in _wrapped(escape(text), _WIDTH):
            self._write(line + "\n")

    def complain(self, message: str) -> None:
        """Print one line on standard error."""
        print(escape(" ".join(message.split())), file=self._err, flush=True)

    def trace(self, traceback: str) -> None:
        """Print a traceback on standard error."""
        for line in traceback.splitlines():
            print(escape(line), file=self._err)

    @contextmanager
    def progress(self) -> Iterator[OnProgress]:
        """Yield what is called as work goes on: bars on standard error if that is a terminal."""
        if not self._err.isatty():
            yield _say_nothing
            return
        with _bars(self._err) as on_progress:
            yield on_progress

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except BrokenPipeError as error:
            # Python flushes once more at its exit: that must not fail as well.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())
            raise ReaderGoneError from error


def _say_nothing(_step: str, _done: int, _total: int) -> None:
    """Replace the bars where standard error is no terminal."""


@contextmanager
def _bars(err: TextIO) -> Iterator[OnProgress]:
    step_name = TextColumn("{task.description}", markup=False)
    bars = Progress(
        step_name, BarColumn(), TimeElapsedColumn(), console=Console(file=err), transient=True
    )
    tasks: dict[str, TaskID] = {}
    lock = Lock()

    def on_progress(step: str, done: int, total: int) -> None:
        with lock:
            if step not in tasks:
                tasks[step] = bars.add_task(escape(step), total=total or None)
        bars.update(tasks[step], completed=done, total=total or None)

    with bars:
        yield on_progress


def _rich_table(out: TextIO, columns: Mapping[str, Justify], cells: Sequence[Sequence[str]]) -> str:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    *lead, last = columns
    for name in lead:
        table.add_column(
            Text(name),
            justify=columns[name],
            no_wrap=True,
            overflow="ellipsis",
            max_width=_WIDEST_LEAD,
        )
    table.add_column(Text(last), justify=columns[last], overflow="fold", min_width=_LEAST_LAST)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(file=out, highlight=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _plain_table(columns: Mapping[str, Justify], cells: Sequence[Sequence[str]], width: int) -> str:
    """Align cells; a last column that is too wide goes over several lines, or stands below."""
    rows, widths = [list(columns), *cells], _widths(columns, cells)
    *lead, last = columns.values()
    beside = sum(widths[:-1]) + 2 * len(lead)
    below = beside + widths[-1] > width and beside + _LEAST_TEXT > width and bool(lead)
    indent = _BELOW if below else beside
    room = max(width - indent, _LEAST_TEXT) if last == "left" else widths[-1]
    lines: list[str] = []
    for *first, text in rows:
        line = "".join(map(_padded, first, widths, [*lead]))
        told = _wrapped(_justified(text, min(widths[-1], room), last), room)
        lines += [line] if below else [line + told.pop(0)]
        lines += [" " * indent + part for part in told]
    return "".join(line.rstrip() + "\n" for line in lines)


def _widths(columns: Mapping[str, Justify], cells: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cell_len, column)) for column in zip(columns, *cells, strict=True)]


def _padded(cell: str, width: int, justify: Justify) -> str:
    return _justified(cell, width, justify) + "  "


def _justified(cell: str, width: int, justify: Justify) -> str:
    space = " " * (width - cell_len(cell))
    return space + cell if justify == "right" else cell + space


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines of a width, between words where that is possible."""
    if cell_len(text) <= width:
        return [text]
    return [line.plain.rstrip() for line in Text(text).wrap(Console(), width)]
