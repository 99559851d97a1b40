"""What listeners leave behind: tasks of their own, closed with the bot."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Errands:
    """The tasks that listeners leave behind."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def run(self, errand: Coroutine[Any, Any, None]) -> None:
        """Start an errand and keep hold of it until it is done."""
        task = asyncio.create_task(errand)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def settle(self) -> None:
        """Return once nothing is under way."""
        while self._running:
            await asyncio.wait(self._running)

    async def close(self, patience: float = 5) -> None:
        """Let what is under way finish, for at most `patience` seconds."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
