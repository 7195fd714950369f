import pytest

from anomaly.explain.amounts import amount, apart, number, rounded


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("duration_ms", 231_004.0, "3 min 51 s (231,004 ms)"),
        ("durationMs", 250.0, "250 ms"),
        ("duration_ms", 1_500.0, "1.5 s (1,500 ms)"),
        ("session.seconds", 3_723.0, "1 h 2 min (3,723 s)"),
        ("session.seconds", -90.0, "-1 min 30 s (-90 s)"),
        ("uptime_s", 0.0, "0 s"),
        ("bytes", 4.6e9, "4.6 GB (4,600,000,000)"),
        ("src_bytes", 999.0, "999 B"),
        ("bytes.mean", 1_234.5, "1.23 kB (1,234.5)"),
        ("bytes.mean", 1_234.123_456_7, "1.23 kB (1,234)"),
        ("price", 130.53, "130.53"),
        ("price", 0.1 + 0.2, "0.3"),
        ("price", -1e-7, "-1e-07"),
        ("bytes.distinct", 12.0, "12"),
        ("bytes_per_s", 5_000.0, "5,000"),
        ("count", 400_006.0, "400,006"),
        ("duration", 7_993.0, "7,993"),
        ("duration_ms", float("inf"), "infinity"),
    ],
)
def test_an_amount_has_its_unit_and_the_exact_value_where_it_is_rounded(
    column: str, value: float, told: str
) -> None:
    assert amount(column, value) == told


def test_a_whole_number_is_told_in_full() -> None:
    assert number(400_006.0) == "400,006"
    assert number(1_234_567.8) == "1,234,568"
    assert rounded("count", 400_006.0) == "400,006"


def test_a_minute_is_not_told_as_sixty_seconds_of_a_smaller_unit() -> None:
    assert rounded("duration_ms", 59_999.0) == "60 s"
    assert rounded("duration_ms", 60_000.0) == "1 min"
    assert rounded("duration_ns", 2_500.0) == "2.5 µs"


@pytest.mark.parametrize(
    ("column", "values", "shown"),
    [
        ("bytes", (123_456.0, 123_399.0, 10.0), ["123,456 B", "123,399 B", "10 B"]),
        ("duration_ms", (231_499.0, 231_004.0), ["231,499 ms", "231,004 ms"]),
        ("price", (1e-5, 1.00001e-5, 0.0), ["1e-05", "1.00001e-05", "0"]),
    ],
)
def test_numbers_that_are_told_apart_are_in_full(
    column: str, values: tuple[float, ...], shown: list[str]
) -> None:
    assert apart(column, *values) == shown
