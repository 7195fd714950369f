"""The rules that give a column its role, those of its kind in order: the first that applies."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from schemas.columns import vocabulary as names
from schemas.columns.codes import are_long, could_be_coded, looks_coded, runs_on
from schemas.columns.profile import LOOKS_LIKE, ColumnProfile, Role, RoleChoice
from schemas.columns.time_formats import PLAIN, Spelling, has_year
from schemas.patterns import FILETIME

FEW = 50
"""Up to so many distinct values are names that a reader can survey."""
MANY = 1_000
"""Beyond so many distinct values the names are those of things, not of kinds."""
_EXACT = 2.0**53
"""Up to here a float64 tells all whole numbers apart."""
_TWO_YEARS = 0.035
"""Their share of the seconds since 1970; Windows' counts since 1601 tell fewer years apart."""
ACTORS = ("ip", "email", "mac", "arn")
STRUCTURES = ("url", "path", "query", "json")


@dataclass(frozen=True)
class _Rule:
    applies: Callable[[ColumnProfile], bool]
    role: Role
    why: str


def by_rules(profile: ColumnProfile) -> RoleChoice:
    """Give a column that is neither the id nor the time its role."""
    rule = next(rule for rule in _RULES[profile.kind] if rule.applies(profile))
    word, unread = names.entity_word(profile.name), unread_spellings(profile)
    parts = (
        figures(profile, rule.role),
        rule.why.format(word=word, nulls=f"{profile.nulls:,}"),
        "looks like a time, and is not read as one" if unread is not None else "",
    )
    why = "; ".join(part for part in parts if part)
    return RoleChoice(rule.role, why, unread=unread)


def figures(profile: ColumnProfile, role: Role) -> str:
    """Put the figures of a profile that matter for a role into words."""
    if role is Role.IGNORE:
        return ""
    rows = f"{profile.filled:,} row{'s' if profile.filled > 1 else ''}"
    gaps = f", {profile.nulls:,} null" if profile.nulls else ""
    if profile.distinct == 1:
        return f"constant so far over {rows}{gaps}: any other value is news"
    spread = _SPREADS.get(role, _no_spread)(profile)
    return f"{profile.distinct:,} distinct values over {rows}{gaps}{spread}"


def _no_spread(_profile: ColumnProfile) -> str:
    return ""


def _range(profile: ColumnProfile) -> str:
    if profile.minimum is None or profile.maximum is None:
        return ""
    return f", {_number(profile.minimum)} to {_number(profile.maximum)}"


def _number(value: float) -> str:
    """Spell a number as people do: thousands whole, small ones with four digits."""
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e15 else f"{value:.4g}"


def _repetition(profile: ColumnProfile) -> str:
    times = f"{profile.repeats:,.0f}" if profile.repeats >= 2 else f"{profile.repeats:.1f}"
    return f", each about {times} times" if profile.distinct < profile.filled else ""


def _most_common(profile: ColumnProfile) -> str:
    others = round(profile.filled * (1 - profile.top_share))
    if profile.top_share >= 0.99:
        return f", all but {others:,} rows the same"
    return f", the most common in {100 * profile.top_share:.2g} %"


_SPREADS: Mapping[Role, Callable[[ColumnProfile], str]] = {
    Role.NUMBER: _range,
    Role.ENTITY: _repetition,
    Role.TEXT: _repetition,
    Role.CATEGORY: _most_common,
    Role.FLAG: _most_common,
}


def is_moment(profile: ColumnProfile) -> bool:
    """Return whether the values are points in time, whatever their type."""
    named = names.says_moment(profile.name)
    if profile.kind == "string":
        times = ("time", "named month", *(("date", "epoch") if named else ()))
        dated = profile.share(*times)
        return dated >= 0.95
    if profile.kind in ("integer", "float"):
        return named and _is_epoch(profile)
    return profile.kind in ("timestamp", "date")


