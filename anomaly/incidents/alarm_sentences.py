"""The sentences about a run beside its earlier nights, and about each of its incidents.

A run that is judged against its own records has no earlier nights, and none of these sentences.
"""

from typing import Literal

from anomaly.incidents.alarms import LEARNING_NIGHTS
from anomaly.incidents.summary import OF_RECORDS, OF_WINDOW

Night = Literal["night", "hour"]
"""What a run judges, as it is held against its like: a night is a day."""


def count_alarms(alarms: int, stacks: int | None) -> str:
    """Count alarms, and the stacks that they are in where some look alike.

    Examples
    --------
    >>> count_alarms(7, 3), count_alarms(1, 1), count_alarms(2, None)
    ('7 alarms in 3 stacks', '1 alarm', '2 alarms')
    """
    said = f"{alarms:,} alarm{'' if alarms == 1 else 's'}"
    if stacks is None or stacks >= alarms:
        return said
    return f"{said} in {stacks:,} stack{'' if stacks == 1 else 's'}"


def night_sentence(
    alarms: int, nights: int | None, stacks: int | None = None, night: Night = "night"
) -> str:
    """Say how many alarms a run has, or that it is quiet; nothing where nights are not compared.

    Parameters
    ----------
    alarms
        The alarms of the run.
    nights
        The earlier nights that it was held against; None where it was held against none.
    stacks
        The stacks that the alarms are in; None in runs before there were stacks.
    night
        What a run judges.

    Examples
    --------
    >>> night_sentence(2, 28)
    '2 alarms, held against 28 nights before.'
    >>> night_sentence(0, 2)
    'Quiet: no alarm; learning, 2 of 7 nights known.'
    >>> night_sentence(0, 30, night="hour")
    'Quiet: no alarm; learning, 30 of 168 hours known.'
    >>> night_sentence(0, None)
    ''
    """
    if nights is None:
        return ""
    said = count_alarms(alarms, stacks) if alarms else "Quiet: no alarm"
    if nights < _learnt(night):
        alone = f", as no {night} before is known" if nights == 0 else ""
        return f"{said}{alone}; {_learning(nights, night)}."
    return f"{said}, held against {nights:,} {night}s before."


def recurrence_sentence(
    recurrence: float | None,
    nights: int | None,
    night: Night = "night",
    view: str = OF_RECORDS,
) -> str:
    """Say in how many nights one is as odd as an incident, and never more than the nights tell.

    Parameters
    ----------
    recurrence
        Nights, as `anomaly.incidents.alarms.recurrence` counts them; None while too few are known.
    nights, night
        As for `night_sentence`: those of which this view was judged.
    view
        Of the incident.

    Examples
    --------
    >>> recurrence_sentence(14.5, 28)
    'as odd a night: once in 14 nights'
    >>> recurrence_sentence(14.5, 28, view=OF_WINDOW)
    'as odd a day of an entity: once in 14 nights'
    >>> recurrence_sentence(29.0, 28)
    'none of 28 nights before was as odd'
    >>> recurrence_sentence(None, 2)
    'learning, 2 of 7 nights known'
    """
    if nights is None:
        return ""
    if recurrence is None:
        return _learning(nights, night) if nights < _learnt(night) else ""
    of_window = view == OF_WINDOW
    if recurrence >= nights + 1:
        was = "had as odd a day of an entity" if of_window else "was as odd"
        return f"none of {nights:,} {night}s before {was}"
    article = "a night" if night == "night" else "an hour"
    odd = "as odd a day of an entity" if of_window else f"as odd {article}"
    if recurrence < 2.0:
        return f"{odd}: at least every second {night}"
    return f"{odd}: once in {int(recurrence):,} {night}s"


def _learning(nights: int, night: Night) -> str:
    return f"learning, {nights:,} of {_learnt(night)} {night}s known"


def _learnt(night: Night) -> int:
    return LEARNING_NIGHTS * (1 if night == "night" else 24)
