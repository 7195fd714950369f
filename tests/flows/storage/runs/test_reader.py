"""Datasets of published runs, also of those that an earlier version wrote."""

from pathlib import Path

import pyarrow.parquet as pq

from flows.storage.runs.history import past_rows
from flows.storage.runs.reader import read_incidents
from schemas.outputs.tables import INCIDENT
from tests.flows.sample_runs import published


def test_a_column_that_an_earlier_version_did_not_write_is_null(tmp_path: Path) -> None:
    run = published(tmp_path)
    (part,) = (Path(str(run.folder)) / "incidents").glob("*.parquet")
    pq.write_table(pq.read_table(part).drop_columns(["taught"]), part)
    read = read_incidents(run)
    assert read.schema.names == INCIDENT.names
    assert read["taught"].to_pylist() == [None] * 3
    assert len(past_rows([run])) == 3
