"""Scratch files of a run: written by one step, read by the next, gone when the run is published."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flows.storage.atomic import naming_output_errors, replacing


@dataclass(frozen=True)
class Scratch:
    """A folder of intermediate results beside the run that is being written.

    What writes there raises `OutputError` where the disk is full or the folder is gone.
    """

    path: Path

    @classmethod
    def of(cls, run: Path) -> "Scratch":
        """Name the scratch folder of the run that is written in `run`, there or not."""
        return cls(run.with_name(f"{run.name}.scratch"))

    @classmethod
    def beside(cls, run: Path) -> "Scratch":
        """Make the scratch folder of the run that is written in `run`."""
        scratch = cls.of(run)
        with naming_output_errors(run.parent):
            scratch.path.mkdir(exist_ok=True)
        return scratch

    def write_array(self, name: str, array: npt.NDArray[Any]) -> None:
        """Keep an array of numbers."""
        with (
            naming_output_errors(self.path.parent),
            replacing(self.path / f"{name}.npy") as temporary,
            temporary.open("wb") as file,
        ):
            np.save(file, array, allow_pickle=False)

    def read_array(self, name: str) -> npt.NDArray[Any]:
        """Read an array back; mapped, so that only what is used takes memory."""
        return np.load(self.path / f"{name}.npy", mmap_mode="r", allow_pickle=False)

    def write_table(self, name: str, table: pa.Table) -> None:
        """Keep a table."""
        with (
            naming_output_errors(self.path.parent),
            replacing(self.path / f"{name}.arrow") as temporary,
            pa.OSFile(str(temporary), "wb") as sink,
            pa.ipc.new_file(sink, table.schema) as writer,
        ):
            writer.write_table(table)

    def read_table(self, name: str) -> pa.Table:
        """Read a table back; mapped, so that only what is used takes memory."""
        return pa.ipc.open_file(pa.memory_map(str(self.path / f"{name}.arrow"))).read_all()

    def remove(self) -> None:
        """Remove the folder and all in it."""
        shutil.rmtree(self.path, ignore_errors=True)
