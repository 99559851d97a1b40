"""A work engine that works when it is told to: nothing in it ticks by itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.work.port import Handler, Health, Periodic


class HandEngine:
    """Satisfies the port; keeps what was nudged until `settle` or `beat`."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._periodic: dict[str, Periodic] = {}
        self._nudged: dict[tuple[str, str], None] = {}
        self._stopped = asyncio.Event()
        self.worked: list[tuple[str, str]] = []
        """What was worked on: kinds and keys."""

    def on(self, kind: str, handler: Handler, parallel: int) -> None:
        self._handlers[kind] = handler

    def every(self, name: str, period: timedelta, fn: Periodic) -> None:
        self._periodic[name] = fn

    async def nudge(self, kind: str, key: str, conn: object | None = None) -> None:
        assert kind in self._handlers, f"nobody handles {kind}"
        self._nudged[kind, key] = None

    async def beat(self, *names: str) -> None:
        """Do what is periodic, all of it by default, and what follows from it."""
        for name in names or ("sweep", "tick"):
            await self._periodic[name]()
            await self.settle()

    async def settle(self) -> None:
        """Work until nothing is left to do."""
        while self._nudged:
            kind, key = next(iter(self._nudged))
            del self._nudged[kind, key]
            self.worked.append((kind, key))
            await self._handlers[kind](key)

    async def run(self) -> None:
        await self._stopped.wait()

    async def stop(self, grace: timedelta) -> None:
        self._stopped.set()

    async def health(self) -> Health:
        return Health(
            lag=timedelta(), last_tick=None, workers=1, failures=0, trouble=None
        )
