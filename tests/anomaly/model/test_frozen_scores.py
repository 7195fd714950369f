"""A record has one score, whichever records it is scored with."""

import numpy as np
import pytest

from anomaly.model.fold import ModelOptions
from anomaly.model.model import AnomalyModel
from tests.anomaly.logs import ROLES, company_log


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_a_score_does_not_depend_on_what_is_scored_beside_it(distance) -> None:
    model, _ = AnomalyModel.fit(company_log(900, 0), ROLES, {}, 0, ModelOptions(distance))
    events = company_log(700, 1)
    together = model.score(events)
    random = np.random.default_rng(0)
    for n in (1, 2, 3, 5, 17, 64, 65, 300):
        rows = random.choice(events.num_rows, n, replace=False)
        alone = model.score(events.take(rows))
        for name in ("density", "distance", "p_values"):
            np.testing.assert_array_equal(getattr(alone, name), getattr(together, name)[rows])
