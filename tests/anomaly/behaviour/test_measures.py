"""The entities and windows that are judged: those that the job names."""

from anomaly.behaviour.measures import Kind, entities_of, measures_of
from anomaly.behaviour.observations import OddWindow
from schemas.columns.roles import Role
from tests.anomaly.behaviour.office import ROLES, judged, office


def test_the_first_four_entities_are_judged_unless_others_are_named():
    roles = {f"e{i}": Role.ENTITY for i in range(6)} | {"team": Role.CATEGORY}
    assert {each.entity for each in measures_of(roles)} == {"e0", "e1", "e2", "e3"}
    assert entities_of(roles) == ("e0", "e1", "e2", "e3")
    named = measures_of(roles, ["team", "e5", "e5"])
    assert [each.entity for each in named if each.kind is Kind.EVENTS] == ["team", "e5"]
    assert [each.entity for each in named if each.kind is Kind.REPEATS] == ["team"]


def test_the_actor_of_those_that_are_named_has_the_order_of_steps():
    roles = ROLES | {"country": Role.ENTITY}
    named = measures_of(roles, ["country", "user"])
    assert {each.entity for each in named if each.kind is Kind.RHYTHM} == {"user"}


def _views(windows: list[OddWindow]) -> set[str]:
    return {each.view for window in windows for each in window.observations}


def test_one_window_alone_is_judged_where_the_job_says_so():
    rows = office(0)
    burst = [row | {"time": row["time"] + i} for i, row in enumerate(rows[-30:-29] * 400)]
    rows = sorted(rows + burst, key=lambda each: each["time"])
    assert _views(judged(rows)) >= {"hour", "day"}
    assert _views(judged(rows, windows=frozenset(["hour"]))) == {"hour"}
    assert "hour" not in _views(judged(rows, windows=frozenset(["day"])))
