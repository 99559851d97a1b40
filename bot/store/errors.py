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


# PostgreSQL's words for what passes: a line that broke (08), a server that is full (53)
# or being started or ended (57), a transaction that was idle for too long (25P03), a
# lock that somebody else holds for too long (55P03).
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING = ("08", "53", "57", "25P03", "55P03")


@contextmanager
def explained(what: str = "the database did not do it") -> Iterator[None]:
    """Turn the database's own errors into a `StoreError`; the others pass.

    Raises:
        Unreachable: it does not answer, or its line broke.
        StoreError: it refused.

    """
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        # A line that breaks or falls silent is not always an error of SQLAlchemy's.
        kind = Unreachable if is_passing(error) else StoreError
        msg = f"{what}: {words_of(error)}"
        raise kind(msg) from error


def is_passing(error: BaseException) -> bool:
    """Return whether trying again later may do, by what the database or its line said.

    Args:
        error: SQLAlchemy's, the driver's own, or the system's.

    """
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    said = _first_hand(error)
    state = getattr(said, "sqlstate", None) or ""
    return isinstance(said, OSError) or state.startswith(_PASSING)


def words_of(error: BaseException) -> str:
    """Return the first line of what the database said.

    PostgreSQL's further lines name the values that it refused.
    """
    said = _first_hand(error)
    lines = str(said).splitlines()
    return lines[0] if lines else type(said).__name__


def _first_hand(error: BaseException) -> BaseException:
    """Return what the driver said, where SQLAlchemy only passes it on."""
    passed_on = error.orig if isinstance(error, DBAPIError) else None
    return passed_on or error
