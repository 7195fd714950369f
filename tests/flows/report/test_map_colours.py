"""Colours of the map: the commonest values of a column have one each, all others share one."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from flows.report.map import embedding_map
from flows.report.map_colours import OTHER, coloured_columns, commonest
from tests.flows.report.sample import HOSTILE, report_data


def test_the_legend_is_a_recount_of_the_normal_records() -> None:
    data = report_data()
    column = coloured_columns(data.map_values, data.findings)[0]
    counts = Counter(data.map_values["api.operation"].to_pylist())
    first = counts.most_common(6)
    others = sum(counts.values()) - sum(n for _, n in first)
    told = [*(f"{value} ({n:,})" for value, n in first), f"other ({others:,})"]
    assert [each.label for each in column.swatches] == told
    assert len({each.colour for each in column.swatches}) == 7
    assert Counter(column.normal)[OTHER] == others
    held = data.findings["api.operation"].to_pylist()
    names = [column.values[code] for code in column.findings]
    assert names == ["ListBuckets" if h == "ListBuckets" else "other values" for h in held]


def test_a_missing_value_and_a_flag_have_a_colour_too() -> None:
    data = report_data()
    column = coloured_columns(data.map_values, data.findings)[1]
    labels = [each.label for each in column.swatches]
    assert labels == ["no value (1,000)", "false (1,000)", "true (1,000)"]
    assert [column.values[code] for code in column.findings[:3]] == ["true", "false", "no value"]


def test_the_commonest_value_near_a_cell_gives_its_colour() -> None:
    values = pa.table({"a": ["x", "y", "y", "x", "x"]})
    (column,) = coloured_columns(values, pa.table({"a": ["z"]}))
    assert column.findings == [OTHER]
    near = np.array([[0, 1, 2], [0, 3, 4], [0, 1, 1]])
    assert [column.values[code] for (code,) in commonest([column], near)] == ["y", "x", "y"]


@pytest.mark.parametrize("hostile", [False, True])
def test_every_cell_and_mark_of_the_map_has_a_code_for_each_column(hostile: bool) -> None:
    data = report_data(hostile=hostile)
    columns = coloured_columns(data.map_values, data.findings)
    drawn = embedding_map(data.map_points, data.findings, columns)
    assert drawn
    ground, *_, marks = drawn["layer"]
    for row in [*ground["data"]["values"], *marks["data"]["values"]]:
        assert len(row["values"]) == 2
        assert all(0 <= code <= OTHER for code in row["values"])
    assert HOSTILE not in str(drawn)
