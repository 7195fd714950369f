import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.storage.fs.masking_key import KEY_BYTES, masking_key
from flows.storage.fs.store_path import place_of
from schemas.errors import OutputError


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    made = masking_key(tmp_path / "out" / "log")
    file = tmp_path / "out" / ".log.key"
    assert len(made) == KEY_BYTES
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert masking_key(tmp_path / "out" / "log") == made == file.read_bytes()
    assert masking_key(tmp_path / "out" / "other") != made
    assert not (tmp_path / "out" / "log").exists()


def test_a_key_may_lie_elsewhere(tmp_path: Path) -> None:
    made = masking_key(tmp_path / "log", tmp_path / "keys" / "mine")
    assert masking_key(tmp_path / "other", tmp_path / "keys" / "mine") == made
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_processes_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from flows.storage.fs.masking_key import masking_key;"
        "sys.stdin.read(); print(masking_key(Path(sys.argv[1])).hex())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "log")]
    pipe = subprocess.PIPE
    racing = [subprocess.Popen(command, stdin=pipe, stdout=pipe) for _ in range(4)]  # noqa: S603
    for process in racing:
        assert process.stdin is not None
        process.stdin.close()
    keys = set()
    for process in racing:
        assert process.stdout is not None
        with process:
            keys.add(process.stdout.read())
    assert keys == {f"{masking_key(tmp_path / 'log').hex()}\n".encode()}


@pytest.mark.parametrize("held", [b"", b"short", bytes(KEY_BYTES + 1)])
def test_what_is_no_key_is_refused_with_a_remedy(
    tmp_path: Path, held: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.storage.fs.masking_key._PATIENCE", 0.05)
    (tmp_path / ".log.key").write_bytes(held)
    with pytest.raises(OutputError, match="no masking key of 32 bytes; restore it, or remove it"):
        masking_key(tmp_path / "log")


def test_a_pipe_in_the_place_of_a_key_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".log.key")
    with pytest.raises(OutputError, match="no masking key"):
        masking_key(tmp_path / "log")


@pytest.mark.slow
def test_a_key_of_results_in_a_store_lies_beside_them(s3: Any) -> None:
    s3.create_bucket(Bucket="results")
    place = place_of("s3://results/keyed/log")
    made = masking_key(place)
    assert masking_key(place) == made
    held = s3.get_object(Bucket="results", Key="keyed/.log.key")["Body"].read()
    assert held == made
