"""The published schema of OCSF, as the package `ocsf-json-schema` carries it."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from schemas.outputs.ocsf import VERSION


@cache
def published() -> dict[str, Any]:
    """Classes, objects and types, each with its attributes."""
    return get_ocsf_schema(version=VERSION)


@cache
def _validator(class_uid: int) -> Draft202012Validator:
    schemas = OcsfJsonSchemaEmbedded(published())
    name = schemas.lookup_class_name_from_uid(class_uid)
    return Draft202012Validator(schemas.get_class_schema(class_name=name, profiles=[]))


def faults(event: dict[str, Any]) -> list[str]:
    """Say what of an event is not as the schema of its class has it; unknown attributes too."""
    found = _validator(event["class_uid"]).iter_errors(event)
    return [f"{fault.json_path}: {fault.message}" for fault in found]


def types_of(path: str) -> set[str]:
    """Return the types that an attribute of events has, by its dotted path; none if unknown."""
    holders = list(published()["classes"].values())
    *above, name = path.split(".")
    for each in above:
        objects = {inner for holder in holders for inner in _objects(holder, each)}
        holders = [published()["objects"][inner] for inner in objects]
    return {
        holder["attributes"][name]["type"] for holder in holders if name in holder["attributes"]
    }


def _objects(holder: dict[str, Any], name: str) -> Iterator[str]:
    attribute = holder["attributes"].get(name, {})
    if "object_type" in attribute:
        yield attribute["object_type"]
