"""The most anomalous records of a run: those that incidents are grouped from."""

import numpy as np
import numpy.typing as npt

from flows.steps.run import Run

MOST_CANDIDATES = 20_000
"""Records that are looked at for incidents: the oddest of a run."""
ODDEST = ("oddest-rows", "oddest-p")
"""What the scratch holds of each chunk: numbers and p-values of its oddest records."""


class Oddest:
    """The records with the smallest p-values of all that were added, ties by their number."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.rows = np.zeros(0, dtype=np.int64)
        self.p_values = np.zeros(0)

    def add(self, rows: npt.NDArray[np.int64], p_values: npt.NDArray[np.float64]) -> None:
        """Take some records; keep those with the smallest p-values."""
        if len(self.rows) == self._most:
            near = p_values <= self.p_values[-1]
            rows, p_values = rows[near], p_values[near]
        rows, p_values = np.append(self.rows, rows), np.append(self.p_values, p_values)
        first = np.lexsort((rows, p_values))[: self._most]
        self.rows, self.p_values = rows[first], p_values[first]


def candidates(run: Run) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Read the records that may become findings, the oddest first: their numbers and p-values."""
    rows, p_values = (run.scratch.read_array(name) for name in ODDEST)
    return rows, p_values
