"""Step `explain`: writes the findings with their reasons, and the map of the embedding."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.explain.projection import project
from anomaly.explain.reasons import explain
from anomaly.explain.regions import regions
from anomaly.model.model import AnomalyModel
from anomaly.model.selection import anomaly_score
from flows.runtime.work import Step
from flows.steps.fitted_model import Fitted, loaded_model
from flows.steps.gather import Gathered
from flows.steps.group import FOUND, Grouped
from flows.steps.records import Batch
from flows.steps.run import Run
from flows.steps.score import score_batch
from schemas.columns.roles import Role
from schemas.events.contract import one_array
from schemas.events.texts import as_text
from schemas.outputs.tables import FINDING, MAP, SCORES, beside_own_columns

_NAMES = (Role.CATEGORY, Role.FLAG, Role.ENTITY)
"""Roles whose values may name a region of the map."""
_LONGEST = 2_000
"""Characters of a value of the nearest normal record."""


def explain_findings(run: Run, gathered: Gathered, fitted: Fitted, grouped: Grouped) -> None:
    """Write the findings with their reasons, and the map that shows where they lie."""
    model, references = loaded_model(fitted.stored)
    records = gathered.records
    events = run.scratch.read_table(FOUND)
    reasons, summaries = explain(model.explaining, references, events)
    scores = score_batch(model, records, Batch(events, grouped.rows, pa.table({})))
    own = records.own_columns(grouped.rows)
    lead = {
        "rank": np.arange(1, len(grouped.rows) + 1, dtype=np.int32),
        **{name: scores[name] for name in SCORES.names},
        "severity": grouped.severities,
        "basis": np.where(grouped.by_rule, "rule", "rank").tolist(),
        "summary": summaries,
        "reasons": [[vars(reason) for reason in found] for found in reasons],
        "incident": grouped.incidents,
        "nearest_normal": _nearest_normal(model, references, events),
    }
    # The scores of the run, not of these few again: a product of matrices may round otherwise.
    lead |= {"p_value": grouped.p_values, "anomaly_score": anomaly_score(grouped.p_values)}
    columns = [pa.array(lead[f.name], f.type) for f in FINDING] + own.columns
    run.folder.write_part(
        "findings", 0, pa.table(columns, schema=beside_own_columns(FINDING, own.schema))
    )
    run.folder.write_part("map", 0, _map(model, references, events, scores["record_id"]))


EXPLAIN = Step("explain", explain_findings)


def _nearest_normal(
    model: AnomalyModel, references: pa.Table, events: pa.Table
) -> list[list[dict[str, Any]]]:
    """Say of each event what the normal one holds that it is most like, column by column."""
    X = model.embedder.transform(events)
    near = references.take(pa.array(model.explaining.nearest_usual(X, 1)[:, 0]))
    columns = []
    # A stored model's events may have an id that these lack.
    for name in (n for n in near.column_names if n in events.column_names):
        theirs, ours = (_short_texts(one_array(table[name])) for table in (near, events))
        columns.append(
            [
                {"column": name, "value": value, "differs": value != own}
                for value, own in zip(theirs, ours, strict=True)
            ]
        )
    return [list(row) for row in zip(*columns, strict=True)]


def _short_texts(values: pa.Array) -> list[str | None]:
    return pc.utf8_slice_codeunits(as_text(values), 0, _LONGEST).to_pylist()


def _map(
    model: AnomalyModel, references: pa.Table, events: pa.Table, ids: pa.ChunkedArray
) -> pa.Table:
    X = model.embedder.transform(events)
    normal, found = project(model.explaining.combination.density.references_, X)
    points, unnamed = np.vstack([normal, found]), [None] * len(normal)
    ranks = pa.array([*unnamed, *range(1, len(found) + 1)], pa.int32())
    names = pa.array([*unnamed, *ids.to_pylist()], pa.string())
    known = model.embedder.roles.items()
    columns = [name for name, role in known if role in _NAMES and name in references.column_names]
    behind = references.slice(0, len(normal))  # the known records begin with them
    told = pa.concat_arrays([regions(normal, behind, columns), pa.nulls(len(found), pa.string())])
    return pa.table([points[:, 0], points[:, 1], ranks, names, told], schema=MAP)
