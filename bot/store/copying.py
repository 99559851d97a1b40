"""Moving a store into another database, such as from SQLite to PostgreSQL."""

from __future__ import annotations

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.address import Dialect
from bot.store.errors import StoreError
from bot.store.store import open_store
from bot.store.tables import metadata, outbox
from providers.clock import Clock

_AT_ONCE = 1000


async def copy(source_url: str, target_url: str, *, clock: Clock) -> dict[str, int]:
    """Copy everything from one store into another; return how many rows, by table.

    All of it or nothing. Both are brought up to date first. No bot may run on the
    source; a file that is in use is refused.

    Raises:
        StoreError: one of them cannot be opened, or the target is not empty.

    """
    async with (
        open_store(source_url, clock=clock) as source,
        open_store(target_url, clock=clock) as target,
        source.read() as reading,
        target.write() as writing,
    ):
        old, new = reading.connection, writing.connection
        await _refuse_unless_empty(new, target.place)
        copied = {
            table.name: await _copy(table, old, new) for table in metadata.sorted_tables
        }
        await _count_on(new)
        return copied


async def _refuse_unless_empty(connection: AsyncConnection, place: str) -> None:
    for table in metadata.sorted_tables:
        count = await connection.scalar(select(func.count()).select_from(table))
        if count:
            msg = f"{place} is not empty ({table.name}: {count}); nothing was copied"
            raise StoreError(msg)


async def _copy(table: Table, old: AsyncConnection, new: AsyncConnection) -> int:
    copied = 0
    rows = await old.stream(select(table))
    async for some in rows.mappings().partitions(_AT_ONCE):
        await new.execute(insert(table), [dict(row) for row in some])
        copied += len(some)
    return copied


async def _count_on(connection: AsyncConnection) -> None:
    """Let the outbox number what is added after what was copied."""
    if connection.dialect.name == Dialect.SQLITE:
        return  # it does so by itself
    last = await connection.scalar(select(func.max(outbox.c.id)))
    if last is not None:
        sequence = text("SELECT setval(pg_get_serial_sequence('outbox', 'id'), :last)")
        await connection.execute(sequence, {"last": last})
