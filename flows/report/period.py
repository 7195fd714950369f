"""The period that a run judged, and what it held it against."""

from datetime import date

from flows.report.text import count
from schemas.outputs.manifest import RunManifest


def day_label(manifest: RunManifest) -> str:
    """Name the day or hour that was judged, or the first and last day; nothing if none is known."""
    first, last = _days(manifest)
    if first is None or last is None:
        return ""
    if first == last:
        return f"{_weekday(first)}{_hour(manifest)}"
    return f"{_weekday(first)} to {_weekday(last)}"


def period_sentence(manifest: RunManifest) -> str:
    """Say which day or hour was judged, and from when to when its records happened."""
    _, last = _days(manifest)
    if last is None:
        return "Judged: records without a time."
    hour = _hour(manifest)
    said = f"Judged: {day_label(manifest).removesuffix(hour)} {last.year}{hour}"
    if manifest.covers is None:
        return f"{said}."
    begin, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in manifest.covers)
    return f"{said}; its records are from {begin} to {end} UTC."


def held_against_sentence(manifest: RunManifest) -> str:
    """Say what the records were held against: days of the model, and earlier nights."""
    model, nights = manifest.model, manifest.incidents.nights
    of_days = "" if model.days is None else f" of {count(model.days, 'day')}"
    if nights is None and model.use == "fit":
        return f"Held against itself: a model of its own records{of_days}."
    known = "" if nights is None else f", and {count(nights, f'earlier {manifest.night}')}"
    return f"Held against a model{of_days or ' of stored records'}{known}."


def _days(manifest: RunManifest) -> tuple[date | None, date | None]:
    if manifest.partition is not None:
        return manifest.partition.day, manifest.partition.day
    if manifest.covers is None:
        return None, None
    first, last = manifest.covers
    return first.date(), last.date()


def _hour(manifest: RunManifest) -> str:
    partition = manifest.partition
    return "" if partition is None or partition.hour is None else f", hour {partition.hour:02d}"


def _weekday(day: date) -> str:
    """Write a day with its weekday.

    Examples
    --------
    >>> _weekday(date(2026, 1, 9))
    'Friday 9 January'
    """
    return f"{day:%A} {day.day} {day:%B}"
