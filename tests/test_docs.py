"""README and `docs/` tell the truth: queries answer, commands parse, names exist in the code."""

import ast
import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import duckdb
import pytest
from cyclopts import CycloptsError

import flows.cli.app
from flows.runtime.stopping import ENDING_SIGNALS
from flows.storage.runs.reader import PublishedRun
from schemas.columns.roles import Role
from schemas.job.behaviour import BehaviourSpec
from schemas.job.job import JobSpec, parse_job
from schemas.job.schedule import ScheduleSpec
from schemas.job.sections import ColumnSpec, ModelSpec, SearchSpec, SelectionSpec
from tests.flows.sample_runs import published

ROOT = Path(__file__).parents[1]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = [(page, *block) for page, text in PAGES.items() for block in BLOCK.findall(text)]
ALL_TEXT = "\n".join(PAGES.values())


def _generator() -> ModuleType:
    """Load the hook of the documentation, which is no module of a package."""
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "_generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = _generator()
COMMANDS = GENERATE.command_line()

QUERIES = [
    pytest.param(language, code, id=f"{page}-{i}")
    for i, (page, language, code) in enumerate(BLOCKS)
    if language in ("sql", "python") and "runs/RUN_ID/" in code
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> PublishedRun:
    return published(tmp_path_factory.mktemp("out"))


def asked(language: str, code: str, run: PublishedRun) -> list[Any]:
    """Run a query of a page against a run; give the rows of its answer."""
    if "pyspark" in code:
        pytest.importorskip("pyspark", reason="Spark is no part of the environment")
    here = code.replace("outfield-output/sample/runs/RUN_ID", str(run.folder))
    if language == "sql":
        return duckdb.sql(here).fetchall()
    *statements, last = here.strip().splitlines()
    scope: dict[str, Any] = {}
    exec("\n".join(statements), scope)  # noqa: S102 - our own pages
    answer = eval(last, scope)  # noqa: S307
    if isinstance(answer, list):
        return answer
    return list(answer.itertuples()) if hasattr(answer, "itertuples") else answer.rows()


def test_there_are_queries_for_duckdb_pandas_and_polars() -> None:
    told = " ".join(str(query.values[1]) for query in QUERIES)
    assert [query.values[0] for query in QUERIES].count("sql") >= 2
    assert "import pandas" in told
    assert "import polars" in told


@pytest.mark.parametrize(("language", "code"), QUERIES)
def test_a_query_returns_the_three_rows_of_the_run(
    language: str, code: str, run: PublishedRun
) -> None:
    assert len(asked(language, code, run)) == 3


def _command_lines() -> list[Any]:
    """List the lines of blocks that call `outfield`, without prompts and comments."""
    lines = [
        (page, line.removeprefix("$ "))
        for page, language, block in BLOCKS
        if language in ("", "text")
        for line in block.splitlines()
    ]
    calls = [(page, line) for page, line in lines if line.startswith("outfield ")]
    return [pytest.param(line, id=f"{page}: {line[:60]}") for page, line in calls]


def test_pages_show_each_command() -> None:
    assert {str(line.values[0]).split()[1] for line in _command_lines()} == set(COMMANDS)


@pytest.mark.parametrize("line", _command_lines())
def test_a_command_line_parses(line: str) -> None:
    _, command, *tokens = shlex.split(line.split(" > ", maxsplit=1)[0], comments=True)
    try:
        COMMANDS[command].parse_args(tokens, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        pytest.fail(str(error))


def test_every_command_and_option_in_running_text_exists() -> None:
    known = {name for app in COMMANDS.values() for name in _names(app)} | {"--help", "--version"}
    for call in re.findall(r"`outfield ([^`]+)`", ALL_TEXT):
        command, *tokens = call.split()
        assert command in {*COMMANDS, "COMMAND", "JOB", "--help", "--version"}, call
        assert {token for token in tokens if token.startswith("--")} <= known, call


def _names(command: Any) -> list[str]:
    arguments = command.assemble_argument_collection(parse_docstring=True)
    return [name for argument in arguments for name in argument.names]


def test_the_overview_of_commands_names_each_of_them() -> None:
    overview = PAGES["docs/reference/command-line.md"].split("| to | commands |")[1]
    assert set(re.findall(r"`([a-z]+)`", overview.split("\n\n")[0])) == set(COMMANDS)


@pytest.mark.parametrize(
    ("page", "text"), [(page, code) for page, language, code in BLOCKS if language == "toml"]
)
def test_a_job_file_is_valid(page: str, text: str) -> None:
    parse_job(text, page)


def test_documented_variables_are_those_that_the_code_reads() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "flows").rglob("*.py"))
    read = set(re.findall(r"OUTFIELD_[A-Z_]+", source))
    page = GENERATE.on_page_markdown(PAGES["docs/reference/environment.md"])
    assert set(re.findall(r"^\| `(OUTFIELD_[A-Z_]+)`", page, re.MULTILINE)) == {
        variable for variable in read if variable != "OUTFIELD_WORKING_FOLDER"
    }
    assert set(re.findall(r"OUTFIELD_[A-Z_]+", ALL_TEXT)) <= read


