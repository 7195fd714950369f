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


@dataclass(frozen=True)
class Field:
    """Normal records to sow anomalies into, and other records of both kinds, all apart."""

    normal: Rows
    seed: Rows
    """The anomalous records that are sown."""
    others: Rows
    """Normal records, and anomalous ones in the share that the set has."""


def field_of(labelled: Labelled, most: int, random: np.random.Generator) -> Field:
    """Part a set into the normal records of a batch, at most `most`, their seed, and the others."""
    normal = random.permutation(labelled.normal_rows)
    anomalous = random.permutation(labelled.anomalous_rows)
    n = min(most, len(normal) // 2)
    seed, rest = anomalous[: len(anomalous) // 2], anomalous[len(anomalous) // 2 :]
    n_others = round(n * len(anomalous) / len(normal))
    return Field(normal[:n], seed, np.concatenate([normal[n : 2 * n], rest[:n_others]]))


def sown(field: Field, share: float, random: np.random.Generator) -> Rows:
    """Add anomalies to the normal records until they are that share of all.

    Each stands once before any stands twice, as an attack that goes on repeats itself.
    """
    n = round(share / (1.0 - share) * len(field.normal))
    rounds = [random.permutation(field.seed) for _ in range(-(-n // len(field.seed)))]
    anomalies = np.concatenate([field.seed[:0], *rounds])[:n]
    return random.permutation(np.concatenate([field.normal, anomalies]))
