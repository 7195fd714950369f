"""A manifest tells which days its run covers."""

from datetime import UTC, datetime

import pytest

from schemas.outputs.manifest import RunManifest

FIRST, LAST = datetime(1970, 1, 11, 5, tzinfo=UTC), datetime(1970, 1, 13, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "covered"), [([9], False), ([10], True), ([11, 40], True), ([12], True), ([13], False),
                          ([], False)]
)  # fmt: skip
def test_a_run_covers_the_days_from_its_first_record_to_its_last(days, covered):
    assert RunManifest.model_construct(covers=(FIRST, LAST)).covers_any(days) is covered


def test_a_run_of_records_without_a_time_covers_no_day():
    assert not RunManifest.model_construct(covers=None).covers_any([0])
