from schemas.roles import Role, RoleChoice
from schemas.templates import with_template


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
