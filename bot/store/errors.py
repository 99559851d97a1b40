"""What can go wrong with the store, in words for the operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError


class StoreError(Exception):
    """The store cannot be opened or did not do what it was asked; says what to do.

    Nothing of the transaction it ends was kept. It never holds a password, a statement
    or what was to be written.
    """


class Unreachable(StoreError):
    """The database does not answer, or not yet; trying again later may do."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn the database's own errors into a `StoreError`; the others pass.

    Raises:
        StoreError: the database refused, or could not be reached.

    """
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        # A line that breaks or falls silent is not always an error of SQLAlchemy's.
        msg = f"the database did not do it: {words_of(error)}"
        raise StoreError(msg) from error


def words_of(error: BaseException) -> str:
    """Return the first line of what the database said.

    PostgreSQL's further lines name the values that it refused.
    """
    said = error.orig if isinstance(error, DBAPIError) else error
    lines = str(said).splitlines()
    return lines[0] if lines else type(said).__name__
