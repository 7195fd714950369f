"""The job: everything a user may set, in one TOML file."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from schemas.columns.roles import Role, RoleChoice
from schemas.columns.time_formats import Spelling, has_year
from schemas.errors import JobError
from schemas.job.behaviour import Behaviour, BehaviourSpec
from schemas.job.calendar import Calendar
from schemas.job.durations import Duration
from schemas.job.partitioned_location import check_location, is_hourly, is_partitioned
from schemas.job.schedule import ScheduleSpec
from schemas.job.sections import ColumnSpec, ModelSpec, SearchSpec, Section, SelectionSpec
from schemas.job.violations import job_error, key_path, nearest

NAME_LENGTH = 100
RESERVED_NAMES = ("runs", "models", "verdicts")
"""Folders within that of a job: the output of a job called so would look like a job itself."""
SESSION_CUTS = ("session_gap", "session_window")
"""The settings that cut the events of a session key by time."""
_NAME = re.compile(rf"[A-Za-z0-9_-][A-Za-z0-9._-]{{0,{NAME_LENGTH - 1}}}")


Notify = Literal["alarm", "new", "all"]
"""Which runs send a message to the people on duty."""


def _role_alone(value: Any) -> Any:
    return {"role": value} if isinstance(value, str) else value


class JobSpec(Section):
    """Everything a user may set for one detection job."""

    input: str | None = Field(
        default=None,
        min_length=1,
        description="A file, folder, glob or s3://, gs://, abfs:// URL. `{date}` in it, or"
        " `{date:%Y/%m/%d}`, stands for the day of the partition that a run judges. With `{hour}`"
        " beside it, or `%H` in the format, a partition is an hour.",
    )
    max_age: Duration | None = Field(
        default=None,
        description="A run that is told no day or hour fails if the newest partition ended longer"
        " ago than this: `2d`.",
    )
    output: str = Field(
        default="outfield-output",
        min_length=1,
        description="The folder or s3://, gs://, abfs:// URL that holds the results.",
    )
    name: str | None = Field(
        default=None,
        description="The job's name; by default that of the job file. Without one, that of the"
        " input.",
    )
    unit: Literal["event", "session"] = Field(default="event", description="What is judged.")
    session_key: str | None = Field(default=None, description="The column that names the session.")
    session_gap: Duration | None = Field(
        default=None,
        description="A session of the key ends when nothing happens for longer than this: `30m`.",
    )
    session_window: Duration | None = Field(
        default=None,
        description="A session is what the key did in a window of this length, from 1970 on: `1d`.",
    )
    columns: dict[
        str,
        Annotated[
            ColumnSpec, BeforeValidator(_role_alone, json_schema_input_type=Role | ColumnSpec)
        ],
    ] = Field(
        default_factory=dict,
        description="Column -> its role, or a table of role and weight. Others are inferred.",
    )
    peers: tuple[str, ...] = Field(
        default=(),
        description="Categories or flags that are also peer groups: the other columns are judged"
        " given them too, as they are given an entity.",
    )
    selection: SelectionSpec = Field(default_factory=SelectionSpec, description="What is reported.")
    model: ModelSpec = Field(default_factory=ModelSpec, description="How records are judged.")
    search: SearchSpec = Field(
        default_factory=SearchSpec, description="Which records are kept to be searched."
    )
    schedule: ScheduleSpec | None = Field(
        default=None, description="When `outfield serve` starts the job by itself."
    )
    notify: Notify = Field(
        default="alarm",
        description="Which runs send a message to `OUTFIELD_NOTIFY_URL`: those with alarms; `new`:"
        " with new or worse incidents, too; `all`: every run, quiet ones too.",
    )
    keep: Duration | None = Field(
        default=None,
        description="After each run, runs of the job that began longer ago are removed: `90d`. The"
        " newest stays.",
    )
    mask_numbers: bool = Field(
        default=True,
        strict=True,
        description="Whether numbers of cards, bank accounts (IBAN) and US social security are"
        " masked within texts.",
    )
    behaviour: Behaviour = Field(
        default=BehaviourSpec(),
        description="Whether what an entity does in an hour or a day is judged too, against its"
        " other days; or the table of its settings. It needs a time, entities and four days, of the"
        " input or of earlier runs. A run of more than ten million events leaves it out, and so"
        " does one of an hour.",
    )
    calendar: Calendar = Field(
        default_factory=dict,
        description="Name -> days of UTC that are unlike ordinary ones, and spans of days:"
        ' `payday = ["2026-01-30"]`, `closed = ["2026-12-24/2026-12-31"]`. What an entity does on'
        " them is held against other days of the name alone, once four are known. No ordinary day"
        " is held against them.",
    )
    seed: int = Field(
        default=0, ge=0, le=2**32 - 1, strict=True, description="The seed of every random choice."
    )

    @field_validator("input")
    @classmethod
    def _input_names_a_day(cls, location: str | None) -> str | None:
        return None if location is None else check_location(location)

    @field_validator("name")
    @classmethod
    def _name_is_safe(cls, name: str | None) -> str | None:
        if name is not None and not _NAME.fullmatch(name):
            raise ValueError(
                "it names a folder, so it takes letters, digits, `.`, `_` and `-`, no dot first,"
                f" at most {NAME_LENGTH}"
            )
        if name is not None and name.lower() in RESERVED_NAMES:
            raise ValueError(f"a folder of that name holds the {name.lower()} of a job")
        return name

    @model_validator(mode="after")
    def _only_a_partition_ages(self) -> "JobSpec":
        if self.max_age is not None and self.input and not is_partitioned(self.input):
            raise ValueError("`max_age` needs an `input` with `{date}`: else nothing tells its age")
        return self

    @model_validator(mode="after")
    def _only_days_have_behaviour(self) -> "JobSpec":
        asked = self.behaviour not in (None, BehaviourSpec())
        if asked and self.input and is_hourly(self.input):
            raise ValueError(
                "`behaviour` judges days, and a partition of `input` is an hour: leave it out, or"
                " write `*` for the hour"
            )
        return self

    @model_validator(mode="after")
    def _a_calendar_is_of_behaviour(self) -> "JobSpec":
        hourly = bool(self.input) and is_hourly(str(self.input))
        if self.calendar and (self.behaviour is None or self.unit == "session" or hourly):
            raise ValueError(
                "[calendar] is for what entities do on a day, which the job does not judge"
                " (`behaviour`): leave it out"
            )
        return self

    @model_validator(mode="after")
    def _the_year_is_told(self) -> "JobSpec":
        for name, spec in self.columns.items():
            yearless = spec.format is not None and not has_year(spec.format)
            if yearless and spec.year is None and self.input and not is_partitioned(self.input):
                raise ValueError(
                    f"the format of {key_path([name])} has no year: add `year = 2026` beside it, or"
                    " put `{date}` where the day stands in `input`"
                )
        return self

    @model_validator(mode="after")
    def _only_a_folder_is_cleaned(self) -> "JobSpec":
        if self.keep is not None and "://" in self.output:
            raise ValueError("`keep` needs an `output` on this machine: a store removes by rules")
        return self

    @model_validator(mode="after")
    def _session_has_key(self) -> "JobSpec":
        if (self.unit == "session") != (self.session_key is not None):
            raise ValueError('`unit = "session"` and `session_key` go together')
        cuts = [name for name in SESSION_CUTS if getattr(self, name) is not None]
        if len(cuts) > 1:
            raise ValueError(f"set {' or '.join(f'`{name}`' for name in cuts)}, not both")
        if cuts and self.session_key is None:
            raise ValueError(f'`{cuts[0]}` needs `unit = "session"` and a `session_key`')
        return self

    @model_validator(mode="after")
    def _peers_group_events(self) -> "JobSpec":
        if self.peers and self.unit == "session":
            raise ValueError('`peers` group events; they do not go with `unit = "session"`')
        return self

    @model_validator(mode="after")
    def _behaviour_is_of_events(self) -> "JobSpec":
        if self.unit == "session" and self.behaviour is not None and self.behaviour.entities:
            raise ValueError('[behaviour] judges events; it does not go with `unit = "session"`')
        return self

    @model_validator(mode="after")
    def _one_id_one_time(self) -> "JobSpec":
        for role in (Role.ID, Role.TIME):
            holders = [key_path([name]) for name, spec in self.columns.items() if spec.role is role]
            if len(holders) > 1:
                raise ValueError(f"only one column can be `{role}`, not {' and '.join(holders)}")
        return self


_SECTIONS: Mapping[str, type[BaseModel]] = {
    "": JobSpec,
    "selection": SelectionSpec,
    "model": ModelSpec,
    "columns": ColumnSpec,
    "behaviour": BehaviourSpec,
    "search": SearchSpec,
    "schedule": ScheduleSpec,
}


def parse_job(text: str, source: str) -> JobSpec:
    r"""Read a job from the text of its TOML file.

    Parameters
    ----------
    text
        The file's content.
    source
        The file's name, for the message.

    Raises
    ------
    JobError
        It is not TOML, or a setting is unknown or wrong: one line that names them and the remedy.

    Examples
    --------
    >>> parse_job('[columns]\namount = "number"', "job.toml").columns["amount"].role.value
    'number'
    """
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(str(error), source) from None
    except (ValueError, RecursionError):
        raise _not_toml("a number too long, or tables nested too deep", source) from None
    return build_job(settings, source)


def build_job(settings: Mapping[str, Any], source: str) -> JobSpec:
    """Check settings that come from anywhere, such as a job file and the command line together.

    Raises
    ------
    JobError
        A setting is unknown or wrong.
    """
    try:
        return JobSpec.model_validate(dict(settings))
    except ValidationError as error:
        raise job_error(error, source, _SECTIONS) from None


def job_schema() -> dict[str, Any]:
    """Give the JSON Schema of a job file, for editors."""
    return JobSpec.model_json_schema(mode="validation")


def check_columns(job: JobSpec, names: Iterable[str]) -> None:
    """Check that the input has every column that the job names.

    Raises
    ------
    JobError
        It lacks one; the nearest of its columns is named.
    """
    known = list(names)
    wanted = {key_path(("columns", name)): name for name in job.columns}
    days = {name: spec.date for name, spec in job.columns.items() if spec.date is not None}
    wanted |= {key_path(("columns", name, "date")): day for name, day in days.items()}
    if job.session_key is not None:
        wanted["session_key"] = job.session_key
    wanted |= {key_path(("peers", i)): name for i, name in enumerate(job.peers)}
    wanted |= dict(_judged_entities(job))
    missing = {path: name for path, name in wanted.items() if name not in set(known)}
    if missing:
        first = next(iter(missing))
        likely = nearest(missing[first], known)
        more = f" (nor {len(missing) - 1} more that the job names)" if len(missing) > 1 else ""
        raise JobError(
            f"the input has no column `{missing[first]}`{more}",
            where=first,
            remedy=f"did you mean `{likely}`?" if likely else f"it has {_listed(known)}",
        )


def roles_of(job: JobSpec, inferred: Mapping[str, RoleChoice]) -> dict[str, RoleChoice]:
    """Let the job's roles win over the inferred ones.

    A column that the job makes the id or the time displaces the inferred one, which is ignored. The
    session key is an entity unless the job says otherwise.
    """
    own = {name: spec.role for name, spec in job.columns.items()}
    if job.session_key is not None and job.session_key not in own:
        own[job.session_key] = Role.ENTITY
    holders = {role: name for name, role in own.items() if role in (Role.ID, Role.TIME)}
    roles = {}
    for name, choice in inferred.items():
        if name in job.columns:
            spec = job.columns[name]
            secret, spelling = _is_masked(spec, choice), _spelling(spec, choice)
            roles[name] = RoleChoice(own[name], "set in the job file", secret, spelling)
        elif name in own:
            roles[name] = RoleChoice(own[name], "names the session", choice.secret)
        elif choice.role in holders:
            why = f"the job file makes `{holders[choice.role]}` the {choice.role}"
            roles[name] = RoleChoice(Role.IGNORE, why, choice.secret)
        else:
            roles[name] = choice
    return roles


def _spelling(spec: ColumnSpec, inferred: RoleChoice) -> Spelling:
    """Return how a time is written: as the job says, else as its values tell."""
    if spec.role is not Role.TIME or spec.format is not None or spec.date is not None:
        return spec.spelling
    told = inferred.unread or ()
    read = len(told) == 1 and (told[0].format is None or has_year(told[0].format))
    return told[0] if read else inferred.spelling


def _is_masked(spec: ColumnSpec, inferred: RoleChoice) -> bool:
    """Tell whether a column of the job is masked; that it is a number, the job knows better."""
    if spec.secret is not None:
        return spec.secret
    return inferred.secret and spec.role not in (Role.TIME, Role.NUMBER, Role.FLAG)


def check_peers(job: JobSpec, choices: Mapping[str, RoleChoice]) -> None:
    """Check that every peer group has the role of one.

    Raises
    ------
    JobError
        It is no category and no flag; the nearest column that is one is named.
    """
    groups = [name for name, choice in choices.items() if choice.role in (Role.CATEGORY, Role.FLAG)]
    for i, name in enumerate(job.peers):
        if name in groups:
            continue
        role = f", and `{name}` is `{choices[name].role}`" if name in choices else ""
        likely = nearest(name, groups)
        own = f"make it a `{Role.CATEGORY}` under [columns]"
        raise JobError(
            f"a peer group is a `{Role.CATEGORY}` or a `{Role.FLAG}`{role}",
            where=key_path(("peers", i)),
            remedy=f"did you mean `{likely}`? Or {own}" if likely else own,
        )


def check_calendar(job: JobSpec, choices: Mapping[str, RoleChoice]) -> None:
    """Check that the records have days which a calendar can name.

    Raises
    ------
    JobError
        No column is the time.
    """
    if job.calendar and all(choice.role is not Role.TIME for choice in choices.values()):
        raise JobError(
            "[calendar] names days, and no column is the time of a record",
            where="calendar",
            remedy=f"make a column the `{Role.TIME}` under [columns], or leave [calendar] out",
        )


def check_entities(job: JobSpec, choices: Mapping[str, RoleChoice]) -> None:
    """Check that every column whose entities are judged over time holds names.

    Raises
    ------
    JobError
        Another role; the nearest column that has such a role is named.
    """
    roles = (Role.ENTITY, Role.CATEGORY, Role.FLAG)
    names = [name for name, choice in choices.items() if choice.role in roles]
    for path, name in _judged_entities(job):
        if name not in names:
            likely = nearest(name, names)
            own = f"make it an `{Role.ENTITY}` under [columns]"
            role = f", and `{name}` is `{choices[name].role}`" if name in choices else ""
            raise JobError(
                f"what is judged over time is an `{Role.ENTITY}`, a `{Role.CATEGORY}` or a"
                f" `{Role.FLAG}`{role}",
                where=path,
                remedy=f"did you mean `{likely}`? Or {own}" if likely else own,
            )


def _judged_entities(job: JobSpec) -> list[tuple[str, str]]:
    """Return where the job names each column whose entities are judged over time, and its name."""
    named = () if job.behaviour is None else job.behaviour.entities or ()
    return [(key_path(("behaviour", "entities", i)), name) for i, name in enumerate(named)]


def safe_name(text: str) -> str:
    """Derive a job's name from an input's name or location; a login in it is left out.

    Examples
    --------
    >>> safe_name("s3://logs/cloud trail/*.parquet"), safe_name("Vorgänge.parquet")
    ('cloud-trail', 'Vorgange')
    >>> safe_name("data/runs")
    'runs-log'
    """
    without_login = text.rpartition("@")[2]
    plain = unicodedata.normalize("NFKD", without_login).encode("ascii", "ignore").decode()
    parts = [part for part in re.split(r"[/\\]+", plain) if "*" not in part]
    for part in reversed(parts):
        stem = re.sub(r"\.(parquet|parq|pq)$", "", part, flags=re.IGNORECASE)
        name = re.sub(r"[^A-Za-z0-9._]+", "-", stem)[:NAME_LENGTH].strip("-.")
        if name:
            return f"{name}-log" if name.lower() in RESERVED_NAMES else name
    return "job"


def _not_toml(message: str, source: str) -> JobError:
    """Say where a file stops being TOML."""
    complaint, _, place = message.rstrip(")").partition(" (at ")
    line = re.match(r"line \d+", place)
    quotes = "put text in double quotes" if complaint == "Invalid value" else "mend it there"
    return JobError(
        f"this is not TOML: {complaint[:1].lower()}{complaint[1:]}",
        where=f"{source}: {line.group() if line else place or 'line 1'}",
        remedy=quotes,
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown or "none"
