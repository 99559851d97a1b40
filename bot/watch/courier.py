"""The courier: what waits in the outbox reaches Slack, once.

Slack has no key by which it would refuse a message that it already took. So a row is
marked as `trying`, and that is committed, before a byte is written; the message carries
the row's key as metadata; and after any outcome that is not known, the courier waits
until Slack can no longer take it late, looks for it in the channel, and only then sends
it again. https://docs.slack.dev/messaging/message-metadata

What this cannot rule out is counted (`Counted`): a process that stands still between
its last look at the clock and the socket, a message that Slack takes later than
`SETTLE`, and one that a person deletes before the look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

import structlog

from bot.alerts import Alert, unpack
from bot.records import WORKSPACE
from bot.render.message import Message
from bot.watch.backlog import KEPT, Waiting, is_too_old, sort_out
from bot.watch.doubts import Attempt, Doubts, Look, Search, oldest
from bot.watch.letters import WITHOUT_METADATA, letter
from bot.watch.parking import EDITS, resting
from bot.watch.posting import (
    REQUEST,
    SETTLE,
    Count,
    Counted,
    Poster,
    UnknownOutcome,
)
from bot.watch.rooms import Store, Tx
from bot.watch.settling import Settling
from providers.clock import Clock

log = structlog.get_logger(__name__)

PACE = timedelta(seconds=1)
"""https://docs.slack.dev/apis/web-api/rate-limits: about one a second in a channel."""

LEASE = SETTLE
"""For how long a claim is one's own: until another may look whether it arrived."""

MOST_ROWS = 1000

TOO_LATE = "it could not be sent in time"


@dataclass(frozen=True, slots=True)
class _Try:
    """A message that was claimed, and is to be handed to Slack now."""

    waiting: Waiting
    """Its row as it was before the claim."""
    message: Message
    claimed: float
    """When, by the steady clock."""
    is_blind: bool
    """It was in doubt, and nobody could look for it."""


@dataclass(slots=True)
class _Memory:
    """What one drain need not find out again."""

    looks: dict[Attempt, Look] = field(default_factory=dict)
    alerts: dict[int, Alert] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)
    """Slack's ids of the cards, by incident."""


class _Again(Enum):
    """Something was settled without Slack: decide anew."""

    AGAIN = 1


_Turn = _Try | Search | _Again | datetime | None
"""What a drain does next; a time, or `None`, ends it."""