def test_documented_exit_codes_are_those_that_the_command_line_returns() -> None:
    source = ast.parse(Path(flows.cli.app.__file__).read_text(encoding="utf-8"))
    returned = {
        number.value
        for function in source.body
        if getattr(function, "name", "") in ("_exit_code", "_give_up")
        for statement in ast.walk(function)
        if isinstance(statement, ast.Return) and statement.value is not None
        for number in ast.walk(statement.value)
        if isinstance(number, ast.Constant)
    }
    table = re.findall(r"^\| (\d+) \|", PAGES["docs/reference/exit-codes.md"], re.MULTILINE)
    by_signals = {128 + number for number in ENDING_SIGNALS}
    assert returned - {128} | by_signals == {int(code) for code in table}


def test_every_role_is_described() -> None:
    table = PAGES["docs/reference/job-file.md"].split("| role |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [role.value for role in Role]


def test_links_of_the_readme_lead_somewhere() -> None:
    """Those of the other pages are checked by the strict build."""
    links = re.findall(r"\]\(([^)#]+)", PAGES["README.md"])
    local = [link for link in links if "://" not in link]
    assert len(local) > 20
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_make_targets_and_files_that_pages_name_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)(?=[ `\n])", _code())) <= targets
    files = re.findall(r"\b(?:tests|data|flows|anomaly|schemas)/[\w/]+\.(?:py|toml|md)\b", ALL_TEXT)
    assert files
    assert [file for file in files if not (ROOT / file).exists()] == []


def _code() -> str:
    """Join the code of all pages, in blocks and in running text."""
    return "\n".join([*(code for _, _, code in BLOCKS), *re.findall(r"`[^`\n]+`", ALL_TEXT)])


def test_each_generated_section_stands_on_one_page() -> None:
    asked_for = re.findall(r"^<!-- generated: (\w+) -->$", ALL_TEXT, re.MULTILINE)
    assert sorted(asked_for) == sorted(GENERATE.SECTIONS)


def test_the_generated_job_file_reference_has_every_setting() -> None:
    written = re.findall(r"^\| `(\w+)` \|", GENERATE.job_settings(), re.MULTILINE)
    sections = ("columns", "behaviour", "selection", "model", "search", "schedule")
    models = (ColumnSpec, BehaviourSpec, SelectionSpec, ModelSpec, SearchSpec, ScheduleSpec)
    expected = [name for name in JobSpec.model_fields if name not in sections]
    expected += [name for model in models for name in model.model_fields]
    assert sorted(written) == sorted(expected)


def test_the_generated_command_reference_has_every_option() -> None:
    written = GENERATE.commands()
    for name, command in COMMANDS.items():
        section = written.split(f"## {name}\n")[1].split("\n## ")[0]
        assert all(option in section for option in _names(command)), name


def test_links_to_data_lead_into_the_site() -> None:
    turned = GENERATE.on_page_markdown("![x](../../data/quality.png) [y](../data/README.md)")
    assert turned == "![x](../data/quality.png) [y](data/README.md)"


def test_notes_on_decisions_come_last_in_the_navigation_their_index_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GENERATE, "DOCS", tmp_path)
    config = SimpleNamespace(nav=["index.md"])
    assert GENERATE.on_config(config).nav == ["index.md"]
    (tmp_path / "decisions").mkdir()
    for name in ("0002-b.md", "index.md", "0001-a.md"):
        (tmp_path / "decisions" / name).touch()
    notes = ["decisions/index.md", "decisions/0001-a.md", "decisions/0002-b.md"]
    assert GENERATE.on_config(config).nav == ["index.md", {"Decisions": notes}]


def test_the_site_asks_no_other_host_for_anything(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    loading = re.compile(
        r"<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)=\"?(https?:)?//|@import"
    )
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 20
    assert [page.name for page in pages if loading.search(page.read_text("utf-8"))] == []
    styles = "".join(path.read_text("utf-8") for path in tmp_path.rglob("*.css"))
    assert re.findall(r"url\(\"?https?:", styles) == []
