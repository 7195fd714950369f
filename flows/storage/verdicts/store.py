"""The verdicts of a job under OUTPUT/JOB/verdicts: files that are never changed or removed.

A verdict is `v-….json`. Where it is withdrawn, `w-….json` of the same digits stands beside it.

One that is damaged is left out, and each run says so: it is no reason to judge nothing.
"""

from contextlib import suppress
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from flows.storage.fs.atomic import naming_output_errors, naming_read_errors, write_whole
from flows.storage.fs.small_files import UnfitFileError, read_small
from flows.storage.fs.store_path import Place
from schemas.errors import OutputError
from schemas.outputs.verdict import Verdict, Withdrawal

VERDICTS = "verdicts"
_MOST_BYTES = 2**20

_Document = TypeVar("_Document", bound=BaseModel)


class DamagedVerdictError(OutputError):
    """A file in the place of a verdict holds none."""


def read_verdicts(job_folder: Place) -> list[Verdict]:
    """Read the verdicts of a job that are not withdrawn, the oldest first; no damaged ones.

    Raises
    ------
    OutputError
        Their folder or the store cannot be read.
    """
    return _verdicts(job_folder, verdict_names(job_folder) - withdrawn_names(job_folder))


def read_withdrawn(job_folder: Place) -> list[tuple[Verdict, Withdrawal]]:
    """Read the withdrawn verdicts of a job, the oldest first, each with its withdrawal.

    Raises
    ------
    OutputError
        Their folder or the store cannot be read.
    """
    names = verdict_names(job_folder) & withdrawn_names(job_folder)
    found = []
    for each in _verdicts(job_folder, names):
        with suppress(DamagedVerdictError):
            found.append((each, read_withdrawal(job_folder, each.verdict)))
    return found


def damaged_names(job_folder: Place) -> set[str]:
    """Return the names of the verdicts that cannot be read, and so are left out.

    Raises
    ------
    OutputError
        Their folder or the store cannot be read.
    """
    names = verdict_names(job_folder) - withdrawn_names(job_folder)
    return names - {each.verdict for each in _verdicts(job_folder, names)}


def read_verdict(job_folder: Place, name: str) -> Verdict:
    """Read one verdict, withdrawn or not.

    Raises
    ------
    OutputError
        It cannot be read.
    """
    return _read(job_folder / VERDICTS / f"{name}.json", Verdict)


def read_withdrawal(job_folder: Place, name: str) -> Withdrawal:
    """Read the withdrawal of a verdict.

    Raises
    ------
    OutputError
        It cannot be read.
    """
    return _read(job_folder / VERDICTS / _withdrawal(name), Withdrawal)


def verdict_names(job_folder: Place) -> set[str]:
    """Return the names of all verdicts of a job, withdrawn ones too.

    Raises
    ------
    OutputError
        Their folder cannot be read.
    """
    return _stems(job_folder, "v-*.json")


def withdrawn_names(job_folder: Place) -> set[str]:
    """Return the names of the withdrawn verdicts of a job.

    Raises
    ------
    OutputError
        Their folder cannot be read.
    """
    return {f"v-{stem.removeprefix('w-')}" for stem in _stems(job_folder, "w-*.json")}


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


def keep_withdrawal(job_folder: Place, withdrawal: Withdrawal) -> Place:
    """Write the withdrawal of a verdict beside it.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    path = job_folder / VERDICTS / _withdrawal(withdrawal.verdict)
    write_whole(path, withdrawal.model_dump_json(indent=2) + "\n")
    return path


def _withdrawal(name: str) -> str:
    return f"w-{name.removeprefix('v-')}.json"


def _stems(job_folder: Place, pattern: str) -> set[str]:
    folder = job_folder / VERDICTS
    with naming_read_errors(folder):
        return {file.stem for file in folder.glob(pattern)}


def _verdicts(job_folder: Place, names: set[str]) -> list[Verdict]:
    found = []
    for name in names:
        with suppress(DamagedVerdictError):
            found.append(read_verdict(job_folder, name))
    return sorted(found, key=lambda each: (each.when, each.verdict))


def _read(file: Place, kind: type[_Document]) -> _Document:
    what = f"not a {kind.__name__.lower()} that this version of outfield can read"
    remedy = "mend it or move it away"
    try:
        with naming_read_errors(file):
            content = read_small(file, _MOST_BYTES)
        return kind.model_validate_json(content)
    except UnfitFileError as error:
        raise DamagedVerdictError(f"{what} (it {error})", where=str(file), remedy=remedy) from error
    except ValidationError as error:
        problem = error.errors()[0]["msg"]
        raise DamagedVerdictError(f"{what} ({problem})", where=str(file), remedy=remedy) from error
