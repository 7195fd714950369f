import hashlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from anomaly.model import AnomalyModel
from flows.storage.models import StoredModel, load_model, save_model
from schemas.errors import ModelFileError, OutputError
from schemas.events import conform
from schemas.roles import Role
from tests.flows.sample_logs import small_log

ROLES = {
    "time": Role.TIME,
    "user": Role.ENTITY,
    "action": Role.CATEGORY,
    "bytes": Role.NUMBER,
    "message": Role.TEXT,
}
FILES = ("arrays.safetensors", "references.arrow", "model.json")


def events_of(seed: int = 0) -> pa.Table:
    log = small_log(seed=seed)
    return conform(log, ROLES, np.zeros(len(log), dtype=bool)).events


def fitted(seed: int = 0) -> tuple[AnomalyModel, pa.Table]:
    events = events_of()
    model, drawn = AnomalyModel.fit(events, ROLES, {}, seed)
    return model, events.take(pa.array(drawn))


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


def rewritten(stored: StoredModel, change) -> StoredModel:
    """Change `model.json` and name the model after what it is now, as a forger would."""
    path = stored.folder / "model.json"
    document = json.loads(path.read_bytes())
    change(document)
    content = json.dumps(document).encode()
    path.write_bytes(content)
    return StoredModel(stored.folder, hashlib.sha256(content).hexdigest()[:16])


def test_a_loaded_model_scores_exactly_as_the_one_that_was_saved(stored):
    model, references = fitted()
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
    assert refusal(stored).startswith(name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kept", [0, 100])
def test_a_truncated_file_is_noticed(stored, name, kept):
    path = stored.folder / name
    path.write_bytes(path.read_bytes()[:kept])
    assert refusal(stored).startswith(name)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_noticed(stored, name):
    (stored.folder / name).unlink()
    assert refusal(stored).startswith(name)


def test_a_missing_folder_is_noticed(tmp_path):
    refusal(StoredModel(tmp_path / "models/0000", "0000"))


def test_files_of_another_model_are_noticed(stored, tmp_path):
    other = save_model(tmp_path / "other", *fitted(seed=1))
    for name in FILES:
        (stored.folder / name).write_bytes((other.folder / name).read_bytes())
    assert refusal(stored).startswith("model.json")


def test_a_newer_format_is_refused(stored):
    newer = rewritten(stored, lambda document: document.update(format_version=2))
    said = refusal(newer)
    assert "format 2" in said
    assert "use the outfield that wrote it" in said


def test_a_class_that_is_no_part_of_a_model_is_refused(stored):
    def name_another(document):
        document["model"]["$class"] = "Popen"

    assert "`Popen` is not a part of a model" in refusal(rewritten(stored, name_another))


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.pop("sha256"),
        lambda document: document.pop("format_version"),
        lambda document: document.pop("model"),
        lambda document: document["sha256"].pop("arrays.safetensors"),
        lambda document: document["model"]["parts"].pop("voices"),
        lambda document: document["model"]["parts"].update(more=1),
        lambda document: document.update(model=[1]),
    ],
)
def test_a_document_of_another_shape_is_refused(stored, change):
    refusal(rewritten(stored, change))


def test_no_file_is_read_that_is_no_part_of_a_model(stored):
    def look_elsewhere(document):
        document["sha256"]["../../no-such-file"] = hashlib.sha256(b"").hexdigest()

    load_model(rewritten(stored, look_elsewhere))


def test_nothing_is_unpickled(stored):
    class Bomb:
        def __reduce__(self):
            return os._exit, (3,)

    for name in FILES[:2]:
        (stored.folder / name).write_bytes(pickle.dumps(Bomb()))

    def agree(document):
        for name in FILES[:2]:
            content = (stored.folder / name).read_bytes()
            document["sha256"][name] = hashlib.sha256(content).hexdigest()

    refusal(rewritten(stored, agree))


def test_a_model_is_loaded_by_a_process_that_did_not_make_it(stored):
    code = (
        "import sys; from pathlib import Path;"
        "from flows.storage.models import StoredModel, load_model;"
        "model, references = load_model(StoredModel(Path(sys.argv[1]), sys.argv[2]));"
        "print(model.embedder.n_dims, references.num_rows)"
    )
    model, references = fitted()
    said = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, str(stored.folder), stored.model_id],
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert said.stdout.split() == [str(model.embedder.n_dims), str(references.num_rows)]


def test_a_folder_that_cannot_be_written_is_the_users_to_mend(tmp_path):
    (tmp_path / "models").write_text("a file")
    with pytest.raises(OutputError):
        save_model(tmp_path, *fitted())
