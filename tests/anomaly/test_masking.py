import pyarrow as pa
import pytest

from anomaly.masking import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("block blk_-1608 and blk_1608", "block blk_0 and blk_0"),
        ("offset -5, -12 and (-3)", "offset 0, 0 and (0)"),
        ("on 2026-01-05 in us-east-1", "on 0-0-0 in us-east-0"),
        ("from 10.250.19.102:54106", "from <ip>"),
        ("id 123e4567-e89b-12d3-a456-426614174000 at 0xFFee", "id <uuid> at <hex>"),
        ("", ""),
    ],
)
def test_what_differs_between_messages_of_one_meaning_is_masked(text: str, masked: str) -> None:
    assert mask(pa.array([text]))[0].as_py() == masked


def test_a_missing_text_stays_missing() -> None:
    assert mask(pa.array(["a", None])).to_pylist() == ["a", None]
