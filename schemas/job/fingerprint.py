"""Fingerprints of jobs: two jobs differ in them if their results on the same input may differ."""

import hashlib
import json

from schemas.job.job import JobSpec

_NOT_JUDGING = {"input", "max_age", "output", "name", "schedule", "search", "notify", "keep"}
"""Settings of where a run reads and writes, when, what it keeps, and whom it tells."""
_OF_SOME_DAYS = {"calendar"}
"""Settings that make a difference to some runs alone: each manifest holds what it was judged by."""
_OF_A_YEAR = {"columns": {"__all__": {"year"}}}
_WHICH_MODEL = {"use", "refit", "train"}
"""Settings that choose a model, and make no difference to what it is."""


def job_fingerprint(job: JobSpec) -> str:
    """Hash the settings that decide what a run makes of its input; defaults do not count.

    The calendar is left out: to name a day to come is no other job.

    Examples
    --------
    >>> from schemas.job.job import build_job
    >>> same = build_job({"name": "b", "seed": 0}, "test")
    >>> job_fingerprint(build_job({"name": "a"}, "test")) == job_fingerprint(same)
    True
    """
    excluded = _NOT_JUDGING | _OF_SOME_DAYS
    settings = job.model_dump(mode="json", exclude=excluded, exclude_defaults=True)
    if job.selection.quiet_hours and job.schedule is not None:
        settings["quiet_hours_in"] = job.schedule.timezone
    canonical = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def model_fingerprint(job: JobSpec) -> str:
    """Hash the settings that a model depends on: how records are read, embedded and measured.

    The input, the seed and what is reported make no difference. A model that was fitted with the
    same settings can judge the input.

    Examples
    --------
    >>> from schemas.job.job import build_job
    >>> plain = model_fingerprint(build_job({}, "test"))
    >>> plain == model_fingerprint(build_job({"name": "x", "seed": 7}, "test"))
    True
    >>> plain == model_fingerprint(build_job({"columns": {"bytes": "number"}}, "test"))
    False
    """
    others = {"selection", "seed", "model", "behaviour"}
    excluded = dict.fromkeys(_NOT_JUDGING | _OF_SOME_DAYS | others, True)
    settings = job.model_dump(
        mode="json", exclude={**excluded, **_OF_A_YEAR}, exclude_defaults=True
    )
    measures = job.model.model_dump(mode="json", exclude=_WHICH_MODEL, exclude_defaults=True)
    canonical = json.dumps({**settings, "model": measures}, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
