"""Bringing a database's tables up to date, when Runbell starts.

A migration adds: a replica of the version before it may still be running. How to write
one: a new file in `migrations/versions`, and the same change in `tables`.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.store.errors import StoreError

_FOLDER = Path(__file__).parent / "migrations"


def versions() -> list[str]:
    """Return the names of all versions of the tables, the oldest first."""
    script = ScriptDirectory.from_config(_config())
    return [step.revision for step in script.walk_revisions()][::-1]


async def migrate(engine: AsyncEngine, *, to: str = "head") -> None:
    """Bring the tables up to a version, in one transaction.

    Replicas that start together wait for each other. Tables that are up to date are
    left alone.

    Raises:
        StoreError: the tables were made by a newer Runbell.
        SQLAlchemyError: the database refused.

    """
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade, to)


def _upgrade(connection: Connection, to: str) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in versions():
        msg = (
            f"the store's tables, version {current[:40]}, were made by a newer "
            "Runbell; start that one, or restore the backup from before the upgrade"
        )
        raise StoreError(msg)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _config() -> Config:
    config = Config()
    # Percent signs are alembic's own.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
