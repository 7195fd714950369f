import pyarrow as pa
import pytest

from schemas.events.masks import MASK
from schemas.events.secrets import NO_SECRETS, Secrets, mask_secrets

KINDS = [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary()]


@pytest.mark.parametrize("kind", [*KINDS, pa.binary(4)], ids=str)
def test_parts_of_a_log_with_and_without_secret_keys_can_be_joined(kind: pa.DataType) -> None:
    def of(*items: tuple[str, str]) -> list[tuple[str, object]]:
        return [(key, pa.scalar(value.encode()).cast(kind).as_py()) for key, value in items]

    def held(value: object) -> object:
        return value.decode() if isinstance(value, bytes) else value

    maps = pa.map_(pa.string(), kind)
    parts = [
        pa.array([of(("note", "abcd"))], maps),
        pa.array([of(("password", "efgh"), ("note", "ijkl")), None, []], maps),
    ]
    column = mask_secrets(pa.table({"m": pa.chunked_array(parts)}), NO_SECRETS)["m"]
    found = [row and [(key, held(value)) for key, value in row] for row in column.to_pylist()]
    assert found == [
        [("note", "abcd")],
        [("password", MASK), ("note", "ijkl")],
        None,
        [],
    ]
    if kind in KINDS:
        assert column.type == maps


BLOCK = "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: A-1\n\nlQOYBF0=\n=a1b2\n"
END = "-----END PGP PRIVATE KEY BLOCK-----"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("auth BEARER abcdefghijklmnop.qrst ok", "auth [secret] ok"),
        ("auth Bearer\tabcdefghijklmnop.qrst ok", "auth [secret] ok"),
        ("by xoxc-1234567890-abcdef", "by [secret]"),
        ("by xoxd-abc%2Bdefghij ok", "by [secret] ok"),
        ("by xapp-1-A0123456789-0123", "by [secret]"),
        (f"{BLOCK}{END} end", "[secret] end"),
        (f"cut {BLOCK}", "cut [secret]"),
    ],
)
def test_a_key_is_masked_in_any_spelling(text: str, left: str) -> None:
    assert mask_secrets(pa.table({"m": [text]}), NO_SECRETS)["m"].to_pylist() == [left]


def test_a_masking_key_is_not_repeated() -> None:
    assert "b'" not in repr(Secrets(frozenset(["a"]), key=b"never shown"))
