"""The database's engine: what both databases must be told so that nothing is lost.

A transaction that writes is alone among those that write, on SQLite by BEGIN IMMEDIATE,
on PostgreSQL by an advisory lock over all replicas: what it reads stays true until it
commits, so that read-modify-write loses nothing and needs no second try. SQLite's
default, a transaction that turns into a writing one, does lose updates.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it has no types
from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.store.address import Address, Dialect
from bot.store.errors import StoreError, Unreachable, words_of

# Any number will do that is the same in every replica and in nobody else's program.
_WRITERS = 0x52554E42454C4C
_WRITERS_LOCK = f"SELECT pg_advisory_xact_lock({_WRITERS})"

_BUSY = timedelta(seconds=30)
"""How long to wait for somebody else's write, such as a backup's."""

_OPENING: dict[tuple[str, bool], tuple[str, ...]] = {
    ("sqlite", True): ("PRAGMA query_only = OFF", "BEGIN IMMEDIATE"),
    ("sqlite", False): ("PRAGMA query_only = ON", "BEGIN"),
    ("postgresql", True): (_WRITERS_LOCK,),
    ("postgresql", False): (),
}
"""What begins a transaction, by dialect and by whether it writes."""

# https://www.sqlite.org/pragma.html. FULL: what is committed survives a power cut.
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA journal_size_limit = {64 * 1024 * 1024}",
)

# https://www.postgresql.org/docs/current/runtime-config-client.html. A replica that is
# frozen within a transaction loses it before those who wait for it lose their patience.
_LIMITS = {
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "20s",
    "statement_timeout": "30s",
}
_LONGEST_COMMAND = timedelta(seconds=40)
_LONGEST_CONNECT = timedelta(seconds=10)


def reading(engine: AsyncEngine) -> AsyncEngine:
    """Return the engine for transactions that read: one moment of the database."""
    if engine.dialect.name == Dialect.SQLITE:
        return engine.execution_options(writes=False)
    return engine.execution_options(
        writes=False, isolation_level="REPEATABLE READ", postgresql_readonly=True
    )


def make_engine(address: Address, *, is_patient: bool = False) -> AsyncEngine:
    """Return an engine; nothing is connected yet.

    Args:
        address: of the database.
        is_patient: without limits to how long a statement takes; for migrations.

    """
    engine = _ENGINES[address.dialect](address, is_patient=is_patient)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get("writes", True)
    for statement in _OPENING[connection.dialect.name, is_writing]:
        connection.exec_driver_sql(statement)


def _sqlite(address: Address, *, is_patient: bool) -> AsyncEngine:
    del is_patient  # a file has no limits but the wait for other writers
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=address.target),
        # No transaction but those that are begun above.
        connect_args={"isolation_level": None, "timeout": _BUSY.total_seconds()},
        pool_size=4,
        hide_parameters=True,
    )

    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    event.listen(engine.sync_engine, "connect", prepare)
    return engine


def _postgresql(address: Address, *, is_patient: bool) -> AsyncEngine:
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(_connect, address, is_patient=is_patient),
        pool_size=5,
        max_overflow=5,
        pool_pre_ping=True,
        pool_recycle=int(timedelta(minutes=30).total_seconds()),
        hide_parameters=True,
    )


async def _connect(address: Address, *, is_patient: bool) -> Any:
    """Return a connection of asyncpg's, which reads all that may stand in its URL."""
    limit = None if is_patient else _LONGEST_COMMAND.total_seconds()
    settings = {"application_name": "runbell", "timezone": "UTC"}
    try:
        return await asyncpg.connect(
            address.target,
            timeout=_LONGEST_CONNECT.total_seconds(),
            command_timeout=limit,
            server_settings=settings if is_patient else settings | _LIMITS,
        )
    except (OSError, asyncpg.CannotConnectNowError) as error:
        msg = f"no answer from {address.place}: {words_of(error)}"
        raise Unreachable(msg) from error
    except (asyncpg.PostgresError, asyncpg.InternalClientError) as error:
        msg = f"refused by {address.place}: {words_of(error)}"
        raise StoreError(msg) from error
    except (asyncpg.InterfaceError, ValueError) as error:
        # What it says may repeat parts of the URL.
        msg = f"the URL of {address.place} cannot be read"
        raise StoreError(msg) from error


_ENGINES = {Dialect.SQLITE: _sqlite, Dialect.POSTGRESQL: _postgresql}
