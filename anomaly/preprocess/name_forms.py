"""Names in the forms that look-alikes are told by: without case, numbers or disguise."""

import re
import unicodedata
from typing import NamedTuple

_LOOKS_LIKE = {
    "o": "0оοσ", "l": "1i|!іι", "e": "3еε", "a": "4@аα", "s": "5$ѕ", "t": "7тτ", "b": "8вβ",
    "c": "с", "h": "нһ", "j": "ј", "k": "кκ", "m": "м", "n": "η", "p": "рρ", "q": "ԛ", "u": "υ",
    "v": "ν", "w": "ԝω", "x": "хχ", "y": "уγ",
}  # fmt: skip
"""Letter -> digits, signs, Cyrillic and Greek letters that look like it, in lower case.

They are the commonest of Unicode's `confusables.txt` (UTS 39), and digits that are read as letters.
"""
_LETTER = str.maketrans({sign: letter for letter, signs in _LOOKS_LIKE.items() for sign in signs})
_TWO_AS_ONE = (("rn", "m"), ("vv", "w"))
_DIGITS = re.compile(r"\d+")
_UNSEEN = ("Mn", "Cf")
"""Categories of Unicode: accents, and characters without a width."""


class NameForm(NamedTuple):
    """The forms of a name; each is of NFKC and without case."""

    numbered: str
    """With `0` for each number: names with one form differ in their numbers alone."""
    unnumbered: str
    """Without digits."""
    skeleton: str
    """With one letter for all signs that look like it: two look the same if it is equal."""
    letters: int
    """How many it has."""
    signs: int
    """How many letters and digits it has."""


def form_of(name: str) -> NameForm:
    """Return the forms of a name.

    Examples
    --------
    >>> form_of("SVCH0ST-12.exe")
    NameForm(numbered='svch0st-0.exe', unnumbered='svchst-.exe', skeleton='svchost-l2.exe', \
letters=9, signs=12)
    >>> form_of("аdmіn").skeleton == form_of("admin").skeleton  # the first has Cyrillic letters
    True
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    skeleton = "".join(
        sign
        for sign in unicodedata.normalize("NFKD", plain).translate(_LETTER)
        if unicodedata.category(sign) not in _UNSEEN
    )
    for two, one in _TWO_AS_ONE:
        skeleton = skeleton.replace(two, one)
    letters, signs = sum(map(str.isalpha, plain)), sum(map(str.isalnum, plain))
    return NameForm(_DIGITS.sub("0", plain), _DIGITS.sub("", plain), skeleton, letters, signs)
