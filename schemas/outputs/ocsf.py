"""Incidents as OCSF Detection Findings (class 2004), for systems that read that schema.

https://schema.ocsf.io: what is required of the class, and what of the rest an incident can fill.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from schemas.columns.vocabulary import entity_word
from schemas.outputs.manifest import RunManifest

VERSION = "1.8.0"
"""Of the schema."""
_CATEGORY, _CLASS, _CREATE = 2, 2004, 1
_IP_ADDRESS = (2, "IP Address")
_OTHER = (99, "Other")
_TYPES = {
    (1, "Hostname"): "host hostname server node workstation computer machine",
    (4, "User Name"): "user username login principal actor owner employee",
}
"""Type of an observable -> the words by which a column holds such names."""
_TYPE_OF_WORD = {word: kind for kind, words in _TYPES.items() for word in words.split()}
_STATISTICAL = 3
_SEVERITIES = {"low": 2, "medium": 3, "high": 4, "critical": 5}
_NEW, _SUPPRESSED = 1, 3
_WINDOW = "window"
"""The view of an incident of an odd window."""

Finding = dict[str, Any]


def detection_finding(incident: Mapping[str, Any], run: RunManifest, suppressed: bool) -> Finding:
    """Spell an incident as a Detection Finding, to be written as JSON.

    Parameters
    ----------
    incident
        A row of `schemas.outputs.tables.INCIDENT`.
    run
        The run that it is of.
    suppressed
        Whether a verdict keeps it from the analyst.

    Returns
    -------
    Attribute -> value; times are milliseconds since 1970, attributes without a value left out. The
    start and the end of an odd window are those of the window, and its count that of the records
    that tell it.
    """
    return _filled(
        {
            "activity_id": _CREATE,
            "activity_name": "Create",
            "category_uid": _CATEGORY,
            "category_name": "Findings",
            "class_uid": _CLASS,
            "class_name": "Detection Finding",
            "type_uid": 100 * _CLASS + _CREATE,
            "type_name": "Detection Finding: Create",
            "severity_id": _SEVERITIES[incident["severity"]],
            "severity": incident["severity"].capitalize(),
            "status_id": _SUPPRESSED if suppressed else _NEW,
            "status": "Suppressed" if suppressed else "New",
            "time": _milliseconds(run.finished),
            "start_time": _milliseconds(incident["window_start"] or incident["first_time"]),
            "end_time": _milliseconds(incident["window_end"] or incident["last_time"]),
            "count": incident["records"],
            "is_alert": _is_alert(incident, run),
            "message": incident["summary"],
            "metadata": _metadata(incident, run),
            "finding_info": _finding_info(incident, run),
            "observables": _observables(incident),
            "unmapped": _unmapped(incident),
        }
    )


def _is_alert(incident: Mapping[str, Any], run: RunManifest) -> bool:
    """Tell whether it is an alarm; without other days, whether the rule selects it."""
    known = run.incidents.nights is not None
    return bool(incident["alarm"]) if known else incident["basis"] == "rule"


def _metadata(incident: Mapping[str, Any], run: RunManifest) -> Finding:
    product = {"name": "outfield", "vendor_name": "outfield", "version": run.outfield_version}
    return {
        "version": VERSION,
        "product": product,
        "uid": f"{run.run_id}/{incident['incident']}",
        "correlation_uid": incident["identity"],
        "log_name": run.job,
    }


def _finding_info(incident: Mapping[str, Any], run: RunManifest) -> Finding:
    analytic = {"name": "outfield", "type_id": _STATISTICAL, "type": "Statistical"}
    return _filled(
        {
            "uid": incident["incident"],
            "title": incident["title"],
            "desc": incident["summary"],
            "created_time": _milliseconds(run.finished),
            "first_seen_time": _milliseconds(incident["since"] or incident["first_time"]),
            "last_seen_time": _milliseconds(incident["last_time"]),
            "related_events_count": incident["records"],
            "analytic": analytic | {"uid": run.model.model_id},
        }
    )


def _observables(incident: Mapping[str, Any]) -> list[Finding]:
    named = [(each["column"], name) for each in incident["entities"] for name in each["names"]]
    if incident["view"] == _WINDOW:
        # The job may hold a window against others by any column of names, not by entities alone.
        named.insert(0, (incident["entity_column"], incident["entity"]))
    return [
        {"name": column, "value": name, "type_id": number, "type": caption}
        for column, name in dict.fromkeys(named)
        if name is not None
        for number, caption in [_type_of(column, name)]
    ]


def _type_of(column: str, name: str) -> tuple[int, str]:
    """Tell the type of an observable: an address by what it is, others by their column's name."""
    with suppress(ValueError):
        ip_address(name)
        return _IP_ADDRESS
    return _TYPE_OF_WORD.get(entity_word(column) or "", _OTHER)


def _unmapped(incident: Mapping[str, Any]) -> Finding:
    names = ("rank", "anomaly_score", "p_value", "basis", "record_id", "pattern", "occurrences")
    told: Finding = {name: incident[name] for name in names} | {"history": incident["status"]}
    if incident["view"] is not None:
        told["view"] = incident["view"]
    if incident["recurrence"] is not None:
        told["recurrence"] = incident["recurrence"]
    return told | {"reasons": [dict(reason) for reason in incident["reasons"]]}


def _milliseconds(when: datetime | None) -> int | None:
    return None if when is None else round(when.timestamp() * 1_000)


def _filled(attributes: Finding) -> Finding:
    return {name: value for name, value in attributes.items() if value not in (None, [])}
