"""Patterns of identifiers and addresses, as Python and RE2 both read them; no group is captured."""

UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"
