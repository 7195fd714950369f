"""One writer of a job in an object store: Prefect's global concurrency limit sees to it."""
# Prefect must not be imported before its settings are in place, which the fixture sees to.
# ruff: noqa: PLC0415

import pytest

from schemas.errors import OutputError
from tests.flows.sample_logs import job

pytestmark = pytest.mark.slow


def test_the_second_writer_of_a_job_in_a_store_waits_and_then_gives_up(
    s3, prefect_server, monkeypatch
):
    from flows.orchestration.write_lock import only_writer

    monkeypatch.setenv("OUTFIELD_LOCK_WAIT", "2s")
    spec = job("in", "s3://results/out")
    other = job("in", "s3://results/other")
    with only_writer(spec):
        refused = pytest.raises(OutputError, match="out/log: another run is writing this job")
        with refused, only_writer(spec):
            pytest.fail("two write it")
        with only_writer(other):
            pass
    with only_writer(spec):
        pass


def test_in_a_folder_the_kernel_sees_to_it(tmp_path, prefect_server):
    from flows.orchestration.write_lock import only_writer

    spec = job("in", tmp_path)
    with only_writer(spec), only_writer(spec):
        pass


def test_what_fails_in_the_writer_is_not_taken_for_waiting(s3, prefect_server):
    from flows.orchestration.write_lock import only_writer

    with pytest.raises(TimeoutError, match="ours"), only_writer(job("in", "s3://results/out")):
        raise TimeoutError("ours")
