import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.rarity import holders_of, others, surprisal
from tests import naive
from tests.anomaly.logs import PATIENT

TOTALS = st.integers(1, 10**9)


@PATIENT
@given(total=TOTALS, share=st.floats(0, 1))
def test_the_surprisal_is_minus_log_of_the_share_of_the_other_events(
    total: int, share: float
) -> None:
    count = int(share * total)
    assert surprisal([count], total)[0] == pytest.approx(naive.surprisal(count, total))


@PATIENT
@given(total=TOTALS, count=st.integers(0, 10**9))
def test_a_rarer_value_is_never_less_surprising(total: int, count: int) -> None:
    rarer, commoner = surprisal([count, count + 1], total)
    assert rarer >= commoner >= 0.0


def test_an_event_does_not_vouch_for_itself() -> None:
    assert surprisal([0], 100) == surprisal([1], 100)
    assert others([0, 1, 5]).tolist() == [0.0, 0.0, 4.0]


def test_a_value_that_all_events_hold_has_no_surprisal() -> None:
    assert surprisal([100], 100)[0] == 0.0
    assert np.isfinite(surprisal([0, 1], 0)).all()
    assert np.isfinite(surprisal([0, 1], 1)).all()


@PATIENT
@given(total=st.integers(3, 10**6), share=st.floats(0, 1))
def test_the_count_behind_a_surprise_is_found_again(total: int, share: float) -> None:
    count = max(int(share * total), 1)
    assert holders_of(float(surprisal([count], total)[0]), total) == count
