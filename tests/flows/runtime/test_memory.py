"""Freed memory is given back where the C library can, and nothing happens elsewhere."""

import ctypes

import pytest

from flows.runtime.memory import return_freed_memory


def test_a_c_library_without_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    return_freed_memory()


def test_freed_memory_is_given_back_without_a_fault() -> None:
    return_freed_memory()
