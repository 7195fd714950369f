"""The notebook's way in: what runs found, as pandas frames.

Examples
--------
>>> import outfield
>>> findings = outfield.read_findings("outfield-output/sample")  # doctest: +SKIP
"""

from importlib.metadata import version as _version
from importlib.util import find_spec as _find_spec
from pathlib import Path as _Path
from typing import TYPE_CHECKING as _TYPE_CHECKING

if _TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_findings", "read_incidents", "read_members", "read_scores", "runs"]
__version__ = _version("outfield")


def _refuse_foreign_packages() -> None:
    """Check that outfield's packages are those beside this file; none of them is imported.

    Raises
    ------
    ImportError
        Another package or module of such a name comes first on Python's path.
    """
    home = _Path(__file__).parent  # unresolved: files may be links into another folder
    for name in ("flows", "anomaly", "schemas"):
        place: str | None = None
        try:
            spec = _find_spec(name)
        except ValueError:  # a module that no file was imported for has this name
            place = "a module made by another program"
        else:
            if spec is None:
                continue
            place = next(iter(spec.submodule_search_locations or ()), spec.origin)
        if _Path(str(place)).resolve() != (home / name).resolve():
            raise ImportError(
                f"outfield cannot be imported: {place} hides its own package `{name}`;"
                " rename it, or import outfield in another folder or virtual environment"
            )


_refuse_foreign_packages()


def read_findings(folder: str, run: str | None = None) -> "pd.DataFrame":
    """Read the findings of a run, the oddest first.

    Parameters
    ----------
    folder
        The job's folder, such as `outfield-output/sample`.
    run
        The run's id, one of `runs(folder).index`; the newest by default.

    Returns
    -------
    pandas.DataFrame
        A row for each finding: `rank`, scores, `severity`, `summary`, `reasons` and the record's
        own columns.

    Raises
    ------
    schemas.errors.OutputError
        There is no such job or run, or a file of it is damaged.
    """
    from flows.results.frames import findings_frame  # noqa: PLC0415 - `import outfield` costs nothing

    return findings_frame(folder, run)


def read_incidents(folder: str, run: str | None = None) -> "pd.DataFrame":
    """Read the incidents of a run: the findings that belong together, that of the oddest first.

    Parameters
    ----------
    folder
        The job's folder, such as `outfield-output/sample`. Of the folder of all jobs, such as
        `outfield-output`, the newest run of each partition is read.
    run
        The run's id, one of `runs(folder).index`; the newest by default.

    Returns
    -------
    pandas.DataFrame
        A row for each incident: `title`, `severity`, `status`, how many `records`, from when to
        when, and `entities`. The scores and `reasons` are those of its most telling finding. The
        last columns are the `job`, the `run_id` and the `partition`: a date, or the time at which
        an hour begins.

    Raises
    ------
    schemas.errors.OutputError
        There is no such job or run, or a file of it is damaged.
    """
    from flows.results.frames import incidents_frame  # noqa: PLC0415 - `import outfield` costs nothing

    return incidents_frame(folder, run)


def read_members(folder: str, run: str | None = None) -> "pd.DataFrame":
    """Read every record that is part of an incident of a run, the oddest first.

    Parameters
    ----------
    folder
        The job's folder, such as `outfield-output/sample`. Of the folder of all jobs, such as
        `outfield-output`, the newest run of each partition is read.
    run
        The run's id, one of `runs(folder).index`; the newest by default.

    Returns
    -------
    pandas.DataFrame
        A row for each record: `record_id` and `incident`, and the `job`, the `run_id` and the
        `partition`. It has those of suppressed and unshown incidents too. It is empty for runs of
        versions that did not list them.

    Raises
    ------
    schemas.errors.OutputError
        There is no such job or run, or a file of it is damaged.
    """
    from flows.results.frames import members_frame  # noqa: PLC0415 - `import outfield` costs nothing

    return members_frame(folder, run)


def read_scores(folder: str, run: str | None = None) -> "pd.DataFrame":
    """Read the scores of every record that a run judged, in the order of the input.

    Parameters
    ----------
    folder
        The job's folder, such as `outfield-output/sample`.
    run
        The run's id, one of `runs(folder).index`; the newest by default.

    Returns
    -------
    pandas.DataFrame
        A row for each record: `record_id`, `anomaly_score`, `p_value`, `density_score`,
        `distance_score`.

    Raises
    ------
    schemas.errors.OutputError
        There is no such job or run, or a file of it is damaged.
    """
    from flows.results.frames import scores_frame  # noqa: PLC0415 - `import outfield` costs nothing

    return scores_frame(folder, run)


def runs(folder: str) -> "pd.DataFrame":
    """List the runs of a job, newest first, with where every row went.

    Parameters
    ----------
    folder
        The job's folder, such as `outfield-output/sample`.

    Returns
    -------
    pandas.DataFrame
        A row for each run, its id as index. The columns are the `partition` judged, `started`,
        `finished`, and the rows `read`, `scored`, `quarantined` and `skipped`. Then the `findings`
        written and those that the budget `cut_off`.

    Raises
    ------
    schemas.errors.OutputError
        There is no such job, or a manifest is damaged.
    """
    from flows.results.frames import runs_frame  # noqa: PLC0415 - `import outfield` costs nothing

    return runs_frame(folder)
