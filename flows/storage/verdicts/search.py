"""A verdict by its name, in whatever job it is."""

from difflib import get_close_matches

from flows.storage.fs.atomic import naming_read_errors
from flows.storage.fs.store_path import Place, place_of
from flows.storage.verdicts.store import VERDICTS, verdict_names
from schemas.errors import OutputError


def find_verdict(output: str, name: str) -> Place:
    """Return the folder of the job that a verdict was given in.

    Parameters
    ----------
    output
        The folder of all jobs, or of one: a path or a URL.
    name
        The verdict's name, such as `v-38ee41025f5d`.

    Raises
    ------
    OutputError
        No job has it, or the folder cannot be read.
    """
    root = place_of(output)
    with naming_read_errors(root):
        below = list[Place](root.iterdir()) if root.is_dir() else []
        jobs = [place for place in [root, *sorted(below, key=str)] if _has_verdicts(place)]
    known: set[str] = set()
    for job in jobs:
        names = verdict_names(job)
        if name in names:
            return job
        known |= names
    raise OutputError(f"no verdict {name[:80]} in it", where=output, remedy=_remedy(name, known))


def _has_verdicts(folder: Place) -> bool:
    """Tell whether a folder holds verdicts; one that may not be entered is passed over."""
    try:
        return (folder / VERDICTS).is_dir()
    except PermissionError:
        return False


def _remedy(name: str, known: set[str]) -> str:
    if not known:
        return "it has no verdict; name another folder with --output"
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.0)[0]
    return f"the nearest of {len(known):,} is {near}; `outfield verdicts` lists them"
