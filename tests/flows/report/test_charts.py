"""The charts' data: what is drawn, and that no more is."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.report.charts import charts, merged_bins
from flows.report.data import ReportData
from flows.report.drivers import drivers
from tests.flows.report.sample import report_data


def _drawn(data: ReportData) -> dict[str, Any]:
    return charts(data, drivers(data.findings))


def _values(spec: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return list(spec["datasets"].values())


def test_all_four_are_drawn_and_are_strict_json() -> None:
    drawn = _drawn(report_data())
    assert set(drawn) == {"time", "map", "scores", "columns"}
    json.dumps(drawn, allow_nan=False)


def test_boundless_scores_and_lost_coordinates_leave_strict_json() -> None:
    data = report_data(2)
    rows = data.findings.to_pylist()
    rows[0]["anomaly_score"] = float("inf")
    points = pa.table({"x": [0.0, np.nan, 1], "y": [0.0, 1, 2], "rank": pa.array([None, 1, 2])})
    findings = pa.Table.from_pylist(rows, schema=data.findings.schema)
    json.dumps(_drawn(replace(data, findings=findings, map_points=points)), allow_nan=False)


def test_the_map_thins_the_reference_and_keeps_every_finding() -> None:
    cloud, marks = sorted(_values(_drawn(report_data())["map"]), key=len, reverse=True)
    assert len(cloud) <= 2_000
    assert [mark["rank"] for mark in marks] == list(range(1, 41))


def test_the_map_draws_a_constant_embedding() -> None:
    points = pa.table({"x": [1.0, 1.0], "y": [2.0, 2.0], "rank": pa.array([None, 1], pa.int32())})
    data = replace(report_data(1), map_points=points)
    json.dumps(_drawn(data)["map"], allow_nan=False)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=400))
def test_merging_bins_loses_no_record(numbers: list[int]) -> None:
    counts, edges = merged_bins(np.array(numbers, np.int64), np.arange(len(numbers) + 1.0))
    assert len(counts) == len(edges) - 1 <= 80
    assert counts.sum() == sum(numbers)
    assert (np.diff(edges) > 0).all()


def test_bars_from_the_cut_on_are_marked() -> None:
    bars = next(rows for rows in _values(_drawn(report_data())["scores"]) if "low" in rows[0])
    assert all(bar["above"] == (bar["low"] >= 38.2) for bar in bars)
    assert any(bar["above"] for bar in bars)


def test_drivers_share_all_of_the_surprise() -> None:
    shares = [driver.share for driver in drivers(report_data().findings)]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)


def test_without_findings_no_column_drives() -> None:
    assert drivers(report_data(0).findings) == []
