"""The incidents: what each channel is being told about."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from bot.records import Incident, Lineage
from bot.store.room import Room, digest
from bot.store.tables import incidents

_OPEN: ColumnElement[bool] = incidents.c.closed_at.is_(None)
_OLDEST_FIRST = (incidents.c.opened_at, incidents.c.id)


class Incidents(Room[Incident]):
    """Incidents; of a lineage at most one is open in a channel."""

    _record = Incident
    _table = incidents
    _keys = ("id",)

    async def open_of(self, channel: str, lineage: Lineage) -> Incident | None:
        """Return the open incident of a lineage in a channel."""
        return await self._first(
            _OPEN,
            incidents.c.channel == channel,
            incidents.c.lineage == digest(lineage),
        )

    async def last_of(self, channel: str, lineage: Lineage) -> Incident | None:
        """Return the newest incident of a lineage in a channel, open or closed."""
        found = await self._all(
            incidents.c.channel == channel,
            incidents.c.lineage == digest(lineage),
            order=(incidents.c.opened_at.desc(), incidents.c.id),
            limit=1,
        )
        return found[0] if found else None

    async def open_in(self, channel: str) -> list[Incident]:
        """Return the open incidents of a channel, the oldest first."""
        return await self._all(
            _OPEN, incidents.c.channel == channel, order=_OLDEST_FIRST
        )

    async def open_on(self, line: str) -> list[Incident]:
        """Return the open incidents on a line of any pipeline, the oldest first."""
        return await self._all(_OPEN, incidents.c.line == line, order=_OLDEST_FIRST)

    async def open_about(self, connection: str) -> list[Incident]:
        """Return the open incidents of a connection's pipelines, the oldest first."""
        found = await self._all(_OPEN, order=_OLDEST_FIRST)
        return [i for i in found if i.lineage.pipeline.connection == connection]

    async def open_under(self, start: str) -> list[Incident]:
        """Return the open incidents on lines that begin so, the oldest first."""
        begins = incidents.c.line.startswith(start, autoescape=True)
        return await self._all(_OPEN, begins, order=_OLDEST_FIRST)

    async def open_of_watch(self, watch: str) -> list[Incident]:
        """Return the open incidents that follow a watch's style, the oldest first."""
        return await self._all(_OPEN, incidents.c.watch == watch, order=_OLDEST_FIRST)

    async def save(self, incident: Incident) -> None:
        """Keep an incident, in the place of the one with its id.

        Raises:
            StoreError: another one of its lineage is open in its channel.

        """
        await self._save([incident])

    async def get(self, incident: str) -> Incident | None:
        """Return the incident with this id, open or closed."""
        return await self._first(incidents.c.id == incident)

    async def at(self, channel: str, ts: str) -> Incident | None:
        """Return the incident whose card is this message."""
        return await self._first(incidents.c.channel == channel, incidents.c.ts == ts)
