"""Patterns of identifiers and addresses, as Python and RE2 both read them."""

UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"
IPV4_PARTS = (
    r"(?i)^(?:::ffff:)?(?P<a>\d{1,3})\.(?P<b>\d{1,3})\.(?P<c>\d{1,3})\.\d{1,3}(?::\d+)?(?:/\d+)?$"
)
"""A whole IPv4 address, with a port or prefix or without, and its first three numbers."""
