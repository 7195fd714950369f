"""Locations: paths and URLs, and the part of them that may be repeated."""

import re

URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[^/?]*)/?(?P<path>.*?)(?:\?(?P<query>\w+=.*))?"
)
"""A question mark that no `key=` follows is a wildcard."""


def split_url(location: str) -> tuple[str, str]:
    """Split a URL into its store, with the URL's options, and what is below it.

    Examples
    --------
    >>> split_url("s3://bucket/a/b/?region=eu"), split_url("file:///a"), split_url("a/b")
    (('s3://bucket?region=eu', 'a/b'), ('', '/a'), ('', 'a/b'))
    """
    url = URL.fullmatch(location)
    if url is None:
        return "", location
    if url["scheme"] == "file":
        return "", f"/{url['path']}"
    query = f"?{url['query']}" if url["query"] else ""
    return f"{url['scheme']}://{url['host']}{query}", url["path"].strip("/")


def without_secrets(location: str) -> str:
    """Give a location as it may be repeated: without a URL's user, password and query."""
    url = URL.fullmatch(location)
    if url is None:
        return location
    user, at, host = url["host"].rpartition("@")
    keeps_user = url["scheme"].startswith("abfs") and ":" not in user  # it names the container
    return f"{url['scheme']}://{user + at if keeps_user else ''}{host}/{url['path']}"
