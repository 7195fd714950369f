"""The top of the page: the period, what it was held against, what to look at first."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from flows.report.overview import headline
from flows.report.page import render
from flows.report.period import held_against_sentence, period_sentence
from flows.report.trust import measures
from schemas.job.partition import Partition
from schemas.outputs.figures import CanaryReport
from schemas.outputs.manifest import RunManifest
from tests.flows.report.sample import report_data

_NIGHT = (datetime(2026, 1, 9, 0, 2, tzinfo=UTC), datetime(2026, 1, 9, 23, 58, tzinfo=UTC))


def _run(*, model: dict[str, Any] | None = None, **changes: Any) -> RunManifest:
    manifest = report_data(6).manifest
    incidents = manifest.incidents.model_copy(update=changes.pop("incidents", {}))
    fitted = manifest.model.model_copy(update=model or {})
    return manifest.model_copy(update={"incidents": incidents, "model": fitted, **changes})


def test_the_judged_day_is_told_with_its_weekday_and_its_first_and_last_time() -> None:
    run = _run(partition=Partition.of(date(2026, 1, 9)), covers=_NIGHT)
    said = "Judged: Friday 9 January 2026; its records are from 2026-01-09 00:02 to 2026-01-09"
    assert period_sentence(run) == f"{said} 23:58 UTC."


def test_the_judged_hour_is_told_as_its_folder_names_it() -> None:
    hour = Partition.of(date(2026, 1, 9), 5)
    run = _run(partition=hour, covers=_NIGHT, model={"use": "latest", "days": 28})
    assert period_sentence(run).startswith("Judged: Friday 9 January 2026, hour 05; its records")
    assert headline(run).startswith("Friday 9 January, hour 05: ")
    run = _run(partition=hour, model={"use": "fit", "days": 28}, incidents={"nights": 168})
    assert held_against_sentence(run).endswith("a model of 28 days, and 168 earlier hours.")


def test_a_period_of_several_days_is_told_by_its_first_and_last() -> None:
    run = _run(covers=(datetime(2026, 1, 5, tzinfo=UTC), _NIGHT[1]))
    assert period_sentence(run).startswith("Judged: Monday 5 January to Friday 9 January 2026;")


def test_without_times_no_day_is_told() -> None:
    assert period_sentence(_run()) == "Judged: records without a time."
    assert headline(_run()) == "4 incidents, 3 known."


@pytest.mark.parametrize(
    ("model", "nights", "says"),
    [
        ({"use": "latest", "days": 28}, 12, "a model of 28 days, and 12 earlier nights."),
        ({"use": "latest", "days": 1}, 1, "a model of 1 day, and 1 earlier night."),
        ({"use": "m-1", "days": None}, None, "a model of stored records."),
        ({"use": "fit", "days": 5}, None, "itself: a model of its own records of 5 days."),
        ({"use": "fit", "days": None}, None, "itself: a model of its own records."),
    ],
)
def test_what_it_was_held_against_is_told(
    model: dict[str, Any], nights: int | None, says: str
) -> None:
    run = _run(model=model, incidents={"nights": nights})
    assert held_against_sentence(run) == f"Held against {says}"


@pytest.mark.parametrize(
    ("incidents", "says"),
    [
        (
            {"nights": 28, "alarms": 2, "incidents": 14, "statuses": {"new": 6, "recurring": 8}},
            "Friday 9 January: 2 alarms, 12 leads, 8 known.",
        ),
        (
            {"nights": 28, "alarms": 0, "incidents": 1, "statuses": {"new": 1}},
            "Friday 9 January: no alarm, 1 lead, 0 known.",
        ),
        (
            {"nights": None, "incidents": 5, "statuses": {"new": 5}, "compared_with": None},
            "Friday 9 January: 5 incidents.",
        ),
        (
            {"nights": 3, "alarms": 0, "incidents": 0, "statuses": {}},
            "Friday 9 January: no alarm, no lead.",
        ),
    ],
)
def test_the_headline_counts_alarms_leads_and_known_ones(
    incidents: dict[str, Any], says: str
) -> None:
    assert headline(_run(partition=Partition.of(date(2026, 1, 9)), incidents=incidents)) == says


def test_the_top_links_to_the_first_three_incidents_by_their_sentences() -> None:
    data = report_data()
    page = render(data)
    top = page[: page.index('<section id="incidents"')]
    assert re.findall(r'<a href="#(incident-\d+)"><bdi>', top) == [
        "incident-1",
        "incident-2",
        "incident-3",
    ]
    assert top.count("mira.okafor") == 1


def test_canaries_trimming_and_agreement_stand_below_with_what_to_do() -> None:
    data = report_data()
    canaries = CanaryReport(planted=249, found=115, score_cut=30.0, usual=0.5)
    told = replace(data, manifest=data.manifest.model_copy(update={"canaries": canaries}))
    top, below = render(told).split('id="judged"')
    assert "canar" not in top.split("<body")[1]
    assert "two halves" not in top.lower()
    found, trimmed, agreement = measures(told.manifest)
    assert found.figure.replace("\xa0", " ") == "46 % (115 of 249); 50 % in the runs before"
    for measure in (found, trimmed, agreement):
        assert measure.low in below
        assert measure.figure in below
    assert measures(data.manifest)[0] == trimmed
