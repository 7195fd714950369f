import json
import os
import pickle
import threading
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.storage.runs.reader import find_run, list_runs, read_findings, read_scores
from flows.storage.runs.writer import RunFolder
from schemas.errors import LedgerError, OutputError
from schemas.outputs.figures import Metrics
from schemas.outputs.manifest import Ledger
from schemas.outputs.tables import ACTIVITY_OF_RUN, FINDING, FORMAT_VERSION, REJECTION, SCORES
from tests.flows.sample_logs import detect_in, small_log
from tests.flows.sample_runs import findings, incidents, manifest, published, rejected, scores


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_published_run_has_the_layout_of_the_architecture(tmp_path):
    run = published(tmp_path)
    assert run.folder == tmp_path / "job/runs/one"
    assert [str(path.relative_to(tmp_path / "job")) for path in files_below(tmp_path)] == [
        "latest.json",
        "runs/one/findings/part-00000.parquet",
        "runs/one/incidents/part-00000.parquet",
        "runs/one/manifest.json",
        "runs/one/members/part-00000.parquet",
        "runs/one/quarantine/part-00000.parquet",
        "runs/one/report.html",
        "runs/one/scores/part-00000.parquet",
        "runs/one/suppressed/part-00000.parquet",
    ]
    assert (run.folder / "report.html").read_text() == "<p>report</p>"


def test_what_is_read_back_is_what_was_written(tmp_path):
    published(tmp_path)
    run = find_run(str(tmp_path / "job"))
    assert read_findings(run).equals(findings(3))
    assert read_scores(run).equals(scores(3))


def test_a_run_killed_before_it_is_published_is_not_a_run(tmp_path):
    published(tmp_path, "one")
    folder = RunFolder.create(str(tmp_path), "job", "two")
    folder.write_part("scores", 0, scores(3))
    (folder.path / "manifest.json").write_text("{}")  # killed just before the rename
    assert [run.manifest.run_id for run in list_runs(str(tmp_path / "job"))] == ["one"]
    assert find_run(str(tmp_path / "job")).manifest.run_id == "one"


