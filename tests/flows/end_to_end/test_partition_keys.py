"""The dates that folders name are judged only where the job asks for it."""

from pathlib import Path

import pytest

from schemas.columns.roles import Role
from tests.flows.sample_logs import detect, job, small_log, written


def _role(tmp_path: Path, folder: str, key: str, **settings: object) -> Role:
    """Judge ten days in folders called so; give the role of a key."""
    log = small_log(300)
    for day in range(1, 11):
        part = log.slice(30 * (day - 1), 30)
        written(tmp_path / "logs" / folder.format(day=day) / "a.parquet", part)
    run = detect(job(str(tmp_path / "logs"), tmp_path / "out", **settings))
    assert run.manifest.ledger.scored == 300
    return Role(run.manifest.columns[key].role)


@pytest.mark.parametrize(
    ("folder", "key"),
    [
        ("day=2026-01-{day:02d}", "day"),
        ("dt=202601{day:02d}", "dt"),
        ("year=2026/month=01/day={day:02d}", "day"),
        ("hour={day:02d}", "hour"),
        ("ds=2026-01-{day:02d}-03", "ds"),
    ],
)
def test_the_date_of_a_partition_is_not_judged(tmp_path: Path, folder: str, key: str) -> None:
    assert _role(tmp_path, folder, key) is Role.IGNORE


def test_the_date_of_a_partition_is_judged_where_the_job_asks(tmp_path: Path) -> None:
    asked = {"columns": {"day": "category"}}
    assert _role(tmp_path, "day=2026-01-{day:02d}", "day", **asked) is Role.CATEGORY


def test_a_partition_that_is_no_date_is_judged(tmp_path: Path) -> None:
    assert _role(tmp_path, "region=r{day}", "region") is Role.CATEGORY
