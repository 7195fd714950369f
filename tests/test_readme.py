"""The queries of the README, run as they stand on a run as it is written."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.storage.runs.reader import PublishedRun
from tests.flows.sample_runs import published

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"```(sql|python)\n(.*?)```", re.DOTALL)
QUERIES = [
    (language, code)
    for language, code in BLOCK.findall(README.read_text(encoding="utf-8"))
    if "runs/RUN_ID/" in code
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> PublishedRun:
    return published(tmp_path_factory.mktemp("out"))


def asked(language: str, code: str, run: PublishedRun) -> list[Any]:
    """Run a block of the README against a run; give the rows of its answer."""
    if "pyspark" in code:
        pytest.importorskip("pyspark", reason="Spark is no part of the environment")
    here = code.replace("outfield-output/sample/runs/RUN_ID", str(run.folder))
    if language == "sql":
        return duckdb.sql(here).fetchall()
    *statements, last = here.strip().splitlines()
    scope: dict[str, Any] = {}
    exec("\n".join(statements), scope)  # noqa: S102 - our own README
    answer = eval(last, scope)  # noqa: S307
    if isinstance(answer, list):
        return answer
    return list(answer.itertuples()) if hasattr(answer, "itertuples") else answer.rows()


def test_there_are_queries_for_duckdb_pandas_and_polars() -> None:
    told = " ".join(code for _, code in QUERIES)
    assert [language for language, _ in QUERIES].count("sql") >= 2
    assert "import pandas" in told
    assert "import polars" in told


@pytest.mark.parametrize(("language", "code"), QUERIES)
def test_it_answers(language: str, code: str, run: PublishedRun) -> None:
    assert len(asked(language, code, run)) == 3
