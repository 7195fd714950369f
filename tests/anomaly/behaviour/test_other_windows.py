"""The windows that one is held against, beside plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.behaviour.other_windows import OtherWindows, discounted, first_of_several

ROW = st.tuples(st.sampled_from([0, 0, 0, 1]), st.integers(-4, 4), st.booleans())
ROWS = st.lists(ROW) | st.lists(ROW, min_size=15)


def _held_against(rows: list[tuple[int, int, bool]], place: int, *, downward: bool) -> list[int]:
    """Return the places of the rows that one is held against."""
    entity, value, judged = rows[place]
    own = [i for i, row in enumerate(rows) if row[0] == entity]
    earlier, later = [i for i in own if i < place], [i for i in own if i > place]
    for sign in (1, -1) if downward else (1,):
        if judged and later and len(earlier) >= 7:
            highest = max(sign * rows[i][1] for i in earlier)
            if highest < min(sign * value, max(sign * rows[i][1] for i in later)):
                return earlier
    return [*earlier, *later]


@pytest.mark.parametrize("downward", [False, True])
@given(rows=ROWS)
def test_windows_are_held_against_those_that_loops_find(rows, downward):
    rows.sort(key=lambda row: row[0])
    entity, values, judged = (np.array([row[i] for row in rows]) for i in range(3))
    values = values.astype(np.float64)
    entity = entity.astype(np.int64)
    told = first_of_several(entity, values, judged.astype(bool), downward=downward)
    found = OtherWindows(entity, told)
    places = [_held_against(rows, place, downward=downward) for place in range(len(rows))]
    held = [[rows[i][1] for i in each] for each in places]
    assert found.known.tolist() == [len(each) for each in held]
    assert found.sums(values).tolist() == [sum(each) for each in held]
    assert found.most(values).tolist() == [max(each, default=0) for each in held]
    before = [bool(each) and max(each) < i < len(rows) - 1 and rows[i + 1][0] == rows[i][0]
              for i, each in enumerate(places)]  # fmt: skip
    assert told.tolist() == before


def test_windows_without_a_row_are_known_ones_and_kinds_have_sums_of_their_own():
    entity, values = np.zeros(3, dtype=np.int64), np.array([1.0, 9.0, 9.5])
    earlier = np.array([2, 8, 12])
    told = first_of_several(entity, values, np.ones(3, dtype=bool), earlier)
    assert told.tolist() == [False, True, False]
    found = OtherWindows(entity, told, (np.array([20, 20, 20]), earlier))
    assert found.known.tolist() == [20, 8, 20]
    assert found.sums(values).tolist() == [18.5, 1.0, 10.0]
    assert found.sums(values, np.array([0, 1, 1])).tolist() == [0.0, 0.0, 9.0]
    assert found.most(values).tolist() == [9.5, 1.0, 9.0]


def test_a_surprisal_by_earlier_windows_is_log_2_less():
    found = discounted(np.array([3.0, 3.0, 0.1]), np.array([False, True, True]))
    assert found.tolist() == pytest.approx([3.0, 3.0 - np.log(2.0), 0.0])
