"""Where messages go and where runs come from: channels and lanes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, update

from bot.records import ChannelState, Lane
from bot.store.room import Room
from bot.store.tables import channels, lanes


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

    async def claim(self, connection: str, now: datetime, until: datetime) -> bool:
        """Have a lane for oneself until `until`, or until it is released.

        `False` where somebody else has it, or there is no such lane. A claim that ends
        much later than this one was made by a clock that was set back since.
        """
        claimed = update(lanes).where(
            lanes.c.connection == connection,
            or_(
                lanes.c.claimed_until.is_(None),
                lanes.c.claimed_until <= now,
                lanes.c.claimed_until > until + (until - now),
            ),
        )
        return bool(await self._changed(claimed.values(claimed_until=until)))

    async def release_all(self) -> None:
        """Give back every claim: whoever had one is known to be gone."""
        await self._changed(update(lanes).values(claimed_until=None))

    async def release(self, connection: str, until: datetime) -> bool:
        """Give back what was claimed until `until`; `False` where it was lost."""
        released = update(lanes).where(
            lanes.c.connection == connection, lanes.c.claimed_until == until
        )
        return bool(await self._changed(released.values(claimed_until=None)))
