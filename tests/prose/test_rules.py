"""The rules of prose: each finds what breaks it, and nothing else."""

from pathlib import Path

import pytest

from tests.prose.__main__ import main
from tests.prose.passages import Kind, Passage
from tests.prose.rules import (
    LONGEST,
    Finding,
    WordList,
    check,
    findings_in,
    read_words,
    sentences_of,
    words_in,
)

LISTED = read_words()


def found_in(text: str, kind: Kind = "paragraph") -> list[Finding]:
    return list(findings_in(Passage(7, text, kind), "a.md", LISTED))


def rules_of(text: str, kind: Kind = "paragraph") -> list[str]:
    return [finding.rule for finding in found_in(text, kind)]


def sentence(words: int) -> str:
    return " ".join(["word"] * words) + "."


def test_a_sentence_of_25_words_passes_and_one_of_26_does_not() -> None:
    assert LONGEST == 25
    assert found_in(f"{sentence(25)} {sentence(25)}".replace("word word", "Word word")) == []
    (finding,) = found_in(sentence(26))
    assert str(finding) == (
        'a.md:7: a sentence of 26 words, "word word word word word word …":'
        " write sentences of at most 25"
    )


@pytest.mark.parametrize("kind", ["paragraph", "comment", "docstring", "string"])
def test_sentences_of_every_kind_of_prose_are_counted(kind: Kind) -> None:
    assert rules_of(sentence(26), kind) == ["sentence"]


def test_a_heading_may_be_of_any_length() -> None:
    assert rules_of(sentence(40), "heading") == []


def test_code_links_and_addresses_count_once() -> None:
    text = "See `a b c`, [two words](docs/a.md) and https://example.org/a?b=c now."
    assert [words_in(each) for each in sentences_of(text)] == [7]


def test_an_abbreviation_or_a_number_does_not_end_a_sentence() -> None:
    assert len(sentences_of("It takes 2.5 s, e.g. On a laptop.")) == 1
    assert len(sentences_of("It takes `x`. `y` follows. (So does z.) Then 4.")) == 4


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("The doings of a user.", "activity"),
        ("Portraits of it.", "summary"),
        ("Numbers in concert.", "jointly"),
        ("The louder voice.", "weight"),
        ("A table of borders.", "boundary"),
        ("The working directory.", "folder"),
        ("An outlier.", "anomaly"),
    ],
)
def test_a_word_of_the_list_is_found_with_what_to_say(text: str, instead: str) -> None:
    assert any(instead in finding.instead for finding in found_in(text))


@pytest.mark.parametrize("kind", ["paragraph", "heading", "comment", "docstring", "string"])
def test_words_are_looked_for_in_every_kind_of_prose(kind: Kind) -> None:
    assert rules_of("The portrait", kind) == ["word"]


@pytest.mark.parametrize("text", ["_voice_ of it", "A **portrait** here.", "[a](two borders)"])
def test_words_in_emphasis_and_in_brackets_that_are_no_link_are_found(text: str) -> None:
    assert rules_of(text) == ["word"]


def test_words_in_code_and_parts_of_words_are_not_looked_at() -> None:
    assert rules_of("Read `portrait` of portraiture at https://example.org/portrait now.") == []


def test_a_first_line_ends_with_a_full_stop() -> None:
    assert rules_of("Return the", "first line") == ["first line"]
    assert rules_of("Return it.", "first line") == []


def test_a_first_line_names_the_thing_and_does_not_begin_like_a_question() -> None:
    (finding,) = found_in("What is said of one event.", "first line")
    assert 'begins with "What"' in finding.what
    for question in ("Whether it is.", "Why it is.", "When it is.", "what it is."):
        assert rules_of(question, "first line") == ["first line"]
    assert rules_of("Whatever it is.", "first line") == []


@pytest.mark.parametrize("name", ["kept", "n_borders", "Concert", "hear_heard_voices", "_WAVE"])
def test_a_name_with_a_part_of_the_list_is_found(name: str) -> None:
    assert "name" in rules_of(name, "name")


@pytest.mark.parametrize("name", ["borderline", "X", "waveform", "self"])
def test_a_name_that_only_begins_like_one_passes(name: str) -> None:
    assert rules_of(name, "name") == []


def test_each_entry_says_what_to_write_instead() -> None:
    assert all(word.say for word in LISTED.words)
    assert all(LISTED.names.values())


def listed(*checked: str, strings_not_checked: tuple[str, ...] = ()) -> WordList:
    return WordList(checked, strings_not_checked, LISTED.words, LISTED.names)


def test_a_folder_is_checked_whole_in_order_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    (tmp_path / "docs" / "b.md").write_text("A portrait.\n", encoding="utf-8")
    (tmp_path / "docs" / "deep" / "c.py").write_text("# An outlier.\n", encoding="utf-8")
    (tmp_path / "docs" / "d.txt").write_text("A portrait.\n", encoding="utf-8")
    (tmp_path / "other.md").write_text("A portrait.\n", encoding="utf-8")
    found = check(tmp_path, listed("docs"))
    assert [(each.path, each.line) for each in found] == [("docs/b.md", 1), ("docs/deep/c.py", 1)]
    assert [each.path for each in check(tmp_path, listed("docs"), ("other.md",))] == ["other.md"]


def test_strings_that_are_written_into_outputs_are_not_checked(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('"""A file."""\n\nX = "a portrait of a user here"\n')
    assert [each.rule for each in check(tmp_path, listed("a.py"))] == ["word"]
    assert check(tmp_path, listed("a.py", strings_not_checked=("a.py",))) == []


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        check(tmp_path, listed("gone"))


def test_the_command_prints_findings_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = tmp_path / "bad.md", tmp_path / "good.md"
    bad.write_text("The portrait.\n", encoding="utf-8")
    good.write_text("The summary.\n", encoding="utf-8")
    assert main([str(good)], tmp_path) == 0
    assert capsys.readouterr().out == ""
    assert main(["bad.md"], tmp_path) == 1
    assert capsys.readouterr().out.splitlines() == [
        'bad.md:1: "portrait": say "summary"',
        "prose: 1 findings (word 1)",
    ]


def test_the_command_says_which_path_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gone.md"], tmp_path) == 2
    assert capsys.readouterr().err.splitlines() == [
        "prose: gone.md is not there: name what exists, from the root on"
    ]
