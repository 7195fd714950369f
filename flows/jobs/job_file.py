"""The job file on disk: reading one, and writing the first one for an input."""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.items import SingleKey

from anomaly.behaviour.measures import actor_of, entities_of
from schemas.columns.roles import ColumnProfile, Role, RoleChoice, time_column
from schemas.columns.vocabulary import suggests_secret
from schemas.errors import JobError
from schemas.events.masks import holds_mask
from schemas.job.behaviour import WINDOWS
from schemas.job.job import JobSpec, build_job, parse_job, safe_name
from schemas.job.partitioned_location import is_hourly, is_partitioned, without_day
from schemas.job.sections import DEFAULT_FDR, ModelSpec, SearchSpec, SelectionSpec
from schemas.job.time_settings import time_setting

EXAMPLES = 3
EXAMPLE_LENGTH = 24
WIDEST = 60
"""Comments are aligned behind settings up to this width; a longer one pushes only its own."""

STEM = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
"""The names of job files, without `.toml`, that a served job can have: none leads elsewhere."""

_TRY = "run `outfield init INPUT` for one to start from"


def load_job(path: str) -> JobSpec:
    """Read a job file; a job without a name is called after the file.

    Raises
    ------
    JobError
        It is not there, cannot be read, is not UTF-8, is not TOML or not a job.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise JobError("there is no such job file", where=path, remedy=_TRY) from None
    except IsADirectoryError:
        raise JobError("this is a folder, not a job file", where=path, remedy=_TRY) from None
    except UnicodeDecodeError as error:
        what = f"this is not text in UTF-8 (byte {error.start:,})"
        raise JobError(what, where=path, remedy="save it as UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        remedy = "check the path and that you may read it"
        raise JobError(f"cannot be read ({reason})", where=path, remedy=remedy) from None
    job = parse_job(text, path)
    return job if job.name else job.model_copy(update={"name": safe_name(Path(path).stem)})


def load_scheduled_jobs(folder: str) -> dict[str, JobSpec]:
    """Read the job files of a folder that have a schedule.

    Returns
    -------
    dict of str to JobSpec
        The file's name without `.toml` -> the job, with input, output and name.

    Raises
    ------
    JobError
        It is no folder, a job file in it is wrong, none has a schedule, or two have one name.
    """
    if not Path(folder).is_dir():
        raise JobError("there is no such folder", where=folder, remedy="name that of the job files")
    jobs: dict[str, JobSpec] = {}
    for path in sorted(Path(folder).glob("*.toml")):
        job = load_job(str(path))
        if job.schedule is None:
            continue
        if not re.fullmatch(STEM, path.stem):
            remedy = "take letters, digits, `.`, `_` and `-`, no dot first"
            raise JobError("this name cannot be asked for", where=str(path), remedy=remedy)
        jobs[path.stem] = complete_job(job)
    if not jobs:
        remedy = 'add `[schedule]` with `cron = "0 6 * * *"` to one'
        raise JobError("no job file in it has a schedule", where=folder, remedy=remedy)
    stem_of: dict[str | None, str] = {}
    for stem, job in jobs.items():
        if (other := stem_of.setdefault(job.name, stem)) != stem:
            what = f"{other}.toml and {stem}.toml are both called {job.name!r}"
            raise JobError(what, where=folder, remedy="give one another `name`")
    return jobs


def complete_job(
    job: JobSpec, location: str | None = None, output: str | None = None, name: str | None = None
) -> JobSpec:
    """Fill in a job's input, output and name; what is given here wins over the job file.

    Raises
    ------
    JobError
        There is no input, or one of them is wrong.
    """
    location = location or job.input
    if not location:
        raise JobError(
            "no input", remedy="name a file, folder, glob or URL, or set `input` in the job file"
        )
    settings = {
        "input": location,
        "output": output or job.output,
        "name": name or job.name or job_name_of(location),
    }
    return build_job({**job.model_dump(), **settings}, "command line")


def job_name_of(location: str) -> str:
    """Name a job after its input: the last part of it that is no pattern, without its suffix.

    Examples
    --------
    >>> job_name_of("logs/kdd99/events.parquet"), job_name_of("s3://bucket/signins/day=*/*.parquet")
    ('events', 'signins')
    >>> job_name_of("logs/signins/{date:%Y/%m/%d}.parquet")
    'signins'
    >>> job_name_of("lake/signins@v12")
    'signins'
    """
    parts = re.split(r"[/\\]+", re.sub(r"@v\d+$", "", without_day(location)))
    plain = "/".join(part for part in parts if not re.search(r"[*?\[\]{}]", part)).rstrip("/")
    if plain.rpartition("/")[2] in ("", ".", ".."):
        plain = str(Path(plain).resolve())
    return safe_name(plain)


def job_template(
    location: str,
    profiles: Mapping[str, ColumnProfile],
    choices: Mapping[str, RoleChoice],
) -> str:
    """Write the first job file for an input: each column, its role, and why.

    The input's own values appear only as examples of categories: the file is meant for version
    control. Those of a secret column never do, or of one whose name suggests it. Nor do texts with
    a mask in them. A login in the location is left out.

    Parameters
    ----------
    location
        The input as the user named it.
    profiles
        Column name -> its profile.
    choices
        Column name -> its role and why.

    Returns
    -------
    str
        TOML that `parse_job` reads as a job with these roles.
    """
    settings = _settings(location)
    roles = {name: choice.role for name, choice in choices.items()}
    behaviour = "" if is_hourly(location) else _behaviour(roles)
    return "\n".join([_head(location, profiles), settings, behaviour, _columns(profiles, choices)])


def _head(location: str, profiles: Mapping[str, ColumnProfile]) -> str:
    rows = max((profile.rows for profile in profiles.values()), default=0)
    return (
        "# A job for outfield. The roles were inferred from"
        f" {rows:,} events with {len(profiles):,} columns.\n"
        "# Edit them, keep this file in git, and run: outfield detect --job THIS_FILE\n"
        "# A setting behind a # is its default, or an example where there is none.\n"
        f"\ninput = {_text(_without_login(location))}\n"
    )


def _settings(location: str) -> str:
    job, selection, model = JobSpec(), SelectionSpec(), ModelSpec()
    age, unit = ("6h", "hour") if is_hourly(location) else ("2d", "day")
    max_age = [(f'# max_age = "{age}"', f"fail where the newest {unit} ended longer ago")]
    top = [
        *(max_age if is_partitioned(location) else []),
        (f"# output = {_text(job.output)}", "the folder that holds the results"),
        ('# name = "NAME"', "of their folder in it; by default that of this file"),
        (f"# unit = {_text(job.unit)}", 'or "session", together with the next line'),
        ('# session_key = "COLUMN"', "the column that names the session"),
        ('# session_gap = "30m"', "cut it where nothing happens for longer"),
        ('# session_window = "1d"', "or into windows of this length, from 1970 on (UTC)"),
        ('# peers = ["COLUMN"]', "categories whose names have habits, as entities have"),
        (f"# seed = {job.seed}", "of every random choice"),
        ("# mask_numbers = true", "of cards and bank accounts, within texts"),
        ('# keep = "90d"', "remove runs that began longer ago; the newest stays"),
        (f"# notify = {_text(job.notify)}", 'or "new", or "all": the runs that send a message'),
    ]
    nights = [
        (f'# alarms = "1 in {selection.alarms:g} nights"', "the most false alarms of quiet nights"),
        ("# min_records = 3", "an incident of fewer is no alarm"),
        ('# quiet_hours = ["22:00-06:00"]', "nor is one that lies in these altogether"),
    ]
    rules = [
        (f"# fdr = {DEFAULT_FDR}", "the share of findings that may be false alarms"),
        ("# threshold = 50", "or a fixed anomaly score: 50 is one event in 100,000"),
        *(nights if is_partitioned(location) else []),
        (f"# budget = {selection.budget}", "the most incidents a run writes"),
        ("# at_least = 20", "the fewest: the oddest of the rest fill up"),
        ('# critical = ["root"]', "values whose incidents come first"),
    ]
    judged = [
        (f"# use = {_text(model.use)}", 'on the batch; or "latest", or an id of `outfield models`'),
        (f"# refit = {_text(str(model.refit))}", 'or "on-drift", or an age: "7d"; of the latest'),
        ('# train = "HISTORY"', 'the days before, "last 28 days"; or "batch"; or a location'),
        (f"# distance = {_text(model.distance)}", 'or "cosine": of directions'),
    ]
    of_model = f"[model]\n{_aligned(judged)}\n{_asides(location)}"
    return f"{_aligned(top)}\n[selection]\n{_aligned(rules)}\n{of_model}"


def _behaviour(roles: Mapping[str, Role]) -> str:
    """Write whose hours and days are judged, and why."""
    entities, time = entities_of(roles), time_column(roles)
    named = ", ".join(map(_text, entities)) or '"COLUMN"'
    whose = f"each is an entity; the order of steps is that of `{_acting(roles)}`"
    if not entities:
        whose = "none: no column is an entity"
    of_all = sum(role is Role.ENTITY for role in roles.values())
    if of_all > len(entities):
        whose = (
            f"the first {len(entities)} of {of_all} entities; steps are those of `{_acting(roles)}`"
        )
    when = f"by `{time}`, once four days are known" if time else "neither: no column is a time"
    lines = [
        ("# [behaviour]", "what an entity does, held against its other days; or behaviour = false"),
        (f"# entities = [{named}]", whose),
        (f"# windows = [{', '.join(map(_text, WINDOWS))}]", when),
        ("# [calendar]", "days that are unlike ordinary ones, held against those of their name"),
        ('# payday = ["2026-01-30"]', 'days of UTC; a span is "2026-12-24/2026-12-31"'),
    ]
    return _aligned(lines)


def _acting(roles: Mapping[str, Role]) -> str:
    entities = entities_of(roles)
    return actor_of(roles, entities) if entities else ""


def _asides(location: str) -> str:
    """Write what makes no difference to what is found."""
    search = SearchSpec()
    stored_settings = [
        ("# [search]", "what `outfield similar` searches; it needs outfield[search]"),
        (f"# store = {str(search.store).lower()}", "true: a run keeps its records and embedding"),
        (f"# records = {search.records:_}", "the most: evenly spaced ones, and all findings"),
    ]
    judged, cron = "a {date} in `input` is the day it judges", "0 6 * * *"
    if is_hourly(location):
        judged, cron = "it judges the newest hour that is over", "15 * * * *"
    timed = [
        ("# [schedule]", f"when `outfield serve` runs it; {judged}"),
        (f'# cron = "{cron}"', 'minute, hour, day, month, weekday; or interval = "6h"'),
        ('# timezone = "UTC"', 'such as "Europe/Berlin"'),
    ]
    return f"{_aligned(stored_settings)}\n{_aligned(timed)}"


def _columns(profiles: Mapping[str, ColumnProfile], choices: Mapping[str, RoleChoice]) -> str:
    keys = {name: _key(name) for name in choices}
    width = max((len(key) for key in keys.values() if len(key) <= WIDEST), default=0)
    lines = [
        (f"{keys[name]:<{width}} = {_setting(choice)}", _why(choice, profiles.get(name)))
        for name, choice in choices.items()
    ]
    return (
        f"# Roles: {', '.join(Role)}.\n"
        '# More weight for one: COLUMN = { role = "number", weight = 2.0 }\n'
        '# Never written anywhere: COLUMN = { role = "category", secret = true }\n'
        f"[columns]\n{_aligned(lines)}"
    )


def _setting(choice: RoleChoice) -> str:
    if choice.role is Role.TIME:
        return _printable(time_setting(choice.spelling))
    role = _text(choice.role)
    return f"{{ role = {role}, secret = true }}" if choice.secret else role


def _why(choice: RoleChoice, profile: ColumnProfile | None) -> str:
    """Give the reason and, for a category that is no secret, its most common names."""
    if profile is None or choice.role is not Role.CATEGORY:
        return choice.why
    if choice.secret or suggests_secret(profile.name):
        return choice.why
    common = profile.examples[:EXAMPLES]
    shown = [text for text in common if len(text) <= EXAMPLE_LENGTH and not holds_mask(text)]
    return f"{choice.why} ({', '.join(shown)})" if shown else choice.why


def _aligned(lines: list[tuple[str, str]]) -> str:
    """Put each comment behind its setting, all at one place."""
    width = max((len(setting) for setting, _ in lines if len(setting) <= WIDEST), default=0)
    return "".join(f"{setting:<{width}}  # {_one_line(comment)}\n" for setting, comment in lines)


def _one_line(comment: str) -> str:
    """Leave out of a comment what TOML does not take there: line ends and other controls."""
    printable = (" " if unicodedata.category(c)[0] in "CZ" else c for c in comment)
    return " ".join("".join(printable).split())


def _without_login(location: str) -> str:
    """Leave user and password out of a URL: they belong into the environment."""
    return re.sub(r"://[^/]*:[^/]*@", "://", location)


def _key(name: str) -> str:
    return _printable(SingleKey(name).as_string())


def _text(value: str) -> str:
    return _printable(tomlkit.string(str(value)).as_string())


def _printable(quoted: str) -> str:
    """Spell out what does not print in a quoted string, direction marks for instance, as TOML does.

    A line that shows a person something else than it says is not to be kept in git.
    """
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
