import datetime as dt
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.category import MISSING
from anomaly.explain.quoting import is_held, quote
from tests.anomaly.logs import PATIENT

NIGHT = dt.datetime(2024, 1, 8, 3, 30, tzinfo=dt.UTC)


@PATIENT
@given(st.one_of(st.text(), st.floats(), st.none(), st.integers(), st.booleans()))
def test_any_value_can_be_quoted_shortly(value: Any) -> None:
    assert 1 <= len(quote(value)) <= 80


def test_quotes_are_what_a_reader_expects() -> None:
    assert quote(MISSING) == quote(None) == "missing"
    assert quote("") == "empty"
    assert quote("x" * 50 + "y" * 50) == "x" * 33 + "…" + "y" * 46
    assert quote("\x00" * 30) == "\\x00" * 8 + "\\…00" + "\\x00" * 11
    assert quote("x" * 80) == "x" * 80
    assert quote(float("nan")) == "nan"
    assert quote(np.float64(0.123456)) == "0.1235"
    assert quote(NIGHT) == "Monday 03:30 UTC"


def test_what_is_missing_or_empty_is_told_in_words() -> None:
    assert is_held("action", MISSING) == "`action` is missing"
    assert is_held("action", "") == "`action` is empty"
    assert is_held("action", "a`b") == "`action` is `a`b`"
