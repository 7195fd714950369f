"""The shape of texts, held against a count sign by sign."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding import text_shape
from anomaly.embedding.text_shape import shapes_of
from tests import naive
from tests.anomaly.logs import PATIENT

SIGNS = st.sampled_from("aZ09 \t\v\x00\x1c-_/ßÄé日🦊²\u3000")
TEXTS = st.lists(SIGNS, max_size=12).map("".join)


@PATIENT
@given(st.lists(TEXTS, max_size=8))
def test_shapes_are_those_counted_sign_by_sign(texts: list[str]) -> None:
    found = np.column_stack(shapes_of(pa.array(texts, pa.string())))
    expected = np.array([naive.text_shape(text) for text in texts]).reshape(len(texts), 5)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("size", [2**16 - 1, 2**16, 2**17])
def test_a_class_of_a_very_long_text_is_counted_whole(size: int) -> None:
    long = "7" * size
    assert np.column_stack(shapes_of(pa.array(["A", long, " "]))).tolist() == [
        pytest.approx(naive.text_shape(text)) for text in ("A", long, " ")
    ]


def test_a_slice_has_the_shapes_of_its_texts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pa.array(["never", "", "A1 -", "", "é", "b"])
    monkeypatch.setattr(text_shape, "_AT_ONCE", 3)
    again = shapes_of(pa.array(["", "A1 -", "", "é"]))
    assert np.array_equal(shapes_of(texts.slice(1, 4)), again)
