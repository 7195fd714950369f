"""Freed memory is given back where the C library can; cycles are looked for less often."""

import ctypes
import gc
from contextlib import suppress

import pytest

from flows.runtime.memory import rare_collections, return_freed_memory


def test_a_c_library_without_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    return_freed_memory()


def test_freed_memory_is_given_back_without_a_fault() -> None:
    return_freed_memory()


def test_python_looks_for_cycles_as_often_as_before_after_a_context_in_which_it_did_less() -> None:
    before = gc.get_threshold()
    with suppress(KeyError), rare_collections():
        assert gc.get_threshold()[0] > before[0]
        raise KeyError
    assert gc.get_threshold() == before
