"""What is to stay silent for a while."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_

from bot.records import Mute
from bot.store.room import Room
from bot.store.tables import mutes

_OLDEST_FIRST = (mutes.c.created_at, mutes.c.id)


def _lasting(now: datetime) -> ColumnElement[bool]:
    return or_(mutes.c.until.is_(None), mutes.c.until > now)


class Mutes(Room[Mute]):
    """Mutes; those whose time is over are not returned."""

    _record = Mute
    _table = mutes
    _keys = ("id",)

    async def add(self, mute: Mute) -> bool:
        """Add a mute; `False` where its id is taken."""
        return bool(await self._add([mute]))

    async def lift(self, mute: str) -> bool:
        """End a mute; `False` where there is none."""
        return bool(await self._changed(delete(mutes).where(mutes.c.id == mute)))

    async def get(self, mute: str, now: datetime) -> Mute | None:
        """Return the mute with this id."""
        return await self._first(mutes.c.id == mute, _lasting(now))

    async def all(self, now: datetime) -> list[Mute]:
        """Return every mute that lasts, the oldest first."""
        return await self._all(_lasting(now), order=_OLDEST_FIRST)

    async def in_channel(self, channel: str, now: datetime) -> list[Mute]:
        """Return the mutes of a channel that last, the oldest first."""
        return await self._all(
            _lasting(now), mutes.c.channel == channel, order=_OLDEST_FIRST
        )
