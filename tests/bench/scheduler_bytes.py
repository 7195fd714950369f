"""Counts what passes through a Dask scheduler: a preload of `dask scheduler`."""

from distributed import Scheduler
from distributed.comm import tcp

READ, WRITTEN = "bytes_read", "bytes_written"


def dask_setup(scheduler: Scheduler) -> None:
    """Count the bytes of each message, in the scheduler's own process."""
    counted = {READ: 0, WRITTEN: 0}
    scheduler.extensions["bytes"] = counted
    read, write = tcp.read_bytes_rw, tcp.TCP.write

    async def counting_read(stream, n: int):
        counted[READ] += n
        return await read(stream, n)

    async def counting_write(self, *arguments, **options) -> int:
        written: int = await write(self, *arguments, **options)
        counted[WRITTEN] += written
        return written

    tcp.read_bytes_rw = counting_read
    tcp.TCP.write = counting_write


def bytes_seen(dask_scheduler: Scheduler) -> dict[str, int]:
    """Return what was counted so far; to be run on the scheduler."""
    return dict(dask_scheduler.extensions["bytes"])
