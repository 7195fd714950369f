import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest

from data.generate import EVENTS, generate, write
from data.incidents import LABELS
from tests.data.conftest import Log


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.parquet"))
    }


def hours(events: pa.Table) -> np.ndarray:
    return np.bincount(pc.hour(events["timestamp"]).to_numpy(), minlength=24)


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(*generate(3_000, 3, 5), tmp_path / name)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert len(digests(tmp_path / "one")) == 4


def test_another_seed_gives_another_log() -> None:
    assert not generate(2_000, 2, 5)[0].equals(generate(2_000, 2, 6)[0])


def test_schemas_and_size_are_as_asked(log: Log) -> None:
    events, labels = log
    assert events.schema.equals(EVENTS)
    assert labels.schema.equals(LABELS)
    assert len(events) == 40_000


def test_ids_are_unique_and_in_the_order_of_time(log: Log) -> None:
    events, _ = log
    assert pc.count_distinct(events["event_id"]).as_py() == len(events)
    assert np.all(np.diff(events["timestamp"].cast(pa.int64()).to_numpy()) >= 0)
    assert events["event_id"].to_pylist() == sorted(events["event_id"].to_pylist())


def test_partitions_hold_their_own_day_and_nothing_of_the_labels(tmp_path: Path) -> None:
    events, labels = generate(3_000, 4, 1)
    write(events, labels, tmp_path)
    read = ds.dataset(tmp_path / "events", partitioning="hive").to_table()
    days = pc.strftime(read["timestamp"], format="%Y-%m-%d")
    assert days.to_pylist() == read["date"].to_pylist()
    assert read.drop_columns("date").sort_by("event_id").equals(events)
    assert not set(read.column_names) & {"incident_id", "kind"}


def test_an_earlier_and_longer_log_leaves_no_day_behind(tmp_path: Path) -> None:
    write(*generate(2_000, 5, 1), tmp_path)
    write(*generate(2_000, 2, 1), tmp_path)
    assert len(list(tmp_path.glob("events/date=*/*.parquet"))) == 2


@pytest.mark.slow
@pytest.mark.parametrize("days", [1, 2, 9])
@pytest.mark.parametrize("seed", range(4))
def test_every_event_falls_into_the_days_asked_for(days: int, seed: int) -> None:
    events, _ = generate(2_000, days, seed)
    span = pc.min_max(events["timestamp"].cast(pa.date32())).as_py()
    assert str(span["min"]) == "2026-01-05"
    assert (span["max"] - span["min"]).days == days - 1


@pytest.mark.parametrize(("rows", "days"), [(1_999, 14), (2_000, 0)])
def test_too_small_a_log_is_refused(rows: int, days: int) -> None:
    with pytest.raises(ValueError, match="at least 2,000 rows and 1 day"):
        generate(rows, days)


def test_people_work_by_day_and_rest_at_lunch_and_at_weekends(ordinary: pa.Table) -> None:
    people = ordinary.filter(~pc.starts_with(pc.field("user"), "svc-"))
    by_hour = hours(people)
    assert by_hour[8:18].sum() > 0.8 * len(people)
    assert by_hour[12] < 0.8 * min(by_hour[11], by_hour[14])
    weekend = pc.greater_equal(pc.day_of_week(people["timestamp"]), 5)
    assert pc.mean(weekend.cast(pa.int8())).as_py() < 0.05


def test_services_work_day_and_night(ordinary: pa.Table) -> None:
    services = ordinary.filter(pc.starts_with(pc.field("user"), "svc-"))
    assert hours(services).min() > 0.02 * len(services)
    assert pc.count_distinct(services["user"]).as_py() == 20


def test_ordinary_days_are_messy(ordinary: pa.Table) -> None:
    bad = pc.mean(pc.not_equal(ordinary["status"], "success").cast(pa.int8())).as_py()
    assert 0.015 < bad < 0.04
    size = ordinary["bytes"].drop_null().to_numpy()
    assert np.quantile(size, 0.9999) > 1_000 * np.median(size)
    people = ordinary.filter(~pc.starts_with(pc.field("user"), "svc-"))
    assert hours(people)[1:5].sum() > 0
    agents = people.group_by("user_agent").aggregate([([], "count_all")])["count_all"].to_numpy()
    assert np.sum(agents <= 3) >= 3
    for column in ("department", "host", "bytes", "message"):
        assert ordinary[column].null_count > 0


def test_hosts_are_their_owners_or_shared(ordinary: pa.Table) -> None:
    pairs = ordinary.group_by(["host", "user"]).aggregate([]).drop_null()
    owners = pairs.group_by("host").aggregate([("user", "count")])
    shared = owners.filter(pc.field("user_count") > 1)["host"].to_pylist()
    assert sorted(shared) == ["jump-01", "jump-02", "jump-03", "jump-04"]


def test_messages_have_no_slot_left_open(log: Log) -> None:
    assert not pc.any(pc.match_substring_regex(log[0]["message"], r"\{\w*\}")).as_py()
