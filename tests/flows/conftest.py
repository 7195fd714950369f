"""Prefect for the tests of the flow: a server and a database of their own, once a session."""

import os
from collections.abc import Iterator

import pytest

from flows.settings import prepare_prefect


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """Start Prefect's server on an empty database; flows in this process use it."""
    before = dict(os.environ)
    prepare_prefect()
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415 - settings first

    with prefect_test_harness(server_startup_timeout=120):
        yield
    os.environ.clear()
    os.environ.update(before)
