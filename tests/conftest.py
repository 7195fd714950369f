"""Settings of every test."""

import pytest
from hypothesis import settings

# A busy machine must not fail a property: pytest's timeout stops what does not end.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

LONGEST = ("tests/flows/runtime/test_runner.py", "tests/flows/orchestration/test_deployments.py")
"""Files that wait for processes for minutes. A worker takes a file as a whole: begun among the
last, such a file leaves the other workers without work."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first; the order of the others stays."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONGEST))
