import tomllib
from pathlib import Path

import pytest

from data.generate import EVENTS
from schemas.job.job import JobSpec

JOBS = Path(__file__).parents[2] / "data" / "jobs"


@pytest.mark.parametrize("name", ["sample", "nightly"])
def test_a_job_for_the_sample_log_is_valid_and_names_every_column(name: str) -> None:
    job = JobSpec.model_validate(tomllib.loads((JOBS / f"{name}.toml").read_text()))
    assert set(job.columns) == {*EVENTS.names, "date"}
