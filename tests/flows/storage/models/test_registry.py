from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.storage.models.registry import (
    latest_model,
    promote,
    read_registry,
    register,
    roll_back,
)
from flows.storage.models.store import StoredModel
from schemas.errors import ModelFileError

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def model(job: Path, digit: str) -> StoredModel:
    """Make the folder of a model; the registry does not look into it."""
    folder = job / "models" / (digit * 16)
    folder.mkdir(parents=True, exist_ok=True)
    return StoredModel(folder, folder.name)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(["a", "b", "c", "back"]), max_size=12))
def test_rolling_back_returns_to_what_was_promoted_before(acts):
    standing: list[str] = []
    with TemporaryDirectory() as folder:
        job = Path(folder)
        for digit in "abc":
            model(job, digit)
        for act in acts:
            if act == "back" and len(standing) < 2:
                with pytest.raises(ModelFileError, match="no model was promoted before"):
                    roll_back(job, NOW)
            elif act == "back":
                standing.pop()
                assert roll_back(job, NOW).model_id == standing[-1]
            else:
                promote(job, act * 16, NOW)
                standing += [] if standing[-1:] == [act * 16] else [act * 16]
        latest = latest_model(job)
        assert (latest.model_id if latest else None) == (standing[-1] if standing else None)


def test_what_was_decided_stays_written(tmp_path):
    first, second = model(tmp_path, "a"), model(tmp_path, "b")
    register(tmp_path, first, NOW, promote=True)
    register(tmp_path, second, NOW + timedelta(days=1), promote=False)
    assert latest_model(tmp_path) == first
    promote(tmp_path, second.model_id, NOW + timedelta(days=2))
    roll_back(tmp_path, NOW + timedelta(days=3))
    registry = read_registry(tmp_path)
    acts = [(entry.model_id[0], entry.act) for entry in registry.entries]
    assert acts == [
        ("a", "fitted"),
        ("a", "promoted"),
        ("b", "fitted"),
        ("b", "promoted"),
        ("a", "rolled back"),
    ]
    assert registry.fitted_at(second.model_id) == NOW + timedelta(days=1)


def test_a_model_that_is_not_there_cannot_be_promoted(tmp_path):
    model(tmp_path, "a")
    with pytest.raises(ModelFileError, match=r"choose from aaaaaaaaaaaaaaaa$"):
        promote(tmp_path, "../../../etc", NOW)
    assert latest_model(tmp_path) is None


def test_the_models_that_could_be_promoted_are_listed_the_nearest_first(tmp_path):
    for letter in "0123456789":
        model(tmp_path, letter)
    with pytest.raises(ModelFileError) as raised:
        promote(tmp_path, "7" * 15, NOW)
    listed = str(raised.value).partition("choose from ")[2]
    assert listed.startswith("7777777777777777, ")
    assert listed.endswith(" and 2 more of `outfield models`")
    assert listed.count(", ") == 7


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format_version": 2}', b"\xff", b'{"entries": [{"act": 1}]}']
)
def test_a_damaged_or_newer_registry_is_refused_in_one_line(tmp_path, content):
    model(tmp_path, "a")
    (tmp_path / "models/registry.json").write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        promote(tmp_path, "a" * 16, NOW)
    assert "models/registry.json: not a registry that this version" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
