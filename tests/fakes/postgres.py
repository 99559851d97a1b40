"""A PostgreSQL of the machine's own, started for the tests and thrown away with them.

It listens on a socket in a temporary folder alone. It is no fake; it is here because,
like those, it stands in for what runs elsewhere.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import asyncpg  # type: ignore[import-untyped] # it has no types
import pytest

_OWNER = "runbell"
_NUMBERS = count(1)

# Debian keeps them off the path.
_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/bin")

# What is lost with the machine is no loss here; what is lost with the server would be.
_CARELESS = ("fsync=off", "full_page_writes=off")


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server that can be stopped and started."""

    binaries: Path
    folder: Path
    """Holds its data, its log and its socket."""
    user: str | None
    """Who it runs as, where that is somebody else."""

    def make(self) -> None:
        """Make the files of a server that holds nothing."""
        self._run(
            "initdb",
            *("--username", _OWNER, "--auth", "trust", "--no-sync"),
            *("--encoding", "UTF8", "--locale", "C"),
        )

    def start(self) -> None:
        """Start it; it answers when this returns."""
        settings = " ".join(f"-c {setting}" for setting in _CARELESS)
        options = f"-k {self.folder} -c listen_addresses= {settings}"
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "--wait", "--log", log, "--options", options)

    def stop(self) -> None:
        """Stop it as if its machine had failed."""
        self._run("pg_ctl", "stop", "--wait", "--mode", "immediate")

    def _run(self, program: str, *arguments: str) -> None:
        data = str(self.folder / "data")
        subprocess.run(  # noqa: S603 - the machine's own binaries
            [str(self.binaries / program), "--pgdata", data, *arguments],
            check=True,
            user=self.user,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=50,
        )

    def url(self, database: str) -> str:
        """Return the URL of a database, as people would write it."""
        return f"postgresql://{_OWNER}@/{database}?host={self.folder}"

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """Make a database for as long as it is needed; its URL."""
        name = f"test_{next(_NUMBERS)}"
        await self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            await self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def execute(self, statement: str, *, database: str = "postgres") -> None:
        """Run a statement as the owner of everything."""
        connection = await asyncpg.connect(self.url(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def find_binaries() -> Path | None:
    """Return the folder that holds `initdb` and `postgres`, the newest there is."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for pattern in _FOLDERS:
        folders += sorted(Path("/").glob(pattern[1:]), reverse=True)
    return next((one for one in folders if (one / "postgres").exists()), None)


@contextmanager
def running_postgres(binaries: Path) -> Iterator[Postgres]:
    """Start a server, and stop it in the end; its data goes with it."""
    user = _unprivileged_user()
    # The path of a socket has at most 107 characters: none of pytest's folders.
    with tempfile.TemporaryDirectory(prefix="runbell-pg-") as name:
        server = Postgres(binaries, Path(name), user)
        if user is not None:
            shutil.chown(server.folder, user)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _unprivileged_user() -> str | None:
    """Return whom to run the server as; it refuses to be started by root."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def binaries_or_skip() -> Path:
    """Return the folder of the binaries; skip the test where there is none."""
    found = find_binaries()
    if found is None:
        pytest.skip("PostgreSQL is not installed here: no initdb and postgres found")
    return found


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server for the whole session; skips where the machine has none."""
    with running_postgres(binaries_or_skip()) as server:
        yield server
