"""Secrets in texts that a name or place says: `NAME=x`, `"NAME": "x"`, `--name x`, headers, URLs.

The name stays and the value is masked. A word for secrets may end a longer name, such as
`aws_secret_access_key`, and a form such as `_hash` or a digit may follow it.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from schemas.events.masks import MASK

_LONG_WORDS = (
    r"passw(?:or)?d|passwort|passphrase|passcode|kennwort|motdepasse|secret|credentials?|jeton"
    r"|(?:api|access|account|private|signing|encryption|master|auth)[_-]?key|token"
    r"|[xX]-(?:amz|goog)-(?:signature|credential)|jsessionid|phpsessid|asp\.net_sessionid"
)
"""Words that say a secret wherever they stand in a name."""
_SHORT_WORDS = r"pwd|pin|cvv|cvc|ssn|otp|sig|[a-z0-9]{0,9}[_-]pass"
"""Words that say a secret only as a whole name, or after a dash or dot."""
_DRESS = r"(?:[_-]?(?:value|hash|text|plain|raw|encrypted|hex|b64|base64)|[0-9])?"
_SEPARATOR = r"[\\\"'\]]{0,4}\s{0,3}(?:=>|:=|==|[=:]|%3[dD])\s{0,3}"
_HEADERS = r"(?:proxy-)?authorization|x-auth|(?:set-)?cookie2?"
_NAME = rf"(?:{_LONG_WORDS}|{_SHORT_WORDS}){_DRESS}"
_LOGIN_PART = r"[a-z][a-z0-9+.-]*://[^\s/:@]*:[^\s/]+@"
_LONE_USER_PART = r"https?://[^\s/:@]{9}[^\s/:@]{9}[^\s/:@]*@"
_BASIC = r"basic[ \t]+[A-Za-z0-9+/]{8}"
_COMMANDS = r"(?:curl|wget|mysql|mysqldump|mysqladmin|mariadb|sshpass|redis-cli)\s"

HINTS_BY_NAME = "|".join(
    (
        rf"(?i:{_NAME}{_SEPARATOR})",
        rf"(?i:{_NAME}['\"]?\s+['\"])",
        rf"(?i:[-/][a-z0-9-]*(?:{_LONG_WORDS}|{_SHORT_WORDS})[\s:])",
        rf"(?i:{_NAME}[^<>]*>[^<])",
    )
)
"""RE2 of the names of secrets."""
HINTS_BY_PLACE = "|".join(
    (
        rf"(?i:(?:{_HEADERS}){_SEPARATOR})",
        rf"(?i:{_LOGIN_PART})",
        rf"(?i:{_LONE_USER_PART})",
        rf"(?i:{_BASIC})",
        rf"(?i:{_COMMANDS})",
        r"(?i:identified\s+(?:with|by)\s)",
        r":\S+@tcp\(",
    )
)
"""RE2 of where else a secret stands: after a header or a command, or within an address."""
HINT = f"{HINTS_BY_NAME}|{HINTS_BY_PLACE}"
"""RE2 that matches every text that may hold such a secret."""

_NOTHING = (
    rf"(?!{re.escape(MASK[:-1])}|(?:null|none|nil|undefined|true|false|\*+|-)(?![\w@#$!%&*+-])"
    r"|\$\{|\{\{|<)"
)
"""What stands for a value and is none."""
_QUOTED = r"""(?P<quote>\\?["'])(?P<quoted>(?:(?!(?P=quote)).){1,4096})(?P=quote)"""
_BARE = r"(?P<bare>[^\s&;,\"'<>{}()\[\]|\\][^\s&;,\"'<>{}()|\\]{0,4095})"
_PAIR = r"[^\s;=\"'\\]{1,256}=[^\s;\"'\\]{0,4096}"
_SCHEMES = "basic|bearer|digest|token|apikey|negotiate|ntlm|aws4-hmac-sha256"
_NAMED = r"(?<![\w.-])(?P<name>[\w.-]{1,128}+)"
_OPTION = r"(?<![\w-])(?:--?|/(?=[\w-]{1,128}+:))(?P<name>[a-z0-9][\w-]{0,127}+)[\s:]\s{0,3}"
_LINE = r"(?:[^\n]{0,200}?\s)?"


class _Rule(NamedTuple):
    """A place where a secret stands: what is before it, and what it is made of."""

    gates: tuple[str, ...]
    """One of these stands in every text, in lower case, that the rule can apply to."""
    before: re.Pattern[str]
    """A group `name` in it must say a secret."""
    value: re.Pattern[str]
    """The group `quoted` or `bare` is the secret."""


def _rule(gates: str, before: str, value: str) -> _Rule:
    return _Rule(
        tuple(gates.split()), re.compile(before, re.IGNORECASE), re.compile(value, re.IGNORECASE)
    )


def _bare(characters: str) -> str:
    return rf"{_NOTHING}(?P<bare>{characters})"


_RULES = (
    # Cookies: all pairs of the header. Credentials: what follows the scheme.
    _rule(
        "cookie",
        rf"(?<![a-z])(?:set-)?cookie2?{_SEPARATOR}(?:\\?[\"'])?",
        rf"(?P<bare>{_PAIR}(?:;\s?{_PAIR})*)",
    ),
    _rule(
        "auth",
        rf"(?:(?:proxy-)?authorization|x-auth){_SEPARATOR}(?:\\?[\"'])?(?:(?:{_SCHEMES})\s+)?",
        _bare(r"[^\s\"'\\;]{1,4096}"),
    ),
    _rule("= : %3d", rf"{_NAMED}{_SEPARATOR}", rf"{_NOTHING}(?:{_QUOTED}|{_BARE})"),
    _rule("- /", _OPTION, rf"{_NOTHING}(?!-)(?:{_QUOTED}|{_BARE})"),
    _rule("' \"", rf"{_NAMED}\s{{1,3}}", _NOTHING + _QUOTED),
    _rule("</", r"<(?P<name>[\w.:-]{1,128}+)[^<>]{0,100}>", r"(?P<bare>[^<]{1,4096})(?=</)"),
    _rule("identified", r"identified\s+(?:with\s+\S{1,64}\s+)?by\s+", _QUOTED),
    # The user part of a URL: its password, or a token that is all of it.
    _rule(
        "://",
        r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{0,256}:",
        _bare(r"[^\s/]{1,512}(?=@)"),
    ),
    _rule("://", r"(?<![a-z])https?://", _bare(r"[^\s/:@]{18,512}(?=@)")),
    _rule("@tcp(", r"(?<![\w.-])[\w.-]{1,64}:", _bare(r"[^\s@]{1,256}(?=@tcp\()")),
    # Commands that take a password by a letter.
    _rule(
        "curl",
        rf"\bcurl\s{_LINE}(?:-u|--user|--proxy-user)[ =]?[\"']?[^\s:\"'/]{{1,64}}:",
        _bare(r"[^\s\"']{1,256}"),
    ),
    _rule("mysql", rf"\bmysql[a-z]*\s{_LINE}-p", _bare(r"[^\s\"']{1,256}")),
    _rule("mariadb", rf"\bmariadb\s{_LINE}-p", _bare(r"[^\s\"']{1,256}")),
    _rule("sshpass", r"\bsshpass\s+-p\s{0,3}", _bare(r"[^\s\"']{1,256}")),
    _rule("redis-cli", rf"\bredis-cli\s{_LINE}-a\s{{1,3}}", _bare(r"[^\s\"']{1,256}")),
)
_SECRET_NAME = re.compile(
    rf"(?:.*?(?:{_LONG_WORDS})|(?:.*[.:-])?(?:{_SHORT_WORDS})){_DRESS}", re.IGNORECASE
)
_PLACE_NAME = re.compile(
    r"(?:.*(?:next|page|paging|pagination|continuation|idempotency|request)[_-]?token)",
    re.IGNORECASE,
)
"""Tokens that say where a list goes on, or which request it was; they grant nothing."""
_FOLDER = re.compile(r"(?:\.\.?|~)?/")


def mask_named(text: str, mask: Callable[[str], str]) -> str:
    """Replace the values that a name or the place in a URL says are secret.

    Examples
    --------
    >>> mask_named("user=ann password=hunter2 url=ftp://ann:hunter2@host/", lambda _: "#")
    'user=ann password=# url=ftp://ann:#@host/'
    >>> mask_named('{"client_secret": "a b", "token_type": "x"} --db-password p', lambda _: "#")
    '{"client_secret": "#", "token_type": "x"} --db-password #'
    """
    folded = text.casefold()
    for rule in _RULES:
        if any(gate in folded for gate in rule.gates):
            text = "".join(_replaced(rule, text, mask))
    return text


def _replaced(rule: _Rule, text: str, mask: Callable[[str], str]) -> Iterator[str]:
    """Give the pieces of a text, with masks in the place of what a rule finds.

    A value is passed over only where it is secret: others may hold further names.
    """
    named = "name" in rule.before.groupindex
    done = 0
    for before in rule.before.finditer(text):
        if named and not (_says_secret(before["name"]) and not _names_a_place(before)):
            continue
        found = rule.value.match(text, before.end()) if before.start() >= done else None
        if found is None or MASK[:-1] in found[0]:
            continue
        if named and _is_working_folder(before["name"], found[0]):
            continue
        start, end = found.span("quoted" if found.groupdict().get("quoted") else "bare")
        yield text[done:start]
        yield mask(text[start:end])
        done = end
    yield text[done:]


@lru_cache(maxsize=4096)
def _says_secret(name: str) -> bool:
    return _SECRET_NAME.fullmatch(name) is not None and _PLACE_NAME.fullmatch(name) is None


def _names_a_place(before: re.Match[str]) -> bool:
    """Tell whether a name is part of a longer one, which says where a secret is.

    It is in `arn:aws:secretsmanager:…:secret:NAME`, and in a path of which something is said:
    `/auth/token: not found`.
    """
    start, end = before.span("name")
    mark, said = before.string[start - 1 : start], before.string[end : end + 2]
    return (before["name"] == "secret" and mark == ":") or (mark == "/" and said == ": ")


def _is_working_folder(name: str, value: str) -> bool:
    """Tell whether `PWD` names the working folder, as it does in an environment."""
    return name.casefold() == "pwd" and _FOLDER.match(value) is not None
