"""CONTRIBUTING.md, SECURITY.md and the decision notes: what they name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTES = sorted(path for path in (ROOT / "docs/decisions").glob("*.md") if path.stem != "index")
DOCUMENTS = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *NOTES]
PATH = re.compile(r"`((?:flows|anomaly|schemas|data|tests|docs|changes)/[\w/.-]*)(?:::\w+)?`")
PARTS = ["Context", "Decision", "Alternatives not chosen", "Consequences"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_path_that_is_named_exists(document: Path) -> None:
    named = PATH.findall(document.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_contributing_names_every_room() -> None:
    named = PATH.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    rooms = [
        f"{package}/{room.parent.name}/"
        for package in ("schemas", "anomaly", "flows")
        for room in (ROOT / package).glob("*/__init__.py")
    ]
    assert [room for room in rooms if room not in named] == []


@pytest.mark.parametrize("note", NOTES, ids=lambda path: path.stem)
def test_a_decision_has_its_date_and_four_parts_and_fits_on_a_page(note: Path) -> None:
    text = note.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS
    assert re.search(r"^Decided \d{4}-\d\d-\d\d\b", text, re.MULTILINE)
    assert len(text.split()) <= 500


def test_the_index_lists_each_decision_by_its_title() -> None:
    index = (ROOT / "docs/decisions/index.md").read_text(encoding="utf-8")
    titles = {note.name: note.read_text(encoding="utf-8").split("\n")[0][2:] for note in NOTES}
    assert {name: title for title, name in re.findall(r"\[(.+)\]\((.+)\)", index)} == titles
