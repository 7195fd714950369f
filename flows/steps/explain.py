"""Step `explain`: writes the findings with their reasons, and the map of the embedding."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.explain.aligned_steps import aligned_steps
from anomaly.explain.known_records import KnownRecords
from anomaly.explain.nearest_normal import NearestNormal, nearest_normal
from anomaly.explain.peers import peers_of
from anomaly.explain.projection import project
from anomaly.explain.reasons import explain
from anomaly.explain.regions import regions
from anomaly.model.model import AnomalyModel
from anomaly.model.selection import anomaly_score
from flows.report.incident_cards import MAX_INCIDENTS
from flows.runtime.work import Step
from flows.steps.fitted_model import Fitted, counted_records, loaded_model
from flows.steps.gather import Gathered
from flows.steps.group import FOUND, Grouped
from flows.steps.records import Batch
from flows.steps.run import Run
from flows.steps.score import score_batch
from schemas.columns.roles import Role
from schemas.events.contract import one_array
from schemas.events.texts import as_text
from schemas.outputs.aligned_steps import ALIGNED_STEPS
from schemas.outputs.incident_context import PEERS
from schemas.outputs.tables import FINDING, MAP, SCORES, beside_own_columns
from schemas.shortening import shortened

STEPS = "aligned-steps"
"""What the scratch holds of findings that are sessions: `ALIGNED_STEPS`."""
MAP_VALUES = "map-values"
"""What it holds of the normal records on the map: their values in the columns that colour it."""
OF_PEERS = "peers"
"""What it holds of the incidents' entities: `PEERS`; nothing where the job names no peers."""
_NAMES = (Role.CATEGORY, Role.FLAG, Role.ENTITY)
"""Roles whose values may name a region of the map."""
_MOST_COLOURED, _COMMONEST = 6, 6
"""Columns that the map can be coloured by, and values of each that have a colour."""
_LONGEST = 2_000
"""Characters of a value of the nearest normal record."""


def explain_findings(run: Run, gathered: Gathered, fitted: Fitted, grouped: Grouped) -> None:
    """Write the findings with their reasons, and the map that shows where they lie."""
    model, references = loaded_model(fitted.stored)
    records = gathered.records
    events = run.scratch.read_table(FOUND)
    counted = counted_records(fitted.stored)
    reasons, summaries, peers = explain(model.explaining, counted, events)
    for place, incident in enumerate(grouped.incidents):
        if (of_window := grouped.of_windows.get(incident)) is not None:
            reasons[place], summaries[place] = of_window.reasons, of_window.summary
    nearest = nearest_normal(model.explaining, counted, events, peers)
    scores = score_batch(model, records, Batch(events, grouped.rows, pa.table({})))
    own = records.own_columns(grouped.rows)
    X = model.embedder.transform(events)
    lead = {
        "rank": np.arange(1, len(grouped.rows) + 1, dtype=np.int32),
        **{name: scores[name] for name in SCORES.names},
        "severity": grouped.severities,
        "basis": _basis(grouped),
        "summary": summaries,
        "reasons": [[vars(reason) for reason in found] for found in reasons],
        "incident": grouped.incidents,
        "nearest_normal": _beside(model, nearest, references, events),
        "nearest_normal_of": [each.of for each in nearest],
    }
    # The scores of the run, not of these few again: a product of matrices may round otherwise.
    lead |= {"p_value": grouped.p_values, "anomaly_score": anomaly_score(grouped.p_values)}
    columns = [pa.array(lead[f.name], f.type) for f in FINDING] + own.columns
    run.folder.write_part(
        "findings", 0, pa.table(columns, schema=beside_own_columns(FINDING, own.schema))
    )
    run.folder.write_part("map", 0, _map(model, references, X, scores["record_id"]))
    run.scratch.write_table(MAP_VALUES, _map_values(model, references))
    steps = _aligned(counted, references, events, _of_each(grouped.incidents, nearest))
    run.scratch.write_table(STEPS, steps)
    run.scratch.write_table(OF_PEERS, _peers(run, counted))


def _basis(grouped: Grouped) -> list[str]:
    """Return why each record is a finding."""
    by_rank = np.where(grouped.of_window, "window", "rank")
    basis: list[str] = np.where(grouped.by_rule, "rule", by_rank).tolist()
    return basis


EXPLAIN = Step("explain", explain_findings)


