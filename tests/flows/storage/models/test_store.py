import contextlib
import hashlib
import json
import os
import pickle
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly.model.model import AnomalyModel
from flows.storage.models.store import FORMAT, StoredModel, load_model, read_card, save_model
from schemas.columns.roles import Role
from schemas.errors import ModelFileError, OutputError
from schemas.events.contract import conform
from schemas.outputs.manifest import ModelFigures
from schemas.outputs.model_card import ModelCard
from tests.flows.sample_logs import small_log

ROLES = {
    "time": Role.TIME,
    "user": Role.ENTITY,
    "action": Role.CATEGORY,
    "bytes": Role.NUMBER,
    "message": Role.TEXT,
}
FILES = ("arrays.safetensors", "references.arrow", "state.json", "model.json")
CARD = ModelCard(
    outfield_version="0",
    input="log",
    rows=200,
    unit="event",
    seed=0,
    fingerprint="0",
    columns={},
    figures=ModelFigures(
        dims=1, sample_rows=1, reference_rows=1, calibration_rows=1, trimmed_share=0
    ),
)


def events_of(seed: int = 0) -> pa.Table:
    log = small_log(seed=seed)
    return conform(log, ROLES, np.zeros(len(log), dtype=bool)).events


@cache
def fitted(seed: int = 0) -> tuple[AnomalyModel, pa.Table, ModelCard]:
    events = events_of()
    model, drawn = AnomalyModel.fit(events, ROLES, {}, seed)
    return model, events.take(pa.array(drawn)), CARD


@pytest.fixture
def stored(tmp_path) -> StoredModel:
    return save_model(tmp_path, *fitted())


def refusal(stored: StoredModel) -> str:
    """Check that a model is refused in one line that names no path; give the line."""
    with pytest.raises(ModelFileError) as caught:
        load_model(stored)
    said = str(caught.value)
    assert "\n" not in said
    assert str(stored.folder) not in said
    assert "fit it again" in said
    return said


def rewritten(stored: StoredModel, change, name: str = "model.json") -> StoredModel:
    """Change a file of JSON and name the model after what it is now, as a forger would."""
    document = json.loads((stored.folder / name).read_bytes())
    change(document)
    return replaced(stored, name, json.dumps(document).encode())


def replaced(stored: StoredModel, name: str, content: bytes) -> StoredModel:
    """Put another content in the place of a file, and make all the checksums agree."""
    (stored.folder / name).write_bytes(content)
    path = stored.folder / "model.json"
    if name != path.name:
        head = json.loads(path.read_bytes())
        head["sha256"][name] = hashlib.sha256(content).hexdigest()
        path.write_text(json.dumps(head))
    model_id = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return StoredModel(stored.folder.rename(stored.folder.with_name(model_id)), model_id)


def test_a_loaded_model_scores_exactly_as_the_one_that_was_saved(stored):
    model, references, _ = fitted()
    loaded, loaded_references = load_model(stored)
    unseen = events_of(seed=1)
    saved, found = model.score(unseen), loaded.score(unseen)
    for name in ("density", "distance", "p_values"):
        np.testing.assert_array_equal(getattr(saved, name), getattr(found, name))
    assert loaded_references.equals(references)


def test_the_same_model_has_the_same_id_and_another_one_another(tmp_path):
    first = save_model(tmp_path / "a", *fitted())
    assert save_model(tmp_path / "b", *fitted()).model_id == first.model_id
    assert save_model(tmp_path / "a", *fitted(seed=1)).model_id != first.model_id
    assert len(list((tmp_path / "a/models").iterdir())) == 2


def test_a_model_saved_twice_is_still_whole(tmp_path):
    save_model(tmp_path, *fitted())
    stored = save_model(tmp_path, *fitted())
    load_model(stored)
    assert {path.name for path in stored.folder.iterdir()} == set(FILES)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_a_flipped_bit_is_noticed(stored, name, place):
    path = stored.folder / name
    content = bytearray(path.read_bytes())
    content[round(place * (len(content) - 1))] ^= 1
    path.write_bytes(content)
    assert name in refusal(stored)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("length", [0, 100])
def test_a_truncated_file_is_noticed(stored, name, length):
    path = stored.folder / name
    path.write_bytes(path.read_bytes()[:length])
    assert name in refusal(stored)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_noticed(stored, name):
    (stored.folder / name).unlink()
    assert name in refusal(stored)


def test_a_missing_folder_is_noticed(tmp_path):
    refusal(StoredModel(tmp_path / "models/0000", "0000"))


def test_files_of_another_model_are_noticed(stored, tmp_path):
    other = save_model(tmp_path / "other", *fitted(seed=1))
    for name in FILES:
        (stored.folder / name).write_bytes((other.folder / name).read_bytes())
    assert "model.json" in refusal(stored)


