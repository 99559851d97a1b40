"""Both places that jobs can wait in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.work.jobs import Place
from bot.work.memory import MemoryPlace
from bot.work.postgres import PostgresPlace
from tests.fakes.postgres import Postgres


@pytest.fixture
async def dsn(postgres: Postgres) -> AsyncIterator[str]:
    """The address of an empty database."""
    async with postgres.database() as url:
        yield url


@pytest.fixture(params=["memory", "postgresql"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "memory":
        return MemoryPlace()
    return PostgresPlace(request.getfixturevalue("dsn"))
