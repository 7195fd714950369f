"""Incidents of odd windows: what they tell, and by what they are known again."""

from dataclasses import replace

import pytest

from anomaly.behaviour.activity import DAY
from anomaly.behaviour.observations import Observation, OddWindow
from anomaly.explain.reasons import Reason
from anomaly.explain.window_reasons import window_reasons, window_title
from anomaly.incidents.summary import OF_WINDOW, Incident, Members
from anomaly.incidents.window_incidents import of_window, with_evidence

DAY_SEEN = Observation(
    entity_column="user",
    entity="ann",
    view="day",
    column="user",
    values=(),
    start=20_521 * DAY,
    stop=20_522 * DAY,
    number=0.01,
    observed=90.0,
    most=12.0,
    known=13,
    least=0.0,
    exposure=0,
)
WINDOW = OddWindow("user", "ann", (DAY_SEEN, replace(DAY_SEEN, view="repeats", number=0.5)))
ABSENT = OddWindow("user", "backup", (replace(DAY_SEEN, entity="backup", view="absent"),))
RECORDS = Incident(
    incident="k-1",
    title="records",
    severity="low",
    basis="rank",
    members=Members(3, 5, 9, [], None, None, (None,)),
    scores={},
    summary="a record",
    reasons=[Reason("action", "read", None, 1.0, "a record")],
    identity="k-0",
    pattern="action read",
)


def test_the_incident_of_a_window_tells_what_is_oddest_about_it():
    found = of_window("job", RECORDS, WINDOW)
    assert found.title == window_title(WINDOW)
    assert found.reasons == window_reasons(WINDOW)
    assert found.view == OF_WINDOW
    assert (found.members.entity_column, found.members.entity) == ("user", "ann")
    assert (found.members.first_time, found.members.last_time) == (5, 9)


def test_it_is_known_again_on_another_day_and_not_of_another_entity_or_job():
    later = tuple(
        replace(each, start=each.start + DAY, stop=each.stop + DAY, observed=70.0)
        for each in WINDOW.observations
    )
    found = of_window("job", RECORDS, WINDOW)
    assert of_window("job", RECORDS, OddWindow("user", "ann", later)).identity == found.identity
    assert of_window("other", RECORDS, WINDOW).identity != found.identity
    assert of_window("job", RECORDS, replace(WINDOW, entity="bob")).identity != found.identity


def test_the_times_of_an_absence_are_those_of_the_day():
    members = of_window("job", RECORDS, ABSENT).members
    assert (members.first_time, members.last_time) == (DAY_SEEN.start, DAY_SEEN.stop - 1)


def test_a_window_that_is_odder_than_the_records_is_told_first():
    found = with_evidence(RECORDS, WINDOW, first=True)
    assert [each.sentence for each in found.reasons][-1] == "a record"
    assert found.reasons[0].sentence == window_title(WINDOW)
    assert found.summary == f"{window_title(WINDOW)}; a record"


def test_evidence_stands_behind_the_reasons_of_the_records_and_shares_stay_one():
    found = with_evidence(RECORDS, WINDOW, first=False)
    assert found.reasons[0].sentence == "a record"
    sentences = [each.sentence for each in found.reasons]
    assert sentences[1:] == [each.sentence for each in window_reasons(WINDOW)]
    assert sum(each.share for each in found.reasons) == pytest.approx(1.0)
    assert found.title == RECORDS.title
    assert found.summary == f"a record; {window_title(WINDOW)}"


@pytest.mark.parametrize(("n", "hours"), [(1.0, "1 hour"), (2.0, "2 hours")])
def test_hours_are_told_to_be_far_from_those_of_other_days(n: float, hours: str):
    names = ("03:00", "04:00")[: int(n)]
    told = replace(DAY_SEEN, view="hours", column="time", observed=n, values=names)
    [reason] = window_reasons(OddWindow("user", "ann", (told,)))
    assert reason.observed == f"{hours} far from those of other days"