def _of_each(incidents: Sequence[str], nearest: Sequence[NearestNormal]) -> dict[int, int]:
    """Return the place of the first finding of each incident -> what is nearest to it."""
    first: dict[str, int] = {}
    for place, incident in enumerate(incidents):
        first.setdefault(incident, place)
    return {place: nearest[place].place for place in list(first.values())[:MAX_INCIDENTS]}


def _aligned(
    counted: KnownRecords, references: pa.Table, events: pa.Table, nearest: Mapping[int, int]
) -> pa.Table:
    """Align the steps of sessions with those of the normal ones nearest to them."""
    rows = [
        vars(column)
        | {
            "rank": place + 1,
            "lines": [vars(line) for line in column.lines],
            "rare": [{"step": step, "words": words} for step, words in column.rare.items()],
        }
        for place, column in aligned_steps(counted, references, events, nearest)
    ]
    return pa.Table.from_pylist(rows, schema=ALIGNED_STEPS)


def _peers(run: Run, counted: KnownRecords) -> pa.Table:
    """Find the peers of the entities of incidents."""
    incidents = next(table for _, table in run.folder.read_parts("incidents"))
    whose = incidents.select(["entity_column", "entity"]).slice(0, MAX_INCIDENTS).to_pylist()
    entities = dict.fromkeys((row["entity_column"], row["entity"]) for row in whose)
    rows = [
        vars(found) | {"entity_column": column, "entity": name}
        for column, name in entities
        for peers in (run.job.peers if name is not None else ())
        if (found := peers_of(counted, column, name, peers)) is not None
    ]
    return pa.Table.from_pylist(rows, schema=PEERS)


def _beside(
    model: AnomalyModel, nearest: Sequence[NearestNormal], known: pa.Table, events: pa.Table
) -> list[list[dict[str, Any]]]:
    """Say of each event what its nearest normal one holds, column by column.

    Of the known records only the references have an id.
    """
    ids = {name for name, role in model.embedder.roles.items() if role is Role.ID}
    near = known.take(pa.array([each.place for each in nearest], pa.int64()))
    columns = []
    # A stored model's events may have an id that these lack.
    for name in (n for n in near.column_names if n in events.column_names):
        theirs, ours = (as_text(one_array(table[name])).to_pylist() for table in (near, events))
        columns.append(
            [
                {
                    "column": name,
                    "value": value and shortened(value, _LONGEST),
                    "differs": value != own,
                }
                for value, own in zip(theirs, ours, strict=True)
            ]
        )
    return [
        [each for each in row if each["column"] not in ids or each["value"] is not None]
        for row in zip(*columns, strict=True)
    ]


def _map(
    model: AnomalyModel, references: pa.Table, X: npt.NDArray[np.float32], ids: pa.ChunkedArray
) -> pa.Table:
    normal, found = project(model.explaining.combination.density.references_, X)
    points, unnamed = np.vstack([normal, found]), [None] * len(normal)
    ranks = pa.array([*unnamed, *range(1, len(found) + 1)], pa.int32())
    names = pa.array([*unnamed, *ids.to_pylist()], pa.string())
    behind = references.slice(0, len(normal))  # the known records begin with them
    columns = _names_of(model, references)
    told = pa.concat_arrays([regions(normal, behind, columns), pa.nulls(len(found), pa.string())])
    return pa.table([points[:, 0], points[:, 1], ranks, names, told], schema=MAP)


def _names_of(model: AnomalyModel, references: pa.Table) -> list[str]:
    """Return the columns of names."""
    known = model.embedder.roles.items()
    return [name for name, role in known if role in _NAMES and name in references.column_names]


def _map_values(model: AnomalyModel, references: pa.Table) -> pa.Table:
    """Return the values of the normal records on the map, in columns of few common values."""
    n = len(model.explaining.combination.density.references_)
    names = _names_of(model, references)
    texts = {name: as_text(one_array(references[name].slice(0, n))) for name in names}
    return pa.table(dict(list(filter(_tells_apart, texts.items()))[:_MOST_COLOURED]))


def _tells_apart(column: tuple[str, pa.Array]) -> bool:
    """Return whether a few values of a column, but no single one, are those of most records."""
    counts = np.sort(pc.value_counts(column[1]).field("counts").to_numpy())[::-1]
    return len(counts) > 1 and bool(counts[:_COMMONEST].sum() >= counts.sum() / 2)
