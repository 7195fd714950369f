import gc
import os
import pickle
from collections import Counter
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.storage.fs.scratch import Scratch
from flows.storage.input import duplicate_ids as repeats
from flows.storage.input.plan import InputPlan, plan_input
from flows.storage.input.rows import read_batches, read_rows, source_of
from schemas.errors import InputError
from schemas.events.flattening import flatten

_PUBLIC_LOGS = Path(__file__).parents[5] / "shared/data/events"


def _write(path: Path, table: pa.Table, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **options)
    return path


def _read_all(plan: InputPlan, rows_per_chunk: int, batch_rows: int) -> pa.Table:
    """Read the input chunk by chunk, checking what every batch must be."""
    tables, expected = [plan.schema.empty_table()], 0
    for chunk in plan.chunks(rows_per_chunk):
        assert chunk.first_row == expected
        for first, table in read_batches(plan, chunk, None, batch_rows):
            assert first == expected
            assert 0 < table.num_rows <= batch_rows
            tables.append(table)
            expected += table.num_rows
        assert expected == chunk.first_row + chunk.rows
    return pa.concat_tables(tables)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pa.Table]:
    """Files of several sizes and row groups, an empty one among them, and all their rows."""
    folder = tmp_path_factory.mktemp("logs")
    table = pa.table(
        {
            "id": pa.array([f"e{i % 61}" if i % 7 else None for i in range(100)]),
            "n": range(100),
            "user": [{"name": f"u{i % 3}", "groups": ["a"] * (i % 4)} for i in range(100)],
        }
    )
    for file, (start, stop, group) in enumerate(
        [(0, 30, 7), (30, 30, 5), (30, 31, 1), (31, 80, 49), (80, 100, 3)]
    ):
        _write(folder / f"part-{file}.parquet", table[start:stop], row_group_size=group)
    return folder, table


@given(rows_per_chunk=st.integers(1, 120), batch_rows=st.integers(1, 120))
def test_chunks_and_batches_of_any_size_are_the_rows_in_order(
    logs: tuple[Path, pa.Table], rows_per_chunk: int, batch_rows: int
) -> None:
    folder, table = logs
    plan = plan_input(str(folder))
    assert _read_all(plan, rows_per_chunk, batch_rows).equals(table.cast(plan.schema))
    largest_group = 49
    assert all(
        chunk.rows <= max(rows_per_chunk, largest_group) for chunk in plan.chunks(rows_per_chunk)
    )


def test_small_files_and_row_groups_share_a_chunk(logs: tuple[Path, pa.Table]) -> None:
    plan = plan_input(str(logs[0]))
    assert [chunk.rows for chunk in plan.chunks(1000)] == [100]
    assert [chunk.rows for chunk in plan.chunks(50)] == [31, 49, 20]


def test_batches_are_full_but_for_the_last(logs: tuple[Path, pa.Table]) -> None:
    plan = plan_input(str(logs[0]))
    (chunk,) = plan.chunks(1000)
    sizes = [table.num_rows for _, table in read_batches(plan, chunk, ["n"], 40)]
    assert sizes == [40, 40, 20]


@given(rows=st.lists(st.integers(0, 99), max_size=20))
def test_rows_read_by_number_are_those_rows(logs: tuple[Path, pa.Table], rows: list[int]) -> None:
    folder, table = logs
    plan = plan_input(str(folder))
    wanted = np.array(sorted(rows), dtype=np.int64)
    assert read_rows(plan, wanted).equals(table.take(wanted).cast(plan.schema).combine_chunks())
    assert read_rows(plan, wanted, ["n"])["n"].to_pylist() == sorted(rows)


@pytest.mark.parametrize("rows", [[-1], [100], [2, 1]])
def test_row_numbers_that_are_none_are_a_fault(
    logs: tuple[Path, pa.Table], rows: list[int]
) -> None:
    with pytest.raises(ValueError, match="must ascend from 0 to 99"):
        read_rows(plan_input(str(logs[0])), np.array(rows))


def test_the_source_of_a_row_is_its_file_and_its_number_there(
    logs: tuple[Path, pa.Table],
) -> None:
    plan = plan_input(str(logs[0]))
    names, numbers = source_of(plan, np.array([0, 29, 30, 31, 99]))
    assert names.to_pylist() == [f"part-{file}.parquet" for file in (0, 0, 2, 3, 4)]
    assert numbers.tolist() == [0, 29, 0, 0, 19]


