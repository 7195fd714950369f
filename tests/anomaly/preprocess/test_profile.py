import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly.preprocess.profile import EXAMPLE_LENGTH, profile
from schemas.columns.profile import ColumnProfile


def profile_of(values: object, dtype: pa.DataType | None = None) -> ColumnProfile:
    column = values if isinstance(values, pa.ChunkedArray | pa.Array) else pa.array(values, dtype)
    return profile(pa.table({"x": column}))["x"]


@pytest.mark.parametrize(
    ("values", "dtype", "kind"),
    [
        ([True], pa.bool_(), "bool"),
        ([1], pa.uint8(), "integer"),
        ([Decimal(12345678901234567890)], pa.decimal128(38, 0), "integer"),
        ([Decimal("1.20")], pa.decimal128(9, 2), "float"),
        ([Decimal("1.20")], pa.decimal256(50, 2), "float"),
        ([1.5], pa.float32(), "float"),
        ([np.float16(1.5)], pa.float16(), "float"),
        (["a"], pa.string(), "string"),
        (["a"], pa.string_view(), "string"),
        (["a"], pa.dictionary(pa.int8(), pa.string()), "string"),
        ([b"text"], pa.binary(), "string"),
        ([b"\xff\x00"], pa.binary(), "binary"),
        ([b"\xff\x00"], pa.binary(2), "binary"),
        ([dt.datetime(2024, 1, 1)], pa.timestamp("ns", "Europe/Paris"), "timestamp"),
        ([dt.date(2024, 1, 1)], pa.date64(), "date"),
        ([dt.time(12)], pa.time32("s"), "time"),
        ([dt.timedelta(1)], pa.duration("ms"), "duration"),
        ([None], pa.null(), "null"),
    ],
)
def test_every_arrow_type_has_a_kind(values: list[object], dtype: pa.DataType, kind: str) -> None:
    found = profile_of(values, dtype)
    assert found.kind == kind
    assert found.rows == 1
    assert found.distinct + found.nulls == 1


def test_an_extension_type_is_profiled_as_what_it_stores() -> None:
    storage = pa.array([b"0123456789abcdef"], pa.binary(16))
    assert profile_of(pa.ExtensionArray.from_storage(pa.uuid(), storage)).rows == 1


def test_shares_are_over_rows_or_distinct_values_as_documented() -> None:
    found = profile_of(["10.0.0.1", "10.0.0.1", "10.0.0.1", "two words", None])
    assert (found.rows, found.nulls, found.filled, found.distinct) == (5, 1, 4, 2)
    assert found.top_share == 0.75  # over non-null rows
    assert found.space_share == 0.5  # over distinct values
    assert found.share("ip") == 0.5
    assert found.mean_length == 8.5
    assert found.repeats == 2


def test_not_a_number_is_a_null_and_infinity_is_outside_the_range() -> None:
    found = profile_of([1.0, float("nan"), None, float("inf"), 3.0])
    assert (found.nulls, found.distinct) == (2, 3)
    assert (found.minimum, found.maximum) == (1.0, 3.0)


def test_integers_that_gaps_made_floats_are_known_as_whole() -> None:
    assert profile_of([404.0, None, 200.0]).whole
    assert not profile_of([404.5, 200.0]).whole


def test_examples_are_the_most_common_first_and_cut() -> None:
    long = "x" * 1_000
    found = profile_of(["rare", long, long, "often", "often", "often"])
    assert found.examples[0] == "often"
    assert found.examples[2] == "rare"
    assert len(found.examples[1]) == EXAMPLE_LENGTH


@pytest.mark.parametrize("dtype", [pa.int64(), pa.string(), pa.float64(), pa.bool_(), pa.null()])
def test_empty_and_null_columns_have_profiles(dtype: pa.DataType) -> None:
    assert profile_of([], dtype).distinct == 0
    found = profile_of([None, None], dtype)
    assert (found.distinct, found.nulls, found.top_share) == (0, 2, 0.0)


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("192.168.0.1", "ip"),
        ("192.168.0.1:8080", "ip"),
        ("2001:db8::ff00:42:8329", "ip"),
        ("::1", "ip"),
        ("fe80:0:0:0:202:b3ff:fe1e:8329", "ip"),
        ("::ffff:10.0.0.1", "ip"),
        ("00:1B:44:11:3A:B7", "mac"),
        ("ann.lee@example.co.uk", "email"),
        ("arn:aws:iam::123456789012:user/ann", "arn"),
        ("db-1.prod.example.com", "host"),
        ("9b2b6b1e-7f3c-4d51-9a52-0d1a6f3c2b11", "uuid"),
        ("d41d8cd98f00b204e9800998ecf8427e", "uuid"),
        ("sha256:" + "ab" * 32, "hash"),
        ("https://example.com/a?b=c", "url"),
        ("/var/log/syslog", "path"),
        ("C:\\Windows\\System32", "path"),
        ("id=2&name=cheese", "query"),
        ('{"a": 1}', "json"),
        ("[]", "json"),
        ("2024-02-29T12:30:00.5+01:00", "time"),
        ("2024-02-29 12:30:00,123", "time"),
        ("2024-02-29", "date"),
        ("1700000000123", "epoch"),
        ("-12.5e3", "decimal"),
        ("Yes", "true"),
        ("off", "false"),
        ("N/A", "missing"),
        ("", "missing"),
    ],
)
def test_each_pattern_recognises_its_values(value: str, pattern: str) -> None:
    assert profile_of([value]).share(pattern) == 1


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("12:30:45", "ip"),
        ("1.2.3", "ip"),
        ("00123", "decimal"),
        ("", "decimal"),
        ("user@host", "email"),
        ("plain", "host"),
        ("[ERROR] disk full", "json"),
        ("2024-13-45", "date"),
        ("/", "path"),
        ("a=b", "query"),
    ],
)
def test_no_pattern_matches_values_of_another_kind(value: str, pattern: str) -> None:
    assert profile_of([value]).share(pattern) == 0


@pytest.mark.slow
@settings(deadline=None)
@given(
    values=st.lists(st.sampled_from(["a", "b b", "10.0.0.1", None, ""]), min_size=1, max_size=30),
    cut=st.integers(0, 30),
)
def test_a_profile_does_not_depend_on_chunks_or_encodings(
    values: list[str | None], cut: int
) -> None:
    whole = pa.array(values, pa.string())
    chunks = pa.chunked_array([whole[:cut], whole[cut:]])
    assert profile_of(chunks) == profile_of(whole)
    assert profile_of(chunks.dictionary_encode()) == profile_of(whole)
    assert profile_of(whole.cast(pa.large_binary())) == profile_of(whole)


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=("Cs",)))), max_size=20)
)
def test_pattern_shares_lie_between_zero_and_one(values: list[str | None]) -> None:
    found = profile_of(values, pa.string())
    assert all(0 <= share <= 1 for share in found.patterns.values())
    assert 0 <= found.space_share <= 1
    assert 0 <= found.top_share <= 1
