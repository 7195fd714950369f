import shutil
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

import outfield
from flows.storage.runs.writer import RunFolder
from schemas.errors import OutputError
from schemas.job.partition import Partition
from schemas.outputs.tables import FINDING, INCIDENT, MEMBER, beside_own_columns
from tests.flows.prefect_processes import plain_environment
from tests.flows.sample_runs import findings, incidents, manifest, published, scores

REPOSITORY = Path(__file__).parents[1]


def test_the_public_surface_is_exactly_this():
    public = {name for name in vars(outfield) if name[0].isalpha()}
    assert (
        public
        == set(outfield.__all__)
        == {"read_findings", "read_incidents", "read_members", "read_scores", "runs"}
    )
    assert outfield.__version__ == version("outfield")


def test_importing_it_brings_nothing_heavy():
    heavy = "{'pandas', 'pyarrow', 'prefect', 'sklearn', 'altair', 'pydantic', 'numpy'}"
    code = f"import outfield, sys; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)  # noqa: S603, PLW1510
    assert result.stdout.strip() == "[]", result.stderr


def imported(folder: Path, code: str = "import outfield") -> subprocess.CompletedProcess[str]:
    """Run some code with a folder first on Python's path, as a notebook there has it."""
    command = [sys.executable, "-c", code]
    environment = plain_environment(folder)
    return subprocess.run(  # noqa: S603, PLW1510
        command, cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize("name", ["flows", "anomaly", "schemas"])
@pytest.mark.parametrize("kind", ["/__init__.py", "/mine.py", ".py"])
def test_a_foreign_package_of_the_same_name_is_named_in_one_line(tmp_path, name, kind):
    foreign = tmp_path / f"{name}{kind}"
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_text("raise SystemExit('executed')\n")
    result = imported(tmp_path)
    said = result.stderr.splitlines()[-1]
    place = foreign if kind == ".py" else foreign.parent
    assert said.startswith(f"ImportError: outfield cannot be imported: {place} hides its own")
    assert "rename it" in said
    assert result.returncode == 1


def test_a_foreign_package_that_is_imported_already_is_named(tmp_path):
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/__init__.py").touch()
    result = imported(tmp_path, "import flows, outfield")
    assert f"cannot be imported: {tmp_path / 'flows'} hides" in result.stderr


def test_a_module_of_the_same_name_that_has_no_file_is_refused_in_one_line(tmp_path):
    code = "import sys, types; sys.modules['flows'] = types.ModuleType('flows'); import outfield"
    said = imported(tmp_path, code).stderr.splitlines()[-1]
    assert said.startswith("ImportError: outfield cannot be imported: a module made by another")


def test_an_installed_copy_reads_runs_beside_folders_of_other_names(tmp_path):
    published(tmp_path)
    (tmp_path / "flow").mkdir()
    code = "import outfield; print(len(outfield.read_findings('job')))"
    result = imported(tmp_path, code)
    assert result.stdout == "3\n", result.stderr


def test_a_copy_in_a_folder_of_packages_finds_its_own_there(tmp_path):
    packages = tmp_path / "site-packages"
    for name in ("flows", "anomaly", "schemas"):
        shutil.copytree(REPOSITORY / name, packages / name)
    shutil.copy(REPOSITORY / "outfield.py", packages)
    code = (
        f"import sys; sys.path.insert(0, {str(packages)!r}); import outfield, flows;"
        " print(outfield.__file__, flows.__file__)"
    )
    result = imported(tmp_path, code)
    expected = [str(packages / "outfield.py"), str(packages / "flows/__init__.py")]
    assert result.stdout.split() == expected, result.stderr


def test_a_copy_whose_files_are_links_finds_its_own_packages(tmp_path):
    packages = tmp_path / "linked"
    for name in ("outfield.py", "flows", "anomaly", "schemas"):
        for file in sorted((REPOSITORY / name).rglob("*.py")) or [REPOSITORY / name]:
            link = packages / file.relative_to(REPOSITORY)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)
    code = f"import sys; sys.path.insert(0, {str(packages)!r}); import outfield; print('in')"
    result = imported(tmp_path, code)
    assert result.stdout == "in\n", result.stderr


def test_findings_come_as_a_frame_of_the_newest_run(tmp_path):
    published(tmp_path, "old", 1, n=1)
    published(tmp_path, "new", 2, n=3)
    job = str(tmp_path / "job")
    frame = outfield.read_findings(job)
    assert frame["rank"].tolist() == [1, 2, 3]
    assert list(frame.columns) == findings(3).column_names
    assert frame["reasons"][0][0]["sentence"] == "s"
    assert len(outfield.read_findings(job, run="old")) == 1


