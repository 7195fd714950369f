"""Event logs of any size, in the shape of the sample log: `… log PATH ROWS KIND`."""

import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data import company as co
from data.generate import written_down
from tests.bench.speed.texts import with_texts

Kind = Literal["names", "texts"]
"""Of a log: nine columns without text, or seven of them and two of text."""
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
_BESIDE_TEXTS = 7
"""Of these columns, those that stand beside texts."""
_PIECE_ROWS = 1_000_000
_PIECE_DAYS = 14
_PIECES = 4
"""Pieces that are drawn; a longer log repeats them, two months later and with other noise."""
_NOISE = 0.05
_ROW_GROUP = 262_144


def write_log(path: Path, rows: int, kind: Kind = "names", seed: int = 7) -> None:
    """Write a log of one company as a single file, in time order.

    Parameters
    ----------
    path
        The file; its folder must be there.
    rows
        How many events.
    kind
        Whether two columns are texts that hardly repeat.
    seed
        The seed of every random choice.
    """
    founding, *working = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(1 + _PIECES)
    )
    company = co.found(founding)
    pieces = _pieces(company, working, -(-rows // _PIECE_ROWS), kind, seed)
    first = next(pieces)
    with pq.ParquetWriter(path, first.schema) as writer:
        for number, piece in enumerate(chain([first], pieces)):
            left = rows - number * _PIECE_ROWS
            writer.write_table(piece.slice(0, left), row_group_size=_ROW_GROUP)


def _pieces(
    company: co.Company, working: Sequence[np.random.Generator], n: int, kind: Kind, seed: int
) -> Iterator[pa.Table]:
    """Give the pieces of a log, one after the other."""
    drawn = [_piece(company, rng) for rng in working[: min(n, _PIECES)]]
    for number in range(n):
        rng = np.random.default_rng([seed, number])
        piece = _moved(drawn[number % _PIECES], number, rng)
        if kind == "texts":
            piece = with_texts(piece.select(COLUMNS[:_BESIDE_TEXTS]), rng)
        yield piece


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
    write_log(Path(sys.argv[1]), int(sys.argv[2]), cast(Kind, sys.argv[3]))
