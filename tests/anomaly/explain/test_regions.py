"""The names of the regions of the map."""

import numpy as np
import pyarrow as pa

from anomaly.explain.regions import regions


def _plane() -> tuple[np.ndarray, pa.Table]:
    rng = np.random.default_rng(3)
    centres = np.array([[0, 0], [20, 0], [0, 20], [20, 20]])
    kind = np.repeat(np.arange(4), 50)
    points = (centres[kind] + rng.normal(size=(200, 2))).astype(np.float32)
    records = pa.table(
        {
            "action": [f"act-{each}" for each in kind],
            "team": [f"team-{each % 2}" for each in kind],
            "same": ["x"] * 200,
            "other": [f"v{i}" for i in range(200)],
        }
    )
    return points, records


def test_a_region_is_named_by_the_values_that_set_it_apart() -> None:
    points, records = _plane()
    named = regions(points, records, records.column_names).to_pylist()
    assert named == [f"act-{each}, team-{each % 2}" for each in np.repeat(np.arange(4), 50)]


def test_a_region_without_two_dominant_values_has_no_name() -> None:
    points, records = _plane()
    assert regions(points, records, ["action", "same", "other"]).null_count == 200
    assert regions(points, records, []).null_count == 200


def test_points_in_one_place_are_no_region() -> None:
    points, records = _plane()
    assert regions(np.zeros_like(points), records, records.column_names).null_count == 200


def test_missing_values_and_long_ones_can_be_in_a_region() -> None:
    points, records = _plane()
    texts = records["action"].to_pylist()
    action = pa.array([None if text == "act-0" else text * 10 for text in texts])
    records = records.set_column(0, "action", action)
    named = regions(points, records, records.column_names).to_pylist()
    assert named[0] is None
    assert named[60] == "act-1act-1act…t-1act-1act-1act-1, team-1"
