"""The dates that folders name are judged only where the job asks for it."""

from pathlib import Path

import pytest

from schemas.columns.roles import Role
from tests.flows.sample_logs import detect, job, small_log, written

pytestmark = pytest.mark.slow


def _roles(folder: Path, name: str, **settings: object) -> dict[str, Role]:
    """Judge ten days in folders of this name; give the roles of the columns."""
    log = small_log(300)
    for day in range(1, 11):
        part = log.slice(30 * (day - 1), 30)
        written(folder / "logs" / name.format(day=day) / "a.parquet", part)
    run = detect(job(str(folder / "logs"), folder / "out", **settings))
    assert run.manifest.ledger.scored == 300
    return {name: Role(column.role) for name, column in run.manifest.columns.items()}


KEYS = (
    "day=2026-01-{day:02d}/dt=202601{day:02d}/hour={day:02d}/ds=2026-01-{day:02d}-03/region=r{day}"
)


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Role]:
    return _roles(tmp_path_factory.mktemp("keys"), KEYS)


@pytest.mark.parametrize("key", ["day", "dt", "hour", "ds"])
def test_the_date_of_a_partition_is_not_judged(roles: dict[str, Role], key: str) -> None:
    assert roles[key] is Role.IGNORE


def test_a_partition_that_is_no_date_is_judged(roles: dict[str, Role]) -> None:
    assert roles["region"] is Role.CATEGORY


def test_a_date_in_three_folders_is_judged_only_where_the_job_asks(tmp_path: Path) -> None:
    asked = {"columns": {"month": "category"}}
    found = _roles(tmp_path, "year=2026/month=01/day={day:02d}", **asked)
    assert found["day"] is Role.IGNORE
    assert found["month"] is Role.CATEGORY
