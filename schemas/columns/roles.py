"""The role of a column: what its values mean to the detector, and how a role is inferred.

A role follows from the name and the values: their type, how many are distinct, how often they
repeat, what they look like. The best of the columns that could name the record is taken, and the
best of those that could say when it happened. For every other column the rules of its kind are
tried in order, and the first that applies decides. Each choice says why, with the figures.
"""

import re
from collections.abc import Collection, Mapping

from schemas.columns import vocabulary as names
from schemas.columns.profile import PATTERNS, ColumnProfile, Role, RoleChoice
from schemas.columns.rules import (
    ACTORS,
    FEW,
    STRUCTURES,
    by_rules,
    figures,
    is_clock,
    is_moment,
    is_moment_of_one_format,
    is_other_moment,
)
from schemas.columns.time_formats import ISO_DAY, PLAIN, Spelling

__all__ = [
    "ColumnProfile",
    "Role",
    "RoleChoice",
    "infer_roles",
    "time_column",
    "without_partition_dates",
]

_DATED = re.compile(PATTERNS["date"].rstrip("$"))
"""A day, and perhaps an hour after it."""
_SHORT = 12
"""Few distinct texts that are shorter say of a token what it is or what became of it."""


def time_column(roles: Mapping[str, Role]) -> str | None:
    """Return the column that holds the time of the event; None where there is none."""
    return next((column for column, role in roles.items() if role is Role.TIME), None)


def infer_roles(profiles: Mapping[str, ColumnProfile]) -> dict[str, RoleChoice]:
    """Choose a role for each column, at most one `id` and one `time` among them.

    Parameters
    ----------
    profiles
        Column name -> its profile, as `anomaly.preprocess.profile.profile` makes them.

    Returns
    -------
    dict
        Column name -> its role and why, in the order of `profiles`, and whether it is a secret by
        its name.
    """
    times = {name: p for name, p in profiles.items() if _could_be_time(p)}
    ids = {name: p for name, p in profiles.items() if _could_be_id(p)}
    clocks = {name: p for name, p in profiles.items() if _could_be_clock(p)}
    time = max(times, key=lambda name: _time_merit(times[name]), default=None)
    parted = _in_two_columns(_day_of(profiles, time), clocks, time)
    time = next((name for name, choice in parted.items() if choice.role is Role.TIME), time)
    record = max(ids, key=lambda name: _id_merit(ids[name]), default=None)
    choices = {}
    for name, profile in profiles.items():
        if name in parted:
            choices[name] = parted[name]
        elif name in times:
            choices[name] = _as_time(profile, best=time)
        elif name in ids:
            choices[name] = _as_id(profile, best=record)
        elif time is not None and _is_part_of_date(profile):
            why = f"a part of the date, which `{time}` holds"
            choices[name] = RoleChoice(Role.IGNORE, why)
        else:
            choices[name] = by_rules(profile)
    return {name: _masked_if_secret(profiles[name], choice) for name, choice in choices.items()}


def without_partition_dates(
    choices: Mapping[str, RoleChoice], values: Mapping[str, Collection[str]]
) -> dict[str, RoleChoice]:
    """Ignore the dates that folders name, such as `day=2026-01-05`: all rows of a file share one.

    Parameters
    ----------
    choices
        Column name -> its inferred role.
    values
        Key of the hive partitions -> its values.

    Examples
    --------
    >>> choices = {"dt": RoleChoice(Role.NUMBER, ""), "region": RoleChoice(Role.CATEGORY, "")}
    >>> roles = without_partition_dates(choices, {"dt": ["20260105"], "region": ["eu"]})
    >>> [str(choice.role) for choice in roles.values()]
    ['ignore', 'category']
    """
    dated = {key for key, texts in values.items() if _names_date(key, texts)}
    why = "the date of a partition, which folders name: give it a role to judge it"
    return {
        name: RoleChoice(Role.IGNORE, why)
        if name in dated and choice.role not in (Role.TIME, Role.IGNORE)
        else choice
        for name, choice in choices.items()
    }


def _names_date(key: str, texts: Collection[str]) -> bool:
    if names.says_calendar(key):
        return True
    return bool(texts) and all(_DATED.match(text) for text in texts)


# --- the time of the event -------------------------------------------------------------------


def _could_be_time(profile: ColumnProfile) -> bool:
    happened = names.event_time_rank(profile.name) > 0
    read = is_moment(profile) or is_moment_of_one_format(profile)
    return read and happened and profile.nulls <= 0.05 * profile.rows


def _is_day(profile: ColumnProfile) -> bool:
    return profile.kind == "date" or profile.share("date", "other date") >= 0.5


def _time_merit(profile: ColumnProfile) -> tuple[bool, int, bool, int]:
    finer_than_a_day = not _is_day(profile)
    native = profile.kind in ("timestamp", "date")
    return finer_than_a_day, names.event_time_rank(profile.name), native, profile.distinct


def _as_time(profile: ColumnProfile, best: str | None) -> RoleChoice:
    if profile.name != best:
        return RoleChoice(Role.IGNORE, f"another time: `{best}` is when the event happened")
    kind = {"string": "times as text", "integer": "Unix times", "float": "Unix times"}
    what = kind.get(profile.kind, f"of type {profile.kind}")
    spelling = PLAIN
    if not is_moment(profile):
        spelling = Spelling(profile.time_formats[0])
        what = f"times of the format `{spelling.format}`"
    return RoleChoice(Role.TIME, f"{what}; {figures(profile, Role.TIME)}", spelling=spelling)


