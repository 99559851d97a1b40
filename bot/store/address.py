"""The address of a database: which kind it is, and how to name it without secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from bot.store.errors import StoreError


class Dialect(StrEnum):
    """The databases that the store is written for, as SQLAlchemy names them."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a database is."""

    dialect: Dialect
    place: str
    """For people: the file, or host and database; no user and no password."""
    target: str = field(repr=False)
    """The file's path, or the URL as asyncpg reads it."""


_SCHEMES = {
    "sqlite": Dialect.SQLITE,
    "sqlite+aiosqlite": Dialect.SQLITE,
    "postgres": Dialect.POSTGRESQL,
    "postgresql": Dialect.POSTGRESQL,
    "postgresql+asyncpg": Dialect.POSTGRESQL,
}

# A host, perhaps an IPv6 address in brackets, and a port.
_PORT = re.compile(r"([^:\[\]]*|\[[0-9a-fA-F:.]+\])(?::[0-9]+)?")


def parse(url: str) -> Address:
    """Read the URL of a database, such as `sqlite:///runbell.db`.

    PostgreSQL's may hold all that asyncpg knows, such as `?sslmode=require`:
    https://magicstack.github.io/asyncpg/current/api/index.html#connection

    Raises:
        StoreError: it is no such URL; the text is not repeated, for it may hold a
            password.

    """
    scheme, mark, rest = url.strip().partition("://")
    dialect = _SCHEMES.get(scheme.lower()) if mark else None
    if dialect is None:
        raise StoreError(
            "the database's URL begins with neither sqlite:/// nor postgresql://"
        )
    return _READERS[dialect](rest)


def _sqlite(rest: str) -> Address:
    path = rest.removeprefix("/")
    if path == rest or not path or path.startswith(":") or "?" in path:
        raise StoreError(
            "the URL of an SQLite database is sqlite:/// and the path of a file, such "
            "as sqlite:///runbell.db or sqlite:////var/lib/runbell/runbell.db"
        )
    return Address(dialect=Dialect.SQLITE, place=path, target=path)


def _postgresql(rest: str) -> Address:
    server, _, query = rest.partition("?")
    login, _, host_and_path = server.rpartition("@")
    hosts, _, database = host_and_path.partition("/")
    # What a password must not hold as it is would be read as its end, and the rest of
    # it as host, port or database: which would then be shown.
    is_torn = "@" in login or "/" in login or "@" in query or "#" in rest
    if is_torn or not all(_PORT.fullmatch(host) for host in hosts.split(",")):
        raise StoreError(
            "the database's URL cannot be read: it is "
            "postgresql://user:password@host:port/database; in user and password, "
            "write @ as %40, / as %2F, ? as %3F, # as %23 and : as %3A"
        )
    names = ", ".join(_PORT.sub(r"\1", host) for host in hosts.split(","))
    return Address(
        dialect=Dialect.POSTGRESQL,
        place=f"PostgreSQL at {names or 'the local socket'}, database {database!r}",
        target=f"postgresql://{rest}",
    )


_READERS = {Dialect.SQLITE: _sqlite, Dialect.POSTGRESQL: _postgresql}
