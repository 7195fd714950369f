"""The log of a run: one line for each event of the run, with its job and id.

Lines go to the logger `outfield`, and from there to a terminal (`--verbose`), Prefect, or a program
that runs the flow. They hold counts, names of steps and kinds of errors. They never hold a path, an
address or a value of the data.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

_log = logging.getLogger("outfield")
_run: ContextVar[Mapping[str, str] | None] = ContextVar("run", default=None)


class Entry:
    """An event of the run and its facts; as text `run published job=log rows=200`."""

    def __init__(self, event: str, facts: Mapping[str, object]) -> None:
        self.event, self.facts = event, facts

    def __str__(self) -> str:
        """Write a fact as `name=value`, in JSON where the value is not one plain word."""
        return " ".join([self.event, *(f"{name}={_word(it)}" for name, it in self.facts.items())])


class JsonLines(logging.Formatter):
    """Makes each record one line of JSON, in ASCII: no value can break or colour it."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line: time, level, event, then the facts."""
        entry = record.msg if isinstance(record.msg, Entry) else Entry(record.getMessage(), {})
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        head = {"time": at, "level": record.levelname.lower(), "event": entry.event}
        return json.dumps({**head, **entry.facts}, default=str)


@contextmanager
def logging_of(job: str, run_id: str) -> Iterator[None]:
    """Let what is logged in this context be of a run."""
    token = _run.set({"job": job, "run": run_id})
    try:
        yield
    finally:
        _run.reset(token)


def log(event: str, level: int = logging.INFO, **facts: object) -> None:
    """Log what happened in the run of this context; what belongs to no run is not logged."""
    run = _run.get()
    if run is not None:
        _log.log(level, Entry(event, {**run, **facts}))


def log_all() -> None:
    """Let through all lines, not only warnings: who runs the flow keeps or drops them."""
    _log.setLevel(logging.INFO)


@contextmanager
def told_on(stream: TextIO, *, all_lines: bool) -> Iterator[None]:
    """Write the log to a stream: all of it as lines of JSON, or only warnings, as text.

    Errors are left out there: the command says in a line of its own how it ended.
    """
    handler = logging.StreamHandler(stream)
    if all_lines:
        handler.setFormatter(JsonLines())
    else:
        handler.addFilter(lambda record: record.levelno == logging.WARNING)
    before = _log.level, _log.propagate
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False
    try:
        yield
    finally:
        _log.removeHandler(handler)
        _log.setLevel(before[0])
        _log.propagate = before[1]


def _word(value: object) -> str:
    text = str(value)
    plain = text.isascii() and text.isprintable() and text and not set(text) & set(' "=')
    return text if plain else json.dumps(text)
