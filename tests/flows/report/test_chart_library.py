"""The charting library: bundled once, and never needed in the cache."""

import errno
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import vl_convert

from flows.report.chart_library import chart_library


@pytest.fixture(scope="module", autouse=True)
def bundled_once() -> Iterator[None]:
    """Bundle once for all tests: what the same call gives is the same, and takes a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vl_convert, "javascript_bundle", cache(vl_convert.javascript_bundle))
        yield


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    chart_library.cache_clear()
    yield
    chart_library.cache_clear()


@pytest.mark.slow
def test_it_is_bundled_once_for_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = chart_library()
    chart_library.cache_clear()
    monkeypatch.delattr(vl_convert, "javascript_bundle")
    assert chart_library() == first
    (cached,) = (tmp_path / "outfield").iterdir()
    assert cached.read_text() == first
    assert "vegaEmbed" in first
    assert "</script" not in first


@pytest.mark.slow
def test_a_part_of_it_is_not_taken_for_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = chart_library()
    (cached,) = (tmp_path / "outfield").iterdir()
    cached.write_text(first[:1_000])
    chart_library.cache_clear()
    assert chart_library() == first == cached.read_text()


@pytest.mark.slow
def test_a_disk_that_is_full_leaves_nothing_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str, encoding: str) -> None:
        path.write_bytes(text[:9].encode(encoding))
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(Path, "write_text", full)
    assert "vegaEmbed" in chart_library()
    assert not list((tmp_path / "outfield").iterdir())


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outfield").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "vegaEmbed" in chart_library()


@pytest.mark.slow
def test_a_user_without_a_home_gets_no_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "flows.report.chart_library.user_cache_path", lambda _: Path("~/.cache/outfield")
    )
    assert "vegaEmbed" in chart_library()
    assert not list(tmp_path.iterdir())
