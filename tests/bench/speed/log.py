"""Event logs of any size, in the shape of the sample log: `… log PATH ROWS`."""

import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data import company as co
from data.generate import written_down

COLUMNS = [
    "timestamp",
    "user",
    "host",
    "action",
    "status",
    "bytes",
    "duration_ms",
    "source_ip",
    "user_agent",
]
_PIECE_ROWS = 1_000_000
_PIECE_DAYS = 14
_PIECES = 4
"""Pieces that are drawn; a longer log repeats them, two months later and with other noise."""
_NOISE = 0.05
_ROW_GROUP = 262_144


def write_log(path: Path, rows: int, seed: int = 7) -> None:
    """Write a log of one company as a single file, in time order.

    Parameters
    ----------
    path
        The file; its folder must be there.
    rows
        How many events.
    seed
        The seed of every random choice.
    """
    founding, *working = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(1 + _PIECES)
    )
    company = co.found(founding)
    n_pieces = -(-rows // _PIECE_ROWS)
    drawn = [_piece(company, rng) for rng in working[: min(n_pieces, _PIECES)]]
    with pq.ParquetWriter(path, drawn[0].schema) as writer:
        for number in range(n_pieces):
            piece = _moved(drawn[number % _PIECES], number, np.random.default_rng([seed, number]))
            left = rows - number * _PIECE_ROWS
            writer.write_table(piece.slice(0, left), row_group_size=_ROW_GROUP)


def _piece(company: co.Company, rng: np.random.Generator) -> pa.Table:
    calls = co.ordinary_calls(company, _PIECE_ROWS, _PIECE_DAYS, rng)
    return written_down(company, calls, rng).select(COLUMNS).sort_by("timestamp")


def _moved(piece: pa.Table, number: int, rng: np.random.Generator) -> pa.Table:
    """Move a piece to its place in time, and give its sizes and durations other noise."""
    later = pa.scalar(timedelta(days=_PIECE_DAYS * number), pa.duration("us"))
    piece = piece.set_column(0, COLUMNS[0], pc.add(piece[COLUMNS[0]], later))
    for column, digits in (("bytes", 0), ("duration_ms", 1)):
        noise = pa.array(rng.lognormal(0.0, _NOISE, piece.num_rows))
        kind = piece.schema.field(column).type
        noisy = pc.round(pc.multiply(piece[column].cast(pa.float64()), noise), digits).cast(kind)
        piece = piece.set_column(piece.schema.get_field_index(column), column, noisy)
    return piece


if __name__ == "__main__":
    write_log(Path(sys.argv[1]), int(sys.argv[2]))
