"""Finds the prose in a file: paragraphs of Markdown, docstrings, comments, strings and names."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["paragraph", "heading", "comment", "docstring", "first line", "string", "name"]

_FENCE = re.compile(r"\s*(?:```|~~~)[^`]*$")
_HEADING = re.compile(r"#{1,6}\s")
_MARKDOWN_MARK = re.compile(r"\s*(?:>\s?|[-*+]\s+|\d+[.)]\s+)")
_DOCSTRING_MARK = re.compile(r"\s*(?:[-*+]\s+|\d+[.)]\s+)")
_UNDERLINE = re.compile(r"\s*-{3,}\s*$|\s*={3,}\s*$")
_DIRECTIVE = re.compile(r"#\s*(?:noqa|type:|pragma|ruff:|mypy:|fmt:|!)")
_MEMBER = re.compile(r"\s*[\w*`][\w*, `]*\s:\s")
_PROSE = re.compile(r"[A-Za-z'`,;{}-]+(?:\s+\S+){4,}")
"""A string of at least five words that begins with one."""


@dataclass(frozen=True)
class Passage:
    """A piece of prose, and the line it begins in."""

    line: int
    text: str
    kind: Kind


def passages_of(path: Path, *, strings: bool = True) -> list[Passage]:
    """Return the passages of a Markdown file or a Python module, in order.

    Parameters
    ----------
    path
        A file that ends in `.md` or `.py`.
    strings
        Whether string literals are prose too.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return list(markdown_passages(text))
    nodes = list(ast.walk(ast.parse(text)))
    found = [*_docstrings(nodes), *_comments(text), *_names(nodes)]
    if strings:
        found += _strings(nodes)
    return sorted(found, key=lambda passage: passage.line)


def markdown_passages(text: str) -> Iterator[Passage]:
    """Yield headings and paragraphs; code blocks and tables are no prose."""
    lines: list[tuple[int, str]] = []
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        fence = _FENCE.match(line)
        fenced ^= fence is not None
        if fence or fenced or line.lstrip().startswith("|"):
            lines.append((number, ""))
        elif _HEADING.match(line):
            yield from _paragraphs(lines, _MARKDOWN_MARK, "paragraph")
            lines = []
            yield Passage(number, line.lstrip("# "), "heading")
        else:
            lines.append((number, line))
    yield from _paragraphs(lines, _MARKDOWN_MARK, "paragraph")


def _paragraphs(
    lines: list[tuple[int, str]], mark: re.Pattern[str], kind: Kind
) -> Iterator[Passage]:
    """Join lines up to an empty one or to the mark of a list's next item."""
    start, words = 0, ""
    for number, line in [*lines, (0, "")]:
        marked = mark.match(line)
        if (not line.strip() or marked) and words:
            yield Passage(start, words, kind)
            words = ""
        bare = line[marked.end() :].strip() if marked else line.strip()
        if bare:
            start, words = (number, bare) if not words else (start, f"{words} {bare}")


def _docstrings(nodes: list[ast.AST]) -> Iterator[Passage]:
    """Yield the paragraphs of docstrings, those of constants and fields too."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in nodes:
        if not isinstance(node, documented):
            continue
        for place, statement in enumerate(node.body):
            literal = _bare_string(statement)
            if literal is not None:
                yield from _docstring(literal, is_first=place == 0)


def _bare_string(statement: ast.stmt) -> ast.Constant | None:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _docstring(literal: ast.Constant, *, is_first: bool) -> Iterator[Passage]:
    lines = str(literal.value).expandtabs().splitlines()
    if is_first and lines:
        yield Passage(literal.lineno, lines[0].strip(), "first line")
    numbered = list(enumerate(lines, start=literal.lineno))
    yield from _paragraphs(list(_without_code(numbered)), _DOCSTRING_MARK, "docstring")


def _without_code(lines: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Empty the lines of doctests, of underlines and of members' names; part what is indented."""
    in_doctest, indent = False, None
    for number, line in lines:
        in_doctest = bool(line.strip()) and (in_doctest or line.lstrip().startswith(">>>"))
        if in_doctest or not line.strip() or _UNDERLINE.match(line) or _MEMBER.match(line):
            indent = None
            yield number, ""
            continue
        here = len(line) - len(line.lstrip())
        if indent not in (None, here) and number != lines[0][0] + 1:
            yield number, ""
        indent = here
        yield number, line


def _comments(text: str) -> Iterator[Passage]:
    """Yield comments; those on lines below each other are one."""
    block: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT or _DIRECTIVE.match(token.string):
            continue
        row, column = token.start
        alone = not token.line[:column].strip()
        if block and (not alone or row != block[-1][0] + 1):
            yield from _paragraphs(block, _DOCSTRING_MARK, "comment")
            block = []
        block.append((row, token.string.lstrip("#: ")))
        if not alone:
            yield from _paragraphs(block, _DOCSTRING_MARK, "comment")
            block = []
    yield from _paragraphs(block, _DOCSTRING_MARK, "comment")


def _strings(nodes: list[ast.AST]) -> Iterator[Passage]:
    """Yield string literals that read like prose; a value put into one is one word."""
    inside: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.Expr) or id(node) in inside:
            inside.update(id(child) for child in ast.iter_child_nodes(node) if _is_text(child))
            continue
        if not _is_text(node):
            continue
        inside.update(id(child) for child in ast.iter_child_nodes(node))
        words = _words_of(node)
        if _PROSE.match(words):
            yield from _paragraphs(
                list(enumerate(words.splitlines(), start=node.lineno)), _DOCSTRING_MARK, "string"
            )


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _words_of(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{}"
        for part in getattr(node, "values", [])
    )


def _names(nodes: list[ast.AST]) -> Iterator[Passage]:
    """Yield the names that a module defines: classes, functions, parameters and variables."""
    for node in nodes:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield Passage(node.lineno, node.name, "name")
        elif isinstance(node, ast.arg):
            yield Passage(node.lineno, node.arg, "name")
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield Passage(node.lineno, node.id, "name")
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield Passage(node.lineno, node.attr, "name")
        elif isinstance(node, ast.alias) and node.asname:
            yield Passage(node.lineno, node.asname, "name")
