"""A transaction: a room for each sort of record, and what follows the commit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.address import Dialect
from bot.store.happenings import Happenings, Verdicts
from bot.store.incidents import Incidents
from bot.store.lineages import Lineages
from bot.store.mutes import Mutes
from bot.store.outbox import Outbox
from bot.store.places import Channels, Lanes, Unreadables
from bot.store.prune import prune
from bot.store.runs import Follows, Runs
from bot.store.watches import Watches
from providers.clock import Clock


class Tx:
    """A transaction on the store; every call raises `StoreError` if it fails.

    It belongs to one task: calls come one after the other.
    """

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self.connection = connection
        """For the rest of `bot.store` alone."""
        self._clock = clock
        self.watches = Watches(connection)
        self.mutes = Mutes(connection)
        self.lineages = Lineages(connection)
        self.happenings = Happenings(connection)
        self.verdicts = Verdicts(connection)
        self.incidents = Incidents(connection)
        self.outbox = Outbox(connection)
        self.channels = Channels(connection)
        self.lanes = Lanes(connection)
        self.unreadable = Unreadables(connection)
        self.runs = Runs(connection)
        self.follows = Follows(connection)

    async def now(self) -> datetime:
        """Return the time by the one clock that all replicas share: the database's.

        What one replica writes of a time, another one compares with its own; theirs may
        differ. On SQLite there is but one process, and its clock.
        """
        if self.connection.dialect.name == Dialect.SQLITE:
            return self._clock.now()
        # Unlike now(), which says when the transaction began: it may have waited.
        # https://www.postgresql.org/docs/current/functions-datetime.html
        moment = select(func.clock_timestamp(type_=DateTime(timezone=True)))
        return (await self.connection.execute(moment)).scalar_one().astimezone(UTC)

    async def prune(self, before: datetime, limit: int) -> int:
        """Remove history from before a moment; return how many rows, at most `limit`.

        See `bot.store.prune` for what is never removed.
        """
        return await prune(self.connection, before, limit)

    async def driver(self) -> Any | None:
        """Return asyncpg's connection within this transaction; `None` on SQLite.

        What is done on it is committed or undone with the rest: this is how a queue in
        the same database joins in.
        """
        if self.connection.dialect.name == Dialect.SQLITE:
            return None
        return (await self.connection.get_raw_connection()).driver_connection
