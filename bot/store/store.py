"""The store: opened once in a process, then transactions that read or write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.store.address import Address, Dialect, parse
from bot.store.engine import make_engine, reading
from bot.store.errors import explained
from bot.store.lock import alone_with
from bot.store.migrate import migrate
from bot.store.transaction import Tx
from bot.store.waiting import once_it_answers
from providers.clock import Clock

log = structlog.get_logger(__name__)

PATIENCE = timedelta(seconds=30)
"""How long a command waits for a database that does not answer."""


class Store:
    """All that Runbell remembers; made by `open_store`."""

    def __init__(self, address: Address, engine: AsyncEngine, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._writing = engine
        self._reading = reading(engine)
        self._turn = asyncio.Lock()

    @property
    def place(self) -> str:
        """Where it is, for people; holds no secret."""
        return self._address.place

    @property
    def shared_url(self) -> str | None:
        """The URL for asyncpg, password and all; `None` where no replica can share."""
        is_shared = self._address.dialect is Dialect.POSTGRESQL
        return self._address.target if is_shared else None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """Begin a transaction that writes: committed in the end, or undone if it fails.

        One at a time, over all replicas: what it reads stays true until it is
        committed. Never wait for a network within.

        Raises:
            StoreError: nothing was kept; or, where the connection broke during the
                commit itself, perhaps everything.

        """
        with explained():
            async with self._turn, self._writing.begin() as connection:
                yield Tx(connection, self._clock)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """Begin a transaction that reads one moment of the store; it cannot write.

        Raises:
            StoreError: the database did not answer, or refused.

        """
        with explained():
            async with self._reading.begin() as connection:
                yield Tx(connection, self._clock)

    async def check(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StoreError: there is none.

        """
        with explained():
            async with self._reading.begin() as connection:
                await connection.execute(text("SELECT 1"))


@asynccontextmanager
async def open_store(
    url: str, *, clock: Clock, patience: timedelta | None = PATIENCE
) -> AsyncIterator[Store]:
    """Open the store for as long as the process needs it, its tables up to date.

    Args:
        url: such as `sqlite:///runbell.db` (made if there is none) or
            `postgresql://runbell:…@db.example.com/runbell`.
        clock: the time, where the database has none of its own; and to wait by, where
            it does not answer.
        patience: for how long to wait for it at most; `None`: for as long as it takes.

    Raises:
        StoreError: it cannot be opened; says why, and what to do.

    """
    address = parse(url)
    is_file = address.dialect is Dialect.SQLITE
    with alone_with(Path(address.target)) if is_file else nullcontext():
        await _prepare(address, clock, patience)
        engine = make_engine(address)
        try:
            yield Store(address, engine, clock)
        finally:
            await engine.dispose()


async def _prepare(address: Address, clock: Clock, patience: timedelta | None) -> None:
    engine = make_engine(address, is_patient=True)

    async def up_to_date() -> None:
        with explained(f"cannot open the store {address.place}"):
            await migrate(engine)

    try:
        await once_it_answers(
            up_to_date, clock=clock, place=address.place, patience=patience
        )
    finally:
        await engine.dispose()
