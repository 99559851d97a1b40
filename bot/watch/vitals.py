"""How the watching is: for `/healthz`, `/readyz` and `/metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What the store says of it, at one moment."""

    lanes: Sequence[Lane]
    unreadable: Sequence[Unreadable]
    parked: Sequence[ChannelState]
    waiting: int
    """How many messages wait for Slack."""
    oldest: datetime | None
    """Since when the first of them does."""


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
                kept = await self._read()
        except (StoreError, TimeoutError) as error:
            return {"trouble": _words(error)}
        work = await self._engine.health()
        return {
            "trouble": work.trouble,
            "blind": [_blind(lane) for lane in kept.lanes if lane.blind_since],
            "unreadable": [_unreadable(one) for one in kept.unreadable],
            "parked": [_parked(channel) for channel in kept.parked],
            "outbox": {"waiting": kept.waiting, "oldest": _time(kept.oldest)},
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
                kept = await self._read()
        except (StoreError, TimeoutError):
            return self._metrics.text()
        now = self._clock.now()
        age = timedelta() if kept.oldest is None else now - kept.oldest
        self._metrics.outbox(kept.waiting, age)
        self._metrics.blind(
            {lane.connection: lane.blind_since is not None for lane in kept.lanes}
        )
        self._metrics.parked([state.channel for state in kept.parked])
        self._metrics.work((await self._engine.health()).lag)
        return self._metrics.text()

    async def _read(self) -> _Kept:
        async with self._store.read() as tx:
            waiting, oldest = await tx.outbox.backlog()
            return _Kept(
                lanes=await tx.lanes.all(),
                unreadable=await tx.unreadable.all(),
                parked=await tx.channels.parked(),
                waiting=waiting,
                oldest=oldest,
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
