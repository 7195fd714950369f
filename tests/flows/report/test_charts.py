"""The charts' data: what is drawn, and that no more is."""

import json
from dataclasses import replace
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.report.charts import charts, merged_bins
from flows.report.columns import drivers
from flows.report.data import ReportData
from tests.flows.report.sample import report_data


def _drawn(data: ReportData) -> dict[str, Any]:
    return charts(data, drivers(data.findings), [])


def _values(spec: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [part["data"]["values"] for part in (spec, *spec.get("layer", [])) if "data" in part]


def test_all_five_are_drawn_and_are_strict_json() -> None:
    drawn = _drawn(report_data())
    assert set(drawn) == {"time", "lanes", "map", "scores", "columns"}
    json.dumps(drawn, allow_nan=False)


@pytest.mark.slow
def test_each_is_what_the_schema_of_vega_lite_says() -> None:
    for spec in _drawn(report_data()).values():
        alt.Chart.from_dict(json.loads(json.dumps(spec)), validate=True)


def test_boundless_scores_and_lost_coordinates_leave_strict_json() -> None:
    data = report_data(2)
    rows = data.findings.to_pylist()
    rows[0]["anomaly_score"] = float("inf")
    points = pa.table({"x": [0.0, np.nan, 1], "y": [0.0, 1, 2], "rank": pa.array([None, 1, 2])})
    findings = pa.Table.from_pylist(rows, schema=data.findings.schema)
    json.dumps(_drawn(replace(data, findings=findings, map_points=points)), allow_nan=False)


def test_the_map_shows_where_normal_records_are_dense_and_keeps_every_finding() -> None:
    rng = np.random.default_rng(0)
    dense, thin = rng.normal(0, 1, (900, 2)), rng.normal(8, 1, (100, 2))
    xy = np.vstack([dense, thin, [[40.0, 0.0]]]).astype(np.float32)
    ranks = pa.array([None] * 1_000 + [1], pa.int32())
    points = pa.table({"x": xy[:, 0], "y": xy[:, 1], "rank": ranks})
    data = replace(report_data(1), map_points=points)
    cells, marks = sorted(_values(_drawn(data)["map"]), key=len, reverse=True)
    assert [mark["rank"] for mark in marks] == [1]
    assert max(cell["x2"] for cell in cells) < marks[0]["x"]
    left = [cell["level"] for cell in cells if cell["x"] + cell["y"] < 1]
    right = [cell["level"] for cell in cells if cell["x"] + cell["y"] > 2]
    assert max(left) == 7 > max(right) >= 1
    assert {type(cell["level"]) for cell in cells} == {int}


def test_the_regions_of_the_map_are_named_where_they_lie_and_on_hover() -> None:
    layers = _drawn(report_data())["map"]["layer"]
    labels = [part for part in layers if part["mark"]["type"] == "text"]
    placed = {row["region"]: row for row in labels[-1]["data"]["values"]}
    assert set(placed) == {"ListBuckets, Platform", "GetObject, Sales"}
    assert placed["GetObject, Sales"]["x"] > placed["ListBuckets, Platform"]["x"]
    cells = layers[0]["data"]["values"]
    told = {cell.get("region") for cell in cells}
    assert told == {None, "Mostly ListBuckets, Platform", "Mostly GetObject, Sales"}


def test_names_of_regions_that_would_lie_over_each_other_are_shown_once() -> None:
    data = report_data()
    region = pa.array([*["a, b"] * 2_000, *["c, d"] * 1_000, *[None] * 40])
    points = data.map_points.set_column(3, "region", region)
    layers = _drawn(replace(data, map_points=points))["map"]["layer"]
    labels = next(part for part in layers if part["mark"]["type"] == "text")
    assert [row["region"] for row in labels["data"]["values"]] == ["a, b"]


def test_without_normal_records_the_findings_are_still_on_the_map() -> None:
    points = pa.table({"x": [0.0, 1.0], "y": [0.0, 1.0], "rank": pa.array([1, 2], pa.int32())})
    drawn = _values(_drawn(replace(report_data(2), map_points=points))["map"])
    assert sorted(len(values) for values in drawn) == [0, 2]


def test_each_entity_has_a_lane_in_the_order_of_its_oddest_finding() -> None:
    data = report_data(30)
    spec = _drawn(data)["lanes"]
    (marks,) = _values(spec)
    labels = next(param["value"] for param in spec["params"] if param["name"] == "labels")
    whose = dict(
        zip(
            data.incidents["incident"].to_pylist(),
            data.incidents["entity"].to_pylist(),
            strict=True,
        )
    )
    rows = {row["rank"]: row for row in data.findings.to_pylist()}
    assert labels == list(dict.fromkeys(whose[row["incident"]] for row in rows.values()))
    for mark in marks:
        assert labels[mark["lane"]] == whose[rows[mark["rank"]]["incident"]]


def test_without_entities_there_are_no_lanes() -> None:
    data = report_data(4)
    place = data.incidents.column_names.index("entity")
    nobody = pa.nulls(len(data.incidents), pa.string())
    incidents = data.incidents.set_column(place, "entity", nobody)
    assert set(_drawn(replace(data, incidents=incidents))) == {"time", "map", "scores", "columns"}


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
