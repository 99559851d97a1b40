"""Waiting for a database that does not answer: it is being started, or started anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import structlog

from bot.store.errors import Unreachable
from providers.clock import Clock

log = structlog.get_logger(__name__)

T = TypeVar("T")

PAUSE = timedelta(seconds=1)


async def once_it_answers(
    work: Callable[[], Awaitable[T]],
    *,
    clock: Clock,
    place: str,
    patience: timedelta | None = None,
) -> T:
    """Do something with the database; where it does not answer, wait and do it again.

    That it is waited for is said once in the log, and once that it is over.

    Args:
        work: what is done; a line may break at its commit, so that it may find it done.
        clock: to wait by.
        place: where the database is, for people.
        patience: for how long to wait at most; without it, for as long as it takes.

    Raises:
        Unreachable: the database did not answer for so long.
        StoreError: it refused; that is not waited for.

    """
    waited = timedelta()
    while True:
        try:
            done = await work()
        except Unreachable as error:
            if patience is not None and waited >= patience:
                raise
            if not waited:
                log.warning("waiting for the store", place=place, why=str(error))
            await clock.sleep(PAUSE)
            waited += PAUSE
        else:
            if waited:
                log.info("the store answers", place=place)
            return done
