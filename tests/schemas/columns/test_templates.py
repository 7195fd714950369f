import pytest

from schemas.columns.roles import Role, RoleChoice
from schemas.columns.templates import TEMPLATES, with_template
from tests.ocsf_schema import types_of

KINDS = {
    Role.ID: {"string_t"},
    Role.TIME: {"timestamp_t"},
    Role.NUMBER: {"long_t"},
    Role.FLAG: {"boolean_t"},
    Role.ENTITY: {"username_t", "hostname_t", "ip_t", "string_t"},
}
"""What attributes of these roles are in the published schema."""


def inferred(*columns: str) -> dict[str, RoleChoice]:
    return {column: RoleChoice(Role.CATEGORY, "few names") for column in columns}


def test_a_name_is_known_however_it_is_written() -> None:
    found = with_template("cloudtrail", inferred("event_id", "EventName", "user_agent", "other"))
    roles = {column: choice.role for column, choice in found.items()}
    assert roles["event_id"] is Role.ID
    assert roles["user_agent"] is Role.TEXT
    assert found["EventName"].why == "as cloudtrail has it"
    assert found["other"].why == "few names"


def test_the_template_s_own_name_comes_before_one_like_it() -> None:
    found = with_template("cloudtrail", inferred("event_id", "eventID"))
    assert [choice.role for choice in found.values()] == [Role.CATEGORY, Role.ID]


@pytest.mark.parametrize(("name", "role"), TEMPLATES["ocsf"].items())
def test_the_published_schema_knows_the_template_s_names(name: str, role: Role) -> None:
    types = types_of(name)
    assert types
    assert types <= KINDS.get(role, types)


def test_the_published_schema_does_not_know_any_name() -> None:
    assert not types_of("actor.nobody.name")
    assert not types_of("time.name")
