"""The map of the embedding as a picture of its own, in the light colours of the page."""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Literal

import pyarrow as pa
import vl_convert

from flows.report.map import embedding_map
from schemas.errors import OutputError

_SCALE = 2
"""Pixels for each point of the drawing."""


def picture(points: pa.Table, findings: pa.Table, kind: Literal[".png", ".svg"]) -> bytes:
    """Draw normal records and findings where they lie.

    Parameters
    ----------
    points
        As `schemas.outputs.tables.MAP`.
    findings
        Those that the ranks of the points name.
    kind
        What it is written as.

    Raises
    ------
    OutputError
        There is no finding.
    """
    drawn = embedding_map(points, findings)
    if drawn is None:
        raise OutputError("the run has no finding to draw", remedy="choose another with --run")
    title = {
        "text": "Where normal records lie (shaded), and findings by severity",
        "subtitle": "Near means alike; far distances are drawn shorter. The axes have no unit.",
        "anchor": "start",
    }
    config = {"font": "sans-serif", "view": {"stroke": None}}
    page = {"width": 720, "height": 480, "title": title, "padding": 16, "background": "white"}
    written = json.dumps(drawn | page | {"config": config})
    spec = re.sub(r"var\(--([a-z-]+)\)", lambda found: _colours()[found[1]], written)
    if kind == ".png":
        return bytes(vl_convert.vegalite_to_png(spec, scale=_SCALE))
    return str(vl_convert.vegalite_to_svg(spec)).encode()


@cache
def _colours() -> dict[str, str]:
    """Read the first colours that the page's style sheet gives: those of the light page."""
    style = files("flows.report").joinpath("style.css").read_text(encoding="utf-8")
    light = style[: style.index("@media")]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light))
