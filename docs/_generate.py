"""Writes the parts of the documentation that the code already says: MkDocs calls it as a hook.

A line `<!-- generated: NAME -->` of a page becomes the section of that name, see `SECTIONS`. The
pictures and pages in `data/` are added to the site where they lie. Notes in `docs/decisions/` get
their place in the navigation.
"""

import ast
import inspect
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from cyclopts import App
from cyclopts.argument import Argument
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from flows.cli.app import make_app
from flows.cli.console import Terminal
from flows.cli.options import Services
from flows.runtime import settings
from schemas.job.job import job_schema
from schemas.outputs.dictionary import dictionary

DOCS = Path(__file__).parent
ROOT = DOCS.parent
DATA = ("data/quality.png", "data/report.png", "data/speed.png", "data/README.md")
"""Files beside the documentation that are part of the site."""

_MARKER = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)
_DATA_LINK = re.compile(r"\]\(\.\./((?:\.\./)*data/)")
_VARIABLE = re.compile(r"^(.*?) \(`(OUTFIELD_[A-Z_]+)`(?:; (.*))?\)\.$", re.DOTALL)
"""What the docstring of a setting says: its meaning, its variable, its default."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the notes on decisions to the navigation, their index first."""
    notes = sorted((DOCS / "decisions").glob("*.md"), key=lambda note: (note.stem != "index", note))
    if notes and config.nav is not None:
        config.nav.append({"Decisions": [f"decisions/{note.name}" for note in notes]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files in `data/` that pages show or link to."""
    for path in DATA:
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put generated sections in place of their markers, and turn links to `data/` to the site's.

    In the repository `data/` lies beside `docs/`; in the site it lies in it.
    """
    markdown = _DATA_LINK.sub(r"](\1", markdown)
    return _MARKER.sub(lambda marker: SECTIONS[marker[1]](), markdown)


def job_settings() -> str:
    """Write a table of the job file's settings for each of its sections."""
    schema = job_schema()
    sections = {name: _section_of(each) for name, each in schema["properties"].items()}
    top = {name: each for name, each in schema["properties"].items() if not sections[name]}
    parts = ["### At the top", "", *_settings_table(top)]
    for name, section in sections.items():
        if section:
            parts += ["", f"### In `[{name}]`", ""]
            of_section = schema["$defs"][section]
            parts += _settings_table(of_section["properties"], of_section.get("required", ()))
    return "\n".join(parts)


def commands() -> str:
    """Write a section for each command: what it does, its arguments and its options."""
    return "\n\n".join(_command(name, app) for name, app in command_line().items())


def columns() -> str:
    """Write the data dictionary, one level below the page's title."""
    return re.sub(r"^# .*\n", "", dictionary())


def environment() -> str:
    """Write a table of the variables that outfield reads, from the docstrings of the settings."""
    rows = [f"| `{name}` | {meaning} | {default} |" for name, meaning, default in variables()]
    return "\n".join(["| variable | meaning | default |", "|---|---|---|", *rows])


SECTIONS: Mapping[str, Callable[[], str]] = {
    section.__name__: section for section in (job_settings, commands, columns, environment)
}
"""What a page may ask for by a marker."""


def command_line() -> dict[str, App]:
    """Return the commands of `outfield` by name, in the order of its help."""
    app = make_app(Terminal(io.StringIO(), io.StringIO()), Services())
    return {name: app[name] for name in app if not name.startswith("-")}


def variables() -> Iterator[tuple[str, str, str]]:
    """Give the documented variables: the name, the meaning and the default of each."""
    for statement in ast.walk(ast.parse(inspect.getsource(settings.Settings))):
        if isinstance(statement, ast.Constant) and isinstance(statement.value, str):
            said = _VARIABLE.match(" ".join(statement.value.split()))
            if said:
                yield said[2], said[1], said[3] or "none"


def _command(name: str, command: App) -> str:
    """Write the section of a command."""
    told = _without_links(inspect.cleandoc(command.help).split("\n\nParameters\n")[0])
    rows = [
        f"| `{_spelt(argument)}` | {_meaning(argument)} |"
        for argument in command.assemble_argument_collection(parse_docstring=True)
    ]
    table = ["", "| argument | meaning |", "|---|---|", *rows] if rows else []
    return "\n".join([f"## {name}", "", told, *table])


def _spelt(argument: Argument) -> str:
    """Write an argument as it is typed: its name, and what follows it."""
    name = argument.names[0]
    if not name.startswith("--"):
        return name if argument.required else f"[{name}]"
    if argument.hint is bool:
        return name
    return f"{name} {name.removeprefix('--').replace('-', '_').upper()}"


def _meaning(argument: Argument) -> str:
    """Say what an argument means, which words it takes, and its default."""
    told = [_cell(argument.parameter.help or "")]
    words = [word for kind in (argument.hint, *get_args(argument.hint)) for word in _words(kind)]
    if words:
        told.append(f"One of {', '.join(words)}.")
    if argument.required and argument.names[0].startswith("--"):
        told.append("Required.")
    default = argument.field_info.default
    if isinstance(default, str | int) and default:
        told.append(f"Default: `{default}`.")
    return " ".join(told)


def _words(kind: Any) -> list[str]:
    return [f"`{word}`" for word in get_args(kind)] if get_origin(kind) is Literal else []


def _settings_table(
    settings_of: Mapping[str, Mapping[str, Any]], required: Sequence[str] = ()
) -> list[str]:
    """Write the rows of a table: a setting, what it takes, its default and its meaning."""
    rows = []
    for name, each in settings_of.items():
        default = "required" if name in required else _default(each)
        rows.append(f"| `{name}` | {_taken(each)} | {default} | {_cell(each['description'])} |")
    return ["| setting | takes | default | meaning |", "|---|---|---|---|", *rows]


def _section_of(setting: Mapping[str, Any]) -> str:
    """Return the name of the model that a setting is a section of; "" for a plain setting."""
    kinds = [setting, *setting.get("anyOf", ())]
    within = setting.get("additionalProperties")
    kinds += within.get("anyOf", ()) if isinstance(within, Mapping) else ()
    named = [kind["$ref"].rpartition("/")[2] for kind in kinds if "$ref" in kind]
    return next((name for name in named if name.endswith("Spec")), "")


def _taken(setting: Mapping[str, Any]) -> str:
    """Say which values a setting takes."""
    kinds = [kind for kind in setting.get("anyOf", [setting]) if kind.get("type") != "null"]
    spelt = dict.fromkeys(_kind(kind) for kind in kinds)
    if "a duration" in spelt:  # a plain number of seconds is one, too
        spelt.pop("a number", None)
    return " or ".join(spelt)


def _kind(kind: Mapping[str, Any]) -> str:
    if "$ref" in kind:
        return "a role"
    if "enum" in kind:
        return ", ".join(f"`{value}`" for value in kind["enum"])
    if "pattern" in kind:
        return "a duration"
    names = {"string": "a string", "boolean": "`true`, `false`", "integer": "a whole number"}
    names |= {"number": "a number", "array": "a list of strings"}
    names |= {"object": "a table"}
    return names[kind["type"]]


def _default(setting: Mapping[str, Any]) -> str:
    value = setting.get("default")
    if value is None:
        return "none"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def _without_links(text: str) -> str:
    """Keep brackets, such as those of a job file's sections, from being read as links."""
    return text.replace("[", "\\[")


def _cell(text: str) -> str:
    """Bring a text onto the line of a table's row."""
    return " ".join(text.split()).replace("|", "\\|")