def test_a_newer_format_is_refused(stored):
    newer = rewritten(stored, lambda document: document.update(format_version=FORMAT + 1))
    said = refusal(newer)
    assert f"format {FORMAT + 1}" in said
    assert "use the outfield that wrote it" in said


def test_a_class_that_is_no_part_of_a_model_is_refused(stored):
    def name_another(document):
        document["$class"] = "Popen"

    forged = rewritten(stored, name_another, "state.json")
    assert "`Popen` is not a part of a model" in refusal(forged)


@pytest.mark.parametrize(
    "change",
    [
        lambda head: head.pop("sha256"),
        lambda head: head.pop("format_version"),
        lambda head: head.update(sha256=["arrays.safetensors"]),
        lambda head: head["sha256"].pop("arrays.safetensors"),
    ],
)
def test_a_head_of_another_shape_is_refused(stored, change):
    refusal(rewritten(stored, change))


def first_fold(state):
    return state["parts"]["folds"][0]["parts"]


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.pop("parts"),
        lambda state: state["parts"].pop("folds"),
        lambda state: first_fold(state).pop("combination"),
        lambda state: state["parts"].update(more=1),
        lambda state: first_fold(state).update(combination={"$array": []}),
        lambda state: first_fold(state).update(
            combination={"$class": "ScoreCombination", "parts": 3}
        ),
        lambda state: (state.clear(), state.update(a=[1])),
    ],
)
def test_a_state_of_another_shape_is_refused(stored, change):
    refusal(rewritten(stored, change, "state.json"))


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff", b"[" * 100_000, b"1e999", b"null"])
@pytest.mark.parametrize("name", ["state.json", "model.json"])
def test_json_that_is_none_or_no_model_is_refused(stored, name, content):
    refusal(replaced(stored, name, content))


@pytest.mark.parametrize("change", [lambda h: h.pop("card"), lambda h: h["card"].pop("input")])
def test_a_card_that_is_none_is_refused(stored, change):
    forged = rewritten(stored, change)
    with pytest.raises(ModelFileError, match="holds no card"):
        read_card(forged)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(FILES),
    place=st.floats(0, 1, exclude_max=True),
    flip=st.integers(1, 255),
    kind=st.sampled_from(["flip", "cut", "grow", "swap"]),
    other=st.sampled_from(FILES),
)
def test_whatever_is_done_to_a_file_is_one_clear_refusal(name, place, flip, kind, other):
    with TemporaryDirectory() as folder:
        stored = save_model(Path(folder), *fitted())
        path = stored.folder / name
        before = path.read_bytes()
        at = int(place * len(before))
        path.write_bytes(
            {
                "flip": before[:at] + bytes([before[at] ^ flip]) + before[at + 1 :],
                "cut": before[:at],
                "grow": before + bytes([flip]),
                "swap": (stored.folder / other).read_bytes(),
            }[kind]
        )
        if path.read_bytes() == before:
            load_model(stored)
        else:
            assert name in refusal(stored)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(FILES[:3]),
    place=st.floats(0, 1, exclude_max=True),
    flip=st.integers(1, 255),
    cut=st.booleans(),
)
def test_a_forged_file_is_a_refusal_or_a_model_but_no_crash(name, place, flip, cut):
    with TemporaryDirectory() as folder:
        stored = save_model(Path(folder), *fitted())
        content = (stored.folder / name).read_bytes()
        at = int(place * len(content))
        rest = b"" if cut else bytes([content[at] ^ flip]) + content[at + 1 :]
        forged = replaced(stored, name, content[:at] + rest)
        with contextlib.suppress(ModelFileError):
            load_model(forged)


def test_no_file_is_read_that_is_no_part_of_a_model(stored):
    def look_elsewhere(document):
        document["sha256"]["../../no-such-file"] = hashlib.sha256(b"").hexdigest()

    load_model(rewritten(stored, look_elsewhere))


def test_nothing_is_unpickled(stored):
    class Bomb:
        def __reduce__(self):
            return os._exit, (3,)

    for name in FILES[:3]:
        stored = replaced(stored, name, pickle.dumps(Bomb()))
    refusal(stored)


@pytest.mark.slow
def test_a_model_is_loaded_by_a_process_that_did_not_make_it(stored):
    code = (
        "import sys; from pathlib import Path;"
        "from flows.storage.models.store import StoredModel, load_model;"
        "model, references = load_model(StoredModel(Path(sys.argv[1]), sys.argv[2]));"
        "print(model.embedder.n_dims, references.num_rows)"
    )
    model, references, _ = fitted()
    said = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, str(stored.folder), stored.model_id],
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).parents[4],
    )
    assert said.stdout.split() == [str(model.embedder.n_dims), str(references.num_rows)]


def test_a_folder_that_cannot_be_written_is_the_users_to_mend(tmp_path):
    (tmp_path / "models").write_text("a file")
    with pytest.raises(OutputError):
        save_model(tmp_path, *fitted())
