"""Masks secrets within texts: keys of known forms, named values, numbers of cards and accounts.

RE2 searches all texts at once for hints of secrets, in time linear in their length. Only texts
with a hint are looked at one by one, each distinct one once.
"""

import base64
import binascii
import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from schemas.events import account_numbers, named_secrets
from schemas.events.key_forms import AWS_KEY_ID, KEY_FORMS
from schemas.events.masks import mask_of
from schemas.events.texts import is_binary

_STARTS = "|".join(form.start for form in KEY_FORMS)
_FORMS_HINT = rf"(?:^|[^A-Za-z0-9])(?:{_STARTS})"
_HINTS_BY_PLACE = f"{_FORMS_HINT}|{named_secrets.HINTS_BY_PLACE}"
_HINTS_OR_NUMBERS = f"{_HINTS_BY_PLACE}|{account_numbers.HINT}"
_FORMS = re.compile(
    "(?<![A-Za-z0-9])(?:" + "|".join(f"{form.start}{form.rest}" for form in KEY_FORMS) + ")"
)
_AWS_KEY_ID = re.compile(AWS_KEY_ID.start + AWS_KEY_ID.rest)
_BASIC = re.compile(r"(?<![A-Za-z0-9])((?i:basic)[ \t]+)([A-Za-z0-9+/]{8,4096}={0,2})")


def mask_texts(values: pa.Array, key: bytes, numbers: bool) -> pa.Array:
    """Mask secrets within strings or bytes; without any, the array itself comes back.

    Parameters
    ----------
    values
        n strings or bytes of any layout.
    key
        The masking key.
    numbers
        Whether numbers of cards, bank accounts and social security are masked, too.
    """
    plain = values.cast(pa.string()) if values.type == pa.string_view() else values
    if is_binary(plain.type):
        plain = plain.cast(pa.binary())
    # Not in one search: in base64 RE2 then meets too many states, and takes ten times as long.
    by_place = pc.match_substring_regex(plain, _HINTS_OR_NUMBERS if numbers else _HINTS_BY_PLACE)
    held = pc.or_(by_place, pc.match_substring_regex(plain, named_secrets.HINTS_BY_NAME))
    if not pc.any(held).as_py():
        return values
    found = plain.filter(held).dictionary_encode()
    texts = found.dictionary
    keyed, named = (_hints(texts, hint) for hint in (_FORMS_HINT, named_secrets.HINT))
    numbered = _hints(texts, account_numbers.HINT) if numbers else [False] * len(texts)
    old = texts.to_pylist()
    new = [_masked(*each, key) for each in zip(old, keyed, named, numbered, strict=True)]
    if new == old:
        return values
    masked = pa.array(new, plain.type).take(found.indices)
    return pc.replace_with_mask(plain, pc.fill_null(held, False), masked).cast(values.type)


def _hints(texts: pa.Array, hint: str) -> list[bool]:
    found: list[bool] = pc.match_substring_regex(texts, hint).to_pylist()
    return found


def _masked(text: str | bytes, keyed: bool, named: bool, numbered: bool, key: bytes) -> str | bytes:
    """Mask one text; each kind of secret only where RE2 found a hint of it.

    A mask within a text has no digits: how odd its words are must not depend on the key.
    """
    if isinstance(text, bytes):
        told = _masked(text.decode("latin-1"), keyed, named, numbered, key)
        return str(told).encode("latin-1")
    whole = text

    def mask(secret: str) -> str:
        return mask_of(secret, key if secret == whole else b"")

    def mask_number(number: str) -> str:
        # It has digits however short it is: it says who acts, as a name does.
        return mask_of(number, key if number == whole else b"", long=0)

    if keyed:
        text = _without_keys(text, mask)
    if named:
        text = named_secrets.mask_named(_without_logins(text, mask), mask)
    if numbered:
        text = account_numbers.mask_numbers(text, mask_number)
    return text


def _without_keys(text: str, mask: Callable[[str], str]) -> str:
    """Mask keys of known forms; an AWS key id that is the whole text says who acted, and stays."""
    if _AWS_KEY_ID.fullmatch(text):
        return text
    return _FORMS.sub(lambda found: mask(found[0]), text)


def _without_logins(text: str, mask: Callable[[str], str]) -> str:
    """Mask what HTTP's Basic scheme sends: a name and a password, in base 64."""

    def replaced(found: re.Match[str]) -> str:
        return f"{found[1]}{mask(found[2])}" if _is_login(found[2]) else found[0]

    return _BASIC.sub(replaced, text)


def _is_login(encoded: str) -> bool:
    try:
        login = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return ":" in login and login.isprintable()
