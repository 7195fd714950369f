"""The checker's reader: what is prose in a file, and in which line."""

import textwrap
from pathlib import Path

from tests.prose.passages import Passage, markdown_passages, passages_of


def of_python(folder: Path, source: str, *, strings: bool = True) -> list[Passage]:
    """Return the passages of a module with this source, names left out."""
    path = folder / "module.py"
    path.write_text(textwrap.dedent(source).lstrip("\n"), encoding="utf-8")
    return [each for each in passages_of(path, strings=strings) if each.kind != "name"]


def test_markdown_is_headings_paragraphs_and_items() -> None:
    text = "# A title\n\nOne\ntwo.\n\n- three\n  four\n- five\n"
    assert list(markdown_passages(text)) == [
        Passage(1, "A title", "heading"),
        Passage(3, "One two.", "paragraph"),
        Passage(6, "three four", "paragraph"),
        Passage(8, "five", "paragraph"),
    ]


def test_code_blocks_and_tables_of_markdown_are_no_prose() -> None:
    text = "Before.\n\n```sh\n# no heading\nls\n```\n\n| a | b |\n|---|---|\n| c | d |\n\nAfter.\n"
    assert [passage.text for passage in markdown_passages(text)] == ["Before.", "After."]


def test_inline_code_opens_no_block_and_a_number_sign_alone_is_no_heading() -> None:
    text = "```x``` is code.\n\n#42 is fixed.\n"
    told = [(passage.text, passage.kind) for passage in markdown_passages(text)]
    assert told == [("```x``` is code.", "paragraph"), ("#42 is fixed.", "paragraph")]


def test_a_docstring_has_a_first_line_and_paragraphs(tmp_path: Path) -> None:
    source = '''
    def f(x):
        """Return it.

        Long
        text.

        Parameters
        ----------
        x : int
            What to return.
        """
    '''
    assert of_python(tmp_path, source) == [
        Passage(2, "Return it.", "first line"),
        Passage(2, "Return it.", "docstring"),
        Passage(4, "Long text.", "docstring"),
        Passage(7, "Parameters", "docstring"),
        Passage(10, "What to return.", "docstring"),
    ]


def test_a_member_without_a_type_is_apart_from_its_description(tmp_path: Path) -> None:
    source = '''
    """Say it.

    Parameters
    ----------
    name
        What it is called.
    other
        What else.
    """
    '''
    texts = [passage.text for passage in of_python(tmp_path, source)]
    assert texts[2:] == ["Parameters", "name", "What it is called.", "other", "What else."]


def test_doctests_are_no_prose(tmp_path: Path) -> None:
    source = '''
    """Say it.

    >>> print("many words that are printed")
    many words that are printed

    After.
    """
    '''
    assert [each.text for each in of_python(tmp_path, source)][2:] == ["After."]


def test_a_string_below_a_constant_is_a_docstring_without_first_line(tmp_path: Path) -> None:
    assert of_python(tmp_path, 'SIZE = 3\n"""How many there are."""\n') == [
        Passage(2, "How many there are.", "docstring")
    ]


def test_comments_below_each_other_are_one(tmp_path: Path) -> None:
    source = """
    # One
    # two.
    x = 1  # Three.
    # Four.

    # Five.
    y = 2  # noqa: E501 - a directive
    """
    assert [(each.line, each.text) for each in of_python(tmp_path, source)] == [
        (1, "One two."),
        (3, "Three."),
        (4, "Four."),
        (6, "Five."),
    ]


def test_long_strings_are_prose_and_short_ones_are_not(tmp_path: Path) -> None:
    source = """
    say("it cannot be read, so write it again")
    say("a b c")
    say(f"it is {x!r} in {place}, not a number")
    """
    assert [each.text for each in of_python(tmp_path, source)] == [
        "it cannot be read, so write it again",
        "it is {} in {}, not a number",
    ]
    assert of_python(tmp_path, source, strings=False) == []


def test_names_are_those_that_a_module_defines(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "import math as kept\nclass Wave:\n    def hear(self, voice):\n"
        "        borders = self.loud = math.kept\n",
        encoding="utf-8",
    )
    names = [each.text for each in passages_of(path) if each.kind == "name"]
    assert names == ["kept", "Wave", "hear", "self", "voice", "borders", "loud"]
