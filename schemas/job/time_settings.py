"""Settings of times, as a job file spells them, and the sentence on a time that is not read."""

import json
from collections.abc import Sequence

from schemas.columns.time_formats import Spelling, has_year
from schemas.job.violations import key_path


def time_setting(spelling: Spelling) -> str:
    """Spell the setting of a time; `YYYY` stands for a year that the format leaves open.

    Examples
    --------
    >>> print(time_setting(Spelling("%d.%m.%Y %H:%M:%S")))
    { role = "time", format = "%d.%m.%Y %H:%M:%S" }
    """
    named = (("format", spelling.format), ("date", spelling.date))
    told = [f", {name} = {json.dumps(text, ensure_ascii=False)}" for name, text in named if text]
    if spelling.format is not None and not has_year(spelling.format):
        told.append(", year = YYYY")
    return f'{{ role = "time"{"".join(told)} }}' if told else '"time"'


def unread_time_sentence(column: str, settings: Sequence[str]) -> str:
    """Say that a column looks like a time, and the setting that would read it.

    Parameters
    ----------
    column
        Its name.
    settings
        The settings that would read it: two where the order of day and month is open, none where it
        is written in several ways.

    Examples
    --------
    >>> print(unread_time_sentence("ended", ['"time"']))
    Column ended looks like a time and is not read as one: write ended = "time" under [columns].
    """
    said = f"Column {column} looks like a time and is not read as one"
    if not settings:
        return f"{said}: it is written in several ways. Write it in one way, or ignore it."
    written = " or ".join(f"{key_path([column])} = {setting}" for setting in settings)
    return f"{said}: write {written} under [columns]."
