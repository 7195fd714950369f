"""Servers for the tests: Prefect's, with a database of its own, and an object store's."""

import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from flows.runtime.settings import prepare_prefect
from flows.storage.fs import store_path
from tests.flows.prefect_processes import put_database


@pytest.fixture
def prefect_settings() -> Iterator[None]:
    """Put outfield's settings of Prefect in place, for what asks no server."""
    with patch.dict(os.environ):
        prepare_prefect()
        yield


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Start Prefect's server on a database without runs; flows in this process use it."""
    before = dict(os.environ)
    prepare_prefect()
    if "PYTHONSAFEPATH" not in before:  # later tests start modules of this folder
        del os.environ["PYTHONSAFEPATH"]
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415 - settings first

    folder = tmp_path_factory.mktemp("prefect")
    put_database(folder, "prefect-test.db")
    with (
        patch("prefect.testing.utilities.mkdtemp", return_value=str(folder)),
        prefect_test_harness(server_startup_timeout=300),
    ):
        yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Start a server that speaks S3; give its address."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - few workers need it

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Let this process find the server; give a client of it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    import boto3  # noqa: PLC0415 - few workers need it

    store_path._open_store.cache_clear()
    client = boto3.client("s3")
    yield client
    client.close()
    store_path._open_store.cache_clear()
