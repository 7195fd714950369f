"""The model that a run judges by, loaded once in each process."""

from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa

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
