"""Scratch files of a run: written by one step, read by the next, gone when the run is published."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flows.storage.fs.atomic import naming_output_errors, remove_tree, replacing
from flows.storage.fs.store_path import Place


@dataclass(frozen=True)
class Scratch:
    """A folder of intermediate results beside the run that is being written.

    What writes or reads there raises `OutputError` where the disk is full or the folder is gone.
    """

    path: Place

    @classmethod
    def of(cls, run: Place) -> "Scratch":
        """Name the scratch folder of the run that is written in `run`."""
        return cls(run.with_name(f".{run.name.lstrip('.')}.scratch"))

    def make(self) -> Self:
        """Make the folder."""
        with naming_output_errors(self.path.parent):
            self.path.mkdir(exist_ok=True)
        return self

    @property
    def is_mapped(self) -> bool:
        """Return whether what is read is mapped from files of this machine."""
        return isinstance(self.path, Path)

    def write_array(self, name: str, array: npt.NDArray[Any]) -> None:
        """Keep an array of numbers."""
        with (
            naming_output_errors(self.path.parent),
            replacing(self.path / f"{name}.npy") as temporary,
            temporary.open("wb") as file,
        ):
            np.save(file, array, allow_pickle=False)

    def read_array(self, name: str) -> npt.NDArray[Any]:
        """Read an array back; mapped from a file, so that only what is used takes memory."""
        place = self.path / f"{name}.npy"
        with naming_output_errors(self.path.parent):
            if isinstance(place, Path):
                return np.load(place, mmap_mode="r", allow_pickle=False)
            return np.load(place.open(), allow_pickle=False)

    def write_table(self, name: str, table: pa.Table) -> None:
        """Keep a table."""
        with self.open_writer(name, table.schema) as writer:
            writer.write_table(table)

    @contextmanager
    def open_writer(self, name: str, schema: pa.Schema) -> Iterator[pa.ipc.RecordBatchFileWriter]:
        """Open a table to keep it batch by batch; these share their dictionaries."""
        with (
            naming_output_errors(self.path.parent),
            replacing(self.path / f"{name}.arrow") as temporary,
            pa.OSFile(str(temporary), "wb") as sink,
            pa.ipc.new_file(sink, schema) as writer,
        ):
            yield writer

    def read_table(self, name: str) -> pa.Table:
        """Read a table back; mapped from a file, so that only what is used takes memory."""
        with naming_output_errors(self.path.parent):
            return self.open_batches(name).read_all()

    def open_batches(self, name: str) -> pa.ipc.RecordBatchFileReader:
        """Open a table to read one batch after the other; mapped from a file, as a whole one is."""
        place = self.path / f"{name}.arrow"
        with naming_output_errors(self.path.parent):
            if isinstance(place, Path):
                return pa.ipc.open_file(pa.memory_map(str(place)))
            return pa.ipc.open_file(pa.py_buffer(place.read_bytes()))

    def remove(self) -> None:
        """Remove the folder and all in it."""
        remove_tree(self.path)
