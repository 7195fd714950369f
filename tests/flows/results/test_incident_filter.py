"""The incidents that a user asks for, by what is odd in them."""

import io

import pyarrow as pa
import pytest

from flows.cli.console import Terminal
from flows.cli.incident_view import show_incidents
from flows.results.incident_filter import matching
from flows.results.incident_stacks import Line
from tests.flows.sample_runs import incidents


def of_views(*views: str | None) -> pa.Table:
    found = incidents(len(views))
    place = found.column_names.index("view")
    return found.set_column(place, found.schema.field(place), pa.array(views, pa.string()))


@pytest.mark.parametrize(
    ("asked", "ranks"),
    [([], [1, 2, 3]), (["window"], [2]), (["records"], [1, 3]), (["records", "window"], [1, 2, 3])],
)
def test_incidents_are_of_records_unless_they_say_otherwise(
    asked: list[str], ranks: list[int]
) -> None:
    found = matching(of_views("records", "window", None), views=asked)
    assert found["rank"].to_pylist() == ranks


@pytest.mark.parametrize("views", [("records", "window", None), ("records", "records", None)])
def test_the_list_names_the_views_where_one_is_a_window(views: tuple[str | None, ...]) -> None:
    out = io.StringIO()
    lines = [Line(row) for row in of_views(*views).to_pylist()]
    show_incidents(Terminal(out, io.StringIO()), lines)
    assert ("window" in out.getvalue()) == ("window" in views)
    assert ("view" in out.getvalue().splitlines()[0]) == ("window" in views)
