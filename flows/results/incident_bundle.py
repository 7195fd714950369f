"""An incident with all that is known of it: one JSON document for a colleague or language model.

Nothing is asked of any model. Names and secrets are redacted, and what does not fit the budget is
left out, the least telling first, and counted.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow.compute as pc

from flows.results.redaction import Redactor
from flows.storage.models.store import find_model, load_model
from flows.storage.runs.incident_search import Found
from flows.storage.runs.reader import PublishedRun, read_findings, read_incidents, readable_runs
from flows.storage.verdicts.store import read_verdicts
from schemas.columns.roles import Role
from schemas.errors import ModelFileError, OutfieldError
from schemas.outputs.tables import FINDING

BYTES_OF_TOKEN = 3
"""JSON full of numbers takes a token for each three bytes or so; prose takes one for four."""
_MOST_PAST = 20
_ABOUT = (
    "An incident found by outfield: records far from the normal cluster of their log. Higher scores"
    " are more anomalous: anomaly_score is -10 log10 of the p-value. Distance is evidence, not"
    " cause. Names are pseudonyms, the same name the same pseudonym; digits in free text are 0."
)
_INCIDENT = (
    "incident",
    "severity",
    "status",
    "basis",
    "records",
    "first_time",
    "last_time",
    "since",
    "occurrences",
    "anomaly_score",
    "p_value",
    "density_score",
    "distance_score",
)

Document = dict[str, Any]


def context_of(found: Found, budget: int) -> Document:
    """Put together what is known of an incident, in at most `budget` tokens.

    Parameters
    ----------
    found
        The incident.
    budget
        The most tokens, at three bytes each.

    Raises
    ------
    OutfieldError
        The incident alone takes more.
    """
    redactor = _knowing(found)
    document = _incident(found, redactor)
    left_out: dict[str, int] = {}
    document |= {"tokens": budget, "left_out": dict.fromkeys(_PARTS, 999)}
    if tokens(document) > budget:
        raise OutfieldError(
            f"the incident alone takes {tokens(document):,} tokens",
            where="--tokens",
            remedy="allow more",
        )
    for name, part in _by_importance(found, redactor):
        document.setdefault(name, []).append(part)
        if name in left_out or tokens(document) > budget:
            document[name].pop()
            left_out[name] = left_out.get(name, 0) + 1
    document = {name: part for name, part in document.items() if part != []}
    return document | {"tokens": tokens(document), "left_out": left_out}


_PARTS = ("findings", "verdicts", "past")


def tokens(document: Document) -> int:
    """Estimate the tokens of a document from the bytes of its JSON."""
    return -(-len(json.dumps(document, indent=2).encode()) // BYTES_OF_TOKEN)


def _knowing(found: Found) -> Redactor:
    """Make a redactor that knows every name of the incident before it reads any text of it."""
    redactor = Redactor.of(found.run.manifest, _names_of_log(found.run))
    for each in found.incident["entities"]:
        redactor.learn(each["column"], each["names"])
    for row in _findings(found):
        normal = {each["column"]: each["value"] for each in row.get("nearest_normal") or []}
        for column, value in [*_own(row).items(), *normal.items()]:
            if redactor.roles.get(column) in (Role.ENTITY, Role.ID) and value is not None:
                redactor.learn(column, [str(value)])
    redactor.learn("record", found.records)
    return redactor


def _names_of_log(run: PublishedRun) -> dict[str, str]:
    """Give every name that the run's model knows, and its column; none where that is gone."""
    try:
        model, _ = load_model(find_model(run.job_folder, run.manifest.model.model_id))
    except ModelFileError:
        return {}
    entities = model.embedder.entities.items()
    roles = model.embedder.roles
    names = {c: known.names for c, known in entities if roles[c] == Role.ENTITY}
    return {name: column for column, held in names.items() for name in held}


def _incident(found: Found, redactor: Redactor) -> Document:
    row = found.incident
    entities = [
        {
            "column": each["column"],
            "distinct": each["distinct"],
            "names": [redactor.text(str(name)) for name in each["names"]],
        }
        for each in row["entities"]
    ]
    told = {name: _plain(row[name]) for name in _INCIDENT}
    return {
        "about": _ABOUT,
        "job": found.run.manifest.job,
        "incident": told | {"entities": entities, "pattern": redactor.text(row["pattern"])},
        "reasons": _reasons(row["reasons"], redactor),
    }


