"""Claims about a moment: how few records fall into its hour, or on its weekday."""

from datetime import datetime

import numpy as np

from anomaly.embedding.block import Rarity
from anomaly.explain.claims import Among, Claim, Judged
from anomaly.explain.quoting import quote

_HOURS, _WEEKDAYS = 24, 7


def hour(judged: Judged, column: str, given: str | None) -> Claim | None:
    """Say how many records, or those with the same `given`, fall into the hour of the day."""
    among = judged.everybody if given is None else judged.among(given)
    return None if judged.few(among) else _in_hour(judged, column, among)


def moment(judged: Judged, column: str, rarity: Rarity) -> Claim | None:
    """Say what is rarest: the hour, the weekday, or the hour on that weekday."""
    at = judged.event[column]
    if rarity.kind == "hour":
        return hour(judged, column, None)
    held = judged.known.column(column)
    on_day = held.weekdays == at.weekday()
    if rarity.kind == "weekday hour":
        among = Among(on_day, f"on a {at:%A}")
        return None if judged.few(among) else _in_hour(judged, column, among)
    count, everybody = int(on_day.sum()), judged.everybody
    if count * _WEEKDAYS > everybody.total:
        return None
    usual = int(np.argmax(np.bincount(held.weekdays, minlength=_WEEKDAYS)))
    expected = datetime(2024, 1, 1 + usual).strftime("%A")
    sentence = (
        f"`{quote(column)}` is {quote(at)}: on a {at:%A} {judged.seen(count, everybody)},"
        f" most often on a {expected}"
    )
    return Claim(quote(at), expected, sentence, count / everybody.total)


def _in_hour(judged: Judged, column: str, among: Among) -> Claim | None:
    at = judged.event[column]
    hours = judged.known.column(column).hours[among.mask]
    counts = np.bincount(hours, minlength=_HOURS)
    count, usual = int(counts[at.hour]), int(np.argmax(counts))
    if count * _HOURS > among.total:
        return None
    expected = f"{usual:02d}:00 UTC"
    sentence = (
        f"`{quote(column)}` is {quote(at)}: between {_span(at.hour)} {judged.seen(count, among)},"
        f" most often between {_span(usual)}"
    )
    return Claim(quote(at), expected, sentence, count / among.total)


def _span(start: int) -> str:
    return f"{start:02d}:00 and {(start + 1) % _HOURS:02d}:00"