def test_only_the_columns_asked_for_are_read_in_the_order_of_the_schema(
    logs: tuple[Path, pa.Table],
) -> None:
    plan = plan_input(str(logs[0]))
    (chunk,) = plan.chunks(1000)
    ((_, table),) = read_batches(plan, chunk, ["n", "id"], 1000)
    assert table.column_names == ["id", "n"]
    with pytest.raises(KeyError, match="absent"):
        list(read_batches(plan, chunk, ["absent"], 1000))
    with pytest.raises(ValueError, match="at least one"):
        list(read_batches(plan, chunk, [], 1000))


@pytest.mark.parametrize("batch_rows", [7, 1000])
def test_strings_read_as_codes_are_the_same_strings(tmp_path: Path, batch_rows: int) -> None:
    log = pa.table(
        {
            "host": [f"h{i % 3}" if i % 5 else None for i in range(90)],
            "word": pa.array([f"w{i % 4}" for i in range(90)], pa.large_string()),
            "message": [f"a message of its own, the {i}th" for i in range(90)],
        }
    )
    _write(tmp_path / "day=mon/part-0.parquet", log[:40], row_group_size=15)
    _write(tmp_path / "day=tue/part-0.parquet", log[40:].drop_columns("word"))
    plan = plan_input(str(tmp_path))
    encoded = ["host", "message", "day"]
    (chunk,) = plan.chunks(1000)
    batches = [t for _, t in read_batches(plan, chunk, None, batch_rows, encoded)]
    rows = read_rows(plan, np.arange(90), encoded=encoded)
    for table in (*batches, rows):
        kinds = {name: table[name].type for name in table.column_names}
        assert {n for n, kind in kinds.items() if pa.types.is_dictionary(kind)} == set(encoded)
    plain = read_rows(plan, np.arange(90)).to_pylist()
    assert rows.to_pylist() == plain
    assert [row for table in batches for row in table.to_pylist()] == plain


def test_repetitive_columns_are_those_that_the_file_holds_as_codes(tmp_path: Path) -> None:
    log = pa.table(
        {
            "host": [f"h{i % 3}" for i in range(5_000)],
            "id": [f"{i:020d}" for i in range(5_000)],
            "n": np.zeros(5_000),
        }
    )
    assert plan_input(str(_write(tmp_path / "log.parquet", log))).repetitive == ("host",)


def repeated_ids(plan: InputPlan, column: str) -> np.ndarray:
    with TemporaryDirectory() as folder:
        return repeats.repeated_ids(plan, column, Scratch(Path(folder)))


def _naive_repeats(values: list[Any]) -> list[int]:
    seen: Counter[Any] = Counter()
    repeats = []
    for row, value in enumerate(values):
        if value is not None and seen[value]:
            repeats.append(row)
        seen[value] += 1
    return repeats


def test_repeated_ids_are_those_an_earlier_row_has(logs: tuple[Path, pa.Table]) -> None:
    folder, table = logs
    plan = plan_input(str(folder))
    flat = flatten(table)
    for column in ("id", "n", "user.name", "user.groups.items"):
        expected = _naive_repeats(flat[column].to_pylist())
        assert repeated_ids(plan, column).tolist() == expected, column


@given(
    st.lists(
        st.none() | st.sampled_from(["a", "b", "", "é", "\x00"]) | st.text(max_size=2), min_size=1
    )
)
def test_repeated_ids_agree_with_a_naive_search(ids: list[str | None]) -> None:
    with TemporaryDirectory() as folder:
        table = pa.table({"id": pa.array(ids, pa.string())})
        path = _write(Path(folder) / "ids.parquet", table, row_group_size=3)
        assert repeated_ids(plan_input(str(path)), "id").tolist() == _naive_repeats(ids)


