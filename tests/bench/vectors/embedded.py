"""Vectors to search: ordinary events of the sample's company, embedded as outfield embeds them."""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.lib.format import open_memmap

from anomaly.model.model import AnomalyModel
from data import company as co
from data.generate import written_down
from schemas.columns.roles import Role
from schemas.events.contract import conform

ROLES = {
    "timestamp": Role.TIME,
    "user": Role.ENTITY,
    "department": Role.CATEGORY,
    "host": Role.ENTITY,
    "source_ip": Role.ENTITY,
    "user_agent": Role.TEXT,
    "action": Role.CATEGORY,
    "resource": Role.TEXT,
    "status": Role.CATEGORY,
    "bytes": Role.NUMBER,
    "duration_ms": Role.NUMBER,
    "message": Role.TEXT,
}
_PIECE, _DAYS, _BATCH, _SAMPLE = 1_000_000, 14, 65_536, 65_536


def write_vectors(path: Path, n: int, seed: int = 7) -> None:
    """Embed `n` events and write them as a matrix, float32 up to a million, else half floats."""
    founding, *working = (
        np.random.default_rng(child)
        for child in np.random.SeedSequence(seed).spawn(1 + -(-n // _PIECE))
    )
    company, model, at = co.found(founding), None, 0
    for rng in working:
        calls = co.ordinary_calls(company, min(_PIECE, n), _DAYS, rng)
        log = written_down(company, calls, rng).select(list(ROLES))
        if model is None:
            some = np.sort(rng.permutation(log.num_rows)[:_SAMPLE])
            model, _ = AnomalyModel.fit(_conformed(log.take(pa.array(some))), ROLES, {}, seed)
            kind = np.float32 if n <= _PIECE else np.float16
            X = open_memmap(path, "w+", kind, (n, model.embedder.n_dims))
        for start in range(0, min(log.num_rows, n - at), _BATCH):
            part = log.slice(start, min(_BATCH, n - at))
            X[at : at + part.num_rows] = model.embedder.transform(_conformed(part))
            at += part.num_rows
    X.flush()


def _conformed(log: pa.Table) -> pa.Table:
    return conform(log.combine_chunks(), ROLES, np.zeros(log.num_rows, dtype=bool)).events


if __name__ == "__main__":
    write_vectors(Path(sys.argv[1]), int(sys.argv[2]))
