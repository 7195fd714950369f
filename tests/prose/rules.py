"""The rules of prose: short sentences, words to use, first lines of docstrings, names."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.prose.passages import Passage, passages_of

LONGEST = 25
"""Words that a sentence may have."""

WORDS_FILE = Path(__file__).parent / "words.toml"

_CODE = re.compile(r"``.+?``|`[^`]*`")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_EMPHASIS = re.compile(r"(?<!\w)[_*]+(?=\w)|(?<=\w)[_*]+(?!\w)")
_URL = re.compile(r"<?\b[a-z][a-z0-9+]*://\S+")
_ABBREVIATION = re.compile(r"\b(e\.g|i\.e|etc|vs|cf|Fig|No|al|approx)\.", re.IGNORECASE)
_END = re.compile(r"[.!?…]+[\"'”’)\]*_]*(?=\s+[\"'“‘(\[*_`]*[A-Z0-9`{\[(-]|\s*$)")
_WORD = re.compile(r"\S*\w\S*")
_QUESTION = re.compile(
    r"(?:What|Who|Whom|Whose|Why|When|How|Where|Which|That|Whether)\b", re.IGNORECASE
)
_NAME_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True)
class Word:
    """A word not to use: how it is found, as it stands in the list, and what to say instead."""

    pattern: re.Pattern[str]
    say: str


@dataclass(frozen=True)
class WordList:
    """The content of `words.toml`."""

    checked: tuple[str, ...]
    """Files and folders whose prose is checked; they exist."""
    strings_not_checked: tuple[str, ...]
    """Files and folders whose strings are not checked."""
    words: tuple[Word, ...]
    names: dict[str, str]
    """Part of a name that code defines -> what to use instead."""

    @cached_property
    def any_word(self) -> re.Pattern[str]:
        """Return one pattern for all words: most passages hold none."""
        return re.compile("|".join(word.pattern.pattern for word in self.words), re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """Prose that breaks a rule."""

    path: str
    line: int
    rule: str
    what: str
    instead: str

    def __str__(self) -> str:
        """Return the line that is printed."""
        return f"{self.path}:{self.line}: {self.what}: {self.instead}"


def read_words(path: Path = WORDS_FILE) -> WordList:
    """Read the word list.

    Raises
    ------
    re.error
        A pattern is no regular expression.
    """
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    words = tuple(
        Word(re.compile(rf"\b(?:{entry['avoid']})\b", re.IGNORECASE), entry["say"])
        for entry in content["word"]
    )
    names = {name: entry["say"] for entry in content["name"] for name in entry["avoid"]}
    return WordList(tuple(content["checked"]), tuple(content["strings_not_checked"]), words, names)


def check(root: Path, listed: WordList, paths: tuple[str, ...] = ()) -> list[Finding]:
    """Return what breaks a rule in the given files and folders, or in those of the word list.

    Raises
    ------
    FileNotFoundError
        One of them does not exist.
    """
    found = []
    for path in _files(root, paths or listed.checked):
        name = path.relative_to(root).as_posix()
        strings = not any(_is_under(name, folder) for folder in listed.strings_not_checked)
        for passage in passages_of(path, strings=strings):
            found += findings_in(passage, name, listed)
    return found


def _files(root: Path, paths: tuple[str, ...]) -> Iterator[Path]:
    for each in paths:
        path = root / each
        if not path.exists():
            raise FileNotFoundError(each)
        yield from (
            [path]
            if path.is_file()
            else sorted(file for file in path.rglob("*") if file.suffix in {".md", ".py"})
        )


def _is_under(name: str, folder: str) -> bool:
    return name == folder or name.startswith(f"{folder}/")


def findings_in(passage: Passage, path: str, listed: WordList) -> Iterator[Finding]:
    """Yield what breaks a rule in one passage."""
    match passage.kind:
        case "name":
            yield from _wrong_name(passage, path, listed)
        case "first line":
            yield from _unclear_first_line(passage, path)
        case "heading":
            yield from _wrong_words(passage, path, listed)
        case _:
            yield from _long_sentences(passage, path)
            yield from _wrong_words(passage, path, listed)


def _long_sentences(passage: Passage, path: str) -> Iterator[Finding]:
    for sentence in sentences_of(passage.text):
        count = words_in(sentence)
        if count > LONGEST:
            beginning = " ".join(sentence.split()[:6])
            yield Finding(
                path,
                passage.line,
                "sentence",
                f'a sentence of {count} words, "{beginning} …"',
                f"write sentences of at most {LONGEST}",
            )


def sentences_of(text: str) -> list[str]:
    """Split a passage into sentences; code becomes one word, a link its text.

    >>> sentences_of("It is read once. `a. B` stays, e.g. Here.")
    ['It is read once.', 'CODE stays, e.g Here.']
    """
    plain = _ABBREVIATION.sub(r"\1", _LINK.sub(r"\1", _CODE.sub("CODE", text)))
    sentences, start = [], 0
    for end in _END.finditer(plain):
        sentences.append(plain[start : end.end()].strip())
        start = end.end()
    rest = plain[start:].strip()
    return [*sentences, rest] if rest else sentences


def words_in(sentence: str) -> int:
    """Count the words of a sentence; a dash or another lone sign is none.

    >>> words_in("Two rows - of 1,024 numbers.")
    5
    """
    return len(_WORD.findall(sentence))


def _wrong_words(passage: Passage, path: str, listed: WordList) -> Iterator[Finding]:
    plain = _URL.sub(" ", _LINK.sub(r"\1", _CODE.sub("CODE", passage.text)))
    plain = _EMPHASIS.sub("", plain)
    if not listed.any_word.search(plain):
        return
    for word in listed.words:
        for match in word.pattern.finditer(plain):
            yield Finding(path, passage.line, "word", f'"{match[0].lower()}"', f"say {word.say}")


def _unclear_first_line(passage: Passage, path: str) -> Iterator[Finding]:
    if question := _QUESTION.match(passage.text):
        yield Finding(
            path,
            passage.line,
            "first line",
            f'a docstring that begins with "{question[0]}"',
            "name the thing, or say what it does or returns",
        )
    if not passage.text.endswith("."):
        yield Finding(
            path,
            passage.line,
            "first line",
            "a docstring's first line without a full stop",
            "end its first sentence on its first line",
        )


def _wrong_name(passage: Passage, path: str, listed: WordList) -> Iterator[Finding]:
    for part in _NAME_PART.findall(passage.text):
        instead = listed.names.get(part.lower())
        if instead is not None:
            yield Finding(
                path, passage.line, "name", f"the name `{passage.text}`", f"name it {instead}"
            )
