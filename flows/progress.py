"""Who is told how far a run has come."""

from collections.abc import Callable

OnProgress = Callable[[str, int, int], None]
"""Told the step, how many of its parts are done, and of how many."""
