"""The database's engine: what both databases must be told so that nothing is lost.

A transaction that writes is alone among those that write, on SQLite by BEGIN IMMEDIATE,
on PostgreSQL by an advisory lock over all replicas: what it reads stays true until it
commits, so that read-modify-write loses nothing and needs no second try. SQLite's
default, a transaction that turns into a writing one, does lose updates.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.store.address import Address, Dialect

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
    # Who keeps a file needs nothing of it.
    from bot.store.postgres import make_postgres  # noqa: PLC0415

    return make_postgres(address, is_patient=is_patient)


_ENGINES = {Dialect.SQLITE: _sqlite, Dialect.POSTGRESQL: _postgresql}
