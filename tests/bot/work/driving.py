"""What tests of engines need: a running one, and handlers that tell and wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial

from typing_extensions import override

from bot.clock import SystemClock
from bot.work.jobs import Place
from bot.work.pgqueuer import PgQueuerEngine

SOON = 5.0
"""Seconds after which what should have happened has not."""

A_WHILE = 0.3
"""Seconds in which what should not happen would have: a nudge is heard within
milliseconds, and a job that ended is let go within 120 of them."""

HEARTBEAT = timedelta(seconds=1)


class Watch(SystemClock):
    """The time; an engine asks for it once it has found its place."""

    def __init__(self) -> None:
        self.was_asked = asyncio.Event()

    @override
    def now(self) -> datetime:
        self.was_asked.set()
        return super().now()


class Worker:
    """An engine, and a handler that tells when it begins and goes on when it may."""

    def __init__(self, place: Place) -> None:
        self._clock = Watch()
        self.engine = PgQueuerEngine(place, self._clock, heartbeat=HEARTBEAT)
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self.may_go_on = asyncio.Event()
        self.under_way: list[str] = []
        self.most_at_once = 0
        self.done: list[str] = []

    async def handle(self, key: str) -> None:
        self.under_way.append(key)
        self.most_at_once = max(self.most_at_once, len(self.under_way))
        self.begun.put_nowait(key)
        try:
            await self.may_go_on.wait()
            self.done.append(key)
        finally:
            self.under_way.remove(key)

    async def ready(self) -> None:
        async with asyncio.timeout(SOON):
            await self._clock.was_asked.wait()

    async def begins(self) -> str:
        """Return the key that is worked on next."""
        async with asyncio.timeout(SOON):
            return await self.begun.get()

    async def begins_nothing(self) -> bool:
        """Return whether nothing is begun for a while."""
        return await stays_away(self.begun.get)


async def stays_away(what: Callable[[], Awaitable[object]]) -> bool:
    """Return whether something does not come for a while."""
    try:
        async with asyncio.timeout(A_WHILE):
            await what()
    except TimeoutError:
        return True
    return False


async def comes(what: Callable[[], Awaitable[object]]) -> None:
    """Return when something came, which has to be soon."""
    async with asyncio.timeout(SOON):
        await what()


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[None]:
    """Have engines run until the end of the block."""
    tasks = [asyncio.create_task(worker.engine.run()) for worker in workers]
    try:
        for worker in workers:
            await worker.ready()
        yield
        for worker in workers:
            worker.may_go_on.set()
            await comes(partial(worker.engine.stop, timedelta(seconds=1)))
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert outcomes == [None] * len(tasks)
