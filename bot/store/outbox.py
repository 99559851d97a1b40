"""The outbox: messages on their way to Slack."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update

from bot.records import UNSETTLED, Delivery, DeliveryKind, DeliveryState
from bot.store.room import Room, portions
from bot.store.tables import channels, outbox

_UNSETTLED: ColumnElement[bool] = outbox.c.state.in_(UNSETTLED)
_POSTS = tuple(kind for kind in DeliveryKind if kind is not DeliveryKind.UPDATE)


class Outbox(Room[Delivery]):
    """Deliveries, in the order in which they were added.

    One that is neither pending nor trying is settled, and stays so.
    """

    _record = Delivery
    _table = outbox
    _keys = ("key",)

    async def add(self, deliveries: Iterable[Delivery]) -> frozenset[str]:
        """Add those whose key is new, in this order; return their keys."""
        return await self._add(deliveries, filled=("id",))

    async def get(self, delivery: int) -> Delivery | None:
        """Return the delivery with this id."""
        return await self._first(outbox.c.id == delivery)

    async def waiting(self, channel: str, limit: int) -> list[Delivery]:
        """Return what is not settled in a channel, in the order of adding."""
        return await self._all(
            _UNSETTLED,
            outbox.c.channel == channel,
            order=(outbox.c.id,),
            limit=limit,
        )

    async def of_incidents(self, incidents: Iterable[str]) -> list[Delivery]:
        """Return every delivery of these incidents, settled ones as well.

        Those of one incident come in the order of adding.
        """
        return [
            delivery
            for some in portions(incidents)
            for delivery in await self._all(
                outbox.c.incident.in_(some), order=(outbox.c.id,)
            )
        ]

    async def channels_waiting(
        self, now: datetime, *, longest_pause: timedelta
    ) -> list[str]:
        """Return the channels with something to send; not those that rest.

        The one that has waited longest comes first. A rest longer than `longest_pause`
        is none: the clock was set back.
        """
        resume_at = channels.c.resume_at
        statement = (
            select(outbox.c.channel)
            .outerjoin(channels, channels.c.channel == outbox.c.channel)
            .where(
                _UNSETTLED,
                or_(
                    resume_at.is_(None),
                    resume_at <= now,
                    resume_at > now + longest_pause,
                ),
            )
            .group_by(outbox.c.channel)
            .order_by(func.min(outbox.c.id))
        )
        return list((await self._connection.execute(statement)).scalars())

    async def claim(self, delivery: int, tries: int, now: datetime) -> bool:
        """Mark a delivery as being tried, once more than `tries`.

        `False` where it is settled, or somebody else has tried it since it was read.
        """
        claimed = (
            update(outbox)
            .where(outbox.c.id == delivery, outbox.c.tries == tries, _UNSETTLED)
            .values(state=DeliveryState.TRYING, tries=tries + 1, tried_at=now)
        )
        return bool(await self._changed(claimed))

    async def settle(
        self,
        delivery: int,
        state: DeliveryState,
        *,
        ts: str | None = None,
        error: str | None = None,
        degraded: int | None = None,
        tries: int | None = None,
    ) -> bool:
        """Say how a try ended; `False` where the delivery is settled already.

        Args:
            delivery: its id.
            state: how far it is now.
            ts: Slack's id of the message; what was known stays by default.
            error: what Slack said; by default what it said before is forgotten.
            degraded: how it was shortened; stays as it was by default.
            tries: only where nobody has tried it since; of a try that may be outdated.

        """
        values: dict[str, Any] = {"state": state, "error": error}
        values |= {} if ts is None else {"ts": ts}
        values |= {} if degraded is None else {"degraded": degraded}
        settled = update(outbox).where(outbox.c.id == delivery, _UNSETTLED)
        if tries is not None:
            settled = settled.where(outbox.c.tries == tries)
        return bool(await self._changed(settled.values(values)))

    async def swallow(self, ids: Collection[int]) -> int:
        """Mark those that are not settled as told by another; return how many."""
        swallowed = update(outbox).values(state=DeliveryState.SWALLOWED)
        count = 0
        for some in portions(ids):
            mine = swallowed.where(_UNSETTLED, outbox.c.id.in_(some))
            count += await self._changed(mine)
        return count

    async def give_up(self, before: datetime, *, error: str, limit: int) -> int:
        """Mark as dead what has waited since `before`; return how many.

        Of those, at most `limit`, the oldest first: a channel that cannot be posted to
        must not fill the store.
        """
        old = (
            select(outbox.c.id)
            .where(_UNSETTLED, outbox.c.created_at < before)
            .order_by(outbox.c.id)
            .limit(limit)
        )
        dead = update(outbox).where(outbox.c.id.in_(old))
        return await self._changed(dead.values(state=DeliveryState.DEAD, error=error))

    async def backlog(self) -> tuple[int, datetime | None]:
        """Return how many are not settled, and since when the oldest waits."""
        statement = select(func.count(), func.min(outbox.c.created_at))
        count, oldest = (
            await self._connection.execute(statement.where(_UNSETTLED))
        ).one()
        return count, oldest

    async def dead(self, limit: int) -> list[Delivery]:
        """Return what Slack refuses for good, the newest first."""
        return await self._all(
            outbox.c.state == DeliveryState.DEAD,
            order=(outbox.c.id.desc(),),
            limit=limit,
        )

    async def at(self, channel: str, ts: str) -> Delivery | None:
        """Return the delivery that made this message; not one that edited it."""
        return await self._first(
            outbox.c.channel == channel,
            outbox.c.ts == ts,
            outbox.c.kind.in_(_POSTS),
        )
