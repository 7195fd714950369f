"""The model that a run judges by, loaded once in each process."""

from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa

from anomaly.explain.known_records import KnownRecords
from anomaly.model.model import AnomalyModel
from flows.storage.models.store import StoredModel, load_model
from schemas.outputs.manifest import ModelSummary


@dataclass(frozen=True)
class Fitted:
    """The model the run judges by."""

    stored: StoredModel
    summary: ModelSummary


@lru_cache(maxsize=2)
def loaded_model(stored: StoredModel) -> tuple[AnomalyModel, pa.Table]:
    """Load a model once for all chunks that a process scores."""
    return load_model(stored)


@lru_cache(maxsize=1)
def counted_records(stored: StoredModel) -> KnownRecords:
    """Return the records to count in, decoded once for all steps of a process."""
    model, known = loaded_model(stored)
    return KnownRecords(known, model.embedder.roles)
