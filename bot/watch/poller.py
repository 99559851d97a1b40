"""The lanes: which connection is looked at when, and what is said of the blind ones.

A lane is looked at by one replica at a time. What came of a look decides when the next
one is (`schedule`); that, and what there is to say of the lane, is committed together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

import structlog

from bot.records import Follow, Happening, Lane, Watch
from bot.store import Store, Tx
from bot.watch import blindness, following, schedule, vanity
from bot.watch.intake import Intake
from bot.watch.looking import Looking
from bot.watch.roster import Roster
from bot.watch.schedule import Pace, Step
from bot.watch.storm import USUAL, Gale
from bot.watch.targets import Targets
from providers.clock import Clock
from providers.contract import Look, Provider
from providers.model import PipelineRef

log = structlog.get_logger(__name__)

CLAIM = timedelta(seconds=30)
"""For how long a replica has a lane to itself; a look takes seconds."""

SOONEST = timedelta(seconds=5)
"""How soon after a look another one may be asked for: what is known is as new."""

FORGOTTEN = timedelta(days=1)
"""After this, the lane of a connection that is configured nowhere is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What came of a look at a lane."""

    connection: str
    channels: frozenset[str] = frozenset()
    """Who has something to be told."""
    happened: tuple[Happening, ...] = ()
    """What was seen to have happened, and kept."""
    watched: int = 0
    """How many pipelines were looked at."""
    unreadable: int = 0
    """How many of them could not be read, while others could."""
    news: int = 0
    """How many of them showed something new."""
    is_blind: bool = False
    is_skipped: bool = False
    """It was not its turn, or another replica looks."""


class Poller:
    """Looks at lanes, and hands what is new to the intake."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        store: Store,
        *,
        clock: Clock,
        random: Random,
        targets: Targets,
        pace: Pace,
        calls: Callable[[str], int],
        shows_log: Callable[[str], bool] = lambda _: True,
        gale: Gale = USUAL,
    ) -> None:
        """Make a poller.

        Args:
            providers: by the names of their connections.
            store: where lanes, watches and all that is seen are kept.
            clock: the time.
            random: for the jitter.
            targets: what is needed to read a target.
            pace: how often to look.
            calls: how many requests were made so far of a connection.
            shows_log: which channels want the end of a failure's log.
            gale: when many failures are a storm.

        """
        self._store = store
        self._intake = Intake(store, clock, targets, shows_log, gale)
        self._clock = clock
        self._random = random
        self._pace = pace
        self._calls = calls
        self._roster = Roster(targets)
        self._began_at = clock.now()
        self._noted = vanity.Noted()
        self._waits: dict[str, datetime] = {}
        """Lanes of which nothing could be kept just now, until when they rest."""
        self._looking = {
            name: Looking(provider, store, clock, targets)
            for name, provider in providers.items()
        }

    async def due(self) -> list[str]:
        """Return the lanes to look at now, the one that is due longest first.

        Lanes of connections that are new are made.
        """
        now = self._clock.now()
        async with self._store.read() as tx:
            lanes = await tx.lanes.all()
        if self._looking.keys() - {lane.connection for lane in lanes}:
            lanes = await self._complete(now)
        return [lane.connection for lane in lanes if self._is_due(lane, now)]

    def _is_due(self, lane: Lane, now: datetime) -> bool:
        name = lane.connection
        is_resting = now < self._waits.get(name, now) <= now + self._pace.idle
        is_ours = name in self._looking and not is_resting
        return is_ours and schedule.is_due(schedule.set_right(lane, now), now)

    async def _complete(self, now: datetime) -> list[Lane]:
        async with self._store.write() as tx:
            known = {lane.connection for lane in await tx.lanes.all()}
            for new in self._looking.keys() - known:
                await tx.lanes.save(schedule.first(new, now, self._pace))
            return await tx.lanes.all()

    async def forget_lanes(self) -> None:
        """Forget the lanes that nobody has looked at for long, and that are not ours.

        Another replica may have connections that we do not have yet, or not any more.
        """
        now = self._clock.now()
        async with self._store.write() as tx:
            for lane in await tx.lanes.all():
                last = lane.looked_at or lane.due_at
                if lane.connection not in self._looking and now - last > FORGOTTEN:
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

    def shows_news(self, connection: str, looks: Mapping[PipelineRef, Look]) -> bool:
        """Return whether somebody else's look at a lane shows what ours has not."""
        looking = self._looking.get(connection)
        return looking is not None and looking.shows_news(looks)

    async def look(self, connection: str) -> Looked:
        """Look at a lane if it is due, unless another replica does; keep what is seen.

        Raises:
            StoreError: nothing of it was kept.

        """
        now = self._clock.now()
        until = now + CLAIM
        idle = Looked(connection=connection, is_skipped=True)
        if connection not in self._looking:
            return idle  # another replica's, whose configuration is not ours
        async with self._store.write() as tx:
            lane = await tx.lanes.get(connection)
            if lane is None or not self._is_due(lane, now):
                return idle
            if not await tx.lanes.claim(connection, now, until):
                return idle
            watches = await self._roster.of(connection, tx)
            follows = await tx.follows.of_connection(connection)
        try:
            return await self._look(connection, watches, follows, until)
        except BaseException:
            # Else it would be asked again every moment for what cannot be kept.
            self._waits[connection] = self._clock.now() + self._pace.busy
            async with self._store.write() as tx:
                await tx.lanes.release(connection, until)
            raise

    async def _look(
        self,
        name: str,
        watches: Sequence[Watch],
        follows: Sequence[Follow],
        until: datetime,
    ) -> Looked:
        looking, before = self._looking[name], self._calls(name)
        try:
            seen = await looking.look(watches)
            followed = await looking.look_at(follows)
        except Exception as error:  # noqa: BLE001 - `_failed` logs what is ours
            return await self._failed(name, error, before, watches, until)
        taken = await self._intake.take_in(seen.sightings)
        looking.took_in(seen, except_for=taken.failed)
        calls = self._calls(name) - before
        is_busy = seen.is_busy or any(
            f.run and not f.run.state.is_over for f in followed
        )

        def step(lane: Lane, now: datetime) -> Step:
            if seen.trouble is not None:
                return self._after_failure(lane, seen.trouble, now, calls)
            return schedule.looked(
                lane,
                now=now,
                pace=self._pace,
                is_busy=is_busy,
                calls=calls,
                random=self._random,
            )

        async with self._store.write() as tx:
            told = await self._keep(tx, name, step, watches)
            told |= await following.take_in(tx, followed, self._clock.now())
            told |= await self._noted.note(tx, name, seen.matched, self._clock.now())
            await tx.lanes.release(name, until)
        return Looked(
            connection=name,
            channels=taken.channels | told,
            happened=taken.happened,
            watched=seen.watched,
            unreadable=seen.unreadable,
            news=len(seen.sightings),
        )

    async def _failed(
        self,
        name: str,
        error: Exception,
        before: int,
        watches: Sequence[Watch],
        until: datetime,
    ) -> Looked:
        blindness.note(name, error)
        calls = self._calls(name) - before

        def step(lane: Lane, now: datetime) -> Step:
            return self._after_failure(lane, error, now, calls)

        async with self._store.write() as tx:
            told = await self._keep(tx, name, step, watches)
            await tx.lanes.release(name, until)
        return Looked(connection=name, channels=told, is_blind=True)

    def _after_failure(
        self, lane: Lane, error: Exception, now: datetime, calls: int
    ) -> Step:
        return schedule.failed(
            lane,
            error,
            now=now,
            pace=self._pace,
            calls=calls,
            random=self._random,
        )

    async def sweep_storms(self) -> frozenset[str]:
        """End the storms that are over; return the channels that are told so."""
        return await self._intake.sweep_storms()

    async def sweep_blind(self) -> frozenset[str]:
        """Say of lanes that nothing is seen of them, where the time has come."""
        now, told = self._clock.now(), frozenset[str]()
        async with self._store.read() as tx:
            lanes = await tx.lanes.all()
        for lane in lanes:
            if self._grown_blind(schedule.set_right(lane, now), now).news is None:
                continue
            async with self._store.write() as tx:
                watches = await self._roster.of(lane.connection, tx)
                told |= await self._keep(
                    tx, lane.connection, self._grown_blind, watches
                )
        return told

    def _grown_blind(self, lane: Lane, now: datetime) -> Step:
        return schedule.grown_blind(lane, now, self._pace)

    async def sweep_vain(self) -> frozenset[str]:
        """Say of watches that they have meant no pipeline for long, once."""
        async with self._store.read() as tx:
            lanes = await tx.lanes.all()
        seen = {
            lane.connection
            for lane in lanes
            if lane.blind_since is None
            and lane.looked_at is not None
            and lane.looked_at >= self._began_at
        }
        return await vanity.sweep(
            self._store, self._roster, self._looking.keys() - seen, self._clock.now()
        )

    async def _keep(
        self,
        tx: Tx,
        name: str,
        step_of: Callable[[Lane, datetime], Step],
        watches: Collection[Watch],
    ) -> frozenset[str]:
        """Keep a lane as it is now, and in the same transaction what is said of it.

        Read anew: the sweep may have told meanwhile that nothing is seen of it.
        """
        now = self._clock.now()
        lane = await tx.lanes.get(name)
        if lane is None:
            return frozenset()
        step = step_of(schedule.set_right(lane, now), now)
        await tx.lanes.save(step.lane)
        said = blindness.notices(step, [watch.channel for watch in watches], now)
        await tx.outbox.add(said)
        return frozenset(delivery.channel for delivery in said)
