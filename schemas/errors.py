"""Errors that a user can correct: each says what is wrong, where, and the remedy.

The command line prints `str(error)` as its one line and ends with exit code 2. Anything that is not
an `OutfieldError` is a fault of ours: exit code 1.
"""

from functools import partial
from typing import Any


class OutfieldError(Exception):
    """The base of every error that a user can mend.

    Parameters
    ----------
    what
        What is wrong, in one sentence without a full stop.
    where
        The file, column or row it concerns.
    remedy
        What to do about it.

    Examples
    --------
    >>> print(OutfieldError("no Parquet file in it", where="logs/", remedy="name another folder"))
    logs/: no Parquet file in it; name another folder
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(what, where, remedy)

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross from a worker process to the one that waits for it."""
        return partial(type(self), where=self.where, remedy=self.remedy), (self.what,)

    def __str__(self) -> str:
        """Join the three parts on one line."""
        located = f"{self.where}: {self.what}" if self.where else self.what
        return " ".join((f"{located}; {self.remedy}" if self.remedy else located).split())


class InputError(OutfieldError):
    """The input cannot be found, read or unified, or holds no event."""


class NoInputError(InputError):
    """Nothing is where the input should be, or no file of it is Parquet."""


class TooFewRecordsError(InputError):
    """The records are too few for a normal cluster."""


class DamagedFileError(InputError):
    """A file of the input is no Parquet or damaged: of many, the others are judged without it."""


class JobError(OutfieldError):
    """The job file is not valid, or does not fit the input."""


class OutputError(OutfieldError):
    """The output cannot be written, or the run asked for is not there."""


class ModelFileError(OutfieldError):
    """A stored model is damaged, incomplete or of another format."""


class ServerError(OutfieldError):
    """The configured Prefect server, or Dask's scheduler, does not answer."""


class WorkerError(OutfieldError):
    """A worker was lost, or cannot do the work."""


class LedgerError(Exception):
    """Rows were lost or invented: a fault of ours, so the run publishes nothing."""
