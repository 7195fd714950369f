"""PostgreSQL from the system's package, on a folder of its own, reached from this machine alone."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.flows.prefect_processes import free_port

PASSWORD = "planted-c0ffee"  # noqa: S105 - of a server that lives as long as the test


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    port: int
    bin: Path

    @property
    def url(self) -> str:
        """The address as Prefect takes it."""
        return f"postgresql+asyncpg://prefect:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def ask(self, sql: str) -> str:
        """Give the answer to a query, plain."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "prefect", "-d", "postgres"]
        asked = subprocess.run(  # noqa: S603 - our own command
            [self.bin / "psql", *where, "-tAc", sql],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PGPASSWORD": PASSWORD},
        )
        return asked.stdout.strip()


def postgres_programs() -> Path | None:
    """Find the folder of the newest version that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Run a server; it refuses to be run by root, so that the package's own user does it then."""
    programs = postgres_programs()
    assert programs is not None
    who = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="outfield-postgres-"))
    server = Postgres(free_port(), programs)
    (folder / "password").write_text(PASSWORD)
    if who:
        for path in (folder, folder / "password"):
            shutil.chown(path, "postgres")

    def run(program: str, *options: object) -> None:
        subprocess.run(  # noqa: S603 - our own commands
            [*who, programs / program, "-D", folder / "data", *map(str, options)],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )

    try:
        auth = ("--auth=scram-sha-256", f"--pwfile={folder}/password", "--username=prefect")
        run("initdb", *auth, "--no-sync")
        options = f"-h 127.0.0.1 -p {server.port} -k {folder} -F"
        run("pg_ctl", "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield server
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)
