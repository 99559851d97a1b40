"""A lane that one replica has to itself while it looks, however long that takes.

A claim runs out by itself, so that a replica that was killed keeps nobody waiting. Who
is still looking extends it. A process that stood still for longer than that may find
that another one has looked meanwhile: then nothing of its own look is kept, since that
would put an older state in the place of a newer one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import structlog

from bot.store import Store, StoreError, Tx

log = structlog.get_logger(__name__)

T = TypeVar("T")

HOLD = timedelta(seconds=30)
"""For how long a claim is one's own, from when it was made or extended."""


class Lost(Exception):
    """Another replica has taken the lane over; what was seen is not to be kept."""


class Claim:
    """A claim on the lane of a connection.

    Args:
        store: where the lanes are.
        connection: whose lane it is.
        by: a word that no other claim has.
        hold: for how long it is one's own; it is extended three times as often.

    """

    def __init__(
        self,
        store: Store,
        connection: str,
        by: str,
        hold: timedelta = HOLD,
    ) -> None:
        self._store = store
        self._connection = connection
        self._by = by
        self._hold = hold
        self._is_given_back = False

    async def take(self, tx: Tx) -> bool:
        """Claim the lane; `False` where another replica has it."""
        now = await tx.now()
        return await tx.lanes.claim(
            self._connection, self._by, now=now, hold=self._hold
        )

    async def check(self, tx: Tx) -> None:
        """Make sure that the lane is still ours, for as long as the transaction lasts.

        Raises:
            Lost: it is not.

        """
        if not await tx.lanes.holds(self._connection, self._by):
            raise Lost(self._connection)

    async def release(self, tx: Tx) -> None:
        """Give the lane back."""
        self._is_given_back = True
        await tx.lanes.release(self._connection, self._by)

    async def hold(self, look: Coroutine[Any, Any, T]) -> T:
        """Return what a look returns, and keep the lane until then.

        Raises:
            Lost: another replica has taken it over; the look was given up.

        """
        task = asyncio.create_task(look)
        try:
            while True:
                pause = self._hold.total_seconds() / 3
                done, _ = await asyncio.wait({task}, timeout=pause)
                if done:
                    return task.result()
                await self._extend()
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _extend(self) -> None:
        try:
            async with self._store.write() as tx:
                is_ours = await tx.lanes.extend(
                    self._connection, self._by, now=await tx.now(), hold=self._hold
                )
        except StoreError as error:
            # Whether it is lost is asked again before anything is kept.
            log.warning("a claim could not be extended", why=str(error))
            return
        if not is_ours and not self._is_given_back:
            raise Lost(self._connection)
