"""Boundaries of sessions: where one ends and the next of the same key begins, and their ids."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.columns.roles import Role
from schemas.events.contract import one_array
from schemas.job.job import JobSpec

START = "session.start"
"""The column that holds the time of a session's first event, where there is a time."""

Moments = npt.NDArray[np.int64]
"""Microseconds since 1970."""


@dataclass(frozen=True)
class ByKey:
    """All events of a key are one session; the key names it."""

    key_role = Role.ID

    def begins(self, moments: Moments) -> npt.NDArray[np.bool_]:
        """Tell where a session begins within a key: nowhere."""
        return np.zeros(len(moments), dtype=bool)

    def ids(self, sessions: pa.Table, key: str) -> pa.Array:
        """Return the keys of `sessions`."""
        return one_array(sessions[key])


@dataclass(frozen=True)
class ByGap:
    """A session ends when nothing happens for longer than the gap.

    Its key comes back in other sessions, so it is context for them, as an entity is. Key and time
    of the first event name the session.
    """

    microseconds: int
    key_role = Role.ENTITY

    def begins(self, moments: Moments) -> npt.NDArray[np.bool_]:
        """Tell which of a key's events, ascending, begin a session."""
        return np.diff(moments, prepend=moments[:1]) > self.microseconds

    def ids(self, sessions: pa.Table, key: str) -> pa.Array:
        """Return key and first event of `sessions`, such as `ann @ 2026-03-04T02:13:09Z`."""
        return _named(sessions[key], _first_moments(sessions))


@dataclass(frozen=True)
class ByWindow:
    """A session is what happened in one of the windows that follow each other from 1970 on.

    As with a gap its key is an entity; key and beginning of the window name the session.
    """

    microseconds: int
    key_role = Role.ENTITY

    def begins(self, moments: Moments) -> npt.NDArray[np.bool_]:
        """Tell which of a key's events, ascending, begin a session."""
        windows = moments // self.microseconds
        return np.diff(windows, prepend=windows[:1]) != 0

    def ids(self, sessions: pa.Table, key: str) -> pa.Array:
        """Return key and window of `sessions`, such as `ann @ 2026-03-04T00:00:00Z`."""
        windows = _first_moments(sessions) // self.microseconds
        return _named(sessions[key], windows * self.microseconds)


SessionCut = ByKey | ByGap | ByWindow


def session_cut_of(job: JobSpec) -> SessionCut:
    """Return what tells the sessions of a job apart."""
    if job.session_gap is not None:
        return ByGap(round(job.session_gap * 1e6))
    if job.session_window is not None:
        return ByWindow(round(job.session_window * 1e6))
    return ByKey()


def _first_moments(sessions: pa.Table) -> Moments:
    return one_array(sessions[START]).cast(pa.int64()).to_numpy()


def _named(keys: pa.ChunkedArray, moments: Moments) -> pa.Array:
    """Join key and time; the time is spelt in ISO 8601, whole seconds as such."""
    naive = pa.array(moments).cast(pa.timestamp("us")).cast(pa.string())
    days = pc.replace_substring(naive, " ", "T", max_replacements=1)
    stamps = pc.replace_substring_regex(days, r"\.0+$", "")
    named = pc.binary_join_element_wise(one_array(keys).cast(pa.string()), stamps, " @ ")
    return pc.binary_join_element_wise(named, "Z", "")
