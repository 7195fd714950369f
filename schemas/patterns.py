"""Patterns of identifiers and addresses, as Python and RE2 both read them."""

UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"
_BYTE = r"25[0-5]|2[0-4]\d|[01]?\d?\d"
IPV4_PARTS = (
    rf"(?i)^(?:::ffff:)?(?P<a>{_BYTE})\.(?P<b>{_BYTE})\.(?P<c>{_BYTE})\.(?:{_BYTE})"
    r"(?::\d+)?(?:/\d+)?$"
)
"""A whole IPv4 address, with a port or prefix or without, and its first three numbers."""

NAMED_MONTHS = (
    (
        r"(?i)\[?\d\d/[a-z]{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]?",
        "%d/%b/%Y:%H:%M:%S %z",
    ),
    (
        r"(?i)[a-z]{3}, \d\d? [a-z]{3} \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|Z|[+-]\d{4})",
        "%d %b %Y %H:%M:%S %z",
    ),
)
"""Pattern of a time with the name of its month -> its format: common log format and RFC 1123."""
FILETIME = (125e15, 150e15)
"""Counts of 100 ns since 1601, as Windows keeps time, of the years 1997 to 2076."""