def is_moment_of_one_format(profile: ColumnProfile) -> bool:
    """Return whether the values are points in time that one format reads, the year included."""
    return is_other_moment(profile) and [*map(has_year, profile.time_formats)] == [True]


def is_other_moment(profile: ColumnProfile) -> bool:
    """Return whether the values are points in time as text that needs a format to be read."""
    return profile.share(*_needing_a_format(profile)) >= 0.95


def is_clock(profile: ColumnProfile) -> bool:
    """Return whether the values are times of day without their day, as the name says too."""
    clocks = profile.kind == "time" or profile.share("clock") >= 0.95
    return clocks and names.says_moment(profile.name)


def _needing_a_format(profile: ColumnProfile) -> tuple[str, ...]:
    named = names.says_moment(profile.name)
    return ("other time", *(("other date",) if named else ()))


def _is_epoch(profile: ColumnProfile) -> bool:
    """Tell whether all values are Unix times of the years 2001 to 2099, in s, ms, µs or ns."""
    if profile.kind == "string":
        return profile.share("epoch") >= 0.95
    if profile.minimum is None or profile.maximum is None:
        return False
    if FILETIME[0] <= profile.minimum and profile.maximum < FILETIME[1]:
        return True
    return any(
        1e9 * unit <= profile.minimum and profile.maximum <= 4.1e9 * unit
        for unit in (1, 1e3, 1e6, 1e9)
    )


def unread_spellings(profile: ColumnProfile) -> tuple[Spelling, ...] | None:
    """Return the ways to read a column that looks like a time; None if it does not."""
    if profile.share(*_needing_a_format(profile)) >= LOOKS_LIKE:
        return tuple(map(Spelling, profile.time_formats))
    return (PLAIN,) if _seems_counted(profile) else None


def _seems_counted(profile: ColumnProfile) -> bool:
    """Tell whether numbers without a time's name are Unix times of at most some two years."""
    if profile.minimum is None or profile.maximum is None or not _is_epoch(profile):
        return False
    named = (names.says_moment, names.says_quantity, names.says_identifier, names.entity_word)
    near = profile.maximum - profile.minimum <= _TWO_YEARS * profile.minimum
    return near and profile.distinct > FEW and not any(says(profile.name) for says in named)


def _all_match(profile: ColumnProfile, *patterns: str) -> bool:
    """Tell if every value matches or is a word for a missing one: a reader would reject others."""
    return any(profile.share(pattern) for pattern in patterns) and (
        profile.share(*patterns, "missing") > 1 - 1e-9
    )


def _always(_profile: ColumnProfile) -> bool:
    return True


def _zero_or_one(profile: ColumnProfile) -> bool:
    if names.says_quantity(profile.name) or not {profile.minimum, profile.maximum} <= {0, 1}:
        return False
    return profile.distinct == 2 or (profile.distinct == 1 and names.says_yes_or_no(profile.name))


def _yes_or_no(profile: ColumnProfile) -> bool:
    both = profile.share("true") > 0 and profile.share("false") > 0
    asked = both or names.says_yes_or_no(profile.name)
    return asked and _all_match(profile, "true", "false")


def _quantity(profile: ColumnProfile) -> bool:
    return names.says_quantity(profile.name) or not profile.whole


def _few_codes(profile: ColumnProfile) -> bool:
    code = names.says_code(profile.name) and profile.distinct <= MANY and profile.repeats >= 2
    return code or (_few_names(profile) and _plain_identifier(profile))


def _many_codes(profile: ColumnProfile) -> bool:
    return names.says_code(profile.name) and profile.repeats >= 2


def _continuous_codes(profile: ColumnProfile) -> bool:
    return names.says_code(profile.name) and _few_codes(profile) and runs_on(profile)


def _process(profile: ColumnProfile) -> bool:
    digits = profile.whole or profile.share("decimal", "missing") >= 0.95
    return digits and names.names_process(profile.name)


