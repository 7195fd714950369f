"""Draws of normal and anomalous records from a labelled set, the same for the same seed."""

from dataclasses import dataclass

import numpy as np

from tests.bench.labelled import Labelled, Rows


@dataclass(frozen=True)
class Batch:
    """Records as a run would be given them, and as many normal ones that are no part of it."""

    rows: Rows
    """Positions in the set, in random order."""
    planted: np.ndarray
    """bool (n_rows,): which of them are anomalous."""
    clean: Rows
    """Positions of other normal records."""


def halves(labelled: Labelled, most: int, random: np.random.Generator) -> tuple[Rows, Rows]:
    """Part at most `most` of the normal records at random into two halves."""
    rows = random.permutation(labelled.normal_rows)[:most]
    return rows[: len(rows) // 2], rows[len(rows) // 2 :]


def contaminated(labelled: Labelled, share: float, most: int, random: np.random.Generator) -> Batch:
    """Plant anomalies among normal records, as a share of all, each anomaly at most once.

    A set with few anomalies gives a small batch rather than the same anomaly many times, which
    would be a cluster.
    """
    anomalous = random.permutation(labelled.anomalous_rows)
    normal = random.permutation(labelled.normal_rows)
    n = min(most, int(len(anomalous) / share), len(normal) // 2)
    n_planted = max(1, round(share * n))
    n_normal = n - n_planted
    rows = np.concatenate([normal[:n_normal], anomalous[:n_planted]])
    order = random.permutation(len(rows))
    return Batch(rows[order], order >= n_normal, normal[n_normal : 2 * n_normal])
