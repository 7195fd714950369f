"""Numbers of cards, bank accounts and US social security in texts, known by their check digits.

A card number satisfies the Luhn formula (ISO/IEC 7812-1) and begins as one of a card network. An
IBAN has the length of its country and a remainder of 1 modulo 97 (ISO 13616). A social security
number has no check digit: three groups that can be issued, with dashes between.
"""

import re
from collections.abc import Callable

_CARD = (
    r"(?:4\d{3}|5[1-5]\d\d|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)|6(?:011|4[4-9]\d|5\d\d|2\d\d)"
    r"|35(?:2[89]|[3-8]\d))(?:(?:[ -]?\d{4}){3})"
    r"|3[47]\d\d[ -]?\d{6}[ -]?\d{5}"
    r"|3(?:0[0-5]|[68]\d)\d[ -]?\d{6}[ -]?\d{4}"
)
_SSN = r"\d{3}-\d{2}-\d{4}"
_IBAN = r"[A-Z]{2}\d{2} ?[A-Z0-9]{4}"
_BEFORE, _AFTER = r"(?:^|[^\w.+-])", r"(?:$|[^\w-])"
HINT = rf"{_BEFORE}(?:(?:{_CARD}|{_SSN}){_AFTER}|{_IBAN})"
"""RE2 that matches every text that may hold such a number."""

_DIGITS = re.compile(rf"(?<![\w.+-])(?:{_CARD}|{_SSN})(?![\w-]|\.\d)")
_IBANS = re.compile(r"(?<![\w.+-])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}")
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL SD FK", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",        30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
"""Country -> characters of its IBAN, by the registry of SWIFT."""


def mask_numbers(text: str, mask: Callable[[str], str]) -> str:
    """Replace the numbers of cards, accounts and social security in a text.

    Examples
    --------
    >>> mask_numbers("by 4000 0000 0000 0002 from GB82 WEST 1234 5698 7654 32", lambda _: "#")
    'by # from #'
    """

    def digits(found: re.Match[str]) -> str:
        number = found[0]
        return mask(number) if _is_card(number) or _is_ssn(number) else number

    def iban(found: re.Match[str]) -> str:
        number = _iban_in(found[0], found.string[found.end() : found.end() + 1])
        return mask(number) + found[0][len(number) :] if number else found[0]

    return _IBANS.sub(iban, _DIGITS.sub(digits, text))


def _is_card(number: str) -> bool:
    digits = [int(c) for c in number if c.isdigit()]
    if len(digits) < 14 or len(set(digits)) < 2:
        return False
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_ssn(number: str) -> bool:
    area, group, serial = f"{number}--".split("-")[:3]
    issued = area not in ("000", "666") and not area.startswith("9")
    return len(number) == 11 and issued and group != "00" and serial != "0000"


def _iban_in(text: str, after: str) -> str | None:
    """Return the IBAN that a text begins with; its groups may be apart."""
    length = _IBAN_LENGTHS.get(text[:2])
    places = [place for place, c in enumerate(text) if c != " "]
    if length is None or len(places) < length:
        return None
    end = places[length - 1] + 1
    compact = text[:end].replace(" ", "")
    follows = text[end : end + 1] or after
    whole = not follows.isalnum() and follows != "_"
    number = int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4]))
    return text[:end] if whole and number % 97 == 1 else None
