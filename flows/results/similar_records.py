"""Records like another one, or like a description, among those that the last runs kept.

Each model has an embedding of its own. Runs that share the model of a record are asked through
their index; the records of other runs are embedded anew with that model. A description is compared
in the part of the newest model's embedding that speaks of the columns it tells. A text is looked
for in each column of texts, by its words and by what is like it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomaly.embedding.embedder import EventEmbedder
from anomaly.embedding.text import TextBlock
from anomaly.model.model import AnomalyModel
from anomaly.model.record_similarity import Metric, centre_of, distances, part_of, placed
from anomaly.model.text_similarity import text_distances
from flows.results.query_event import columns_of
from flows.storage.models.store import find_model, load_model
from flows.storage.runs.reader import PublishedRun, list_runs
from flows.storage.search.stored_records import StoredRecords
from flows.storage.search.vector_index import open_index
from schemas.columns.roles import Role
from schemas.errors import InputError, OutputError
from schemas.events.contract import one_array

_MEASURED = 4
"""So many times more records than are asked for are measured on whole vectors."""
_AT_ONCE = 65_536

Places = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Question:
    """A question: the records to be like, and how to measure it."""

    record_id: str | None = None
    """A record to be like,"""
    text: str | None = None
    """or a text that a column of texts is to hold or to be like,"""
    where: Mapping[str, str] | None = None
    """or values. Beside a record or a text, and for entities, values that must be held."""
    metric: Metric = "euclidean"
    top: int = 20


@dataclass(frozen=True)
class Hit:
    """A record that is like what was asked for."""

    distance: float
    run: PublishedRun
    record: Mapping[str, object]
    """`record_id`, then its columns as the model reads them."""
    named: tuple[str, ...] = ()
    """Columns that the question names; of a text first the one that is like it."""


@dataclass(frozen=True)
class Answer:
    """The records found, the nearest first, and how."""

    hits: list[Hit]
    runs: int
    """Runs that were asked."""
    models: int
    """Models that had judged them; all records are compared in the embedding of one."""


def similar(job_folder: str, question: Question, most_runs: int) -> Answer:
    """Find the records that are most like what is asked for.

    Parameters
    ----------
    job_folder
        OUTPUT/JOB.
    question
        What is looked for.
    most_runs
        How many of the newest runs that kept their records are searched.

    Raises
    ------
    InputError
        A record or column that is asked for is not there, or nothing is asked.
    OutputError
        No run kept its records, or a file is damaged.
    ModelFileError
        The model of the question is gone or damaged.
    """
    runs = [run for run in list_runs(job_folder) if run.manifest.search is not None][:most_runs]
    if not runs:
        raise OutputError(
            "no run kept its records",
            where=job_folder,
            remedy="set `store = true` under [search] in the job file and run it",
        )
    asked = _asked(runs, question)
    hits: list[Hit] = []
    for run in runs:
        hits += asked.of_run(run, StoredRecords.of(run))
    models = {run.manifest.model.model_id for run in runs}
    return Answer(_nearest(hits, question.top), len(runs), len(models))


@dataclass(frozen=True)
class _Asked:
    """A question in an embedding, or in a part of one."""

    question: Question
    embedder: EventEmbedder
    centre: Vectors
    x: Vectors
    """float32 (1, n_dims): what is near it, as `placed` gives it, is like it."""
    model_id: str | None
    """The model whose index can be asked; None for a part of an embedding, which has none."""
    held: Mapping[str, str]
    """Values that must be held."""

    def of_run(self, run: PublishedRun, stored: StoredRecords) -> Iterator[Hit]:
        """Find the nearest records of a run."""
        places, away = np.empty(0, dtype=np.int64), np.empty(0)
        candidates = self._candidates(run, stored)
        for piece in np.split(candidates, range(_AT_ONCE, len(candidates), _AT_ONCE)):
            if len(piece):
                places = np.concatenate([places, piece])
                away = np.concatenate([away, self._distances(stored, piece)])
                nearest = np.argsort(away, kind="stable")[: self.question.top]
                places, away = places[nearest], away[nearest]
        named = tuple(self.question.where or ())
        for record, distance in zip(_records(stored, places), away, strict=True):
            yield Hit(float(distance), run, record, named)

    def _candidates(self, run: PublishedRun, stored: StoredRecords) -> Places:
        """Return the places of the records that may be among the nearest; they ascend."""
        allowed = stored.where(self.held) if self.held else None
        if run.manifest.model.model_id != self.model_id:
            return np.arange(stored.total) if allowed is None else allowed
        index = open_index(run, self.question.metric)
        found = index.nearest(self.x, _MEASURED * self.question.top, allowed)
        return np.sort(found[found >= 0])

    def _distances(self, stored: StoredRecords, places: Places) -> npt.NDArray[np.float64]:
        X = self.embedder.transform(stored.events(self.embedder.roles, places))
        metric = self.question.metric
        return distances(self.x[0], placed(X, self.centre, metric), metric)


@dataclass(frozen=True)
class _AskedText:
    """A text that is looked for in each column of texts; the best of them counts."""

    text: str
    top: int
    blocks: Mapping[str, TextBlock]
    held: Mapping[str, str]
    """Values that must be held."""

    def of_run(self, run: PublishedRun, stored: StoredRecords) -> Iterator[Hit]:
        """Find the records of a run whose texts are nearest."""
        allowed = stored.where(self.held) if self.held else np.arange(stored.total)
        places, best, away = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        for piece in np.split(allowed, range(_AT_ONCE, len(allowed), _AT_ONCE)):
            table = stored.take(piece, list(self.blocks))
            each = np.stack([self._distances(table[c], b) for c, b in self.blocks.items()])
            places = np.concatenate([places, piece])
            best = np.concatenate([best, each.argmin(axis=0)])
            away = np.concatenate([away, each.min(axis=0)])
            nearest = np.argsort(away, kind="stable")[: self.top]
            places, best, away = places[nearest], best[nearest], away[nearest]
        columns = list(self.blocks)
        found = zip(_records(stored, places), best.tolist(), away.tolist(), strict=True)
        for record, column, distance in found:
            yield Hit(distance, run, record, (columns[column], *self.held))

    def _distances(self, column: pa.ChunkedArray, block: TextBlock) -> npt.NDArray[np.float64]:
        encoded = one_array(column).dictionary_encode()
        away = np.append(text_distances(block, self.text, encoded.dictionary), 1.0)
        return away[encoded.indices.fill_null(len(encoded.dictionary)).to_numpy()]


def _records(stored: StoredRecords, places: Places) -> list[dict[str, Any]]:
    """Read the records of some places, in their order."""
    ascending = np.sort(places)
    records = stored.take(ascending).to_pylist()
    return [records[position] for position in np.searchsorted(ascending, places)]


def _asked(runs: Sequence[PublishedRun], question: Question) -> _Asked | _AskedText:
    """Put the question in terms of an embedding, or of the texts that a model knows."""
    if question.record_id is not None:
        return _like_a_record(runs, question, question.record_id)
    model, _ = _model_of(runs[0])
    where, columns = question.where or {}, columns_of(model)
    for column in where:
        columns.require(column)
    if question.text is not None:
        known = {c: model.embedder.blocks[c] for c in columns.texts()}
        blocks = {c: block for c, block in known.items() if isinstance(block, TextBlock)}
        return _AskedText(question.text, question.top, blocks, where)
    told = {c: v for c, v in where.items() if columns.roles[c] is not Role.ENTITY}
    if not told:
        raise InputError(
            "nothing is asked for",
            remedy="name a record, --text, or --where with a column that is no entity",
        )
    held = {c: v for c, v in where.items() if c not in told}
    return _described(model, columns.event(told), question, told, held)


def _described(
    model: AnomalyModel,
    event: pa.Table,
    question: Question,
    told: Collection[str],
    held: Mapping[str, str],
) -> _Asked:
    embedder, centre = part_of(model, told)
    x = placed(embedder.transform(event), centre, question.metric)
    return _Asked(question, embedder, centre, x, None, held)


def _like_a_record(runs: Sequence[PublishedRun], question: Question, record_id: str) -> _Asked:
    for run in runs:
        stored = StoredRecords.of(run)
        place = stored.place_of(record_id)
        if place is not None:
            model, model_id = _model_of(run)
            embedder, centre = model.embedder, centre_of(model)
            events = stored.events(embedder.roles, np.array([place]))
            x = placed(embedder.transform(events), centre, question.metric)
            return _Asked(question, embedder, centre, x, model_id, question.where or {})
    raise InputError(
        f"no record {record_id[:80]!r} in the last {len(runs)} runs that kept theirs",
        remedy="`outfield findings` lists some that can be asked for; --runs searches more",
    )


def _model_of(run: PublishedRun) -> tuple[AnomalyModel, str]:
    model_id = run.manifest.model.model_id
    return load_model(find_model(run.job_folder, model_id))[0], model_id


def _nearest(hits: list[Hit], top: int) -> list[Hit]:
    """Return the nearest hits, each record once; of equals that of the newest run first."""
    hits.sort(key=lambda hit: hit.distance)
    once = {(hit.run.manifest.run_id, hit.record["record_id"]): hit for hit in reversed(hits)}
    return sorted(once.values(), key=hits.index)[:top]
