"""The data that the page is made of."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.outputs.manifest import RunManifest


@dataclass(frozen=True)
class ReportData:
    """All that the page shows of one run.

    Parameters
    ----------
    manifest
        What the run read, did and wrote.
    findings
        The columns of `schemas.outputs.tables.FINDING`, then the record's own columns as
        `beside_own_columns` names them; rank 1 first.
    incidents
        The columns of `schemas.outputs.tables.INCIDENT`; rank 1 first. Each has a finding.
    suppressed
        The same, of those that verdicts keep from the analyst; without findings.
    score_counts
        int64 (n_bins,): scored records in each bin of `anomaly_score`.
    score_edges
        float64 (n_bins + 1,): the bins' edges, ascending from 0.
    map_points
        `schemas.outputs.tables.MAP`; those of runs before it was written lack `record_id` and
        `region`.
    map_values
        The values of the normal records on the map, in their order. Its columns are those that the
        map can be coloured by; it may have none.
    time_column
        The own column of `findings` that holds the event's time, if there is one.
    incident_context
        `schemas.outputs.incident_context.INCIDENT_CONTEXT`: of the first incidents, what is around
        them.
    steps
        `schemas.outputs.aligned_steps.ALIGNED_STEPS`: of the first incidents, the steps of their
        most telling session beside those of the nearest normal one; empty where records are events.
    peers
        `schemas.outputs.incident_context.PEERS`: who is like the entities of incidents.
    window_charts
        `schemas.outputs.window_charts.WINDOW_CHARTS`: what entities did around odd windows.
    """

    manifest: RunManifest
    findings: pa.Table
    incidents: pa.Table
    suppressed: pa.Table
    score_counts: npt.NDArray[np.int64]
    score_edges: npt.NDArray[np.float64]
    map_points: pa.Table
    map_values: pa.Table
    time_column: str | None
    incident_context: pa.Table
    steps: pa.Table
    peers: pa.Table
    window_charts: pa.Table
