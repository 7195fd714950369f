import pyarrow as pa
import pytest

from data.generate import generate

Log = tuple[pa.Table, pa.Table]


@pytest.fixture(scope="session")
def log() -> Log:
    """A fifth of the sample log, and its labels."""
    return generate(rows=40_000, days=14, seed=7)


@pytest.fixture(scope="session")
def planted(log: Log) -> pa.Table:
    """The planted events with their labels."""
    events, labels = log
    return events.join(labels, keys="event_id", join_type="inner").sort_by("timestamp")


@pytest.fixture(scope="session")
def ordinary(log: Log) -> pa.Table:
    """The events that no label names."""
    events, labels = log
    return events.join(labels, keys="event_id", join_type="left anti")
