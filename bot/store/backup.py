"""A copy of an SQLite store, of one moment, while Runbell goes on working with it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.store.address import Dialect, parse
from bot.store.errors import StoreError


async def back_up(url: str, to: Path) -> None:
    """Write a copy of an SQLite store into a new file, which nobody else may read.

    https://www.sqlite.org/backup.html

    Raises:
        StoreError: there is no such store, it is none of SQLite's, the new file is
            there already or cannot be written, or what was copied is damaged.

    """
    address = parse(url)
    if address.dialect is not Dialect.SQLITE:
        msg = f"{address.place} is backed up with PostgreSQL's own tools, as by pg_dump"
        raise StoreError(msg)
    await asyncio.to_thread(_copy, Path(address.target), to)


def _copy(database: Path, to: Path) -> None:
    if not database.is_file():
        msg = f"there is no store {database}"
        raise StoreError(msg)
    try:
        os.close(os.open(to, os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        msg = f"cannot write {to}: {error.strerror}"
        raise StoreError(msg) from error
    try:
        _fill(database, to)
    except BaseException:
        to.unlink(missing_ok=True)
        raise


def _fill(database: Path, to: Path) -> None:
    source = f"{database.absolute().as_uri()}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(source, uri=True)) as old,
            closing(sqlite3.connect(to)) as new,
        ):
            old.backup(new)
            (found,) = new.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        msg = f"cannot back up the store {database}: {error}"
        raise StoreError(msg) from error
    if found != "ok":
        msg = f"the store {database} is damaged ({found}); restore an older backup"
        raise StoreError(msg)
