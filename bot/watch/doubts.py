"""Messages that may have arrived: when it is safe to look for them, and looking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.watch.backlog import Waiting
from bot.watch.parking import LOOKS, resting, state_of
from bot.watch.posting import (
    SETTLE,
    Count,
    Counted,
    Poster,
    Result,
    UnknownOutcome,
)
from bot.watch.rooms import Store, Tx
from bot.watch.settling import Settling

SKEW = timedelta(seconds=120)
"""How far our clock may be from Slack's for a look to go back far enough."""

Attempt = tuple[int, int]
"""The id of a row, and how often it was tried."""


class Look(Enum):
    """What came of looking for a message that may have arrived."""

    NOTHING = Counted.RESENT
    """It is not there."""
    REFUSED = Counted.RESENT_BLIND
    """It is not possible to look, or not wanted."""


@dataclass(frozen=True, slots=True)
class Search:
    """Messages to be looked for before anything else is sent."""

    waiting: tuple[Waiting, ...]
    oldest: str


class Doubts:
    """Settles what is in doubt; nothing here sends anything."""

    def __init__(
        self,
        store: Store,
        poster: Poster,
        settling: Settling,
        *,
        steady: Callable[[], float],
        unknown_outcome: UnknownOutcome,
        count: Count,
    ) -> None:
        self._store = store
        self._poster = poster
        self._settling = settling
        self._steady = steady
        self._unknown_outcome = unknown_outcome
        self._count = count
        self._known: dict[str, dict[Attempt, float]] = {}

    def until(
        self, channel: str, doubtful: Sequence[Waiting], now: datetime
    ) -> datetime | None:
        """Return until when Slack may still take one of these, if it may.

        By the time of the try, so that a restart loses none; or by how long the doubt
        is known here, in case that the clock was set back.
        """
        steady, before = self._steady(), self._known.pop(channel, {})
        seen = {w.attempt: before.get(w.attempt, steady) for w in doubtful}
        if not seen:
            return None
        self._known[channel] = seen
        left = max(
            min(
                (w.row.tried_at or now) + SETTLE - now,
                SETTLE - timedelta(seconds=steady - seen[w.attempt]),
            )
            for w in doubtful
        )
        return now + left if left > timedelta() else None

    async def rest(self, tx: Tx, now: datetime) -> datetime | None:
        """Return until when Slack wants no looks, if it does not."""
        if self._unknown_outcome is not UnknownOutcome.LOOKUP:
            return None
        return await resting(tx, now, LOOKS)

    async def search(self, channel: str, search: Search) -> dict[Attempt, Look]:
        """Look for messages, settle those that are there, and return the others."""
        if self._unknown_outcome is not UnknownOutcome.LOOKUP:
            return {w.attempt: Look.REFUSED for w in search.waiting}
        threads: dict[str | None, list[Waiting]] = defaultdict(list)
        for w in search.waiting:
            threads[w.thread].append(w)
        looks: dict[Attempt, Look] = {}
        for thread, sought in threads.items():
            found = await self._poster.find(
                channel,
                [w.row.key for w in sought],
                oldest=search.oldest,
                thread=thread,
            )
            trouble = found.trouble
            async with self._store.write() as tx:
                missing = [w for w in sought if w.row.key not in found.ts]
                for w in sought:
                    if w not in missing:
                        self._count(Counted.FOUND)
                        await self._settling.sent(tx, w, found.ts[w.row.key])
                if trouble and trouble.result in {Result.NOT_SENT, Result.UNKNOWN}:
                    place = channel if trouble.retry_after is None else LOOKS
                    await self._settling.pause(tx, sought[0].row, trouble, place)
                    return {}
            look = Look.REFUSED if trouble else Look.NOTHING
            looks |= {w.attempt: look for w in missing}
        return looks


async def oldest(tx: Tx, channel: str, sought: Sequence[Waiting]) -> str:
    """Return from when on to look: our last post there, or earlier by our own clock.

    Slack's clock is compared with Slack's own where that reaches further back.
    """
    by_clock = min((_begun(w) - SKEW).timestamp() for w in sought)
    last = (await state_of(tx, channel)).last_ts
    return f"{min(by_clock, float(last) if last else by_clock):.6f}"


def _begun(w: Waiting) -> datetime:
    """Return when a message was first tried, or some time before that."""
    row = w.row
    # Of several tries only the last one's time is kept.
    is_only = row.tries == 1 and row.tried_at is not None
    return row.tried_at if is_only and row.tried_at else row.created_at
