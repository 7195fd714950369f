"""The image, built from the container file and started, where there is a builder.

The builder is buildah, with an isolation that needs no daemon. `CONTRIBUTING.md` says how to run
these tests where no registry of images is reached.
"""

import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.flows.prefect_processes import free_port
from tests.flows.sample_logs import small_log, written

ROOT = Path(__file__).parents[1]
CERTIFICATES = Path("/etc/ssl/certs")
INDEX = ("PIP_CERT", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")
"""Where this machine's pip finds packages, which the build is told."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1_200),
    pytest.mark.skipif(shutil.which("buildah") is None, reason="buildah is not installed"),
]


def buildah(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own commands
        ["buildah", *words],  # noqa: S607 - the builder of this machine
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """Build the image; give its name."""
    [base] = set(re.findall(r"^FROM (\S+)", (ROOT / "Containerfile").read_text(), re.MULTILINE))
    if buildah("pull", "--quiet", "--policy", "missing", base).returncode:
        pytest.skip(f"{base} is not here, and its registry is not reached")
    options = [f"--env={name}={os.environ[name]}" for name in INDEX if name in os.environ]
    if CERTIFICATES.is_dir():
        options.append(f"--volume={CERTIFICATES}:{CERTIFICATES}:ro")
    name = f"outfield-tests:{os.getpid()}"
    built = buildah(
        "build", "--quiet", "--pull=never", "--isolation=chroot", *options,
        "--tag", name, "--file", ROOT / "Containerfile", ROOT,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    yield name
    buildah("rmi", "--force", name)


@pytest.fixture
def container(image: str) -> Iterator[str]:
    name = buildah("from", "--pull=never", image).stdout.strip()
    yield name
    buildah("rm", name)


def words_in(container: str, *words: str, volumes: tuple[str, ...] = ()) -> list[str]:
    """Give the words that run a command in a container, as the user of the image."""
    mounts = [f"--volume={volume}" for volume in volumes]
    return ["buildah", "run", "--isolation=chroot", *mounts, container, "--", *words]


def run_in(container: str, *words: str, volumes: tuple[str, ...] = ()) -> str:
    ended = subprocess.run(  # noqa: S603 - our own commands
        words_in(container, *words, volumes=volumes), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@contextmanager
def server(container: str) -> Iterator[str]:
    """Run the server of the image, as the compose file does; give its address."""
    port = free_port()
    command = ("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
    with subprocess.Popen(  # noqa: S603 - our own command
        words_in(container, *command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield answering(process, f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


def answering(process: subprocess.Popen[str], address: str) -> str:
    """Wait until a server answers, and give its address."""
    until = time.monotonic() + 300
    while time.monotonic() < until:
        assert process.poll() is None, process.communicate()[0]
        try:
            urllib.request.urlopen(f"{address}/api/health", timeout=5).close()  # noqa: S310
        except OSError:
            time.sleep(0.5)
        else:
            return address
    raise AssertionError(f"no answer from {address}")


def text_at(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - of this machine
        text: str = answer.read().decode()
    return text


def test_the_server_of_the_image_has_a_page_and_its_scripts(container: str):
    with server(container) as address:
        page = text_at(address)
        assert "<title>Prefect" in page
        scripts = re.findall(r'src="(/[^"]+\.js)"', page)
        assert scripts
        assert all(len(text_at(address + script)) > 1_000 for script in scripts)


def test_a_job_runs_in_the_image_as_a_user_who_is_not_root(container: str, tmp_path: Path):
    """Through its embedded server, on a log and a job file that are mounted read-only."""
    written(tmp_path / "logs" / "log.parquet", small_log())
    job = tmp_path / "jobs" / "log.toml"
    job.parent.mkdir()
    job.write_text('input = "/logs"\noutput = "/output"\n')
    for path in (tmp_path, *tmp_path.iterdir()):
        path.chmod(0o755)
    volumes = (f"{tmp_path}/logs:/logs:ro", f"{job.parent}:/jobs:ro")
    assert run_in(container, "id", "-u").strip() == "10001"
    told = run_in(container, "outfield", "detect", "--job", "/jobs/log.toml", volumes=volumes)
    assert "erase" in told
    assert "0 faults" in run_in(container, "outfield", "check", "/output")
