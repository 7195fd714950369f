"""The verdicts of a job: one JSON file each under OUTPUT/JOB/verdicts, never changed or removed."""

from pydantic import ValidationError

from flows.storage.fs.atomic import naming_output_errors, naming_read_errors, write_whole
from flows.storage.fs.store_path import Place
from schemas.errors import OutputError
from schemas.outputs.verdict import Verdict

VERDICTS = "verdicts"


def read_verdicts(job_folder: Place) -> list[Verdict]:
    """Read all verdicts of a job, the oldest first.

    Raises
    ------
    OutputError
        One of them, or their folder, cannot be read.
    """
    folder = job_folder / VERDICTS
    with naming_read_errors(folder):
        files = list[Place](folder.glob("v-*.json"))
    return sorted((_read(file) for file in files), key=lambda each: (each.when, each.verdict))


def verdict_names(job_folder: Place) -> set[str]:
    """Return the names of all verdicts of a job.

    Raises
    ------
    OutputError
        Their folder cannot be read.
    """
    folder = job_folder / VERDICTS
    with naming_read_errors(folder):
        return {file.stem for file in folder.glob("v-*.json")}


def keep_verdict(job_folder: Place, verdict: Verdict) -> Place:
    """Write a verdict.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    folder = job_folder / VERDICTS
    with naming_output_errors(folder):
        folder.mkdir(exist_ok=True)
    path = folder / f"{verdict.verdict}.json"
    write_whole(path, verdict.model_dump_json(indent=2) + "\n")
    return path


def _read(file: Place) -> Verdict:
    try:
        return Verdict.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise OutputError(
            f"not a verdict that this version of outfield can read ({problem})",
            where=str(file),
            remedy="mend it or move it away",
        ) from error
