"""Models on disk: arrays and JSON, each with its checksum; never pickle.

OUTPUT/JOB/models/MODEL_ID/arrays.safetensors    the NumPy arrays
                          /references.arrow      the known records, the density's references first
                          /state.json            the rest of the model
                          /model.json            its card, and the SHA-256 of the three; last

The id is a hash of `model.json`, and so of all of them.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pyarrow as pa
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from anomaly.model.model import PARTS, AnomalyModel
from anomaly.model.serialization import dump, load
from flows.storage.fs.atomic import (
    folder_to_disk,
    naming_output_errors,
    naming_read_errors,
    replacing,
)
from flows.storage.fs.store_path import Place
from schemas.errors import ModelFileError
from schemas.outputs.model_card import ModelCard

MODELS = "models"
FORMAT = 8
_ARRAYS, _REFERENCES, _STATE, _HEAD = (
    "arrays.safetensors",
    "references.arrow",
    "state.json",
    "model.json",
)
_PARTS = (_ARRAYS, _REFERENCES, _STATE)
_ID = re.compile(r"[0-9a-f]{16}")
_REMEDY = "fit it again"
_MOST_LISTED = 8
_NOT_STORED = "is not the file that was stored"


@dataclass(frozen=True)
class StoredModel:
    """A model's folder and its id, which is a hash of its content."""

    folder: Place
    model_id: str


def save_model(
    job: Place, model: AnomalyModel, references: pa.Table, card: ModelCard
) -> StoredModel:
    """Store a model and its known records below `job`; the same model has the same id.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    tree, arrays = dump(model)
    # The keys keep their order: that of the columns is that of the dimensions of X.
    state = json.dumps(tree).encode()
    files = {_ARRAYS: save_arrays(arrays), _REFERENCES: _to_ipc(references), _STATE: state}
    head = {
        "format_version": FORMAT,
        "sha256": {name: _sha256(content) for name, content in files.items()},
        "card": card.model_dump(mode="json"),
    }
    files[_HEAD] = (json.dumps(head, indent=1) + "\n").encode()
    model_id = _id_of(files[_HEAD])
    folder = job / MODELS / model_id
    with naming_output_errors(job):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            with replacing(folder / name) as temporary:
                temporary.write_bytes(content)
        folder_to_disk(folder)
    return StoredModel(folder, model_id)


def is_finished(stored: StoredModel) -> bool:
    """Tell whether a model was ever stored whole: its head is written last."""
    return (stored.folder / _HEAD).exists()


def load_model(stored: StoredModel) -> tuple[AnomalyModel, pa.Table]:
    """Load a model and its known records (`anomaly.explain.known_records`).

    Raises
    ------
    ModelFileError
        A file is missing or not the one that was stored, or is of a newer format.
    """
    head = _read_head(stored)
    parts = {name: _read_part(stored, name, head) for name in _PARTS}
    with _naming_what_is_forged(stored.model_id):
        arrays = load_arrays(parts[_ARRAYS])
        references = pa.ipc.open_file(pa.py_buffer(parts[_REFERENCES])).read_all()
        model = load(json.loads(parts[_STATE]), arrays, PARTS)
        references.validate(full=True)
    if not isinstance(model, AnomalyModel):
        raise ModelFileError("holds no model", where=_STATE, remedy=_REMEDY)
    return model, references


def read_card(stored: StoredModel) -> ModelCard:
    """Read what is known of a model, without loading it.

    Raises
    ------
    ModelFileError
        Its head is missing, not the one that was stored, or of a newer format.
    """
    try:
        return ModelCard.model_validate(_read_head(stored).get("card"))
    except ValidationError as error:
        raise ModelFileError("holds no card", where=_HEAD, remedy=_REMEDY) from error


def list_models(job: Place) -> list[StoredModel]:
    """Find the models below the folder of a job, whole or not, in the order of their ids.

    Raises
    ------
    OutputError
        The folder cannot be read.
    """
    models = job / MODELS
    with naming_read_errors(job):
        found = list[Place](models.iterdir()) if models.is_dir() else []
    names = sorted(folder.name for folder in found if _ID.fullmatch(folder.name))
    return [StoredModel(models / name, name) for name in names]


def find_model(job: Place, model_id: str) -> StoredModel:
    """Find a model of a job by its id.

    Raises
    ------
    ModelFileError
        There is none.
    """
    known = {stored.model_id: stored for stored in list_models(job)}
    if model_id in known:
        return known[model_id]
    # What was asked for may be any text: no more of it than an id has.
    asked = model_id[:40]
    raise ModelFileError(f"no model {asked!r} in {job.name}", remedy=_choice(asked, list(known)))


def _choice(asked: str, known: list[str]) -> str:
    """List the models that there are, the nearest to what was asked for first."""
    if not known:
        return "`outfield fit` makes one"
    listed = ", ".join(get_close_matches(asked, known, n=_MOST_LISTED, cutoff=0.0))
    more = len(known) - _MOST_LISTED
    return f"choose from {listed}{f' and {more:,} more of `outfield models`' * (more > 0)}"


def _read_head(stored: StoredModel) -> dict[str, Any]:
    content = _read(stored.folder / _HEAD)
    if _id_of(content) != stored.model_id:
        raise ModelFileError(_NOT_STORED, where=f"{stored.model_id}/{_HEAD}", remedy=_REMEDY)
    with _naming_what_is_forged(_HEAD):
        head = json.loads(content)
        version = head.get("format_version")
    if version != FORMAT:
        raise ModelFileError(
            f"format {version} is not the {FORMAT} of this version",
            where=f"{stored.model_id}/{_HEAD}",
            remedy="use the outfield that wrote it, or fit it again",
        )
    return dict(head)


def _read_part(stored: StoredModel, name: str, head: dict[str, Any]) -> bytes:
    """Read a part whose name is known here: one from the head could lead anywhere."""
    part = _read(stored.folder / name)
    sums = head.get("sha256")
    if not isinstance(sums, dict) or _sha256(part) != sums.get(name):
        raise ModelFileError(_NOT_STORED, where=f"{stored.model_id}/{name}", remedy=_REMEDY)
    return part


def _read(path: Place) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        where = f"{path.parent.name}/{path.name}"
        raise ModelFileError("cannot be read", where=where, remedy=_REMEDY) from error


@contextmanager
def _naming_what_is_forged(where: str) -> Iterator[None]:
    """Turn what a file brings up that agrees with its checksum and is no model all the same."""
    try:
        yield
    except (
        SafetensorError,
        pa.ArrowException,
        ArithmeticError,
        AttributeError,
        LookupError,
        MemoryError,
        OSError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise ModelFileError("cannot be read", where=where, remedy=_REMEDY) from error


def _id_of(head: bytes) -> str:
    return _sha256(head)[:16]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _to_ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return sink.getvalue().to_pybytes()
