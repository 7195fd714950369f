"""The map of a run, as a picture and as points."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.cli.app import main
from flows.report.picture import picture
from flows.storage.runs.reader import PublishedRun, read_findings, read_map
from schemas.errors import OutputError
from tests.flows.sample_logs import detect_in, small_log
from tests.flows.sample_runs import published


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> PublishedRun:
    return detect_in(small_log(), tmp_path_factory.mktemp("map"), behaviour=False)


@pytest.mark.slow
def test_every_finding_is_on_the_map_and_the_oddest_is_far_out(run: PublishedRun) -> None:
    points = read_map(run).to_pandas()
    ranks = points["rank"].dropna().astype(int).tolist()
    assert ranks == list(range(1, len(read_findings(run)) + 1))
    named = dict(zip(points["rank"], points["record_id"], strict=True))
    assert [named[row["rank"]] for row in read_findings(run).to_pylist()] == [
        row["record_id"] for row in read_findings(run).to_pylist()
    ]
    normal = points[points["rank"].isna()]
    assert normal["record_id"].isna().all()
    spread = normal[["x", "y"]].std().max()
    first = points[points["rank"] == 1].iloc[0]
    assert abs(first["x"] - normal["x"].mean()) > 2 * spread


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "begins"), [("map.png", b"\x89PNG"), ("map.svg", b"<svg"), ("map.parquet", b"PAR1")]
)
def test_the_command_writes_picture_and_points(
    run: PublishedRun, tmp_path: Path, name: str, begins: bytes
) -> None:
    target = tmp_path / name
    assert main(["map", str(run.folder.parents[1]), "--to", str(target)]) == 0
    content = target.read_bytes()
    assert content.startswith(begins)
    assert b"var(--" not in content
    if name.endswith(".parquet"):
        assert pq.read_table(target).num_rows == read_map(run).num_rows


def test_what_cannot_be_drawn_is_one_line(
    run: PublishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["map", str(run.folder.parents[1]), "--to", str(tmp_path / "map.bmp")]) == 2
    assert "end it with .png, .svg or .parquet" in capsys.readouterr().err
    old = published(tmp_path)
    assert main(["map", str(old.folder.parents[1]), "--to", str(tmp_path / "map.png")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    with pytest.raises(OutputError, match="no finding"):
        picture(read_map(run), read_findings(run).slice(0, 0), ".png")


@pytest.mark.slow
def test_the_points_have_the_schema_of_the_dictionary(run: PublishedRun) -> None:
    assert read_map(run).schema.field("x").type == pa.float32()
