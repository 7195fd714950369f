"""Samples do not depend on how the input is laid out, nor on the key of its masks."""

import pyarrow as pa
import pytest

from flows.steps.sampling import by_content
from schemas.events.masks import mask_of


@pytest.mark.parametrize("dictionary", [False, True])
def test_another_masking_key_leaves_the_order_of_records_as_it_is(dictionary: bool) -> None:
    def ordered(key: bytes) -> list[int]:
        tokens = pa.array([mask_of(f"{i % 7:040}", key) for i in range(200)])
        column = tokens.dictionary_encode() if dictionary else tokens
        table = pa.table({"token": column, "n": list(range(200))})
        return by_content(table)["n"].to_pylist()

    assert ordered(b"one") == ordered(b"other") != list(range(200))
