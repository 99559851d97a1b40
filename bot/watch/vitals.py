"""How the watching is: for `/healthz`, `/readyz` and `/metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.metrics import Metrics
from bot.records import WORKSPACE, ChannelState, Lane, Unreadable
from bot.store import Store, StoreError
from bot.work.port import Health
from providers.clock import Clock

RECENT = timedelta(seconds=30)
"""A process that has found out for so long nothing about its turns stands still."""

PATIENCE = timedelta(seconds=3)
"""Who asks how we are does not wait as long as a message does."""

NO_ANSWER = "the store did not answer in time"


class Working(Protocol):
    """What is asked of the work engine."""

    async def health(self) -> Health:
        """Return how the engine is; never raises."""


class Vitals:
    """Says how this process and what it works on are; never raises."""

    def __init__(
        self, store: Store, engine: Working, clock: Clock, metrics: Metrics
    ) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._metrics = metrics

    async def health(self) -> Mapping[str, Any]:
        """Return what is not as it should be, as JSON has it; times are in UTC.

        `blind` names the connections of which nothing is seen, `unreadable` single
        pipelines that cannot be read, `parked` the channels that cannot be posted to,
        `outbox` what waits for Slack. Where the store does not answer, `trouble` says
        so and the others are left out: they are not known.
        """
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                lanes, parked, (waiting, oldest) = await self._read()
                async with self._store.read() as tx:
                    unreadable = await tx.unreadable.all()
        except (StoreError, TimeoutError) as error:
            return {"trouble": _words(error)}
        work = await self._engine.health()
        return {
            "trouble": work.trouble,
            "blind": [_blind(lane) for lane in lanes if lane.blind_since is not None],
            "unreadable": [_unreadable(one) for one in unreadable],
            "parked": [_parked(channel) for channel in parked],
            "outbox": {"waiting": waiting, "oldest": _time(oldest)},
        }

    async def trouble(self) -> str | None:
        """Return why this process cannot watch just now; `None` while it can.

        A connection or a channel in trouble is none: the others are served.
        """
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await self._store.check()
        except (StoreError, TimeoutError) as error:
            return _words(error)
        work = await self._engine.health()
        if work.trouble is not None:
            return work.trouble
        if work.last_tick is None:
            return "the watch has not begun yet"
        if self._clock.now() - work.last_tick > RECENT:
            return "the watch stands still"
        return None

    async def metrics(self) -> bytes:
        """Return the figures; those of the store are the last known ones if it fails.

        Their text is of `bot.metrics.CONTENT_TYPE`.
        """
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                lanes, parked, (waiting, oldest) = await self._read()
        except (StoreError, TimeoutError):
            return self._metrics.text()
        now = self._clock.now()
        self._metrics.outbox(waiting, timedelta() if oldest is None else now - oldest)
        self._metrics.blind({ln.connection: ln.blind_since is not None for ln in lanes})
        self._metrics.parked([state.channel for state in parked])
        self._metrics.work((await self._engine.health()).lag)
        return self._metrics.text()

    async def _read(
        self,
    ) -> tuple[list[Lane], list[ChannelState], tuple[int, datetime | None]]:
        async with self._store.read() as tx:
            return (
                await tx.lanes.all(),
                await tx.channels.parked(),
                await tx.outbox.backlog(),
            )


def _words(error: Exception) -> str:
    return NO_ANSWER if isinstance(error, TimeoutError) else str(error)


def _blind(lane: Lane) -> dict[str, Any]:
    return {
        "connection": lane.connection,
        "since": _time(lane.blind_since),
        "why": lane.blind_reason,
    }


def _unreadable(one: Unreadable) -> dict[str, Any]:
    return {
        "pipeline": str(one.pipeline),
        "name": one.name,
        "since": _time(one.since),
        "why": one.reason,
    }


def _parked(state: ChannelState) -> dict[str, Any]:
    is_all = state.channel == WORKSPACE
    return {
        "channel": "every channel" if is_all else state.channel,
        "since": _time(state.parked_at),
        "why": state.parked,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
