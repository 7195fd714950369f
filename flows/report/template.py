"""The templates of the pages, and what of this package stands in them as it is."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


@cache
def environment() -> Environment:
    """Make the environment of all templates: every value is escaped, none may be missing."""
    return Environment(
        loader=_loader(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def source(name: str) -> str:
    """Load a file of this package that goes into a page as it is."""
    return _loader().get_source(environment(), name)[0].replace("\r\n", "\n")


def trusted(ours: str) -> Markup:
    """Mark text of this package, in which nothing comes from a log, as not to be escaped."""
    return Markup(ours)  # noqa: S704


def _loader() -> PackageLoader:
    return PackageLoader("flows.report", ".")
