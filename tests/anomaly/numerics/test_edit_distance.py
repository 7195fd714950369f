from hypothesis import given
from hypothesis import strategies as st

from anomaly.numerics.edit_distance import edit_distances
from tests import naive
from tests.anomaly.logs import PATIENT

STRINGS = st.text("abc", max_size=7)
PAIRS = st.lists(st.tuples(STRINGS, STRINGS), min_size=1, max_size=20)


@PATIENT
@given(pairs=PAIRS)
def test_each_pair_has_the_fewest_edits_of_all_prefixes(pairs: list[tuple[str, str]]) -> None:
    these, those = map(list, zip(*pairs, strict=True))
    expected = [naive.edit_distance(one, other) for one, other in pairs]
    assert edit_distances(these, those).tolist() == expected
    assert edit_distances(those, these).tolist() == expected


def test_a_block_of_pairs_does_not_change_the_next() -> None:
    these = ["svch0st", *["a"] * 5_000, "éß名🦊"]
    those = ["svchost", *["b"] * 5_000, "é名🦊"]
    assert edit_distances(these, those).tolist() == [1] * 5_002


def test_no_pairs_have_no_distances() -> None:
    assert edit_distances([], []).tolist() == []
