"""Signs of contamination in a sample: agreement of its halves, and events beyond the cluster."""

import numpy as np
import pytest

from anomaly.detectors.combination import ScoreCombination
from anomaly.detectors.contamination import beyond_reference
from anomaly.detectors.trimming import agreement
from anomaly.embedding.deduplicated import EmbeddedEvents, Span
from anomaly.model.model import AnomalyModel
from tests.anomaly.logs import MIXTURE_ROLES, mixture

N_DIMS = 4
SPANS = [Span(str(i), None, i, i + 1) for i in range(N_DIMS)]


def rows(n: int, seed: int, n_clump: int = 0) -> np.ndarray:
    """Ordinary rows; a clump of foreign ones lies far off, anywhere among them."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, N_DIMS))
    X[random.choice(n, n_clump, replace=False)] += 12.0
    return X.astype(np.float32)


def agreement_in(X: np.ndarray) -> float:
    return agreement(EmbeddedEvents.whole(X, SPANS))


@pytest.mark.parametrize("seed", range(3))
def test_two_halves_agree_on_a_foreign_group_that_is_apart(seed: int) -> None:
    assert agreement_in(rows(2_000, seed, n_clump=100)) == 1.0


def test_without_foreign_events_two_halves_trim_different_ones() -> None:
    random = np.random.default_rng(0)
    # Many dimensions and few rows: what is outermost, each half sees in its own way.
    vague = agreement_in(random.normal(size=(400, 100)).astype(np.float32))
    assert vague < agreement_in(rows(2_000, 0)) < 1.0


def test_the_agreement_needs_no_seed_and_stays_within_a_share() -> None:
    X = rows(60, 1)
    assert agreement_in(X) == agreement_in(X.copy())
    assert 0.0 <= agreement_in(X) <= 1.0


def test_the_agreement_is_one_where_nothing_is_trimmed() -> None:
    assert agreement_in(rows(13, 0)) == 1.0


def beyond(n_foreign: int) -> float:
    normal, held_out = rows(4_000, 0), rows(4_000, 1, n_foreign)
    return beyond_it(normal, held_out)


def beyond_it(normal: np.ndarray, held_out: np.ndarray) -> float:
    cluster, rest = (EmbeddedEvents.whole(X, SPANS) for X in (normal, held_out))
    combination, scores = ScoreCombination.fit(cluster, rest, SPANS, 0)
    return beyond_reference(combination, cluster, scores.surprisal)


def test_one_held_out_event_in_a_hundred_lies_beyond_an_untrimmed_reference() -> None:
    assert beyond(0) == pytest.approx(0.01, abs=0.006)


def test_foreign_held_out_events_lie_beyond_the_reference() -> None:
    assert beyond(200) == pytest.approx(0.06, abs=0.01)


def test_no_event_lies_beyond_a_reference_of_equal_events() -> None:
    X = np.ones((40, N_DIMS), dtype=np.float32)
    assert beyond_it(X, X) == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_at_most_about_the_trimmed_share_lies_beyond_the_reference(seed: int) -> None:
    # No event is foreign here: the trimmed are an outer part, and not always the most surprising.
    fold = AnomalyModel.fit(mixture(3_000, seed), MIXTURE_ROLES, {}, seed)[0].explaining
    assert 0.01 <= fold.beyond_reference <= fold.trimmed_share + 0.01


def test_foreign_events_left_in_the_cluster_lower_the_share_beyond_the_reference() -> None:
    # One in ten is foreign, and one in twenty trimmed. Measured: .029 beyond, .052 of a clean one.
    odd = mixture(3_000, 0, n_odd=300)
    fold = AnomalyModel.fit(odd, MIXTURE_ROLES, {}, 0)[0].explaining
    assert 0.0 <= fold.beyond_reference < fold.trimmed_share
