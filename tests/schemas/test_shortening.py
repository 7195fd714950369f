"""A long value keeps its ends, a long sentence its beginning."""

from hypothesis import given
from hypothesis import strategies as st

from anomaly.explain.quoting import quote
from schemas.shortening import beginning, shortened


@given(st.text(max_size=200), st.integers(8, 100))
def test_a_value_keeps_its_beginning_and_its_end(value: str, most: int) -> None:
    cut = shortened(value, most)
    assert len(cut) == min(len(value), most)
    if len(value) <= most:
        assert cut == value
    else:
        head = most * 5 // 12
        assert cut[head] == "…"
        assert value.startswith(cut[:head])
        assert value.endswith(cut[head + 1 :])
        assert len(cut[head + 1 :]) > head


def test_what_is_cut_twice_is_as_if_cut_once() -> None:
    """A title shortens what a reason quotes."""
    value = "".join(chr(ord("a") + i % 26) for i in range(500))
    assert shortened(quote(value), 48) == shortened(value, 48)


@given(st.text(max_size=60), st.integers(1, 30))
def test_a_sentence_keeps_its_beginning(sentence: str, most: int) -> None:
    cut = beginning(sentence, most)
    assert cut == sentence if len(sentence) <= most else cut == sentence[:most] + "…"
