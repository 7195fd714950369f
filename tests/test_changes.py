"""The fragments of the changelog in `changes/`: their names, and what each kind must hold."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAME = re.compile(r"\d+(?:-[a-z0-9]+)*\.(breaking|score|feature|speed|fix)\.md")
FIGURE = re.compile(r"\d*\.?\d+")
SECTION = re.compile(r"^## (\d+\.\d+\.\d+)(?: - (\d{4}-\d\d-\d\d))?$", re.MULTILINE)


def faults(name: str, text: str) -> Iterator[str]:
    """Yield what is wrong with a fragment."""
    named = NAME.fullmatch(name)
    if named is None:
        yield "is not called NUMBER.KIND.md: see changes/README.md"
        return
    if not text.strip() or "\n\n" in text.strip():
        yield "is not one paragraph"
    if text.lstrip().startswith(("#", "- ", "* ")):
        yield "has a heading or a bullet"
    if named[1] in {"score", "speed"} and len(FIGURE.findall(text)) < 2:
        yield "has no figures before and after"


def test_each_fragment_has_a_name_and_a_text_of_its_kind() -> None:
    fragments = [path for path in (ROOT / "changes").iterdir() if path.name != "README.md"]
    found = {path.name: list(faults(path.name, path.read_text("utf-8"))) for path in fragments}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("name", ["21.feature.md", "21-export.fix.md", "7-a-b2.breaking.md"])
def test_a_fragment_as_it_should_be_passes(name: str) -> None:
    assert list(faults(name, "Exports hold the run.\nThey did not.\n")) == []


@pytest.mark.parametrize(
    "name", ["feature.md", "21.md", "21.feat.md", "21.feature.rst", "x.fix.md"]
)
def test_another_name_is_a_fault(name: str) -> None:
    assert list(faults(name, "Text."))


@pytest.mark.parametrize("text", ["", "One.\n\nTwo.", "# Exports", "- Exports hold the run."])
def test_a_text_that_is_not_one_paragraph_is_a_fault(text: str) -> None:
    assert list(faults("21.fix.md", text))


@pytest.mark.parametrize("kind", ["score", "speed"])
def test_a_change_to_scores_or_speed_needs_figures_before_and_after(kind: str) -> None:
    assert list(faults(f"21.{kind}.md", "It is better, by 5 %."))
    assert list(faults(f"21.{kind}.md", "Event logs .520 to .543, five seeds.")) == []


def test_the_kinds_are_those_that_the_readme_lists() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", (ROOT / "changes/README.md").read_text(), re.MULTILINE)
    assert set(listed) == set(NAME.pattern.split("(")[2].split(")")[0].split("|"))


def test_releases_of_the_changelog_are_dated_and_in_order() -> None:
    sections = SECTION.findall((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    versions = [tuple(map(int, version.split("."))) for version, _ in sections]
    assert versions == sorted(set(versions), reverse=True)
    assert all(date for version, date in sections if version != "0.1.0")


def test_the_newest_release_is_the_version_of_the_package() -> None:
    version, _ = SECTION.findall((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))[0]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == version
