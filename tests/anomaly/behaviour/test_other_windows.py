"""The windows that one is held against, beside plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.behaviour.other_windows import OtherWindows

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
    found = OtherWindows(entity.astype(np.int64), values, judged.astype(bool), downward=downward)
    places = [_held_against(rows, place, downward=downward) for place in range(len(rows))]
    held = [[rows[i][1] for i in each] for each in places]
    assert found.known.tolist() == [len(each) for each in held]
    assert found.sums(values).tolist() == [sum(each) for each in held]
    assert found.most(values).tolist() == [max(each, default=0) for each in held]
    before = [bool(each) and max(each) < i < len(rows) - 1 and rows[i + 1][0] == rows[i][0]
              for i, each in enumerate(places)]  # fmt: skip
    assert found.before.tolist() == before


def test_a_surprisal_by_earlier_windows_is_log_2_less():
    values = np.array([*[1.0] * 8, 5.0, 1.0, 5.0])
    found = OtherWindows(np.zeros(11, dtype=np.int64), values, np.ones(11, dtype=bool))
    assert found.before.nonzero()[0].tolist() == [8]
    less = np.full(11, 3.0) - found.discounted(np.full(11, 3.0))
    assert less.tolist() == pytest.approx([*[0.0] * 8, np.log(2.0), 0.0, 0.0])
    assert found.discounted(np.zeros(11)).tolist() == [0.0] * 11