def _client_ports(profile: ColumnProfile) -> bool:
    digits = profile.whole or profile.share("decimal", "missing") >= 0.95
    return digits and names.names_port(profile.name) and profile.repeats < 2


def _long_numbers(profile: ColumnProfile) -> bool:
    return are_long(profile) and profile.repeats >= 2 and not _is_epoch(profile)


def _rounded(profile: ColumnProfile) -> bool:
    if profile.kind != "integer" or profile.minimum is None or profile.maximum is None:
        return False
    return max(-profile.minimum, profile.maximum) > _EXACT


def _few_by_look(profile: ColumnProfile) -> bool:
    return profile.distinct <= MANY and _many_by_look(profile)


def _many_by_look(profile: ColumnProfile) -> bool:
    return looks_coded(profile) and not names.says_calendar(profile.name)


def _plain_identifier(profile: ColumnProfile) -> bool:
    return names.says_identifier(profile.name) and names.entity_word(profile.name) is None


def _entity_by_name(profile: ColumnProfile) -> bool:
    return names.entity_word(profile.name) is not None and profile.mean_length <= 100


def _entity_by_look(profile: ColumnProfile) -> bool:
    return profile.share(*ACTORS) >= 0.8


def _ip_addresses(profile: ColumnProfile) -> bool:
    return profile.share("ip") >= 0.8


def _fingerprint(profile: ColumnProfile) -> bool:
    return profile.share("uuid", "hash") >= 0.8


def _seldom_repeated(profile: ColumnProfile) -> bool:
    return _fingerprint(profile) and profile.repeats < 1.5


def _text_by_name(profile: ColumnProfile) -> bool:
    has_body = profile.mean_length >= 20 or profile.distinct > FEW
    return names.says_text(profile.name) and has_body and profile.share("decimal") < 0.95


def _text_by_look(profile: ColumnProfile) -> bool:
    return profile.share(*STRUCTURES) >= 0.5


def _prose(profile: ColumnProfile) -> bool:
    long = profile.mean_length > 40
    return profile.mean_length > 60 or (
        profile.space_share >= 0.5 and (long or profile.distinct > FEW)
    )


def _quantity_as_text(profile: ColumnProfile) -> bool:
    return names.says_quantity(profile.name) and _number_as_text(profile)


def _number_as_text(profile: ColumnProfile) -> bool:
    named = names.says_code(profile.name) or names.says_identifier(profile.name)
    surely = names.says_quantity(profile.name) or profile.distinct > FEW
    return surely and not named and _all_match(profile, "decimal")


def _few_names(profile: ColumnProfile) -> bool:
    repeats = 1.5 if profile.distinct <= FEW else 4
    return profile.distinct <= MANY and profile.repeats >= repeats


def _many_names(profile: ColumnProfile) -> bool:
    token = profile.space_share < 0.05 and profile.mean_length <= 64
    return token and (profile.repeats >= 2 or profile.share("host") >= 0.8)


