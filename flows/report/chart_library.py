"""The charting library as one script for the page, kept from run to run in the user's cache."""

import tempfile
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

import vl_convert
from platformdirs import user_cache_path

_END = "})();\n"


@cache
def chart_library() -> str:
    """Bundle Vega, Vega-Lite and Vega-Embed as one script, its names kept out of the page's.

    To bundle takes two seconds of a processor and depends on the library's version alone, so each
    version is bundled once for a user. Without a cache that can be written, each process does it.
    """
    cached = user_cache_path("outfield") / f"charts-{version('vl-convert-python')}.js"
    try:
        script = cached.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        script = ""
    if not script.endswith(_END):  # nothing is cached, or only a part of it
        bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
        script = '(() => {"use strict";' + bundle.replace("</script", r"<\/script") + _END
        _keep(script, cached)
    return script


def _keep(script: str, at: Path) -> None:
    """Write it whole or not at all: other runs may do the same, and each may be killed."""
    if not at.is_absolute():  # `~` stays where the user has no home
        return
    with suppress(OSError):
        at.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=at.parent) as beside:
            new = Path(beside) / at.name
            new.write_text(script, encoding="utf-8")
            new.replace(at)