def test_integers_with_nulls_do_not_lose_their_digits(tmp_path):
    big = 2**62 + 1
    own = pa.schema({"session": pa.int64(), "all_null": pa.int32(), "hash": pa.uint64()})
    rows = findings(2).select(FINDING.names).to_pylist()
    rows[0] |= {"session": big, "hash": 2**64 - 1}
    folder = RunFolder.create(str(tmp_path), "job", "one")
    table = pa.Table.from_pylist(rows, schema=beside_own_columns(FINDING, own))
    folder.write_part("findings", 0, table)
    folder.write_part("incidents", 0, incidents(2))
    folder.write_part("scores", 0, scores(2))
    folder.publish(manifest("one", (2, 2, 0)), "")
    frame = outfield.read_findings(str(tmp_path / "job"))
    assert frame["session"][0] == big
    assert frame["hash"][0] == 2**64 - 1
    assert frame.loc[1, ["session", "hash", "all_null"]].isna().all()
    assert frame["rank"].dtype == "int32"


def test_the_folder_of_all_jobs_gives_the_newest_run_of_each_partition(tmp_path):
    for run_id, partition, n in (("a", 1, 1), ("b", 2, 2), ("c", 1, 3)):
        folder = RunFolder.create(str(tmp_path), "job", run_id)
        for dataset, made in (("findings", findings(n)), ("scores", scores(n))):
            folder.write_part(dataset, 0, made)
        folder.write_part("incidents", 0, incidents(n))
        listed = {"record_id": [f"{run_id}{i}" for i in range(n)], "incident": ["i-1"] * n}
        folder.write_part("members", 0, pa.table(listed, schema=MEMBER))
        day = date(2026, 1, partition)
        made = manifest(run_id, (n, n, 0), 4 + ord(run_id) - ord("a"))
        summary = made.incidents.model_copy(update={"members": n})
        folder.publish(
            made.model_copy(update={"partition": Partition.of(day), "incidents": summary}), ""
        )
    frame = outfield.read_incidents(str(tmp_path))
    assert frame["run_id"].tolist() == ["c", "c", "c", "b", "b"]
    assert frame["partition"].tolist() == [date(2026, 1, 1)] * 3 + [date(2026, 1, 2)] * 2
    assert set(frame["job"]) == {"job"}
    page = (REPOSITORY / "docs/reference/outputs.md").read_text()
    blocks = [code.split("```")[0] for code in page.split("```sql")[1:]]
    queries = [
        block.replace("outfield-output", str(tmp_path))
        for name in ("all_incidents", "all_members")
        for block in blocks
        if f"TEMP VIEW {name}" in block
    ]
    by_view, members_by_view = (duckdb.sql(query).fetchall() for query in queries)
    read = frame[["job", "partition", "rank", "title"]].astype({"partition": str})
    assert by_view == list(read.itertuples(index=False, name=None))
    members = outfield.read_members(str(tmp_path))
    assert members["record_id"].tolist() == ["c0", "c1", "c2", "b0", "b1"]
    read = members[["job", "partition", "incident", "record_id"]].astype({"partition": str})
    assert members_by_view == sorted(read.itertuples(index=False, name=None))
    assert outfield.read_members(str(tmp_path / "job"), "a")["run_id"].tolist() == ["a"]


def test_incidents_come_as_a_frame(tmp_path):
    published(tmp_path)
    frame = outfield.read_incidents(str(tmp_path / "job"))
    assert frame["title"].tolist() == ["number 1", "number 2", "number 3"]
    assert list(frame.columns) == [*INCIDENT.names, "job", "run_id", "partition"]


def test_scores_come_as_a_frame(tmp_path):
    published(tmp_path)
    frame = outfield.read_scores(str(tmp_path / "job"))
    pd.testing.assert_frame_equal(frame, scores(3).to_pandas())


def test_runs_come_with_their_ledgers_newest_first(tmp_path):
    published(tmp_path, "old", 1, n=1)
    published(tmp_path, "new", 2, n=3)
    frame = outfield.runs(str(tmp_path / "job"))
    assert frame.index.tolist() == ["new", "old"]
    assert frame.loc["new", ["read", "scored", "quarantined", "findings"]].tolist() == [6, 3, 3, 3]
    assert frame["started"].is_monotonic_decreasing


def test_a_job_without_runs_gives_an_empty_frame_and_no_job_an_error(tmp_path):
    RunFolder.create(str(tmp_path), "job", "one")
    assert outfield.runs(str(tmp_path / "job")).empty
    with pytest.raises(OutputError, match="no such folder"):
        outfield.runs(str(tmp_path / "nothing"))
