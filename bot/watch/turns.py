"""Whose turn it is: which connections are looked at now, and what hastens them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.records import Lane
from bot.store import Store
from bot.watch import schedule
from bot.watch.schedule import Pace
from providers.clock import Clock

SOONEST = timedelta(seconds=5)
"""How soon after a look another one may be asked for: what is known is as new."""

FORGOTTEN = timedelta(days=1)
"""After this, the lane of a connection that is configured nowhere is forgotten."""


class Turns:
    """Keeps the lanes of the connections that are ours.

    Args:
        store: where lanes are kept.
        clock: the time.
        pace: how often to look.
        credentials: the fingerprints of what is shown to the vendors, by connection.

    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        pace: Pace,
        credentials: Mapping[str, str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._pace = pace
        self._credentials = credentials
        self._has_begun = False
        self._waits: dict[str, datetime] = {}
        """Lanes of which nothing could be kept just now, until when they rest."""

    async def due(self) -> list[str]:
        """Return the lanes to look at now, the one that is due longest first.

        Lanes of connections that are new are made. The first time, a lane whose
        credential was refused is due if it is shown another one now.
        """
        now = self._clock.now()
        if not self._has_begun:
            await self._begin(now)
            self._has_begun = True
        async with self._store.read() as tx:
            lanes = await tx.lanes.all()
        if self._credentials.keys() - {lane.connection for lane in lanes}:
            lanes = await self._complete(now)
        return [lane.connection for lane in lanes if self.is_due(lane)]

    def is_due(self, lane: Lane) -> bool:
        """Return whether to look at a lane now."""
        name, now = lane.connection, self._clock.now()
        is_resting = now < self._waits.get(name, now) <= now + self._pace.idle
        is_ours = name in self._credentials and not is_resting
        return is_ours and schedule.is_due(schedule.set_right(lane, now), now)

    def rest(self, connection: str) -> None:
        """Leave a lane alone for a moment: nothing of it could be kept.

        Else it would be asked again every moment for what cannot be kept.
        """
        self._waits[connection] = self._clock.now() + self._pace.busy

    async def forget(self) -> None:
        """Forget the lanes that nobody has looked at for long, and that are not ours.

        Another replica may have connections that we do not have yet, or not any more.
        """
        now = self._clock.now()
        async with self._store.write() as tx:
            for lane in await tx.lanes.all():
                last = lane.looked_at or lane.due_at
                if lane.connection not in self._credentials and now - last > FORGOTTEN:
                    await tx.lanes.remove(lane.connection)

    async def hasten(self, connection: str) -> bool:
        """Make a lane due now, as a person or a push asks; whether it is.

        Not while its vendor wants to be left alone, nor right after a look.
        """
        now = self._clock.now()
        async with self._store.write() as tx:
            kept = await tx.lanes.get(connection)
            if kept is None:
                return False
            lane = schedule.set_right(kept, now)
            is_open = lane.open_until is not None and now < lane.open_until
            is_fresh = lane.looked_at is not None and now - lane.looked_at < SOONEST
            if is_open or is_fresh:
                return False
            if lane.due_at > now:
                await tx.lanes.save(replace(lane, due_at=now))
        return True

    async def reopen(self, connection: str) -> bool:
        """Make a lane due now whose credential was refused; whether it is such a one.

        For when somebody has just read something with that credential.
        """
        async with self._store.read() as tx:
            known = await tx.lanes.get(connection)
        if known is None or known.refused is None:
            return False
        async with self._store.write() as tx:
            lane = await tx.lanes.get(connection)
            if lane is None or lane.refused is None:
                return False
            await tx.lanes.save(schedule.reopened(lane, self._clock.now()))
        return True

    async def _begin(self, now: datetime) -> None:
        """Have refused connections looked at, where they have another credential."""
        async with self._store.write() as tx:
            for lane in await tx.lanes.all():
                ours = self._credentials.get(lane.connection)
                if ours is not None and lane.refused not in {None, ours}:
                    await tx.lanes.save(schedule.reopened(lane, now))

    async def _complete(self, now: datetime) -> list[Lane]:
        async with self._store.write() as tx:
            known = {lane.connection for lane in await tx.lanes.all()}
            for new in self._credentials.keys() - known:
                await tx.lanes.save(schedule.first(new, now, self._pace))
            return await tx.lanes.all()