def test_equal_hashes_alone_do_not_make_a_repeat(
    logs: tuple[Path, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, table = logs
    plan = plan_input(str(folder))
    monkeypatch.setattr(
        "pandas.util.hash_array", lambda values, **_: np.zeros(len(values), dtype=np.uint64)
    )
    expected = _naive_repeats(table["id"].to_pylist())
    assert repeated_ids(plan, "id").tolist() == expected


@pytest.mark.parametrize("at_once", [5, 60])
def test_the_hashes_are_compared_range_by_range_over_all_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(repeats, "_ROWS_AT_ONCE", at_once)
    monkeypatch.setattr(repeats, "_ROWS_IN_RANGE", 7)
    ids = [str(i * 7919 % 83) for i in range(100)]
    path = _write(tmp_path / "ids.parquet", pa.table({"id": ids}), row_group_size=10)
    assert repeated_ids(plan_input(str(path)), "id").tolist() == _naive_repeats(ids)


def test_a_plan_is_small_the_same_each_time_and_can_be_sent_away(
    logs: tuple[Path, pa.Table],
) -> None:
    folder, _ = logs
    plan = plan_input(str(folder))
    assert pickle.loads(pickle.dumps(plan)) == plan == plan_input(str(folder))  # noqa: S301
    assert len(pickle.dumps(plan)) < 4000
    assert plan.rows == 100


def test_the_manifest_lists_the_files_by_their_names_below_the_root(
    logs: tuple[Path, pa.Table],
) -> None:
    folder, _ = logs
    listed = plan_input(str(folder)).manifest_files()
    assert [file.name for file in listed] == [f"part-{file}.parquet" for file in range(5)]
    assert [file.rows for file in listed] == [30, 0, 1, 49, 20]
    assert listed[0].bytes == (folder / "part-0.parquet").stat().st_size
    assert datetime.fromisoformat(listed[0].modified or "").utcoffset() == timedelta(0)


_EVERYTHING = pa.table(
    {
        "flag": [True, None],
        "small": pa.array([1, None], pa.int8()),
        "unsigned": pa.array([2**64 - 1, None], pa.uint64()),
        "half": pa.array(np.array([1.5, 2.5], np.float16)),
        "float": pa.array([0.5, None], pa.float32()),
        "decimal": [Decimal("1.50"), None],
        "huge": pa.array([Decimal(10**60), None], pa.decimal256(61, 0)),
        "day": [date(2026, 1, 1), None],
        "clock": pa.array([time(1, 2, 3), None], pa.time64("us")),
        "tick": pa.array([time(1, 2, 3), None], pa.time32("ms")),
        "naive": pa.array([datetime(2026, 1, 1), None], pa.timestamp("ms")),
        "zoned": pa.array([datetime(2026, 1, 1), None], pa.timestamp("ns", "Europe/Berlin")),
        "took": pa.array([timedelta(seconds=1), None], pa.duration("ms")),
        "text": ["a", None],
        "large": pa.array(["a", None], pa.large_string()),
        "view": pa.array(["a", None], pa.string_view()),
        "coded": pa.array(["a", None]).dictionary_encode(),
        "bytes": [b"\xff", None],
        "fixed": pa.array([b"ab", None], pa.binary(2)),
        "uuid": pa.array([bytes(16), None], pa.uuid()),
        "nothing": pa.nulls(2),
        "struct": [{"a": {"b": 1}}, None],
        "list": [[1, None], None],
        "structs": [[{"a": 1}], None],
        "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
    }
)


def test_all_that_parquet_can_hold_is_read_and_flattened(tmp_path: Path) -> None:
    path = _write(tmp_path / "all.parquet", _EVERYTHING)
    plan = plan_input(str(path))
    table = _read_all(plan, 10, 10)
    assert table.equals(pq.read_table(path).cast(plan.schema))
    assert table.column_names == _EVERYTHING.column_names
    row, nulls = flatten(table).to_pylist()
    assert row["structs.items"] == '{"a":1}'
    assert set(nulls.values()) == {None, 2.5}


def test_old_timestamps_keep_the_years_that_nanoseconds_cannot_hold(tmp_path: Path) -> None:
    never = pa.table({"t": pa.array([datetime(9999, 12, 31)], pa.timestamp("us"))})
    path = _write(tmp_path / "old.parquet", never, use_deprecated_int96_timestamps=True)
    plan = plan_input(str(path))
    assert read_rows(plan, np.array([0]))["t"].to_pylist() == [datetime(9999, 12, 31)]


def test_a_thousand_columns_are_read(tmp_path: Path) -> None:
    wide = pa.table({f"c{i}": [i] for i in range(1000)})
    plan = plan_input(str(_write(tmp_path / "wide.parquet", wide)))
    assert _read_all(plan, 10, 10).equals(wide)


def test_odd_names_of_columns_survive(tmp_path: Path) -> None:
    odd = pa.table(
        {"": [1], "x/y\nz": [2], "a.b": [3], "a": [4], "c": [{"d": 5}], "ü ": [6], "list.item": [7]}
    )
    plan = plan_input(str(_write(tmp_path / "odd.parquet", odd)))
    assert _read_all(plan, 10, 10).equals(odd)
    for name in odd.column_names:
        assert read_rows(plan, np.array([0]), [name]).equals(odd.select([name]))


def test_columns_that_would_meet_when_flattened_are_refused_at_once(tmp_path: Path) -> None:
    path = _write(tmp_path / "meet.parquet", pa.table({"a.b": [1], "a": [{"b": 2}]}))
    with pytest.raises(InputError, match=r"column 'a\.b'"):
        plan_input(str(path))


def test_hive_partitions_are_columns(tmp_path: Path) -> None:
    for day, hour, number in [
        ("2026-01-01", "1", 1),
        ("2026-01-02", "__HIVE_DEFAULT_PARTITION__", 2),
    ]:
        folder = tmp_path / f"day={day}" / f"hour={hour}" / "city=S%C3%A3o"
        _write(folder / "part.parquet", pa.table({"n": [number]}))
    plan = plan_input(str(tmp_path))
    assert read_rows(plan, np.array([0, 1])).to_pylist() == [
        {"n": 1, "day": "2026-01-01", "hour": 1, "city": "São"},
        {"n": 2, "day": "2026-01-02", "hour": None, "city": "São"},
    ]
    assert read_rows(plan, np.array([1]), ["day"]).to_pylist() == [{"day": "2026-01-02"}]
    assert repeated_ids(plan, "city").tolist() == [1]


def test_a_files_own_column_is_preferred_to_its_partition(tmp_path: Path) -> None:
    _write(tmp_path / "day=x/part.parquet", pa.table({"day": [date(2026, 1, 1)]}))
    assert read_rows(plan_input(str(tmp_path)), np.array([0]))["day"].to_pylist() == [
        date(2026, 1, 1)
    ]


def test_leading_zeros_of_a_partition_are_not_lost(tmp_path: Path) -> None:
    _write(tmp_path / "month=01/part.parquet", pa.table({"n": [1]}))
    assert read_rows(plan_input(str(tmp_path)), np.array([0]))["month"].to_pylist() == ["01"]


@pytest.fixture
def planned(tmp_path: Path) -> tuple[Path, InputPlan]:
    path = _write(tmp_path / "log.parquet", pa.table({"n": range(1000)}), compression="none")
    return path, plan_input(str(path))


@pytest.mark.parametrize("change", ["touched", "grown", "gone"])
def test_a_file_that_changed_since_it_was_planned_is_noticed(
    planned: tuple[Path, InputPlan], change: str
) -> None:
    path, plan = planned
    if change == "touched":
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))
    elif change == "grown":
        _write(path, pa.table({"n": range(2000)}))
    else:
        path.unlink()
    expected = "the file is gone" if change == "gone" else "the file has changed"
    with pytest.raises(InputError, match=expected):
        list(read_batches(plan, plan.chunks(10)[0], None, 10))
    with pytest.raises(InputError, match=expected):
        read_rows(plan, np.array([0]))


