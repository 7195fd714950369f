"""Models on disk: arrays and JSON, each with its checksum; never pickle.

OUTPUT/JOB/models/MODEL_ID/arrays.safetensors    the NumPy arrays
                          /references.arrow      the events behind the density's references
                          /model.json            the rest, and the SHA-256 of the two; last
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from anomaly.model import PARTS, AnomalyModel
from anomaly.state import dump, load
from flows.storage.atomic import naming_output_errors, replacing
from flows.storage.store_path import Place
from schemas.errors import ModelFileError

_FORMAT = 1
_ARRAYS, _REFERENCES, _MODEL = "arrays.safetensors", "references.arrow", "model.json"
_REMEDY = "fit it again"


@dataclass(frozen=True)
class StoredModel:
    """Where a model lies, and its id: a hash of what it is."""

    folder: Place
    model_id: str


def save_model(job: Place, model: AnomalyModel, references: pa.Table) -> StoredModel:
    """Store a model and its references below the folder of `job`; the same model has the same id.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    tree, arrays = dump(model)
    files = {_ARRAYS: save_arrays(arrays), _REFERENCES: _to_ipc(references)}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    document = {"format_version": _FORMAT, "sha256": sums, "model": tree}
    # The keys keep their order: that of the columns is that of the dimensions of X.
    files[_MODEL] = json.dumps(document).encode()
    model_id = hashlib.sha256(files[_MODEL]).hexdigest()[:16]
    folder = job / "models" / model_id
    with naming_output_errors(job):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            with replacing(folder / name) as temporary:
                temporary.write_bytes(content)
    return StoredModel(folder, model_id)


def load_model(stored: StoredModel) -> tuple[AnomalyModel, pa.Table]:
    """Load a model and its references.

    Raises
    ------
    ModelFileError
        A file is missing or not the one that was stored, or is of a newer format.
    """
    document = _read_document(stored)
    parts = {name: _read_part(stored.folder, name, document) for name in (_ARRAYS, _REFERENCES)}
    try:
        arrays = load_arrays(parts[_ARRAYS])
        references = pa.ipc.open_file(pa.py_buffer(parts[_REFERENCES])).read_all()
        model = load(document["model"], arrays, PARTS)
    except (SafetensorError, pa.ArrowException, LookupError, TypeError) as error:
        raise ModelFileError("cannot be read", where=stored.model_id, remedy=_REMEDY) from error
    if not isinstance(model, AnomalyModel):
        raise ModelFileError("holds no model", where=_MODEL, remedy=_REMEDY)
    return model, references


def _read_document(stored: StoredModel) -> dict[str, Any]:
    content = _read(stored.folder / _MODEL)
    if hashlib.sha256(content).hexdigest()[:16] != stored.model_id:
        raise ModelFileError("is not the file that was stored", where=_MODEL, remedy=_REMEDY)
    document: dict[str, Any] = json.loads(content)
    if document.get("format_version") != _FORMAT:
        raise ModelFileError(
            f"format {document.get('format_version')} is not the {_FORMAT} of this version",
            where=_MODEL,
            remedy="use the outfield that wrote it, or fit it again",
        )
    return document


def _read_part(folder: Place, name: str, document: dict[str, Any]) -> bytes:
    """Read a part whose name is known here: one from the document could lead anywhere."""
    part = _read(folder / name)
    if hashlib.sha256(part).hexdigest() != document.get("sha256", {}).get(name):
        raise ModelFileError("is not the file that was stored", where=name, remedy=_REMEDY)
    return part


def _read(path: Place) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelFileError("cannot be read", where=path.name, remedy=_REMEDY) from error


def _to_ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return sink.getvalue().to_pybytes()
