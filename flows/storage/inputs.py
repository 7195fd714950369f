"""The input: planned from the footers alone, then read chunk by chunk or row by row."""

from flows.storage.plan import Chunk, InputPlan, Piece, PlannedFile, plan_input
from flows.storage.repeats import repeated_ids
from flows.storage.rows import read_batches, read_rows, source_of

__all__ = [
    "Chunk",
    "InputPlan",
    "Piece",
    "PlannedFile",
    "plan_input",
    "read_batches",
    "read_rows",
    "repeated_ids",
    "source_of",
]