def test_a_part_that_fails_half_way_leaves_nothing(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")

    def write_and_die() -> None:
        with folder.open_part("scores", 0, SCORES) as writer:
            writer.write(scores(3))
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        write_and_die()
    assert files_below(tmp_path) == []


def test_an_error_of_the_input_while_a_part_is_open_is_not_blamed_on_the_output(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    with pytest.raises(ConnectionError), folder.open_part("scores", 0, SCORES):
        raise ConnectionError("the input's server hung up")


def test_a_part_written_again_replaces_the_first(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    folder.write_part("scores", 7, scores(9))
    folder.write_part("scores", 7, scores(3))
    assert [(part, len(table)) for part, table in folder.read_parts("scores")] == [(7, 3)]


def test_parts_come_back_in_the_order_of_their_numbers(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    for part in (100_000, 2, 99_999):
        folder.write_part("scores", part, scores(1, first=part))
    ids = [table["record_id"].to_pylist() for _, table in folder.read_parts("scores")]
    assert ids == [["2"], ["99999"], ["100000"]]


def test_only_the_chosen_columns_are_read_in_the_order_asked(tmp_path):
    run = published(tmp_path)
    # `agent` must not bring `agent.name` along.
    assert read_findings(run, ["agent", "rank"]).column_names == ["agent", "rank"]
    with pytest.raises(OutputError, match="no column agnt"):
        read_findings(run, ["agnt"])


def test_findings_come_oddest_first_whatever_the_parts(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    folder.write_part("findings", 0, findings(4)[2:])
    folder.write_part("findings", 1, findings(4)[:2])
    folder.write_part("incidents", 0, incidents(4))
    folder.write_part("scores", 0, scores(4))
    run = folder.publish(manifest("one", (4, 4, 0)), "")
    assert read_findings(run)["rank"].to_pylist() == [1, 2, 3, 4]


def test_parts_written_at_once_are_all_whole(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    start = threading.Barrier(8)

    def write(part: int) -> None:
        start.wait()
        folder.write_part("scores", part, scores(500, first=500 * part))

    # Two workers for each part: one of them is the retry of a task thought dead.
    workers = [threading.Thread(target=write, args=(i % 4,)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    run = folder.publish(manifest("one", (2000, 0, 0)), "")
    assert read_scores(run)["record_id"].to_pylist() == [str(i) for i in range(2000)]


def test_a_run_folder_works_after_it_was_pickled(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    pickle.loads(pickle.dumps(folder)).write_part("scores", 0, scores(2))  # noqa: S301
    assert len(folder.publish(manifest("one", (2, 0, 0)), "").folder.name) == 3


def test_the_same_rows_give_the_same_bytes_however_they_are_chunked(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    table = scores(5000)
    folder.write_part("scores", 0, table)
    folder.write_part("scores", 1, pa.concat_tables([table[:17], table[17:4000], table[4000:]]))
    first, second = files_below(folder.path)
    assert first.read_bytes() == second.read_bytes()


def test_a_dataset_without_rows_still_has_its_columns_and_version(tmp_path):
    run = RunFolder.create(str(tmp_path), "job", "one").publish(manifest("one"), "")
    for dataset, schema in [("findings", FINDING), ("scores", SCORES), ("quarantine", REJECTION)]:
        table = pq.read_table(run.folder / dataset)
        assert len(table) == 0
        assert table.schema.equals(schema)
        assert table.schema.metadata.items() >= schema.metadata.items()


def test_the_format_version_and_the_types_reach_the_file_though_the_table_lost_them(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    plain = pa.table(scores(2).to_pydict()).replace_schema_metadata({"pandas": "{}"})
    folder.write_part("scores", 0, plain)
    schema = pq.read_schema(files_below(folder.path)[0])
    assert schema.equals(SCORES)
    assert schema.metadata.keys() == {b"outfield.format_version", b"outfield.columns"}
    assert schema.metadata[b"outfield.format_version"] == FORMAT_VERSION.encode()


def test_activity_that_is_written_as_dictionaries_is_read_as_texts(tmp_path):
    rows = [
        ("user", "values", None if value is None else "file", "名前", 0, value, 1, 0.5, -0.0)
        for value in ("a", None, "", "a")
    ]
    names = ACTIVITY_OF_RUN.names
    given_rows = [dict(zip(names, row, strict=True)) for row in rows]
    table = pa.Table.from_pylist(given_rows, schema=ACTIVITY_OF_RUN)
    encoded = pa.table(
        [each.dictionary_encode() if pa.types.is_string(each.type) else each for each in table],
        names=names,
    )
    folder = RunFolder.create(str(tmp_path), "job", "one")
    with folder.open_part("activity", 0, ACTIVITY_OF_RUN) as writer:
        writer.write(encoded)
    found = pq.read_table(folder.path / "activity")
    assert found.equals(table)
    assert found.schema.metadata[b"outfield.format_version"] == FORMAT_VERSION.encode()
    assert all(found.schema.field(name).nullable == (name in ("column", "value")) for name in names)
    files = str(folder.path / "activity" / "*.parquet")
    values = duckdb.read_parquet(files).project("value").fetchall()
    assert values == [("a",), (None,), ("",), ("a",)]
    assert pl.read_parquet(files)["entity"].to_list() == ["名前"] * 4


def test_a_table_with_other_columns_than_declared_is_refused(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    with pytest.raises(ValueError, match="scores starts with"):
        folder.write_part("scores", 0, rejected(1))


def test_pandas_duckdb_and_polars_read_the_findings_without_help(tmp_path):
    folder = published(tmp_path).folder / "findings"
    names = findings(3).column_names
    by_duckdb = duckdb.sql(f"select * from '{folder}/*.parquet' order by rank")  # noqa: S608
    by_polars = pl.read_parquet(folder)
    by_pandas = pd.read_parquet(folder)
    assert by_duckdb.columns == by_polars.columns == list(by_pandas.columns) == names
    for reasons in (
        [row[names.index("reasons")] for row in by_duckdb.fetchall()],
        by_polars["reasons"].to_list(),
        [list(reasons) for reasons in by_pandas["reasons"]],
    ):
        assert reasons == findings(3)["reasons"].to_pylist()


@pytest.mark.parametrize(
    ("claimed", "message"),
    [
        ((4, 3, 3), "scores"),
        ((3, 4, 3), "findings"),
        ((3, 3, 4), "quarantine"),
    ],
)
def test_rows_that_the_manifest_claims_but_no_file_holds_publish_nothing(
    tmp_path, claimed, message
):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    folder.write_part("scores", 0, scores(3))
    folder.write_part("findings", 0, findings(3))
    folder.write_part("quarantine", 0, rejected(3))
    with pytest.raises(LedgerError, match=f"4 rows of {message} in the manifest, 3 written"):
        folder.publish(manifest("one", claimed), "")
    assert list_runs(str(tmp_path / "job")) == []


def test_a_ledger_that_does_not_add_up_publishes_nothing(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    folder.write_part("scores", 0, scores(3))
    wrong = manifest("one", (3, 0, 0)).model_copy(update={"ledger": Ledger(read=4, scored=3)})
    with pytest.raises(LedgerError, match="4 rows read, but 3 accounted for"):
        folder.publish(wrong, "")
    assert list_runs(str(tmp_path / "job")) == []
    assert not (tmp_path / "job/latest.json").exists()


def test_publishing_again_completes_what_a_stop_left_undone(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    first = folder.publish(manifest("one"), "")
    (tmp_path / "job/latest.json").unlink()  # killed between the rename and this
    assert folder.publish(manifest("one"), "") == first
    assert json.loads((tmp_path / "job/latest.json").read_text()) == {"run_id": "one"}


def test_the_last_step_done_again_a_little_later_is_no_other_run(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    first = folder.publish(manifest("one"), "")
    later = manifest("one").model_copy(
        update={
            "finished": first.manifest.finished + timedelta(seconds=9),
            "metrics": Metrics(rows_per_second=1, peak_memory=1),
        }
    )
    assert folder.publish(later, "") == first


def test_a_run_is_never_published_over_another(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    folder.publish(manifest("one"), "")
    with pytest.raises(OutputError, match="another run one is there"):
        folder.publish(manifest("one", day=2), "")
    with pytest.raises(OutputError, match="run one is already there"):
        RunFolder.create(str(tmp_path), "job", "one")


def test_two_runs_of_one_id_do_not_write_into_each_other(tmp_path):
    RunFolder.create(str(tmp_path), "job", "one")
    with pytest.raises(OutputError, match="run one is already there"):
        RunFolder.create(str(tmp_path), "job", "one")


def test_a_discarded_run_leaves_no_file(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    folder.write_part("scores", 0, scores(3))
    folder.discard()
    assert files_below(tmp_path) == []


def test_runs_come_newest_first_and_a_late_old_one_does_not_become_the_latest(tmp_path):
    for run_id, day in [("b", 2), ("c", 3), ("a", 1)]:
        published(tmp_path, run_id, day)
    job = str(tmp_path / "job")
    assert [run.manifest.run_id for run in list_runs(job)] == ["c", "b", "a"]
    assert find_run(job).manifest.run_id == "c"
    assert find_run(job, "a").manifest.run_id == "a"


@pytest.mark.parametrize("latest", ["", "{", "[]", '{"run_id": 1}', '{"run_id": "../../x"}'])
def test_a_damaged_latest_file_costs_nothing(tmp_path, latest):
    published(tmp_path, "one", 1)
    published(tmp_path, "two", 2)
    (tmp_path / "job/latest.json").write_text(latest)
    assert find_run(str(tmp_path / "job")).manifest.run_id == "two"
    published(tmp_path, "three", 3)
    assert json.loads((tmp_path / "job/latest.json").read_text()) == {"run_id": "three"}


def test_a_run_that_was_killed_before_it_named_itself_is_still_the_newest(tmp_path):
    published(tmp_path, "b", 2)
    published(tmp_path, "c", 3)
    latest = tmp_path / "job/latest.json"
    latest.write_text('{"run_id": "b"}')
    assert find_run(str(tmp_path / "job")).manifest.run_id == "c"
    published(tmp_path, "a", 1)
    assert json.loads(latest.read_text()) == {"run_id": "c"}


def test_a_damaged_manifest_is_named_and_does_not_stop_the_next_run(tmp_path):
    run = published(tmp_path, "one", 1)
    (run.folder / "manifest.json").write_text('{"outfield_version": ')
    with pytest.raises(OutputError, match=r"one/manifest\.json: not a manifest"):
        list_runs(str(tmp_path / "job"))
    published(tmp_path, "two", 1)
    assert find_run(str(tmp_path / "job")).manifest.run_id == "two"


def test_a_damaged_part_is_named(tmp_path):
    run = published(tmp_path)
    (run.folder / "scores/part-00000.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(OutputError, match=r"part-00000\.parquet: cannot be read"):
        read_scores(run)


def test_a_run_that_is_not_there_gets_the_nearest_named(tmp_path):
    published(tmp_path, "2026-01-01")
    with pytest.raises(OutputError, match="the nearest of 1 is 2026-01-01"):
        find_run(str(tmp_path / "job"), "2026-01-02")
    with pytest.raises(OutputError, match="no run"):
        find_run(str(tmp_path / "job"), "../runs/2026-01-01")


def test_a_folder_that_is_no_job_gets_the_jobs_named(tmp_path):
    published(tmp_path)
    for wrong in (tmp_path, tmp_path / "jib"):
        with pytest.raises(OutputError, match=rf"name a job's folder, such as {tmp_path}/job"):
            list_runs(str(wrong))


def test_a_job_without_a_finished_run_says_so(tmp_path):
    RunFolder.create(str(tmp_path), "job", "one")
    assert list_runs(str(tmp_path / "job")) == []
    with pytest.raises(OutputError, match="no finished run in it"):
        find_run(str(tmp_path / "job"))


def test_an_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        RunFolder.create(str(tmp_path / "file"), "job", "one")
    assert "--output" in str(caught.value)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that root may not write")
def test_an_output_that_may_not_be_written_is_refused():
    with pytest.raises(OutputError, match="cannot be written"):
        RunFolder.create("/proc/outfield", "job", "one")


def test_a_folder_that_went_away_while_writing_is_an_output_error(tmp_path):
    folder = RunFolder.create(str(tmp_path), "job", "one")
    folder.discard()
    with pytest.raises(OutputError, match="cannot be written"):
        folder.write_part("scores", 0, scores(1))


@pytest.mark.parametrize("url", ["ftp://bucket/results", "s3://key:word@bucket/results"])
def test_a_url_that_cannot_be_is_refused(url):
    with pytest.raises(OutputError, match=r"no way to read ftp|carries credentials"):
        RunFolder.create(url, "job", "one")


names = st.one_of(
    st.text(max_size=12),
    st.lists(st.sampled_from(["..", ".", "a", "/", "\\", "\0", "~", " "]), max_size=5).map("".join),
    st.just("x" * 300),
)


@given(job=names, run_id=names)
def test_no_name_leads_out_of_the_output_folder(job, run_id):
    with TemporaryDirectory() as root:
        output = Path(root) / "a/b/output"
        try:
            folder = RunFolder.create(str(output), job, run_id)
        except OutputError:
            folder = None
        else:
            assert folder.path.resolve().is_relative_to(output.resolve())
            assert folder.path.parent == output / job / "runs"
        made = {path for path in Path(root).rglob("*") if not path.is_relative_to(output)}
        assert made <= {output.parent, output.parent.parent}


@pytest.mark.slow
def test_the_umask_decides_who_may_read_results(tmp_path):
    before = os.umask(0o027)
    try:
        run = detect_in(small_log(), tmp_path, search={"store": True})
    finally:
        os.umask(before)
    job = run.folder.parents[1]
    modes = {path: path.stat().st_mode for path in (job, *job.rglob("*"))}
    assert len(modes) > 10
    assert [path for path, mode in modes.items() if mode & 0o027] == []
