"""Claims about a number: the highest, one of the highest, or one where hardly any other lies."""

from typing import Any

import numpy as np

from anomaly.explain.amounts import amount, is_infinite, number, rounded
from anomaly.explain.claims import COMMON, ENOUGH, FEWEST, Among, Claim, Judged
from anomaly.explain.quoting import is_held, quote
from anomaly.numerics.arrays import Doubles

_TIMES = 1.5
"""From here on a sentence says how many times the next number it is."""
_NEAR = 0.1
"""Share of a number that others may differ by and be near it."""
_EMPTY = 0.05
"""Share of the records that may lie near a number which stands alone."""
_MIDDLE = (0.1, 0.9)
"""Quantiles between which the usual numbers lie."""


def alone(judged: Judged, column: str) -> Claim | None:
    """Say where the number lies among all."""
    return _claim(judged, column, judged.everybody, "", None)


def given(judged: Judged, column: str, other: str, usual: Any) -> Claim | None:
    """Say where it lies among those of the records with the same `other`."""
    among = judged.among(other)
    return None if judged.few(among) else _claim(judged, column, among, "", usual)


def given_number(judged: Judged, column: str, other: str, usual: float) -> Claim | None:
    """Say where it lies among those of the records whose `other` number is near that of its own."""
    beside = float(judged.event[other])
    values = judged.known.column(other).values
    low, high = near(beside)
    if judged.few(Among((values >= low) & (values <= high), "")):
        low, high = _around(beside, values)
    words = f"with `{quote(other)}` {number(low)}"
    words += f" to {number(high)}" if high > low else ""
    among = Among((values >= low) & (values <= high), words)
    if judged.few(among):
        return None
    where = f" where `{quote(other)}` is {amount(other, beside)}"
    return _claim(judged, column, among, where, (usual,))


def _claim(judged: Judged, column: str, among: Among, where: str, usual: Any) -> Claim | None:
    value = judged.event[column]
    if value is None:
        return _missing(judged, column, among)
    values = judged.known.column(column).values
    present = among.mask & ~np.isnan(values)
    among = Among(present, among.words)
    if judged.few(among):
        return None
    told = _place(judged, column, float(value), among, values[present])
    if told is None:
        return None
    place, share = told
    expected = _usual(judged, column, among, values, usual)
    shown = amount(column, float(value))
    usually = f", usually {expected[0]}{expected[1]}" if expected else ""
    sentence = f"`{quote(column)}` is {shown}{where}: {place}{usually}"
    return Claim(shown, expected[0] if expected else None, sentence, share)


def _missing(judged: Judged, column: str, among: Among) -> Claim:
    missing = np.isnan(judged.known.column(column).values)
    count = int((missing & among.mask).sum())
    sentence = f"{is_held(column, None)}: {judged.seen(count, among)}"
    return Claim(quote(None), None, sentence, count / max(among.total, 1))


def _place(
    judged: Judged, column: str, value: float, among: Among, values: Doubles
) -> tuple[str, float] | None:
    """Say where a number lies among `values`, and the share of them that lie there too."""
    above, below = int((values >= value).sum()), int((values <= value).sum())
    some, n = judged.some(among), len(values)
    if min(above, below) <= judged.itself:
        return _outermost(judged, column, value, some, values, above <= below), 0.0
    count, side = (above, "high or higher") if above <= below else (below, "low or lower")
    if count / n <= COMMON:
        return f"as {side} in {count:,} of {some}", count / n
    low, high = near(value)
    count = int(((values >= low) & (values <= high)).sum())
    if count / n > _EMPTY or low == high:
        return None
    between = f"between {number(low)} and {number(high)}"
    if count <= judged.itself:
        return f"never {between} in another of {some}", 0.0
    return f"{between} in {count:,} of {some}", count / n


def _outermost(
    judged: Judged, column: str, value: float, some: str, values: Doubles, highest: bool
) -> str:
    others = values[values != value]
    most, more = ("highest", "higher") if highest else ("lowest", "lower")
    next_one = float(others.max() if highest else others.min()) if len(others) else value
    place = f"the {most} of {some}" if judged.itself else f"{more} than ever in {some}"
    which = (
        "the next" if judged.itself else ("the previous " + ("maximum" if highest else "minimum"))
    )
    finite = not is_infinite(value) and next_one > 0.0
    times = value / next_one if highest and finite else 0.0
    if times >= _TIMES:
        how = number(round(times) if times >= 10.0 else round(times, 1))
        return f"{place}, {how} times {which} ({rounded(column, next_one)})"
    return f"{place}, {which} is {rounded(column, next_one)}"


def _around(value: float, values: Doubles) -> tuple[float, float]:
    """Return the ends of the numbers nearest to a number, and of itself."""
    known = values[~np.isnan(values)]
    nearest = known[np.argsort(np.abs(known - value), kind="stable")[:ENOUGH]]
    ends = (float(number(end).replace(",", "")) for end in (nearest.min(), nearest.max()))
    low, high = ends
    return min(low, value), max(high, value)


def near(value: float) -> tuple[float, float]:
    """Return the ends of what lies within a tenth of a number, as a sentence shows them."""
    ends = sorted(value * (1.0 + side * _NEAR) for side in (-1, 1))
    low, high = (float(number(end).replace(",", "")) for end in ends)
    return min(low, value), max(high, value)


def _usual(
    judged: Judged, column: str, among: Among, values: Doubles, usual: Any
) -> tuple[str, str] | None:
    """Return the usual numbers, and the words that say whose they are where the claim does not.

    They are those of the peers, if a claim is of all; of all where the number is usual for these.
    None where it is usual there, too: an odd number is not told to be as expected.
    """
    for peers in [among] if among.words else [judged.peers, judged.everybody]:
        told = _range(judged, column, values[peers.mask & ~np.isnan(values)], usual)
        if told is not None:
            return told, f" {peers.words}" if peers.words and not among.words else ""
    return None


def _range(judged: Judged, column: str, own: Doubles, usual: Any) -> str | None:
    """Tell the usual ones of some numbers; None where that of the record is among these."""
    value = float(judged.event[column])
    if judged.itself and np.any(own == value):
        own = np.delete(own, np.flatnonzero(own == value)[0])
    if len(own) < FEWEST:
        return None
    if usual and len(usual) > 1:
        *rest, last = (rounded(column, each) for each in usual)
        told = f"{', '.join(dict.fromkeys(rest))} or {last}"
        return None if told == rounded(column, value) else told
    low, high = np.quantile(own, _MIDDLE, method="inverted_cdf").tolist()
    shown = [rounded(column, end) for end in (low, high)]
    if low <= value <= high or rounded(column, value) in shown:
        return None
    return shown[0] if shown[0] == shown[1] else f"{shown[0]} to {shown[1]}"
