"""The number that a reason of an odd window names lies beyond what it is compared with."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from anomaly.behaviour.calendar import windows_by_name
from anomaly.behaviour.observations import Observation, OddWindow
from anomaly.behaviour.odd_windows import odd_windows
from anomaly.behaviour.tail import ODD
from anomaly.explain.reasons import Reason
from anomaly.explain.window_reasons import window_reasons
from tests.anomaly.behaviour.messy import messy
from tests.anomaly.behaviour.office import MEASURES, judged, office, tables_of
from tests.anomaly.behaviour.planting import all_planted

_N = r"([\d,]+)"
_AT_MOST = re.compile(
    rf"; on {_N} (?:other|earlier) active (?:working |weekend )?days?(?:, its first.* left out,)?"
    rf" (?:none|at most {_N})\b"
)
_AS_MANY = re.compile(
    rf"; on {_N} of {_N} other active (?:working |weekend )?days?(?:, its first.* left out,)?"
    " as many or more"
)
_OF_OTHERS = re.compile(
    rf"; of {_N} (?:active days|hours with events) of other `user` values"
    rf"(?:, the first.* left out,)? (none|{_N}) ha(?:s|ve) as many"
)
_SHARE = re.compile(r"which are ([\d.]+)% of them; on [\d,]+ other active days? at most ([\d.]+)%")
_NO_NUMBER = frozenset(["hours", "newcomer", "absent", "absent value", "broken order"])


def _windows(seed: int) -> Iterator[OddWindow]:
    """Judge a log as a batch, by earlier days, and with named days."""
    counts = tables_of(messy(seed))
    days = sorted(set((counts[0][0]["hour"].to_numpy() // 24).tolist()))
    paydays = dict.fromkeys([*days[-9::2], days[-1]], "payday")
    for names in ({}, paydays):
        for judged_from in (None, days[-1]):
            yield from windows_by_name(
                lambda read, first=judged_from: odd_windows(read, MEASURES, "time", first),
                lambda i: counts[i], MEASURES, names, judged_from,
            ).windows  # fmt: skip


def _n(text: str | None) -> int:
    return int((text or "0").replace(",", ""))


def _seldom(high: int, others: int) -> bool:
    """Say whether a window that so many of the others reach may be odd."""
    return high == 0 or high + 1 <= ODD * (others + 1)


def _is_beyond(told: Observation, reason: Reason) -> bool:
    """Say whether the number that a reason names is beyond those that it is compared with."""
    said = reason.sentence
    if found := _SHARE.search(said):
        return float(found[1]) > float(found[2])
    if found := _AT_MOST.search(said):
        return told.observed > _n(found[2])
    if found := _AS_MANY.search(said):
        return _n(found[1]) > 0 and _seldom(_n(found[1]), _n(found[2]))
    if found := _OF_OTHERS.search(said):
        return _seldom(_n(found[3]), _n(found[1]))
    if told.view in ("level", "sum"):
        within = told.least <= told.observed <= told.most
        return not within and reason.observed not in re.split(r" to |at most ", reason.expected)
    return told.view == "growth" and reason.observed != reason.expected


@pytest.mark.parametrize(
    "seed", [3, 10, *(pytest.param(i, marks=pytest.mark.slow) for i in range(40))]
)
def test_what_a_reason_names_is_beyond_what_it_is_compared_with(seed: int):
    for window in _windows(seed):
        for told in window.observations:
            [reason] = window_reasons(replace(window, observations=(told,)))
            assert told.view in _NO_NUMBER or _is_beyond(told, reason), reason.sentence


def test_what_others_reach_is_told_by_how_many_do():
    windows = [each for seed in (0, 1) for each in judged(all_planted(office(seed)))]
    counted = {told.view: told for each in windows for told in each.observations}
    burst = replace(counted["day"], as_high=2, known=364, most=counted["day"].observed + 5)
    [reason] = window_reasons(OddWindow("user", burst.entity, (burst,)))
    assert reason.sentence.endswith("; on 2 of 364 other active days as many or more")
    assert reason.expected == "fewer on 362 of 364 other days"
    assert _is_beyond(burst, reason)


def test_numbers_that_look_alike_are_told_apart():
    windows = judged(all_planted(office(0)))
    told = {told.view: told for each in windows for told in each.observations}
    for view in ("level", "sum"):
        near = replace(told[view], observed=50_471.5, least=12_000.0, most=50_471.25)
        [reason] = window_reasons(OddWindow("user", near.entity, (near,)))
        assert _is_beyond(near, reason), reason.sentence
    for most, observed in ((0.00019, 0.00021), (-0.0001, 0.0004), (-0.00004, 0.00003)):
        growth = replace(told["growth"], observed=observed, most=most)
        [reason] = window_reasons(OddWindow("user", growth.entity, (growth,)))
        assert not re.search(r"(grows|falls) by 0.0+% a day", reason.sentence)
        assert "grows by 0.02% a day" not in reason.sentence
        assert reason.observed != reason.expected


@pytest.mark.parametrize(
    ("observed", "most"), [(1_234_567.412, 1_234_567.3), (1.2344e15, 1.2341e15), (130.53, 130.52)]
)
def test_a_sum_reads_as_larger_than_those_that_it_is_beyond(observed: float, most: float):
    windows = judged(all_planted(office(0)))
    told = next(each for window in windows for each in window.observations if each.view == "sum")
    told = replace(told, column="price", observed=observed, least=0.0, most=most)
    [reason] = window_reasons(OddWindow("user", told.entity, (told,)))
    own, usual = (float(text.replace(",", "")) for text in
                  (reason.observed, (reason.expected or "").removeprefix("at most ")))  # fmt: skip
    assert own > usual
