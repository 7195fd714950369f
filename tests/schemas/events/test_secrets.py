import pyarrow as pa
import pytest

from schemas.events.secrets import MASK, NO_SECRETS, mask_secrets

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