def _reasons(reasons: list[Document], redactor: Redactor) -> list[Document]:
    """Tell the reasons; of free text not what others hold, who may be anybody."""
    told = []
    for each in reasons:
        column = each["column"]
        reason = {"column": column, "observed": redactor.value(column, each["observed"])}
        if redactor.roles.get(column) is not Role.TEXT and column not in redactor.secret:
            reason["expected"] = redactor.value(column, each["expected"])
            reason["sentence"] = redactor.text(each["sentence"])
        reason["share"] = round(each["share"], 3)
        told.append(reason)
    return told


def _by_importance(found: Found, redactor: Redactor) -> Iterator[tuple[str, Document]]:
    """Give the parts that may be left out, the most telling first."""
    findings = [("findings", _finding(row, redactor)) for row in _findings(found)]
    verdicts = [("verdicts", each) for each in _verdicts(found, redactor)]
    past = [("past", each) for each in _past(found)]
    yield from findings[:1]
    yield from verdicts
    yield from past[:5]
    yield from findings[1:]
    yield from past[5:]


def _findings(found: Found) -> list[Document]:
    table = read_findings(found.run)
    return table.filter(pc.equal(table["incident"], found.incident["incident"])).to_pylist()


def _own(row: Document) -> Document:
    """Return a record's own columns, by the names they have in the log."""
    own = {name: value for name, value in row.items() if name not in FINDING.names}
    return {_own_name(name): value for name, value in own.items()}


def _own_name(name: str) -> str:
    plain = name.removeprefix("event.")
    return plain if plain in FINDING.names else name


def _finding(row: Document, redactor: Redactor) -> Document:
    told = {
        "anomaly_score": row["anomaly_score"],
        "severity": row["severity"],
        "reasons": _reasons(row["reasons"], redactor),
        "record": {column: redactor.value(column, value) for column, value in _own(row).items()},
    }
    normal = row.get("nearest_normal")
    if normal:
        told["nearest_normal"] = {
            each["column"]: redactor.value(each["column"], each["value"]) for each in normal
        }
        told["nearest_normal_of"] = row.get("nearest_normal_of") or "all"
    return told


def _verdicts(found: Found, redactor: Redactor) -> Iterator[Document]:
    """Tell the verdicts on this incident, its entity or its pattern, the newest first."""
    row = found.incident
    for verdict in reversed(read_verdicts(found.run.job_folder)):
        seen = verdict.evidence
        alike = _alike(row, seen.model_dump())
        if alike:
            yield {
                "label": verdict.label,
                "scope": verdict.scope,
                "same": alike,
                "until": _plain(verdict.until),
                "when": _plain(verdict.when),
                "note": redactor.text(verdict.note),
            }


def _past(found: Found) -> Iterator[Document]:
    """Tell incidents of other runs of the same identity, pattern or entity, the newest first."""
    job = found.run.job_folder
    others = [run for run in readable_runs(job) if run.folder != found.run.folder]
    told = [each for run in others for each in _past_of(run, found.incident)]
    order = ("identity", "pattern", "entity")
    yield from sorted(told, key=lambda each: order.index(each["same"]))[:_MOST_PAST]


def _past_of(run: PublishedRun, incident: Mapping[str, Any]) -> Iterator[Document]:
    labels = {each.verdict: each.label for each in run.manifest.incidents.verdicts}
    for dataset in ("incidents", "suppressed"):
        for row in read_incidents(run, dataset).to_pylist():
            alike = _alike(incident, row)
            if alike:
                yield {
                    "incident": row["incident"],
                    "same": alike,
                    "severity": row["severity"],
                    "records": row["records"],
                    "first_time": _plain(row["first_time"]),
                    "anomaly_score": row["anomaly_score"],
                    "verdict": labels.get(row["verdict"]),
                    "suppressed": dataset == "suppressed",
                }


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> str | None:
    """Say what two incidents have in common; None where that is nothing."""
    if one["identity"] == other["identity"]:
        return "identity"
    if one["pattern"] and one["pattern"] == other["pattern"]:
        return "pattern"
    named = one["entity"] is not None
    same = (one["entity_column"], one["entity"]) == (other["entity_column"], other["entity"])
    return "entity" if named and same else None


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
