"""The analysts' page: one HTML file that asks the network for nothing."""

import base64
import hashlib
import json

from flows.report import overview, period
from flows.report import text as wording
from flows.report.chart_library import chart_library
from flows.report.charts import charts
from flows.report.columns import drivers
from flows.report.data import ReportData
from flows.report.entities import entity_parts
from flows.report.incident_cards import choices, incident_cards, suppressed_lines
from flows.report.map_colours import coloured_columns
from flows.report.named_days import unjudged_sentences
from flows.report.template import environment, source, trusted
from flows.report.trust import measures
from schemas.outputs.tables import SEVERITIES, STATUSES

_SCRIPTS = (
    "open",
    "parts",
    "copy",
    "memory",
    "filters",
    "verdicts",
    "looked",
    "bulk",
    "keyboard",
    "draw",
    "colour",
    "span",
    "start",
)
"""The parts of the page's own script, each after those that it needs."""


def render(data: ReportData) -> str:
    """Write the page.

    Parameters
    ----------
    data
        All that the page shows.

    Returns
    -------
    str
        One HTML document, to be written as UTF-8. Its content security policy forbids every
        request and every script but its own.
    """
    leading = drivers(data.findings)
    coloured = coloured_columns(data.map_values, data.findings)
    drawn = charts(data, leading, coloured)
    shown = incident_cards(data)
    ours = [_script()] if drawn or shown else []
    scripts = [chart_library(), *ours] if drawn else ours
    return (
        environment()
        .get_template("page.html.jinja")
        .render(
            run=data.manifest,
            overview=overview,
            period=period,
            unjudged=unjudged_sentences(data.manifest),
            measures=measures(data.manifest),
            wording=wording,
            leading=leading,
            incidents=shown,
            entities=entity_parts(data, shown),
            choices=choices(shown),
            severities=data.incidents["severity"].to_pylist(),
            suppressed=suppressed_lines(data.suppressed, data.manifest),
            charts=drawn,
            coloured=coloured,
            style=trusted(source("style.css")),
            scripts=[trusted(script) for script in scripts],
            script_hashes=" ".join(f"'{_hash(script)}'" for script in scripts) or "'none'",
        )
    )


def _script() -> str:
    """Return the page's own script, with the order of severities and statuses."""
    parts = "\n".join(source(f"{name}.js") for name in _SCRIPTS)
    script = parts.replace("$SEVERITIES", json.dumps(list(SEVERITIES)))
    script = script.replace("$STATUSES", json.dumps(STATUSES))
    return f'"use strict";\n(() => {{\n{script}}})();'


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
