"""Places in an object store behave as paths do; no store is needed for that."""

import pickle
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.storage.fs.scratch import Scratch
from flows.storage.fs.store_path import StorePath, place_of
from flows.storage.input.plan import plan_input
from flows.storage.input.plan_file import load_plan, store_plan
from schemas.errors import OutputError
from tests.flows.sample_logs import small_log, written

names = st.lists(st.text("ab.-=", min_size=1, max_size=6), min_size=1, max_size=5).filter(
    lambda parts: not {".", ".."} & set(parts)
)


@given(names)
def test_names_above_and_beside_are_those_of_a_path(parts):
    place, path = StorePath("s3://bucket", ""), PurePosixPath()
    for part in parts:
        place, path = place / part, path / part
    assert (place.key, place.name, place.stem) == (str(path), path.name, path.stem)
    assert place.with_name("x").key == str(path.with_name("x"))
    above = ["" if parent == PurePosixPath() else str(parent) for parent in path.parents]
    assert [parent.key for parent in place.parents] == above
    assert str(place) == place.as_uri() == f"s3://bucket/{path}"
    assert pickle.loads(pickle.dumps(place)) == place  # noqa: S301 - our own


def test_a_path_and_a_file_url_are_folders_of_this_machine():
    assert place_of("a/b") == Path("a/b")
    assert place_of("file:///a/b") == Path("/a/b")


def test_the_options_of_a_url_are_used_and_not_shown(monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    place = place_of("s3://bucket/out/?region=eu-west-1")
    assert place == StorePath("s3://bucket?region=eu-west-1", "out")
    assert str(place / "log") == "s3://bucket/out/log"


def test_credentials_in_a_url_are_refused_and_not_repeated():
    with pytest.raises(OutputError, match="carries credentials") as raised:
        place_of("s3://key:word@bucket/out")
    assert "word" not in str(raised.value)


def test_a_stored_plan_comes_back_as_it_was(tmp_path):
    for day in ("day=1", "day=__HIVE_DEFAULT_PARTITION__"):
        written(tmp_path / "log" / day / "a.parquet", small_log(30), row_group_size=11)
    plan = plan_input(str(tmp_path / "log"))
    stored = store_plan(plan, Scratch.of(tmp_path / "run").make())
    load_plan.cache_clear()
    again = pickle.loads(pickle.dumps(stored))  # noqa: S301 - our own
    assert again == stored
    assert again is not stored
    for part in ("location", "root", "files", "schema", "rows"):
        assert getattr(again, part) == getattr(plan, part)
    assert again.chunks(20) == plan.chunks(20)
