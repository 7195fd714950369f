"""What holds for every test."""

import pytest
from hypothesis import settings

# A busy machine must not fail a property: pytest's timeout stops what does not end.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

_LONGEST = (
    "test_server_gone.py",
    "test_deployments.py",
    "test_runners.py",
    "test_detect_flow.py",
)
"""Files that take minutes, most of it waiting for a server."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: the last to begin keeps all others waiting at the end."""
    items.sort(key=lambda item: item.path.name not in _LONGEST)