class Courier:
    """Sends what waits. One drain at a time per channel; a claim guards replicas.

    Args:
        store: where the outbox is.
        poster: Slack.
        clock: how the pace is kept; what time it is, the store says.
        steady: seconds of a clock that nobody sets, such as `time.monotonic`.
        zone: in which times are shown where the reader's own is not known.
        lease: how long a claim is one's own; nothing is sent after a third of it.
        unknown_outcome: what to do where nobody can say whether a message arrived.
        count: told of everything in `Counted`.
        told: told how long each message took, from its row to Slack's answer.

    """

    def __init__(
        self,
        store: Store,
        poster: Poster,
        clock: Clock,
        *,
        steady: Callable[[], float],
        zone: ZoneInfo,
        lease: timedelta = LEASE,
        unknown_outcome: UnknownOutcome = UnknownOutcome.LOOKUP,
        count: Count = lambda _: None,
        told: Callable[[timedelta], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._poster = poster
        self._clock = clock
        self._steady = steady
        self._zone = zone
        self._guard = min(lease / 3, SETTLE - REQUEST).total_seconds()
        self._unknown_outcome = unknown_outcome
        self._count = count
        self._settling = Settling(count, told)
        self._doubts = Doubts(
            store,
            poster,
            self._settling,
            steady=steady,
            unknown_outcome=unknown_outcome,
            count=count,
        )

    async def drain(self, channel: str) -> datetime | None:
        """Send what waits for a channel, as far as can be by now.

        Returns when there is something to do again, or `None` where nothing waits that
        time alone would let through. Raises what the store raises; whatever was in hand
        is then found in the outbox, marked, by the next drain.
        """
        memory = _Memory()
        while True:
            turn = await self._turn(channel, memory)
            match turn:
                case _Try():
                    await self._try(channel, turn)
                    memory.cards.pop(turn.waiting.row.incident or "", None)
                    # The second after the last one is waited too, so that the next
                    # drain need not know when that was.
                    await self._clock.sleep(PACE)
                case Search():
                    memory.looks |= await self._doubts.search(channel, turn)
                case _Again():
                    continue
                case _:
                    return turn

    async def give_up(self, limit: int) -> int:
        """Bury what could not be delivered for long; return how many, at most `limit`.

        Of all channels, those that are never drained as well: one that cannot be posted
        to must not fill the store.
        """
        async with self._store.write() as tx:
            before = await tx.now() - KEPT
            dead = await tx.outbox.give_up(before, error=TOO_LATE, limit=limit)
        for _ in range(dead):
            self._count(Counted.DEAD)
        return dead

    async def _turn(self, channel: str, memory: _Memory) -> _Turn:
        """Decide what comes next, and claim what is to be sent."""
        async with self._store.write() as tx:
            now = await tx.now()
            if (until := await resting(tx, now, WORKSPACE, channel)) is not None:
                return until
            waiting = await self._waiting(tx, channel, memory, now)
            doubtful = [w for w in waiting if w.is_doubtful]
            if (until := self._doubts.until(channel, doubtful, now)) is not None:
                return until
            looks = memory.looks
            if sought := [
                w for w in doubtful if not w.is_edit and w.attempt not in looks
            ]:
                until = await self._doubts.rest(tx, now)
                return until or Search(tuple(sought), await oldest(tx, channel, sought))
            first = await self._sort_out(tx, channel, waiting, memory, now)
            if first is None:
                return None
            if first.is_edit and (until := await resting(tx, now, EDITS)) is not None:
                return until
            return await self._claim(tx, first, looks.get(first.attempt), now)

    async def _waiting(
        self, tx: Tx, channel: str, memory: _Memory, now: datetime
    ) -> list[Waiting]:
        """Return the backlog in order, and bury what can never be sent."""
        found: list[Waiting] = []
        for row in await tx.outbox.waiting(channel, MOST_ROWS):
            if is_too_old(row, now):
                await self._settling.bury(tx, row, row.error or TOO_LATE)
                continue
            try:
                alert = memory.alerts.get(row.id) or unpack(row.payload)
            except ValueError:
                await self._settling.bury(tx, row, "what it says cannot be read")
                continue
            memory.alerts[row.id] = alert
            found.append(Waiting(row, alert, await _card(tx, row.incident, memory)))
        return sorted(found, key=lambda w: w.row.id)

    async def _sort_out(
        self,
        tx: Tx,
        channel: str,
        waiting: list[Waiting],
        memory: _Memory,
        now: datetime,
    ) -> Waiting | None:
        """Swallow what need not be sent, and return what goes first."""
        done = sort_out(waiting)
        while done.swallowed:
            await tx.outbox.swallow(done.swallowed)
            for _ in done.swallowed:
                self._count(Counted.SWALLOWED)
            if done.storm is not None:
                await tx.outbox.add([done.storm])
            done = sort_out(await self._waiting(tx, channel, memory, now))
        return done.first

    async def _claim(
        self, tx: Tx, first: Waiting, look: Look | None, now: datetime
    ) -> _Turn:
        is_blind = look is Look.REFUSED
        if is_blind and self._unknown_outcome is UnknownOutcome.HOLD:
            await self._settling.bury(
                tx, first.row, "held: nobody knows whether it arrived"
            )
            return _Again.AGAIN
        try:
            message = letter(first, now.astimezone(self._zone), may_repeat=is_blind)
        except Exception:
            # A fault of ours in one message must not close the channel to all others.
            log.exception("an alert could not be drawn", delivery=first.row.id)
            await self._settling.bury(tx, first.row, "it could not be drawn")
            return _Again.AGAIN
        claimed = self._steady()
        if not await tx.outbox.claim(first.row.id, first.row.tries, now):
            return now + SETTLE  # another replica has just taken it
        if look is not None:
            self._count(look.value)
        return _Try(first, message, claimed, is_blind)

    async def _try(self, channel: str, turn: _Try) -> None:
        """Hand a message to Slack, once, and write down what became of it."""
        row, waiting, message = turn.waiting.row, turn.waiting, turn.message
        if self._steady() - turn.claimed > self._guard:
            # Somebody may be about to take it over; it is marked, and so not lost.
            self._count(Counted.GUARDED)
            return
        if waiting.is_edit:
            outcome = await self._poster.update(channel, waiting.card or "", message)
        else:
            outcome = await self._poster.post(
                channel,
                message,
                key=row.key,
                thread=waiting.thread,
                with_metadata=row.degraded < WITHOUT_METADATA,
            )
        if self._steady() - turn.claimed > SETTLE.total_seconds():
            self._count(Counted.OVERSLEPT)
        log.info("delivery", id=row.id, channel=channel, outcome=outcome.result.value)
        async with self._store.write() as tx:
            await self._settling.apply(tx, waiting, outcome, is_blind=turn.is_blind)


async def _card(tx: Tx, ident: str | None, memory: _Memory) -> str | None:
    """Return Slack's id of an incident's card, where that was posted."""
    if ident is None or ident in memory.cards:
        return memory.cards.get(ident or "")
    incident = await tx.incidents.get(ident)
    if incident is None or not incident.ts:
        return None
    return memory.cards.setdefault(ident, incident.ts)
