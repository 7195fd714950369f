"""One writer of a job where its output is in an object store, which has no locks.

There Prefect's global concurrency limit of one takes the place of the kernel's lock: for all runs
that tell the same server. It is made by the first of them, and called after where the job lies.
"""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency

from flows.runtime.settings import Settings
from flows.storage.fs.store_path import StorePath
from flows.storage.runs.writer import job_folder
from schemas.errors import OutputError
from schemas.job.job import JobSpec

_LEASE = 60
"""Seconds after which the server takes the place back from a writer that was killed."""


@contextmanager
def only_writer(job: JobSpec) -> Iterator[None]:
    """Wait until no other run writes the job, where the output's own lock does not see to that.

    Raises
    ------
    OutputError
        Another run goes on writing the job.
    """
    folder = job_folder(job)
    if not isinstance(folder, StorePath):
        yield
        return
    name, patience = limit_name(folder), Settings.from_environment().lock_wait
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(name, 1)
    with ExitStack() as held:
        try:
            held.enter_context(
                concurrency(
                    name,
                    timeout_seconds=patience,
                    lease_duration=_LEASE,
                    strict=True,
                    raise_on_lease_renewal_failure=False,  # each run has a folder of its own
                )
            )
        except TimeoutError as error:
            raise OutputError(
                "another run is writing this job",
                where=str(folder),
                remedy="run it when that has ended; OUTFIELD_LOCK_WAIT says how long to wait",
            ) from error
        yield


def limit_name(folder: StorePath) -> str:
    """Name the limit of a job after its name and, as a hash, the place of its results."""
    place = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return f"outfield {folder.name} {place}"
