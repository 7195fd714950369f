import hmac

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events.masks import LONG, MASK, holds_mask, mask_of, without_digits


@given(st.text(max_size=LONG - 1), st.binary(min_size=1))
def test_a_short_secret_has_no_digits(text: str, key: bytes) -> None:
    assert mask_of(text, key) == MASK


@given(st.text(min_size=LONG), st.binary(min_size=1))
def test_the_digits_are_a_keyed_hash(text: str, key: bytes) -> None:
    keyed = hmac.new(key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
    assert mask_of(text, key) == f"[secret {keyed[:12]}]"
    assert holds_mask(f"sent {mask_of(text, key)} to us")


def test_no_list_of_guesses_recovers_a_pin_without_the_key() -> None:
    seen = {mask_of(f"{pin:04}", b"key of the job", long=0) for pin in (1234, 8080, 4711)}
    guessed = {mask_of(f"{pin:04}", b"another key", long=0) for pin in range(10_000)}
    assert len(seen) == 3
    assert not seen & guessed


@pytest.mark.parametrize("text", ["", "no mask", "(secret)"])
def test_without_a_key_there_are_no_digits(text: str) -> None:
    assert mask_of(text * LONG, b"") == MASK
    assert not holds_mask(text)


def test_masks_without_digits_are_the_same_under_every_key() -> None:
    secret = "s" * LONG
    texts = [
        pa.array([f"token {mask_of(secret, key)} sent", None, "[secret]"]) for key in (b"a", b"b")
    ]
    one, other = (without_digits(each).to_pylist() for each in texts)
    assert one == other == ["token [secret] sent", None, "[secret]"]
