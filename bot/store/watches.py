"""The watches that people and the file have made."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from typing_extensions import override

from bot.records import Watch
from bot.store.room import Room, Row, portions, upsert
from bot.store.tables import revisions, watches

_KEPT: ColumnElement[bool] = watches.c.removed_at.is_(None)
_OLDEST_FIRST = (watches.c.created_at, watches.c.id)


_REVISION = "watches"


class Watches(Room[Watch]):
    """Watches; removed ones are kept for history, and not returned."""

    _record = Watch
    _table = watches
    _keys = ("id",)

    async def add(self, watch: Watch) -> bool:
        """Add a watch; `False` where its id is taken, by a removed one as well."""
        await self._revise()
        return bool(await self._add([watch]))

    async def replace(self, watch: Watch) -> None:
        """Put a watch in the place of the one with its id; a removed one is back."""
        await self._revise()
        await self._save([watch])

    async def remove(self, watch: str, *, by: str, at: datetime) -> bool:
        """Remove a watch; `False` where there is none."""
        await self._revise()
        statement = update(watches).where(watches.c.id == watch, _KEPT)
        return bool(await self._changed(statement.values(removed_at=at, removed_by=by)))

    async def get(self, watch: str) -> Watch | None:
        """Return the watch with this id."""
        return await self._first(watches.c.id == watch, _KEPT)

    async def ever(self, ids: Collection[str]) -> list[Watch]:
        """Return the watches with these ids, removed ones as well."""
        return [
            watch
            for some in portions(ids)
            for watch in await self._all(watches.c.id.in_(some), order=_OLDEST_FIRST)
        ]

    async def all(self) -> list[Watch]:
        """Return every watch, the oldest first."""
        return await self._all(_KEPT, order=_OLDEST_FIRST)

    async def in_channel(self, channel: str) -> list[Watch]:
        """Return the watches of a channel, the oldest first."""
        return await self._all(_KEPT, watches.c.channel == channel, order=_OLDEST_FIRST)

    async def revision(self) -> int:
        """Return a number that is another one after every change of any watch."""
        statement = select(revisions.c.count).where(revisions.c.name == _REVISION)
        return (await self._connection.scalar(statement)) or 0

    async def matched(self, ids: Collection[str], now: datetime) -> list[Watch]:
        """Note that these watches mean something; return those told to be in vain."""
        mine = [watches.c.id.in_(some) for some in portions(ids)]
        told = [
            watch
            for these in mine
            for watch in await self._all(
                these, _KEPT, watches.c.vain_told_at.is_not(None), order=_OLDEST_FIRST
            )
        ]
        for these in mine:
            statement = update(watches).where(these)
            await self._changed(statement.values(matched_at=now, vain_told_at=None))
        return told

    async def in_vain(self, since: datetime) -> list[Watch]:
        """Return the watches that meant nothing since `since`, where that is untold."""
        last = func.coalesce(watches.c.matched_at, watches.c.created_at)
        return await self._all(
            _KEPT, watches.c.vain_told_at.is_(None), last < since, order=_OLDEST_FIRST
        )

    async def told_in_vain(self, watch: str, now: datetime) -> None:
        """Note that it was told that a watch means nothing."""
        statement = update(watches).where(watches.c.id == watch)
        await self._changed(statement.values(vain_told_at=now))

    async def _revise(self) -> None:
        count = await self.revision() + 1
        row = {"name": _REVISION, "count": count}
        await upsert(self._connection, revisions, [row], keys=("name",))

    @override
    def _row(self, record: Watch) -> Row:
        removed: dict[str, Any] = {"removed_at": None, "removed_by": None}
        return super()._row(record) | removed
