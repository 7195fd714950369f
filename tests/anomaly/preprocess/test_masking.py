import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.preprocess.masking import mask, template
from tests import naive
from tests.anomaly.logs import PATIENT

PARTS = st.sampled_from(
    ["took ", "17", "-", "a", "10.0.0.1", ":80", "deadbeef", "0xFF", "00:1B:44:11:3A:B7", " ", "_"]
)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("block blk_-1608 and blk_1608", "block blk_0 and blk_0"),
        ("offset -5, -12 and (-3)", "offset 0, 0 and (0)"),
        ("on 2026-01-05 in us-east-1", "on 0-0-0 in us-east-0"),
        ("from 10.250.19.102:54106", "from <ip>"),
        ("id 123e4567-e89b-12d3-a456-426614174000 at 0xFFee", "id <uuid> at <hex>"),
        ("iar 00106bd0 dear 0245a2ff", "iar <hex> dear <hex>"),
        ("of 0000000a", "of <hex>"),
        ("of 000000a0", "of <hex>"),
        ("of a0000000", "of <hex>"),
        ("hash deadbeefcafe1234 of 67108864", "hash <hex> of 0"),
        ("at 12:34:56 a decade, faded", "at 0:0:0 a decade, faded"),
        ("from 00:1B:44:11:3A:B7 to 00-1b-44-11-3a-b7", "from <mac> to <mac>"),
        ("from 2001:db8:0:0:0:ff00:42:8329", "from <ip>"),
        ("", ""),
    ],
)
def test_what_differs_between_messages_of_one_meaning_is_masked(text: str, masked: str) -> None:
    assert mask(pa.array([text]))[0].as_py() == masked


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("Deleting blk_1 file /mnt/data/current/blk_1", "Deleting blk_0 file <path>"),
        ("open '/etc/app/a.conf', mode=/var/run/", "open '<path>', mode=<path>"),
        ("/usr/bin/id", "<path>"),
        (
            "to /10.0.0.1:80 and/or https://example.org/a/b",
            "to /<ip> and/or https://example.org/a/b",
        ),
    ],
)
def test_the_template_of_a_step_masks_paths_too(text: str, step: str) -> None:
    assert template(pa.array([text]))[0].as_py() == step


def test_a_missing_text_stays_missing() -> None:
    assert mask(pa.array(["a", None])).to_pylist() == ["a", None]


@PATIENT
@given(st.lists(st.one_of(st.none(), st.lists(PARTS, max_size=6).map("".join)), max_size=6))
def test_a_text_is_masked_as_by_one_mask_after_the_other(texts: list[str | None]) -> None:
    expected = [None if text is None else naive.masked(text) for text in texts]
    assert mask(pa.array(texts, pa.string())).to_pylist() == expected
