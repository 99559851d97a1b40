"""What became of a delivery, written down: the table of Slack's outcomes.

| outcome | what follows |
|---|---|
| sent | its ts is kept; the place is open |
| not sent | pending again; the channel rests, as long as Slack says |
| unknown | it stays `trying`, to be looked for |
| bad message | the next try leaves something out, until nothing is left to leave out |
| gone | the card was deleted: as if it had never appeared |
| bad place | the channel is parked, its owners are told, its rows are kept |
| bad install | nothing is posted anywhere, but for a try every few minutes |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.records import ChannelState, Delivery, DeliveryState
from bot.watch.backlog import Waiting
from bot.watch.letters import less_of
from bot.watch.parking import park, park_workspace, paused, reopen
from bot.watch.posting import Count, Counted, Outcome, Result
from bot.watch.rooms import Tx
from providers.clock import Clock

log = structlog.get_logger(__name__)

LONGEST_BACKOFF = timedelta(seconds=60)


class Settling:
    """Writes outcomes down; nothing here talks to Slack."""

    def __init__(
        self,
        clock: Clock,
        count: Count,
        told: Callable[[timedelta], None] = lambda _: None,
    ) -> None:
        """Begin; `told` hears how long each message took from row to Slack."""
        self._clock = clock
        self._count = count
        self._told = told

    async def apply(self, tx: Tx, waiting: Waiting, outcome: Outcome) -> None:
        """Write down what an outcome means; see the table above."""
        row, error = waiting.row, outcome.error or outcome.result.value
        match outcome.result:
            case Result.SENT:
                await self.sent(tx, waiting, outcome.ts or waiting.card)
            case Result.NOT_SENT:
                await self._again(tx, row, error)
                await self.pause(tx, row, outcome)
            case Result.UNKNOWN:
                self._count(Counted.UNKNOWN)
                await self._again(tx, row, error, DeliveryState.TRYING)
            case Result.BAD_MESSAGE:
                await self._degrade(tx, waiting, error)
            case Result.GONE:
                await self._without_card(tx, waiting, error)
            case Result.BAD_PLACE:
                self._count(Counted.PARKED)
                await self._again(tx, row, error)
                state = await state_of(tx, row.channel)
                await park(tx, state, error, self._clock.now(), refused=row)
            case Result.BAD_INSTALL:
                self._count(Counted.PARKED)
                await self._again(tx, row, error)
                await park_workspace(tx, error, self._clock.now())

    async def _again(
        self,
        tx: Tx,
        row: Delivery,
        error: str,
        state: DeliveryState = DeliveryState.PENDING,
        degraded: int | None = None,
    ) -> None:
        """Let a row be tried again; unless somebody else, long since, tries it now."""
        await tx.outbox.settle(
            row.id, state, error=error, degraded=degraded, tries=row.tries + 1
        )

    async def sent(self, tx: Tx, waiting: Waiting, ts: str | None) -> None:
        """Note that Slack has a message, and under which ts."""
        self._count(Counted.SENT)
        row = waiting.row
        await tx.outbox.settle(row.id, DeliveryState.SENT, ts=ts)
        self._told(self._clock.now() - row.created_at)
        if row.incident is not None and waiting.becomes_card:
            incident = await tx.incidents.get(row.incident)
            if incident is not None:
                await tx.incidents.save(replace(incident, ts=ts))
        new = None if waiting.is_edit else ts
        await reopen(tx, row.channel, self._clock.now(), taken=row, ts=new)

    async def pause(self, tx: Tx, row: Delivery, outcome: Outcome) -> None:
        """Leave the channel alone for as long as Slack says, or for a while."""
        self._count(Counted.WAITED)
        backoff = min(timedelta(seconds=2 ** min(row.tries + 1, 10)), LONGEST_BACKOFF)
        state = await state_of(tx, row.channel)
        pause = outcome.retry_after or backoff
        await tx.channels.save(paused(state, self._clock.now(), pause))

    async def _degrade(self, tx: Tx, waiting: Waiting, error: str) -> None:
        """Leave out some of what was refused; or all, where nothing more can go."""
        less = less_of(waiting)
        if less is None:
            await self.bury(tx, waiting.row, error)
            return
        self._count(Counted.DEGRADED)
        await self._again(tx, waiting.row, error, degraded=less)

    async def _without_card(self, tx: Tx, waiting: Waiting, error: str) -> None:
        """Go on as though the card, which somebody deleted, had never appeared."""
        row = waiting.row
        incident = await tx.incidents.get(row.incident) if row.incident else None
        if incident is None or not waiting.card:
            await self.bury(tx, row, error)
            return
        await self._again(tx, row, error)
        await tx.incidents.save(replace(incident, ts=""))

    async def bury(self, tx: Tx, row: Delivery, error: str) -> None:
        """Give a delivery up, visibly."""
        self._count(Counted.DEAD)
        log.error("a delivery is given up", id=row.id, channel=row.channel, why=error)
        await tx.outbox.settle(row.id, DeliveryState.DEAD, error=error)


async def state_of(tx: Tx, channel: str) -> ChannelState:
    """Return what is known of a channel; of a new one, nothing."""
    return await tx.channels.get(channel) or ChannelState(channel=channel)
