"""Bringing a database's tables up to date, when Runbell starts.

A migration adds: a replica of the version before it may still be running. How to write
one: a new file in `migrations/versions`, the same change in `tables`, and its number as
`tables.VERSION`.

What has no tables yet gets them as `tables` says, and what is up to date is left alone;
both without alembic, which is imported where there is a way to go. A test holds the
tables that are made at once against those that come of every step.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
    inspect,
    select,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.store.tables import VERSION, metadata

# As alembic makes it, which finds the version here:
# https://alembic.sqlalchemy.org/en/latest/api/runtime.html
_noted = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


async def migrate(engine: AsyncEngine) -> None:
    """Make the tables, or bring them up to date, in one transaction.

    Replicas that start together wait for each other.

    Raises:
        StoreError: the tables were made by a newer Runbell.
        SQLAlchemyError: the database refused.

    """
    async with engine.begin() as connection:
        await connection.run_sync(_migrate)


def _migrate(connection: Connection) -> None:
    if not inspect(connection).has_table(_noted.name):
        _make(connection)
    elif connection.scalars(select(_noted.c.version_num)).all() != [VERSION]:
        # Rare, and too large to be carried along by all who are up to date.
        from bot.store.versions import upgrade  # noqa: PLC0415

        upgrade(connection)


def _make(connection: Connection) -> None:
    """Make all tables; one that is there already is somebody else's, and refused."""
    metadata.create_all(connection, checkfirst=False)
    _noted.create(connection)
    connection.execute(insert(_noted), {"version_num": VERSION})
