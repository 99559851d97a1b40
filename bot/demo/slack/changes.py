"""Waiting for something to become true, without looking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Changes:
    """Wakes those who wait whenever anything has changed."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def announce(self) -> None:
        """Say that something has changed; those who wait look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, look: Callable[[], T | None], *, patience: float) -> T:
        """Return the first true answer of `look`.

        Raises:
            TimeoutError: nothing true within `patience` seconds.

        """
        async with asyncio.timeout(patience):
            # Nothing is awaited between looking and taking the event, so no change
            # can slip through between the two.
            while not (found := look()):
                await self._changed.wait()
            return found
