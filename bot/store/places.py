"""Where messages go and where runs come from, and what of that is out of reach."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from bot.records import ChannelState, Lane, Unreadable
from bot.store.room import Room, portions
from bot.store.tables import channels, lanes, unreadable
from providers.refs import PipelineRef


class Channels(Room[ChannelState]):
    """What is known of channels as places to post to."""

    _record = ChannelState
    _table = channels
    _keys = ("channel",)

    async def get(self, channel: str) -> ChannelState | None:
        """Return what is known of a channel."""
        return await self._first(channels.c.channel == channel)

    async def save(self, state: ChannelState) -> None:
        """Keep what is known of a channel."""
        await self._save([state])

    async def parked(self) -> list[ChannelState]:
        """Return the channels that cannot be posted to, the longest parked first."""
        return await self._all(
            channels.c.parked.is_not(None),
            order=(channels.c.parked_at, channels.c.channel),
        )


class Lanes(Room[Lane]):
    """The connections as what is asked at a rhythm."""

    _record = Lane
    _table = lanes
    _keys = ("connection",)

    async def all(self) -> list[Lane]:
        """Return every lane, the next one due first."""
        return await self._all(order=(lanes.c.due_at, lanes.c.connection))

    async def get(self, connection: str) -> Lane | None:
        """Return the lane of a connection."""
        return await self._first(lanes.c.connection == connection)

    async def save(self, lane: Lane) -> None:
        """Keep a lane; a claim on it stays as it is."""
        await self._save([lane])

    async def remove(self, connection: str) -> bool:
        """Forget the lane of a connection that is configured no more."""
        statement = lanes.delete().where(lanes.c.connection == connection)
        return bool(await self._changed(statement))

    async def claim(
        self, connection: str, by: str, *, now: datetime, hold: timedelta
    ) -> bool:
        """Have a lane for oneself for as long as `hold`, or until it is released.

        `False` where somebody else has it, or there is no such lane. A claim that ends
        much later than this one was made by a clock that was set back since.

        Args:
            connection: whose lane it is.
            by: a word that nobody else claims with, and nobody claimed with before.
            now: the time by the clock that all replicas share: `Tx.now`.
            hold: for how long.

        """
        claimed = update(lanes).where(
            lanes.c.connection == connection,
            or_(
                lanes.c.claimed_until.is_(None),
                lanes.c.claimed_until <= now,
                lanes.c.claimed_until > now + 2 * hold,
            ),
        )
        values = {"claimed_by": by, "claimed_until": now + hold}
        return bool(await self._changed(claimed.values(values)))

    async def extend(
        self, connection: str, by: str, *, now: datetime, hold: timedelta
    ) -> bool:
        """Hold a claim for so long from now on; `False` where it was lost.

        One that has run out and that nobody has taken over is still one's own.
        """
        held = update(lanes).where(
            lanes.c.connection == connection, lanes.c.claimed_by == by
        )
        return bool(await self._changed(held.values(claimed_until=now + hold)))

    async def holds(self, connection: str, by: str) -> bool:
        """Return whether a lane is still this claim's: nobody has taken it over."""
        holder = select(lanes.c.claimed_by).where(lanes.c.connection == connection)
        return await self._connection.scalar(holder) == by

    async def release(self, connection: str, by: str) -> bool:
        """Give back a claim; `False` where it was lost."""
        released = update(lanes).where(
            lanes.c.connection == connection, lanes.c.claimed_by == by
        )
        return bool(await self._changed(released.values(_NOBODY)))

    async def release_all(self) -> None:
        """Give back every claim: whoever had one is known to be gone."""
        await self._changed(update(lanes).values(_NOBODY))


_NOBODY = {"claimed_by": None, "claimed_until": None}


class Unreadables(Room[Unreadable]):
    """The watched pipelines that cannot be read, while others can."""

    _record = Unreadable
    _table = unreadable
    _keys = ("pipeline",)

    async def all(self) -> list[Unreadable]:
        """Return all of them, the longest unread first."""
        return await self._all(order=(unreadable.c.since, unreadable.c.pipeline))

    async def of(self, connection: str) -> list[Unreadable]:
        """Return those of a connection, the longest unread first."""
        return [u for u in await self.all() if u.pipeline.connection == connection]

    async def save(self, records: Iterable[Unreadable]) -> None:
        """Keep these, in the place of what was known of the same pipelines."""
        await self._save(records)

    async def remove(self, pipelines: Collection[PipelineRef]) -> None:
        """Forget these: they can be read, or nobody watches them any more."""
        for some in portions(pipelines):
            gone = unreadable.delete().where(unreadable.c.pipeline.in_(some))
            await self._changed(gone)
