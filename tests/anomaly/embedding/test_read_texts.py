"""Texts are read once for each distinct one, and long ones by their beginnings."""

import pyarrow as pa

from anomaly.embedding.read_texts import LONGEST, templates_of


def test_texts_that_differ_beyond_what_is_read_have_one_template() -> None:
    same = "x " * (LONGEST // 2)
    templates, rows = templates_of(pa.array([same + "a", "short", same + "b"]))
    assert templates.to_pylist() == [same, "short"]
    assert rows.tolist() == [0, 1, 0]


def test_texts_that_differ_within_what_is_read_have_two() -> None:
    texts = pa.array(["x " * (LONGEST // 2 - 1) + end for end in ("aa", "bb")])
    assert templates_of(texts)[1].tolist() == [0, 1]
