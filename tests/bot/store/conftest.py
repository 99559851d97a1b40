"""A store for each test: on SQLite, and again on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store import Store, open_store
from bot.store.tables import metadata
from tests.fakes.clock import FakeClock
from tests.fakes.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """The database that a test runs on."""
    return str(request.param)


@pytest.fixture(scope="session")
def shared(postgres: Postgres) -> str:
    """The URL of a database with tables; one for all tests, as making one is slow."""
    url = postgres.url("shared")

    async def fill() -> None:
        await postgres.execute("CREATE DATABASE shared")
        async with open_store(url, clock=FakeClock()):
            pass

    # Not asyncio.run, which would take away the loop of the tests.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(fill())
    return url


@pytest.fixture
def server(dialect: str, request: pytest.FixtureRequest) -> Postgres | None:
    """The server, where the test runs on one."""
    if dialect == "sqlite":
        return None
    # Asked for here, outside of any loop, since it runs one.
    request.getfixturevalue("shared")
    found: Postgres = request.getfixturevalue("postgres")
    return found


@pytest.fixture
async def empty_url(server: Postgres | None, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database without any table."""
    if server is None:
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    async with server.database() as url:
        yield url


@pytest.fixture
async def url(server: Postgres | None, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database that holds no rows."""
    if server is None:
        yield f"sqlite:///{tmp_path}/runbell.db"
        return
    yield server.url("shared")
    tables = ", ".join(f'"{name}"' for name in metadata.tables)
    await server.execute(f"TRUNCATE {tables} RESTART IDENTITY", database="shared")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(url: str, clock: FakeClock) -> AsyncIterator[Store]:
    async with open_store(url, clock=clock) as store:
        yield store
