"""The bots as processes: started, found dead, killed, paused."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from providers.clock import Clock

ROOT = Path(__file__).parent.parent.parent
BLINK = timedelta(milliseconds=20)

POINTS = ("claimed", "accepted", "edited", "looked", "committing", "committed")
"""Before a message is sent; after Slack answered for it, for an edit, for a look-up;
before a transaction is committed, and after."""


@dataclass(slots=True, kw_only=True)
class Nursery:
    """Forks bots from a process that has imported them."""

    process: Process
    clock: Clock
    config: Path
    log: Path
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self, point: str | None = None, times: int = 1) -> Life:
        """Start a bot; one with a point dies there by itself."""
        order = {"config": str(self.config), "log": str(self.log)}
        pid = await self._order({**order, "point": point, "times": times})
        return Life(pid, self)

    async def poll(self, pid: int) -> int | None:
        """Return how a bot ended, negative for a signal; `None` while it lives."""
        code: int | None = await self._order({"poll": pid})
        return code

    async def _order(self, order: dict[str, Any]) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        async with self._turn:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            answer = await self.process.stdout.readline()
        return json.loads(answer)


@dataclass(slots=True)
class Life:
    """One process of the bot's."""

    pid: int
    nursery: Nursery
    code: int | None = None
    """How it ended: negative for a signal; `None` while it lives."""

    async def lasts(self, time: timedelta) -> bool:
        """Wait for so long; whether it lives still."""
        clock = self.nursery.clock
        until = clock.now() + time
        while await self.lives() and clock.now() < until:
            await clock.sleep(min(BLINK, until - clock.now()))
        return self.code is None

    async def lives(self) -> bool:
        """Return whether it lives."""
        if self.code is None:
            self.code = await self.nursery.poll(self.pid)
        return self.code is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it; nothing where it is dead already."""
        if self.code is None:
            os.kill(self.pid, number)

    async def kill(self) -> None:
        """Kill it as nothing can be refused, and return when it is dead."""
        self.send(signal.SIGKILL)
        while await self.lives():
            await self.nursery.clock.sleep(BLINK)


@asynccontextmanager
async def open_nursery(
    clock: Clock, config: Path, log: Path, environment: Mapping[str, str]
) -> AsyncIterator[Nursery]:
    """Have a process from which bots are forked; its bots must be dead at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.lives"),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=PIPE,
        stdout=PIPE,
    )
    try:
        yield Nursery(process=process, clock=clock, config=config, log=log)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
