"""The step that writes the findings with their reasons, and the map that shows where they lie."""

import numpy as np
import pyarrow as pa

from anomaly.explanation import explain
from anomaly.model import AnomalyModel
from anomaly.projection import project
from anomaly.selection import anomaly_score, severity
from flows.incidents import Grouped
from flows.planning import Run
from flows.records import Batch
from flows.steps import Fitted, Gathered, loaded_model, score_batch
from schemas.outputs import FINDING, SCORES, beside_own_columns


def explain_findings(run: Run, gathered: Gathered, fitted: Fitted, grouped: Grouped) -> None:
    """Write the findings with their reasons, and the map that shows where they lie."""
    model, references = loaded_model(fitted.stored)
    records = gathered.records
    events = records.take(grouped.rows)
    reasons, summaries = explain(model, references, events)
    scores = score_batch(model, records, Batch(events, grouped.rows, pa.table({})))
    own = records.own_columns(grouped.rows)
    lead = {
        "rank": np.arange(1, len(grouped.rows) + 1, dtype=np.int32),
        **{name: scores[name] for name in SCORES.names},
        "severity": severity(anomaly_score(grouped.p_values)),
        "basis": np.where(grouped.by_rule, "rule", "rank").tolist(),
        "summary": summaries,
        "reasons": [[vars(reason) for reason in found] for found in reasons],
        "incident": grouped.incidents,
    }
    # The scores of the run, not of these few again: a product of matrices may round otherwise.
    lead |= {"p_value": grouped.p_values, "anomaly_score": anomaly_score(grouped.p_values)}
    columns = [pa.array(lead[f.name], f.type) for f in FINDING] + own.columns
    run.folder.write_part(
        "findings", 0, pa.table(columns, schema=beside_own_columns(FINDING, own.schema))
    )
    run.scratch.write_table("map", _map(model, events))


def _map(model: AnomalyModel, events: pa.Table) -> pa.Table:
    X = model.embedder.transform(events)
    normal, found = project(model.voices.density.references_, X)
    ranks = [*[None] * len(normal), *range(1, len(found) + 1)]
    points = np.vstack([normal, found])
    return pa.table({"x": points[:, 0], "y": points[:, 1], "rank": pa.array(ranks, pa.int32())})
