import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.storage.fs.filesystem import naming_input_errors
from flows.storage.input.plan import plan_input
from schemas.errors import InputError
from schemas.locations import without_secrets

_FILES = [
    "logs/2026-01-01/a.parquet",
    "logs/2026-01-01/deep/b.parquet",
    "logs/2026-01-02/c.PARQUET",
    "logs/2026-02-01/d.pq",
    "logs/2026-02-01/e.data",
    "logs/_delta/f.parquet",
    "logs/.cache/g.parquet",
    "logs/_h.parquet",
    "odd/i[1].parquet",
    "odd/i1.parquet",
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    for name in _FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"n": [1]}), root / name)
    (root / "logs/notes.txt").write_text("not Parquet")
    return root


@pytest.mark.parametrize(
    ("location", "names"),
    [
        ("logs/2026-01-01/a.parquet", ["a.parquet"]),
        ("logs/2026-02-01/e.data", ["e.data"]),
        ("logs/_delta/f.parquet", ["f.parquet"]),
        ("logs/2026-01-01", ["a.parquet", "deep/b.parquet"]),
        ("logs/2026-01-01/", ["a.parquet", "deep/b.parquet"]),
        (
            "logs",
            [
                "2026-01-01/a.parquet",
                "2026-01-01/deep/b.parquet",
                "2026-01-02/c.PARQUET",
                "2026-02-01/d.pq",
            ],
        ),
        ("logs/2026-01-*/*.parquet", ["2026-01-01/a.parquet"]),
        (
            "logs/2026-01-0?",
            ["2026-01-01/a.parquet", "2026-01-01/deep/b.parquet", "2026-01-02/c.PARQUET"],
        ),
        ("logs/2026-0[23]-*/*", ["2026-02-01/d.pq", "2026-02-01/e.data"]),
        ("logs/**/*.parquet", ["2026-01-01/a.parquet", "2026-01-01/deep/b.parquet"]),
        ("logs/2026-01-01/**", ["a.parquet", "deep/b.parquet"]),
        ("**/deep/*", ["logs/2026-01-01/deep/b.parquet"]),
        ("**/**/deep/*", ["logs/2026-01-01/deep/b.parquet"]),
        ("odd/i[1].parquet", ["i[1].parquet"]),
        ("odd/i[[]1].parquet", ["i[1].parquet"]),
    ],
)
def test_what_a_location_stands_for(
    root: Path, location: str, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    for spelt in (location, f"{root}/{location}", f"file://{root}/{location}"):
        assert [file.name for file in plan_input(spelt).files] == names, spelt


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("missing", "no such file or folder"),
        ("missing/*.parquet", "no file matches"),
        ("logs/*.csv", "no file matches"),
        ("logs/notes.txt", "not a Parquet file, or a damaged one"),
        ("logs/*.txt", "logs/*.txt: notes.txt: not a Parquet file"),
        ("logs/2026-01-01/a.parquet/x", "no such file or folder"),
        (" ", "no input is named"),
        ("/dev/null", "neither a file nor a folder"),
        ("ftp://host/x", "no way to read ftp://; take a path, or a URL of s3://"),
        ("abfs://container/x", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line_with_a_remedy(
    root: Path, location: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    with pytest.raises(InputError) as raised:
        plan_input(location)
    assert message in str(raised.value)
    assert raised.value.remedy
    assert "\n" not in str(raised.value)
    assert str(root) not in str(raised.value)


def _damaged(content: bytes, how: str) -> bytes:
    return {
        "empty": b"",
        "other": b"id,name\n1,ann\n" * 10,
        "short": content[:-10],
        "half": content[: len(content) // 2],
        "garbled footer": content[:-60] + b"\xab" * 52 + content[-8:],
    }[how]


@pytest.mark.parametrize("how", ["empty", "other", "short", "half", "garbled footer"])
def test_a_damaged_file_among_sound_ones_is_named(tmp_path: Path, how: str) -> None:
    for name in ("a.parquet", "b.parquet"):
        pq.write_table(pa.table({"n": [1, 2, 3]}), tmp_path / name)
    damaged = tmp_path / "b.parquet"
    damaged.write_bytes(_damaged(damaged.read_bytes(), how))
    with pytest.raises(InputError, match=r": b\.parquet: not a Parquet file, or a damaged one"):
        plan_input(str(tmp_path))


def test_a_folder_without_parquet_and_files_without_rows_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(InputError, match="no Parquet file in it"):
        plan_input(str(tmp_path))
    pq.write_table(pa.table({"n": pa.array([], pa.int64())}), tmp_path / "none.parquet")
    with pytest.raises(InputError, match="no row in it"):
        plan_input(str(tmp_path))


def test_an_empty_file_beside_others_says_nothing_about_types(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": pa.array([], pa.string())}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"n": [1]}), tmp_path / "b.parquet")
    plan = plan_input(str(tmp_path))
    assert plan.schema.field("n").type == pa.int64()
    assert [file.rows for file in plan.files] == [0, 1]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("forbidden", [".", "a.parquet"])
def test_what_may_not_be_read_is_said(tmp_path: Path, forbidden: str) -> None:
    pq.write_table(pa.table({"n": [1]}), tmp_path / "a.parquet")
    (tmp_path / forbidden).chmod(0)
    try:
        with pytest.raises(InputError, match="permission denied"):
            plan_input(str(tmp_path))
    finally:
        (tmp_path / forbidden).chmod(0o700)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "Permission denied"), "x: permission denied; ask for"),
        (FileNotFoundError(2, "gone"), "x: no such file or folder; check"),
        (
            OSError("AWS Error ACCESS_DENIED during HeadObject"),
            "x: access denied (ACCESS_DENIED); set",
        ),
        (OSError("AWS Error NO_SUCH_BUCKET during HeadObject"), "x: no such bucket or file; check"),
        (
            OSError("AWS Error NETWORK_CONNECTION during HeadObject\nsecond line"),
            "x: the store did not answer (NETWORK_CONNECTION); check the network,"
            " AWS_ENDPOINT_URL and the region",
        ),
        (pa.ArrowNotImplementedError("codec"), "x: cannot be read (codec); check"),
        (OSError(""), "x: cannot be read (); check"),
    ],
    ids=str,
)
def test_refusals_of_the_system_and_of_stores_are_explained(error: Exception, message: str) -> None:
    with pytest.raises(InputError) as raised, naming_input_errors("x"):
        raise error
    assert str(raised.value).startswith(message)
    assert "second line" not in str(raised.value)


@pytest.mark.parametrize(
    "location",
    [
        "s3://KEYID:hush@bucket/logs",
        "s3://hush@bucket/logs",
        "s3://bucket/logs?secret_key=hush",
        "s3://bucket/logs?region=eu&session_token=hush",
        "abfs://box:hush@account.dfs.core.windows.net/logs",
        "abfs://account.blob.core.windows.net/box/logs?sig=hush",
    ],
)
def test_credentials_in_a_url_are_refused_and_never_repeated(location: str) -> None:
    with pytest.raises(InputError, match="the URL carries credentials") as raised:
        plan_input(location)
    assert "hush" not in str(raised.value)
    assert "KEYID" not in str(raised.value)
    assert "logs" in str(raised.value)


def test_the_container_of_an_azure_url_is_not_a_secret() -> None:
    location = "abfs://box@account.dfs.core.windows.net/logs"
    assert without_secrets(location) == location


@pytest.mark.parametrize("location", ["logs", "logs/**", "logs/**/*.parquet", "logs/*"])
def test_a_file_that_links_reach_again_counts_once(tmp_path: Path, location: str) -> None:
    for day, rows in (("b", 3), ("c", 4)):
        (tmp_path / "logs" / day).mkdir(parents=True)
        pq.write_table(pa.table({"a": range(rows)}), tmp_path / f"logs/{day}/log.parquet")
    (tmp_path / "logs/a").symlink_to(tmp_path / "logs/c")  # before the folder itself, in order
    (tmp_path / "logs/b/up").symlink_to("..")
    (tmp_path / "logs/b/again.parquet").symlink_to("log.parquet")
    plan = plan_input(str(tmp_path / location))
    assert [file.name for file in plan.files] == ["b/log.parquet", "c/log.parquet"]
    assert plan.rows == 7


def test_files_that_only_links_reach_are_read(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    pq.write_table(pa.table({"a": [1, 2]}), tmp_path / "elsewhere/log.parquet")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/day").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "logs/file.parquet").symlink_to(tmp_path / "elsewhere/log.parquet")
    plan = plan_input(str(tmp_path / "logs"))
    assert [file.name for file in plan.files] == ["day/log.parquet"]
