"""The house rules that import-linter cannot hold, read from the syntax trees of the sources."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path for room in ("flows", "anomaly", "schemas", "data") for path in (ROOT / room).rglob("*.py")
)


def names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


RULES = {
    "Parquet is read and written in flows/storage alone": (
        names("pyarrow.parquet pyarrow.dataset pyarrow.feather pandas.read_parquet fsspec duckdb"),
        # The generator is no part of the program: it stands for the systems that write logs.
        r"flows/storage/.*|data/generate\.py",
    ),
    "nothing is pickled": (
        names("pickle joblib dill cloudpickle marshal shelve"),
        r"",
    ),
    "the mathematics and the contracts touch nothing outside": (
        names(
            "os pathlib io shutil tempfile pyarrow.fs time random logging prefect subprocess sys"
        ),
        r"(flows|data)/.*",
    ),
    "Prefect is known in flows/orchestration alone": (
        names("prefect"),
        r"flows/orchestration/.*",
    ),
    "Dask is known to two modules": (
        names("distributed dask prefect_dask"),
        r"flows/(runtime/dask|orchestration/tasks)\.py",
    ),
    "charts are drawn in flows/report alone": (
        names("altair vl_convert matplotlib plotly bokeh seaborn"),
        r"flows/report/.*",
    ),
    "commands and the terminal are known in flows/cli alone": (
        names("rich cyclopts"),
        r"flows/cli/.*",
    ),
}
"""Rule -> the names that break it, and the files (a pattern of their paths) that may use them."""

CALLS_THAT_READ = ("read_parquet", "to_parquet", "read_pickle", "to_pickle")
"""Methods of pandas and Arrow that reach files past every import."""
CALLS_OF_THE_CLOCK = ("now", "today", "utcnow")


parsed = cache(ast.parse)


@cache
def imported(source: str) -> frozenset[str]:
    """Return the dotted names that a source imports, wherever in it, and those it reads of them."""
    return frozenset(_imported(parsed(source)))


def _imported(tree: ast.Module) -> Iterator[str]:
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
                bound = alias.asname or alias.name.partition(".")[0]
                aliases[bound] = alias.name if alias.asname else bound
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"
                aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{aliases.get(node.value.id, '')}.{node.attr}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "__import__",
            "importlib.import_module",
            "import_module",
        ):
            yield ast.literal_eval(node.args[0])


def breaks(source: str, forbidden: tuple[str, ...]) -> list[str]:
    """Give the names in a source that are forbidden or lie below one that is."""
    return sorted(
        {
            name
            for name in imported(source)
            for banned in forbidden
            if name == banned or name.startswith(f"{banned}.")
        }
    )


def calls(source: str, methods: tuple[str, ...]) -> list[str]:
    """Give the methods of these names that a source calls, on whatever object."""
    return [
        node.func.attr
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in methods
    ]


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps(rule):
    forbidden, allowed = RULES[rule]
    broken = {
        place(path): found
        for path in SOURCES
        if not re.fullmatch(allowed, place(path))
        and (found := breaks(path.read_text(encoding="utf-8"), forbidden))
    }
    assert broken == {}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_rooms_to_watch_and_exceptions_that_are_needed(rule):
    forbidden, allowed = RULES[rule]
    excepted = [path for path in SOURCES if re.fullmatch(allowed, place(path))]
    assert len(excepted) < len(SOURCES)
    if allowed:
        assert any(breaks(path.read_text(encoding="utf-8"), forbidden) for path in excepted)


def test_no_method_reaches_files_past_the_imports():
    broken = {
        place(path): found
        for path in SOURCES
        if not place(path).startswith("flows/storage/")
        and (found := calls(path.read_text(encoding="utf-8"), CALLS_THAT_READ))
    }
    assert broken == {}


def test_the_mathematics_and_the_contracts_do_not_ask_for_the_time():
    broken = {
        place(path): found
        for path in SOURCES
        if place(path).startswith(("anomaly/", "schemas/"))
        and (found := calls(path.read_text(encoding="utf-8"), CALLS_OF_THE_CLOCK))
    }
    assert broken == {}


def test_the_mathematics_and_the_contracts_open_no_file():
    for path in SOURCES:
        if place(path).startswith(("anomaly/", "schemas/")):
            opened = [
                node
                for node in ast.walk(parsed(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "open"
            ]
            assert not opened, place(path)


def test_functions_are_of_a_size_to_read():
    long = {}
    for path in SOURCES:
        for node in ast.walk(parsed(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                documented = node.body[0] if ast.get_docstring(node) else None
                doc = documented.end_lineno - documented.lineno + 1 if documented else 0
                if (size := node.end_lineno - node.lineno + 1 - doc) > 40:
                    long[f"{place(path)}: {node.name}"] = size
    assert long == {}


@pytest.mark.parametrize(
    ("source", "forbidden"),
    [
        ("import pyarrow.parquet as pq", ("pyarrow.parquet",)),
        ("import pyarrow.parquet", ("pyarrow.parquet",)),
        ("from pyarrow import parquet", ("pyarrow.parquet",)),
        ("from pyarrow.parquet import read_table", ("pyarrow.parquet",)),
        ("import pyarrow as pa\npa.parquet.read_table('x')", ("pyarrow.parquet",)),
        ("import pandas as pd\npd.read_parquet('x')", ("pandas.read_parquet",)),
        ("from pandas import read_parquet as read", ("pandas.read_parquet",)),
        ("def f():\n    import pickle", ("pickle",)),
        ("if True:\n    from joblib import dump", ("joblib",)),
        ("import importlib\nimportlib.import_module('prefect.flows')", ("prefect",)),
        ("__import__('os')", ("os",)),
        ("import os.path", ("os",)),
    ],
)
def test_a_bad_source_is_noticed(source, forbidden):
    assert breaks(source, forbidden)


@pytest.mark.parametrize(
    ("source", "forbidden"),
    [
        ("import pyarrow as pa\npa.table({})", ("pyarrow.parquet",)),
        ("import pandas as pd\npd.DataFrame()", ("pandas.read_parquet",)),
        ("from schemas.prefect_names import x", ("prefect",)),
        ("import ossify", ("os",)),
        ("from . import time", ("time",)),
        ("x = 'import pickle'", ("pickle",)),
    ],
)
def test_a_good_source_is_let_through(source, forbidden):
    assert breaks(source, forbidden) == []


def test_a_forbidden_call_is_noticed():
    assert calls("frame.to_parquet('x')", CALLS_THAT_READ) == ["to_parquet"]
    assert calls("datetime.now(UTC)", CALLS_OF_THE_CLOCK) == ["now"]
