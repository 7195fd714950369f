"""The earlier incidents that are similar to one, and why."""

from typing import Any

from anomaly.incidents.similarity import most_similar


def incident(
    identity: str, entity: str | None, pattern: str, shares: dict[str, float]
) -> dict[str, Any]:
    return {
        "identity": identity,
        "entity_column": None if entity is None else "user",
        "entity": entity,
        "pattern": pattern,
        "reasons": [{"column": column, "share": share} for column, share in shares.items()],
    }


NOW = incident("k-1", "ann", "action = erase", {"action": 0.8, "bytes": 0.2})


def told(past: list[dict[str, Any]], n: int = 5) -> list[tuple[int, str, int]]:
    (some,) = most_similar([NOW], past, n)
    return [(each.place, each.why, each.times) for each in some]


def test_the_same_incident_ranks_before_one_of_its_pattern_entity_or_reasons() -> None:
    past = [
        incident("k-4", "bob", "bytes", {"action": 0.8, "bytes": 0.25}),
        incident("k-3", "ann", "host = h", {"host": 1.0}),
        incident("k-2", "bob", "action = erase", {"action": 0.1, "bytes": 0.9}),
        incident("k-1", "ann", "action = erase", {"action": 0.1, "bytes": 0.9}),
        incident("k-5", "bob", "host = h", {"host": 1.0}),
    ]
    assert told(past) == [(3, "same", 1), (2, "pattern", 1), (1, "entity", 1), (0, "reasons", 1)]
    assert told(past, n=1) == [(3, "same", 1)]


def test_of_a_repeated_incident_the_newest_is_given_with_its_count() -> None:
    assert told([NOW, incident("k-9", "bob", "x = y", {"x": 1.0}), NOW, NOW]) == [(3, "same", 3)]


def test_a_pattern_without_a_value_and_a_missing_entity_make_nothing_similar() -> None:
    now = incident("k-1", None, "bytes", {"bytes": 1.0})
    other = incident("k-2", None, "bytes", {"bytes": 0.1, "host": 0.9})
    assert most_similar([now], [other], 5) == [[]]


def test_a_column_that_no_earlier_incident_was_odd_in_tells_them_apart() -> None:
    now = incident("k-1", "ann", "mfa", {"mfa": 0.8, "action": 0.2})
    other = incident("k-2", "bob", "action", {"action": 1.0})
    assert most_similar([now], [other], 5) == [[]]


def test_no_incident_is_similar_where_there_is_no_earlier_run() -> None:
    assert most_similar([NOW, NOW], [], 5) == [[], []]
