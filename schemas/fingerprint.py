"""What tells two jobs apart that would make different things of the same input."""

import hashlib
import json

from schemas.job import JobSpec

_NOT_JUDGING = {"input", "output", "name", "schedule"}
"""Settings that change where a run reads and writes, and when; not what it makes of the input."""


def job_fingerprint(job: JobSpec) -> str:
    """Hash the settings that decide what a run makes of its input; defaults do not count.

    Examples
    --------
    >>> from schemas.job import build_job
    >>> same = build_job({"name": "b", "seed": 0}, "test")
    >>> job_fingerprint(build_job({"name": "a"}, "test")) == job_fingerprint(same)
    True
    """
    settings = job.model_dump(mode="json", exclude=_NOT_JUDGING, exclude_defaults=True)
    canonical = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
