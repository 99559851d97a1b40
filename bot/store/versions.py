"""The versions of the tables, and the way from each to the next, as alembic goes it.

Only `bot.store.migrate` imports this, and only where there is something to do: alembic
and what it brings take 8 MB for as long as the process lives.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.store.errors import StoreError

_FOLDER = Path(__file__).parent / "migrations"


def versions() -> list[str]:
    """Return the names of all versions of the tables, the oldest first."""
    script = ScriptDirectory.from_config(_config())
    return [step.revision for step in script.walk_revisions()][::-1]


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the tables up to a version, within the connection's transaction.

    Raises:
        StoreError: the tables were made by a newer Runbell.
        SQLAlchemyError: the database refused.

    """
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
