"""The watch at work: what is done when, on the work engine.

    tick     which lanes are due → a `poll` each
    poll     look at one lane
    drain    hand Slack what waits for one channel
    sweep    whatever has work and was not nudged: it is what every promise rests on
    janitor  let go of history, in small steps; say which watches are in vain

All truth is in the store: every one of them may be called for nothing, or twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import timedelta

import structlog

from bot.store import Store
from bot.watch.courier import Courier
from bot.watch.parking import LONGEST_PAUSE
from bot.watch.poller import Looked, Poller
from bot.work.port import Engine
from providers.contract import Look
from providers.refs import PipelineRef

log = structlog.get_logger(__name__)

TICK = timedelta(seconds=2)
SWEEP = timedelta(seconds=5)
JANITOR = timedelta(hours=1)

POLLS, DRAINS = 16, 32
"""How many lanes and channels are worked on at a time."""

MOST_PRUNED = 500
"""Rows in one step: a long transaction would keep the others waiting."""

MOST_STEPS = 100


class Watching:
    """Registers the watch's work with an engine."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        poller: Poller,
        courier: Courier,
        history: timedelta,
        looked: Callable[[Looked], None] = lambda _: None,
    ) -> None:
        """Register; `looked` is told of every look, and `history` is what is kept."""
        self._engine = engine
        self._store = store
        self._poller = poller
        self._courier = courier
        self._history = history
        self._looked = looked
        engine.on("poll", self._poll, POLLS)
        engine.on("drain", self._drain, DRAINS)
        # What was left undone comes before what is new.
        engine.every("sweep", SWEEP, self._sweep)
        engine.every("tick", TICK, self._tick)
        engine.every("janitor", JANITOR, self._clean)

    async def look_now(self, connection: str) -> None:
        """Have a lane looked at soon, whatever its turn: a person or a push asks."""
        if await self._poller.turns.hasten(connection):
            await self._engine.nudge("poll", connection)

    async def saw(self, connection: str, looks: Mapping[PipelineRef, Look]) -> None:
        """Take a person's look at a connection as a reason for one of ours."""
        if await self._poller.asks_for_a_look(connection, looks):
            await self._engine.nudge("poll", connection)

    async def send_now(self, channels: Iterable[str]) -> None:
        """Have what waits for these channels sent soon."""
        for channel in sorted(set(channels)):
            await self._engine.nudge("drain", channel)

    async def _tick(self) -> None:
        for connection in await self._poller.turns.due():
            await self._engine.nudge("poll", connection)

    async def _poll(self, connection: str) -> None:
        looked = await self._poller.look(connection)
        await self.send_now(looked.channels)
        if not looked.is_skipped:
            self._looked(looked)

    async def _drain(self, channel: str) -> None:
        await self._courier.drain(channel)

    async def _sweep(self) -> None:
        for part in (
            self._poller.sweep_blind,
            self._poller.sweep_storms,
            self._waiting,
        ):
            await self._each(part)

    async def _each(self, part: Callable[[], Awaitable[Collection[str]]]) -> None:
        """Do one part of the sweep; if it fails, the others are done all the same."""
        try:
            await self.send_now(await part())
        except Exception:
            log.exception("a part of the sweep failed", part=part.__name__)

    async def _waiting(self) -> Collection[str]:
        async with self._store.read() as tx:
            return await tx.outbox.channels_waiting(
                await tx.now(), longest_pause=LONGEST_PAUSE
            )

    async def _clean(self) -> None:
        for part in (self._poller.sweep_vain, self._give_up, self._prune):
            await self._each(part)

    async def _give_up(self) -> Collection[str]:
        """Bury what could not be delivered for long, of parked channels as well."""
        for _ in range(MOST_STEPS):
            if await self._courier.give_up(MOST_PRUNED) < MOST_PRUNED:
                break
        return ()

    async def _prune(self) -> Collection[str]:
        await self._poller.turns.forget()
        for _ in range(MOST_STEPS):
            async with self._store.write() as tx:
                before = await tx.now() - self._history
                removed = await tx.prune(before, MOST_PRUNED)
            if removed < MOST_PRUNED:
                break
        return ()
