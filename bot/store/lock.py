"""One process for one SQLite file: a lock beside it, held for the process's life.

The system lets go of it when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.store.errors import StoreError


@contextmanager
def alone_with(database: Path) -> Iterator[None]:
    """Keep other processes from opening the database.

    Raises:
        StoreError: another one has it open, or the folder cannot be written to.

    """
    # One file may have several names.
    database = database.resolve()
    path = database.with_name(f"{database.name}.lock")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        msg = f"cannot open the store {database}: {error.strerror}: {error.filename}"
        raise StoreError(msg) from error
    try:
        _lock(file, database)
        os.truncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        yield
    finally:
        # The file stays: removing it would let two processes lock two files.
        os.close(file)


def _lock(file: int, database: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.read(file, 20).decode(errors="replace").strip() or "unknown"
        msg = (
            f"the store {database} is in use by another Runbell (process {owner}); "
            "stop that one first, or use PostgreSQL to run several"
        )
        raise StoreError(msg) from error
