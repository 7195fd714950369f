"""The contamination that the benchmark sows, and its counts, by hand."""

import numpy as np
import pytest

from tests.bench.contamination import SHARES, Precision, contamination_table, curve
from tests.bench.draws import Field, field_of, sown
from tests.bench.labelled import Labelled
from tests.bench.test_false_discovery import normal_numbers


@pytest.fixture(scope="module")
def made() -> Labelled:
    return normal_numbers(2_000, 40)


@pytest.fixture(scope="module")
def field(made: Labelled) -> Field:
    return field_of(made, 500, np.random.default_rng(0))


def test_what_is_sown_into_and_what_is_judged_are_apart(made: Labelled, field: Field) -> None:
    assert not made.anomalous[field.normal].any()
    assert made.anomalous[field.seed].all()
    assert made.anomalous[field.others].sum() == round(500 * 40 / 1_960)
    assert not np.intersect1d(field.others, np.append(field.normal, field.seed)).size


@pytest.mark.parametrize("share", SHARES)
def test_the_anomalies_are_the_share_that_was_asked_for(
    made: Labelled, field: Field, share: float
) -> None:
    batch = sown(field, share, np.random.default_rng(0))
    assert abs(made.anomalous[batch].mean() - share) < 0.002
    assert (np.unique(batch[~made.anomalous[batch]]) == np.sort(field.normal)).all()


def test_no_anomaly_stands_twice_before_each_stood_once(made: Labelled, field: Field) -> None:
    batch = sown(field, 0.05, np.random.default_rng(0))
    _, times = np.unique(batch[made.anomalous[batch]], return_counts=True)
    assert set(times) <= {1, 2}
    assert len(times) == len(field.seed)


def test_far_out_anomalies_are_found_when_they_are_few(made: Labelled) -> None:
    found = curve(made, 500, 0)
    assert [p.share for p in found] == list(SHARES)
    assert found[0].batch is None
    assert found[0].others == pytest.approx(1.0)
    assert [p.batch_clean for p in found[1:]] == pytest.approx([1.0] * 6)


def test_the_table_has_a_row_a_share() -> None:
    two = [Precision("made", s, 0.05, 100, ap, 1.0, 0.5) for s, ap in enumerate((0.2, 0.4))]
    row = "| made, 5 % | 100 | 0.300 ± 0.100 | 1.000 ± 0.000 | 0.500 ± 0.000 |"
    assert contamination_table(two).splitlines()[-1] == row
