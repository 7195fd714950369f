import tomllib
from pathlib import Path

from data.generate import EVENTS
from schemas.job import JobSpec

JOB = Path(__file__).parents[2] / "data" / "jobs" / "sample.toml"


def test_sample_job_is_valid_and_names_every_column() -> None:
    job = JobSpec.model_validate(tomllib.loads(JOB.read_text()))
    assert set(job.columns) == {*EVENTS.names, "date"}
