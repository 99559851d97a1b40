"""What became of a delivery, written down: the table of Slack's outcomes.

| outcome | what follows |
|---|---|
| sent | its ts is kept; the place is open |
| not sent | pending again; the channel rests, as long as Slack says (or all edits) |
| unknown | it stays `trying`, to be looked for |
| bad message | the next try leaves something out, until nothing is left to leave out |
| gone | the card was deleted: as if it had never appeared |
| bad thread | the reply becomes a message of its own; the card stays the card |
| bad place | the channel is parked, its owners are told, its rows are kept |
| bad install | nothing is posted anywhere, but for a try every few minutes |

What was in doubt already, and was tried again without a look, stays in doubt until
Slack has it: that this try came to nothing says nothing about the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.records import Delivery, DeliveryKind, DeliveryState
from bot.watch.backlog import Waiting
from bot.watch.keys import key_of
from bot.watch.letters import less_of
from bot.watch.parking import (
    EDITS,
    park,
    park_workspace,
    paused,
    reopen,
    state_of,
)
from bot.watch.posting import Count, Counted, Outcome, Result
from bot.watch.rooms import Tx

log = structlog.get_logger(__name__)

LONGEST_BACKOFF = timedelta(seconds=60)


class Settling:
    """Writes outcomes down; nothing here talks to Slack."""

    def __init__(
        self,
        count: Count,
        told: Callable[[timedelta], None] = lambda _: None,
    ) -> None:
        """Begin; `told` hears how long each message took from row to Slack."""
        self._count = count
        self._told = told

    async def apply(
        self, tx: Tx, waiting: Waiting, outcome: Outcome, *, is_blind: bool = False
    ) -> None:
        """Write down what an outcome means; see the table above.

        `is_blind` says that it was in doubt, and tried again without a look.
        """
        row, error = waiting.row, outcome.error or outcome.result.value
        again = DeliveryState.TRYING if is_blind else DeliveryState.PENDING
        match outcome.result:
            case Result.SENT:
                await self.sent(tx, waiting, outcome.ts or waiting.card)
            case Result.NOT_SENT:
                await self._again(tx, row, error, again)
                is_limit = waiting.is_edit and outcome.retry_after is not None
                place = EDITS if is_limit else row.channel
                await self.pause(tx, row, outcome, place)
            case Result.UNKNOWN:
                self._count(Counted.UNKNOWN)
                await self._again(tx, row, error, DeliveryState.TRYING)
            case Result.BAD_MESSAGE:
                await self._degrade(tx, waiting, error, again)
            case Result.GONE:
                await self._without_card(tx, waiting, error, again)
            case Result.BAD_THREAD:
                await self._out_of_thread(tx, waiting, error)
            case Result.BAD_PLACE:
                self._count(Counted.PARKED)
                await self._again(tx, row, error, again)
                state = await state_of(tx, row.channel)
                await park(tx, state, error, await tx.now(), refused=row)
            case Result.BAD_INSTALL:
                self._count(Counted.PARKED)
                await self._again(tx, row, error, again)
                await park_workspace(tx, error, await tx.now())

    async def _again(
        self,
        tx: Tx,
        row: Delivery,
        error: str,
        state: DeliveryState,
        degraded: int | None = None,
    ) -> None:
        """Let a row be tried again; unless somebody else, long since, tries it now."""
        await tx.outbox.settle(
            row.id, state, error=error, degraded=degraded, tries=row.tries + 1
        )

    async def sent(self, tx: Tx, waiting: Waiting, ts: str | None) -> None:
        """Note that Slack has a message, and under which ts."""
        row, now = waiting.row, await tx.now()
        if await tx.outbox.settle(row.id, DeliveryState.SENT, ts=ts):
            self._count(Counted.SENT)
            self._told(now - row.created_at)
        if row.incident is not None and waiting.becomes_card:
            incident = await tx.incidents.get(row.incident)
            # Where another replica posted it as well, the first one stays the card.
            if incident is not None and not incident.ts:
                await tx.incidents.save(replace(incident, ts=ts))
        new = None if waiting.is_edit else ts
        await reopen(tx, row.channel, now, taken=row, ts=new)

    async def pause(self, tx: Tx, row: Delivery, outcome: Outcome, place: str) -> None:
        """Leave a place alone for as long as Slack says, or for a while."""
        self._count(Counted.WAITED)
        backoff = min(timedelta(seconds=2 ** min(row.tries + 1, 10)), LONGEST_BACKOFF)
        state = await state_of(tx, place)
        pause = outcome.retry_after or backoff
        await tx.channels.save(paused(state, await tx.now(), pause))

    async def _degrade(
        self, tx: Tx, waiting: Waiting, error: str, again: DeliveryState
    ) -> None:
        """Leave out some of what was refused; or all, where nothing more can go."""
        less = less_of(waiting)
        if less is None:
            await self.bury(tx, waiting.row, error)
            return
        self._count(Counted.DEGRADED)
        await self._again(tx, waiting.row, error, again, degraded=less)

    async def _without_card(
        self, tx: Tx, waiting: Waiting, error: str, again: DeliveryState
    ) -> None:
        """Go on as though the card, which somebody deleted, had never appeared."""
        row = waiting.row
        incident = await tx.incidents.get(row.incident) if row.incident else None
        if incident is None or not waiting.card:
            await self.bury(tx, row, error)
            return
        await self._again(tx, row, error, again)
        await tx.incidents.save(replace(incident, ts=""))

    async def _out_of_thread(self, tx: Tx, waiting: Waiting, error: str) -> None:
        """Have a reply said in the channel, since its thread is closed to us."""
        row = waiting.row
        if waiting.thread is None:
            await self.bury(tx, row, error)
            return
        instead = replace(
            row,
            key=key_of(row.key, "out of its thread"),
            kind=DeliveryKind.NOTICE,
            incident=None,
            state=DeliveryState.PENDING,
            tries=0,
            tried_at=None,
            error=None,
        )
        await tx.outbox.add([instead])
        await tx.outbox.settle(row.id, DeliveryState.SWALLOWED, error=error)

    async def bury(self, tx: Tx, row: Delivery, error: str) -> None:
        """Give a delivery up, visibly."""
        self._count(Counted.DEAD)
        log.error("a delivery is given up", id=row.id, channel=row.channel, why=error)
        await tx.outbox.settle(row.id, DeliveryState.DEAD, error=error)
