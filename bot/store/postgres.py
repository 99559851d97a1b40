"""PostgreSQL's engine. Only who has a PostgreSQL imports this: asyncpg takes 3 MB."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it has no types
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.store.address import Address
from bot.store.errors import StoreError, Unreachable, is_passing, words_of

# https://www.postgresql.org/docs/current/runtime-config-client.html. A replica that is
# frozen within a transaction loses it before those who wait for it lose their patience.
_LIMITS = {
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "20s",
    "statement_timeout": "30s",
}
_LONGEST_COMMAND = timedelta(seconds=40)
_LONGEST_CONNECT = timedelta(seconds=10)

_ADVICE: dict[type[Exception], str] = {
    asyncpg.InvalidAuthorizationSpecificationError: (
        "see to user and password in its URL, and to the server's pg_hba.conf"
    ),
    asyncpg.InvalidCatalogNameError: "make the database, or correct its name",
}
"""What to do, by why PostgreSQL refused."""


def make_postgres(address: Address, *, is_patient: bool) -> AsyncEngine:
    """Return an engine; nothing is connected yet."""
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
    except (OSError, asyncpg.PostgresError, asyncpg.InternalClientError) as error:
        if is_passing(error):
            msg = f"no answer from {address.place}: {words_of(error)}"
            raise Unreachable(msg) from error
        found = [said for kind, said in _ADVICE.items() if isinstance(error, kind)]
        msg = "; ".join([f"refused by {address.place}: {words_of(error)}", *found])
        raise StoreError(msg) from error
    except (asyncpg.InterfaceError, ValueError) as error:
        # What it says may repeat parts of the URL.
        msg = f"the URL of {address.place} cannot be read"
        raise StoreError(msg) from error
