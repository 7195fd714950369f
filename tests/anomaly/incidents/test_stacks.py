"""Stacks: what has one pattern is one line, all alarms or all leads."""

from collections import defaultdict
from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anomaly.explain.reasons import Reason
from anomaly.incidents.sentence import Happening
from anomaly.incidents.stacks import count_stacks, stacked
from anomaly.incidents.summary import Incident, Members, describe_incident
from schemas.columns.roles import Role

ROLES = {"action": Role.CATEGORY, "bytes": Role.NUMBER, "user": Role.ENTITY}


def incident(
    name: str,
    column: str = "action",
    value: str = "wipe",
    entity: str | None = "eve",
    p: float = 1e-3,
    alarm: bool = False,
) -> Incident:
    members = Members(2, 0, 1, [], None if entity is None else "user", entity, (name,))
    scores = {"record_id": name, "p_value": p, "anomaly_score": -10.0 * np.log10(p)}
    scores |= {"density_score": 5.0, "distance_score": 9.0, "basis": "rank", "severity": "low"}
    told = ([Reason(column, value, "read", 0.9, "it is odd")], "odd")
    made = describe_incident("job", members, Happening(2, None, {}), told, scores, ROLES)
    return replace(made, alarm=alarm)


def stacks_of(*incidents: Incident) -> list[str | None]:
    return [each.stack for each in stacked(incidents)]


def test_incidents_of_one_pattern_are_one_stack_named_after_the_oddest() -> None:
    usual, odd = incident("e1", entity="eve", p=1e-3), incident("e2", entity="bob", p=1e-5)
    other = incident("e3", value="read")
    assert stacks_of(usual, odd, other) == [odd.incident, odd.incident, None]


def test_an_alarm_and_a_lead_are_never_of_one_stack() -> None:
    assert stacks_of(incident("e1", alarm=True), incident("e2")) == [None, None]


def test_a_column_without_a_value_makes_a_stack_of_one_entity_only() -> None:
    of_eve = [incident(f"e{i}", "bytes", f"{i}", "eve", p=1e-3 / (i + 1)) for i in range(2)]
    of_bob = incident("e2", "bytes", "7", "bob")
    of_nobody = [incident(f"e{i}", "bytes", f"{i}", None) for i in (3, 4)]
    oddest = of_eve[1].incident
    assert stacks_of(*of_eve, of_bob, *of_nobody) == [oddest, oddest, None, None, None]


def test_one_entity_odd_in_two_columns_is_two_incidents() -> None:
    assert stacks_of(incident("e1", "action"), incident("e2", "bytes")) == [None, None]


def test_an_incident_without_a_reason_has_no_look_alike() -> None:
    bare = [replace(incident(name), reasons=[], pattern="") for name in ("e1", "e2")]
    assert stacks_of(*bare) == [None, None]


def test_the_p_value_without_a_move_tells_which_is_the_oddest() -> None:
    moved, plain = incident("e1", p=1e-9), incident("e2", p=1e-5)
    moved = replace(moved, beside_moves=1e-2)
    assert stacks_of(moved, plain) == [plain.incident] * 2


@st.composite
def some_incidents(draw: st.DrawFn) -> list[Incident]:
    parts = st.tuples(
        st.sampled_from(["action", "bytes"]),
        st.sampled_from(["1", "2"]),
        st.sampled_from(["eve", "bob", None]),
        st.sampled_from([1e-2, 1e-3, 1e-5]),
        st.booleans(),
    )
    drawn = draw(st.lists(parts, max_size=12))
    return [incident(f"e{i}", *each) for i, each in enumerate(drawn)]


@given(some_incidents())
def test_each_stack_is_whole_and_named_after_its_oddest(incidents: list[Incident]) -> None:
    found = stacked(incidents)
    assert [replace(each, stack=None) for each in found] == incidents
    stacks = defaultdict(list)
    for each in found:
        stacks[each.stack or each.incident].append(each)
    assert count_stacks(found) == len(stacks)
    for name, alike in stacks.items():
        assert len({(each.pattern, each.alarm) for each in alike}) == 1
        assert (len(alike) > 1) is (alike[0].stack is not None)
        oddest = min(each.odd_at for each in alike)
        assert [each.odd_at for each in alike if each.incident == name] == [oddest]


@given(some_incidents(), st.randoms())
def test_the_order_of_incidents_changes_no_stack(incidents: list[Incident], random: Random) -> None:
    mixed = incidents.copy()
    random.shuffle(mixed)
    before = {each.incident: each.stack for each in stacked(incidents)}
    assert {each.incident: each.stack for each in stacked(mixed)} == before