def test_damage_behind_a_sound_footer_is_an_input_error(planned: tuple[Path, InputPlan]) -> None:
    path, _ = planned
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xab" * 396
    path.write_bytes(content)
    plan = plan_input(str(path))
    with pytest.raises(InputError, match="not a Parquet file, or a damaged one") as raised:
        read_rows(plan, np.array([0]))
    assert "\n" not in str(raised.value)


def test_a_large_row_group_is_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = np.random.default_rng(0).integers(0, 2**62, 1_000_000)
    path = _write(
        tmp_path / "large.parquet",
        pa.table({"n": numbers}),
        row_group_size=len(numbers),
        use_dictionary=False,
        compression="none",
    )
    monkeypatch.setattr("flows.storage.input.rows._LARGE_ROW_GROUP", 2**20)
    monkeypatch.setattr("flows.storage.input.rows._BUFFER", 2**16)
    plan = plan_input(str(path))
    (chunk,) = plan.chunks(1000)
    before = pa.total_allocated_bytes()
    peak = max(pa.total_allocated_bytes() - before for _ in read_batches(plan, chunk, None, 10_000))
    assert peak < path.stat().st_size / 2


@pytest.mark.skipif(not _PUBLIC_LOGS.is_dir(), reason="the public logs are not beside the project")
@pytest.mark.parametrize(
    "log", ["bgl_2k", "card_fraud", "cloudtrail", "csic2010", "hdfs", "kdd99", "unsw_backdoor"]
)
def test_the_public_logs_are_read_whole(log: str) -> None:
    path = _PUBLIC_LOGS / log / "events.parquet"
    plan = plan_input(str(path))
    assert _read_all(plan, 131_072, 50_000).equals(pq.read_table(path).cast(plan.schema))
    assert repeated_ids(plan, "event_id").tolist() == []


def test_a_footer_that_was_read_does_not_stay_in_memory(tmp_path: Path) -> None:
    def footers() -> int:
        return sum(isinstance(each, pq.FileMetaData) for each in gc.get_objects())

    pq.write_table(pa.table({"a": ["x", "y"] * 50}), tmp_path / "log.parquet", row_group_size=10)
    plan = plan_input(str(tmp_path / "log.parquet"))
    gc.collect()
    gc.disable()
    try:
        before = footers()
        for _ in range(5):
            read_rows(plan, np.array([3, 77]), encoded=["a"])
        assert footers() == before
    finally:
        gc.enable()
