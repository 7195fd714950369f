"""A number that is usual among all events, and never seen of its own entity, is among the first."""

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from anomaly.explain.known_records import known_records
from anomaly.explain.reasons import explain
from anomaly.model.model import AnomalyModel
from schemas.columns.roles import Role
from tests.anomaly.logs import conformed

ROLES = {"time": Role.TIME, "card": Role.ENTITY, "amount": Role.NUMBER}
FIRST_DAY, HOUR = 19_723 * 86_400_000_000, 3_600_000_000
SEEDS = range(3)
FEW = 3
"""Ranks that are among the first: ordinary events have extreme values, too."""

Planted = tuple[pa.Table, int]
"""Events, and which of them is the planted one."""


def log(card: npt.NDArray[np.int64], amount: npt.NDArray[np.float64], seed: int) -> pa.Table:
    """Give events of four weeks, most of them around 13 h, whatever the card."""
    random = np.random.default_rng([seed, 1])
    hours = np.clip(random.normal(13.0, 2.5, len(card)), 6.0, 20.0)
    hours += 24 * random.integers(0, 28, len(card))
    times = FIRST_DAY + (hours * HOUR).astype(np.int64)
    names = [f"card{c:04d}" for c in card.tolist()]
    return conformed({"time": times.tolist(), "card": names, "amount": amount.tolist()}, ROLES)


def sensor_in_the_gap(seed: int) -> Planted:
    """Twenty sensors, each about as often near 20 as near 77; one reading of 48."""
    random = np.random.default_rng(seed)
    sensor = random.integers(0, 20, 8_000)
    reading = np.where(random.random(8_000) < 0.5, 20.0, 77.0) + random.normal(0.0, 2.0, 8_000)
    reading[4_000] = 48.0
    return log(sensor, np.round(reading, 1), seed), 4_000


def among_others(seed: int, cards: int, own: float, deviation: float, planted: float) -> Planted:
    """Cards of many habits, and a narrow one of ten events at least, one of which is planted."""
    random = np.random.default_rng(seed)
    card = random.integers(0, cards, 8_000)
    middle, width = random.normal(3.2, 1.0, cards), random.uniform(0.2, 0.8, cards)
    amount = np.exp(middle[card] + width[card] * random.normal(size=8_000))
    row = int(np.flatnonzero(np.bincount(card)[card] >= 10)[0])
    same = card == card[row]
    amount[same] = own * np.exp(deviation * random.normal(size=int(same.sum())))
    amount[row] = planted
    return log(card, np.round(amount, 2), seed), row


def constant_card(seed: int) -> Planted:
    return among_others(seed, 80, 12.99, 0.0, 199.0)


def narrow_card(seed: int) -> Planted:
    return among_others(seed, 80, 8.0, 0.15, 180.0)


def young_constant_card(seed: int) -> Planted:
    return among_others(seed, 800, 12.99, 0.0, 199.0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("plant", "usual"),
    [
        (sensor_in_the_gap, ("20", "77")),
        (constant_card, ("13",)),
        (narrow_card, ("6.7", "9.6")),
        (young_constant_card, ("13",)),
    ],
)
def test_a_number_that_its_entity_never_had_is_among_the_first(
    plant: Callable[[int], Planted], usual: tuple[str, ...], seed: int
) -> None:
    events, planted = plant(seed)
    model, references = AnomalyModel.fit(events, ROLES, {}, 0)
    p_values = model.score(events).p_values
    assert np.sum(p_values < p_values[planted]) < FEW
    one = events.slice(planted, 1)
    known = known_records(events, references, ROLES, drawn=False)
    reasons = explain(model.explaining, known, one).reasons
    assert reasons[0][0].column == "amount"
    assert f"usually {reasons[0][0].expected}" in reasons[0][0].sentence
    expected = [float(n) for n in re.split(" or | to ", str(reasons[0][0].expected))]
    assert expected == pytest.approx([float(number) for number in usual], rel=0.15)
