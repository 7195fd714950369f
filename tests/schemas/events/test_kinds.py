import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from flows.storage.input.unification import united_type
from schemas.events.kinds import kinds_of

_TYPES = (
    pa.bool_(),
    pa.int8(),
    pa.uint64(),
    pa.float32(),
    pa.decimal128(9, 2),
    pa.string(),
    pa.large_string(),
    pa.binary(),
    pa.date32(),
    pa.date64(),
    pa.timestamp("us"),
    pa.timestamp("ns", "UTC"),
    pa.timestamp("ms", "Asia/Tokyo"),
    pa.time32("s"),
    pa.time64("us"),
    pa.duration("s"),
    pa.dictionary(pa.int32(), pa.string()),
)


@given(st.sampled_from(_TYPES), st.sampled_from(_TYPES))
def test_columns_are_of_one_kind_if_files_with_both_types_can_be_read_together(
    one: pa.DataType, other: pa.DataType
) -> None:
    kinds = kinds_of(pa.schema({"one": one, "other": other}))
    assert (kinds["one"] == kinds["other"]) == (united_type(one, other) is not None)


def test_a_column_of_nulls_has_no_kind() -> None:
    assert kinds_of(pa.schema({"n": pa.null()})) == {"n": None}