def _could_be_clock(profile: ColumnProfile) -> bool:
    return is_clock(profile) and profile.nulls <= 0.05 * profile.rows


def _in_two_columns(
    day: ColumnProfile | None, clocks: Mapping[str, ColumnProfile], time: str | None
) -> dict[str, RoleChoice]:
    """Join a day and the only time of day beside it: the choices of these columns, if there are.

    A day that is itself the `time` remains so where the two cannot be joined.
    """
    if day is None or len(clocks) != 1:
        return {}
    (clock,) = clocks.values()
    spellings = _joined(day, clock)
    if len(spellings) != 1:
        why = f"a time of the day in `{day.name}`; looks like a time, and is not read as one"
        unread = {clock.name: RoleChoice(Role.IGNORE, why, unread=spellings)}
        beside = RoleChoice(Role.IGNORE, f"the day of the time in `{clock.name}`")
        return unread if day.name == time else unread | {day.name: beside}
    (spelling,) = spellings
    form = "" if spelling.format is None else f" in the format `{spelling.format}`"
    return {
        clock.name: RoleChoice(Role.TIME, f"of the day in `{day.name}`{form}", spelling=spelling),
        day.name: RoleChoice(Role.IGNORE, f"the day of the time, which `{clock.name}` holds"),
    }


def _joined(day: ColumnProfile, clock: ColumnProfile) -> tuple[Spelling, ...]:
    """Give the ways to read a day and a time of day that stand in two columns."""
    plain_day = is_moment(day)
    times = ("%H:%M:%S",) if clock.kind == "time" else clock.time_formats
    if plain_day and len(times) == 1 and "%p" not in times[0]:
        return (Spelling(date=day.name),)
    dashed = day.kind == "date" or all("-" in example for example in day.examples)
    days = (ISO_DAY,) * dashed if plain_day else day.time_formats
    return tuple(Spelling(f"{one} {time}", day.name) for one in days for time in times)


def _day_of(profiles: Mapping[str, ColumnProfile], time: str | None) -> ColumnProfile | None:
    """Return the column that holds the day of the event, where none holds more than the day."""
    if time is not None:
        return profiles[time] if _is_day(profiles[time]) else None
    days = [p for p in profiles.values() if is_other_moment(p) and _is_day(p)]
    return days[0] if len(days) == 1 else None


def _is_part_of_date(profile: ColumnProfile) -> bool:
    numeric = profile.kind == "integer" or profile.share("decimal") == 1
    return numeric and profile.distinct <= 366 and names.says_calendar(profile.name)


# --- the id of the record --------------------------------------------------------------------


def _could_be_id(profile: ColumnProfile) -> bool:
    if (
        not profile.unique
        or profile.kind not in ("integer", "string", "binary")
        or is_moment(profile)
        or is_other_moment(profile)
        or is_clock(profile)
    ):
        return False
    if names.says_quantity(profile.name) or names.names_process(profile.name):
        return False
    if profile.share(*ACTORS, *STRUCTURES) >= 0.5:
        return False
    return profile.space_share < 0.01 and profile.mean_length <= 128 and _id_merit(profile)[0] > 0


def _id_merit(profile: ColumnProfile) -> tuple[int, float]:
    """Rank what speaks for an id: its name, the look of its values, or only that they are new."""
    name = profile.name
    alike = profile.share("uuid", "hash") >= 0.95
    marks = (
        names.names_record(name),
        names.says_identifier(name) and names.entity_word(name) is None,
        alike,
        names.says_identifier(name),
        names.entity_word(name) is None and not names.says_text(name) and _counts_up(profile),
    )
    merit = next((len(marks) - place for place, mark in enumerate(marks) if mark), 0)
    return merit, profile.distinct / max(profile.rows, 1)


def _counts_up(profile: ColumnProfile) -> bool:
    """Tell if the values are a sequence, or so many new short strings that they must be made up."""
    if profile.minimum is None or profile.maximum is None:
        made_up = profile.kind == "string" and profile.share("decimal") < 0.5
        return made_up and profile.rows >= 1_000 and profile.mean_length <= 64
    return profile.rows >= 20 and profile.maximum - profile.minimum < 1.5 * profile.rows


def _as_id(profile: ColumnProfile, best: str | None) -> RoleChoice:
    if profile.name != best:
        return RoleChoice(Role.IGNORE, f"as unique as `{best}`, which names the record")
    return RoleChoice(Role.ID, f"names the record: {figures(profile, Role.ID)}")


# --- secrets ---------------------------------------------------------------------------------


def _masked_if_secret(profile: ColumnProfile, choice: RoleChoice) -> RoleChoice:
    if choice.role is Role.TIME or not _is_secret(profile):
        return choice
    role = Role.CATEGORY if choice.role in (Role.NUMBER, Role.FLAG) else choice.role
    return RoleChoice(role, "a secret by its name: its values are masked", secret=True)


def _is_secret(profile: ColumnProfile) -> bool:
    """Tell whether a column's values are credentials; a count of tokens, or `granted`, is none."""
    if profile.kind not in ("string", "binary", "integer", "float"):
        return False
    if names.names_password(profile.name):
        return profile.kind != "float"
    kinds = profile.distinct <= FEW and profile.mean_length < _SHORT
    textual = profile.kind == "binary" or (profile.kind == "string" and not kinds)
    return textual and names.names_token(profile.name)