_EMPTY = _Rule(lambda profile: profile.distinct == 0, Role.IGNORE, "no value in any row")
_OTHER_MOMENT = _Rule(
    is_moment, Role.IGNORE, "a time, but null in {nulls} rows or of another moment"
)
_UNREAD_MOMENT = _Rule(is_other_moment, Role.IGNORE, "")
_CLOCK = _Rule(is_clock, Role.IGNORE, "a time of day without its date")
_NAMED_ENTITY = _Rule(_entity_by_name, Role.ENTITY, "a name with `{word}`")
_IDENTIFIER = _Rule(_plain_identifier, Role.ENTITY, "a name that ends as an identifier's")
_CLIENT_PORTS = _Rule(
    _client_ports,
    Role.IGNORE,
    "ports that hardly repeat, as a client's, which say nothing of it: check this",
)
_PROCESS = _Rule(_process, Role.IGNORE, "process ids, which name other processes another day")
_UNNAMED_CODES = (
    _Rule(_long_numbers, Role.ENTITY, "numbers of ten digits or more, so made up to name things"),
    _Rule(
        _few_by_look,
        Role.CATEGORY,
        "whole numbers that repeat, with gaps between them, as codes: check this",
    ),
    _Rule(
        _many_by_look,
        Role.ENTITY,
        "whole numbers that repeat, with gaps between them, too many to be kinds: check this",
    ),
)
_NUMERIC = (
    _EMPTY,
    _OTHER_MOMENT,
    _Rule(_zero_or_one, Role.FLAG, "0 or 1"),
    _Rule(_quantity, Role.NUMBER, ""),
    _PROCESS,
    _CLIENT_PORTS,
    _Rule(
        _continuous_codes,
        Role.CATEGORY,
        "codes by its name, but without gaps, as a quantity: check this",
    ),
    _Rule(_few_codes, Role.CATEGORY, "codes by its name, few enough to be kinds"),
    _Rule(_many_codes, Role.ENTITY, "codes by its name, too many to be kinds"),
    _NAMED_ENTITY,
    _IDENTIFIER,
    *_UNNAMED_CODES,
    _Rule(
        could_be_coded,
        Role.NUMBER,
        f"with gaps, as codes have: check this, a code is a `{Role.CATEGORY}`",
    ),
    _Rule(
        _rounded,
        Role.NUMBER,
        f"beyond 2^53 whole numbers are rounded: check this, what names things is an"
        f" `{Role.ENTITY}`",
    ),
    _Rule(_always, Role.NUMBER, ""),
)
_RULES: Mapping[str, Iterable[_Rule]] = {
    "null": (_Rule(_always, Role.IGNORE, "no value in any row"),),
    "bool": (_EMPTY, _Rule(_always, Role.FLAG, "true or false")),
    "integer": _NUMERIC,
    "float": _NUMERIC,
    "duration": (_EMPTY, _Rule(_always, Role.NUMBER, "a duration")),
    "timestamp": (_EMPTY, _OTHER_MOMENT),
    "date": (_EMPTY, _OTHER_MOMENT),
    "time": (_Rule(_always, Role.IGNORE, _CLOCK.why),),
    "binary": (
        _EMPTY,
        _NAMED_ENTITY,
        _Rule(_always, Role.IGNORE, "bytes that are no text"),
    ),
    "string": (
        _EMPTY,
        _OTHER_MOMENT,
        _UNREAD_MOMENT,
        _CLOCK,
        _Rule(_yes_or_no, Role.FLAG, "yes/no words"),
        _PROCESS,
        _CLIENT_PORTS,
        _Rule(_text_by_name, Role.TEXT, "text by its name"),
        _Rule(_text_by_look, Role.TEXT, "paths, queries, addresses of pages or JSON"),
        _Rule(_ip_addresses, Role.ENTITY, "IP addresses, judged with their networks"),
        _Rule(_entity_by_look, Role.ENTITY, "addresses of hosts, people or resources"),
        _Rule(_seldom_repeated, Role.IGNORE, "hashes or UUIDs that hardly repeat"),
        _Rule(_fingerprint, Role.ENTITY, "hashes or UUIDs that repeat"),
        _NAMED_ENTITY,
        _Rule(_quantity_as_text, Role.NUMBER, "numbers as text"),
        *_UNNAMED_CODES,
        _Rule(_number_as_text, Role.NUMBER, "numbers as text"),
        _Rule(_prose, Role.TEXT, "words with spaces, or long"),
        _Rule(_few_names, Role.CATEGORY, ""),
        _IDENTIFIER,
        _Rule(_many_names, Role.ENTITY, "single words that repeat, too many to be kinds"),
        _Rule(_always, Role.TEXT, "too many distinct values to be kinds"),
    ),
}
"""Kind of column -> its rules, the first that applies decides; the last always does."""
