"""Close names: of each name the one that it may be mistaken for, among some others."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from anomaly.numerics.arrays import Floats, Integers
from anomaly.numerics.edit_distance import edit_distances
from anomaly.preprocess.name_forms import NameForm, form_of

_FEWEST_LETTERS, _FEWEST_SIGNS = 4, 5
"""Letters, and letters and digits, of the shortest names that are compared."""
_LONG, _LONGEST = 8, 64
"""Letters of names that may differ in two places, and characters of the longest."""
_BUCKETS, _REPEATS = 32, 3
_AT_ONCE = 4_096

Flags = npt.NDArray[np.bool_]


class _Names(NamedTuple):
    """Different names that can be compared, and what tells apart those that are not close."""

    texts: list[str]
    unnumbered: npt.NDArray[np.object_]
    lengths: Integers
    long: Flags
    held: Floats
    """(n, 96): whether the name has a character once, twice, three times."""


def closest(names: Sequence[str], others: Sequence[str]) -> Integers:
    """Return the place of the closest of the others beside each name, int64 (n,); -1 for none.

    Two names are close if they look the same, or differ by one edit, or by two where both have
    eight letters. Names that differ in their case, or in digits alone, are not. Nor are names of
    fewer than four letters, of fewer than five letters and digits, of more than 64 characters, or
    with a NUL. Of equally close ones the first counts.

    Examples
    --------
    >>> closest(["svch0st.exe", "host-02", "chrome.exe"], ["svchost.exe", "host-01"]).tolist()
    [0, -1, -1]
    """
    forms, those = [form_of(name) for name in names], [form_of(name) for name in others]
    by_edits = _by_edits(forms, those)
    by_look: dict[str, list[int]] = {}
    for place, form in enumerate(those):
        if _is_compared(form):
            by_look.setdefault(form.skeleton, []).append(place)
    found = [by_edits.get(form.numbered, -1) for form in forms]
    for place, form in enumerate(forms):
        alike = by_look.get(form.skeleton, ()) if _is_compared(form) else ()
        found[place] = next((i for i in alike if _differ(form, those[i])), found[place])
    return np.array(found, dtype=np.int64)


def difference(name: str, other: str) -> str:
    """Say in which way two close names differ.

    Examples
    --------
    >>> difference("svch0st", "svchost"), difference("SVHOST-2", "svchost-1")
    ('differs in one place', 'differs in one place, and in case or digits')
    >>> difference("rnicr0soft", "microsoft")
    'its characters look the same'
    """
    one, two = form_of(name), form_of(other)
    edits, all_edits = edit_distances([one.numbered, name], [two.numbered, other]).tolist()
    if edits > _most_edits(one.letters >= _LONG, two.letters >= _LONG):
        return "its characters look the same"
    places = "one place" if edits == 1 else f"{edits} places"
    return f"differs in {places}{', and in case or digits' if all_edits > edits else ''}"


def _is_compared(form: NameForm) -> bool:
    short = len(form.numbered) <= _LONGEST and "\0" not in form.numbered
    return form.letters >= _FEWEST_LETTERS and form.signs >= _FEWEST_SIGNS and short


def _differ(one: NameForm, other: NameForm) -> bool:
    """Return whether two names differ in more than case and digits."""
    return one.unnumbered != other.unnumbered


def _by_edits(forms: Sequence[NameForm], others: Sequence[NameForm]) -> dict[str, int]:
    """Return the closest other by edits of each form with `numbered`, if there is one."""
    these = _names({form.numbered: form for form in forms})
    # The first of those that differ in digits alone stands for them.
    first = {form.numbered: place for place, form in reversed([*enumerate(others)])}
    those = _names(
        {form.numbered: form for form in sorted(others, key=lambda f: first[f.numbered])}
    )
    found: dict[str, int] = {}
    for start in range(0, len(these.texts), _AT_ONCE):
        rows, columns = _candidates(these, those, slice(start, start + _AT_ONCE))
        pairs = [these.texts[row] for row in rows], [those.texts[column] for column in columns]
        edits = edit_distances(*pairs)
        near = edits <= _most_edits(these.long[rows], those.long[columns])
        order = np.lexsort((columns[near], edits[near]))
        for row, column in zip(rows[near][order], columns[near][order], strict=True):
            found.setdefault(these.texts[row], first[those.texts[column]])
    return found


def _candidates(these: _Names, those: _Names, block: slice) -> tuple[Integers, Integers]:
    """Return the pairs that may be close: an edit changes the counts of two characters at most."""
    most = _most_edits(these.long[block][:, None], those.long)
    held, others = these.held[block], those.held
    counts = held.sum(axis=1)[:, None] + others.sum(axis=1) - 2.0 * (held @ others.T)
    apart = np.abs(these.lengths[block][:, None] - those.lengths)
    differ = these.unnumbered[block][:, None] != those.unnumbered
    rows, columns = np.nonzero((counts <= 2 * most) & (apart <= most) & differ)
    return rows + block.start, columns


def _most_edits(one: Flags | bool, other: Flags | bool) -> Integers:
    """Return how many edits two names may differ by, given whether each is long."""
    return np.where(np.logical_and(one, other), 2, 1)


def _names(forms: dict[str, NameForm]) -> _Names:
    compared = [form for form in forms.values() if _is_compared(form)]
    texts = [form.numbered for form in compared]
    held = np.zeros((len(texts), _BUCKETS * _REPEATS), dtype=np.float32)
    for place, text in enumerate(texts):
        counts = np.bincount([ord(sign) % _BUCKETS for sign in text], minlength=_BUCKETS)
        held[place] = np.concatenate([counts > times for times in range(_REPEATS)])
    return _Names(
        texts,
        np.array([form.unnumbered for form in compared], dtype=np.object_),
        np.array([len(text) for text in texts], dtype=np.int64),
        np.array([form.letters >= _LONG for form in compared], dtype=bool),
        held,
    )
