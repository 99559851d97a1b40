"""The lanes: which connection is looked at when, and what is said of the blind ones.

A lane is looked at by one replica at a time. What came of a look decides when the next
one is (`schedule`); that, and what there is to say of the lane, is committed together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

import structlog

from bot.records import Follow, Happening, Lane, Unreadable, Watch
from bot.store import Store, Tx
from bot.watch import blindness, following, schedule, unreadable, vanity
from bot.watch.claim import HOLD, Claim, Lost
from bot.watch.intake import Intake
from bot.watch.looking import Looking
from bot.watch.roster import Roster
from bot.watch.schedule import Pace, Step
from bot.watch.storm import USUAL, Gale
from bot.watch.targets import Targets
from bot.watch.turns import Turns
from providers.clock import Clock
from providers.contract import Look, Provider
from providers.errors import ProviderError
from providers.model import PipelineRef

log = structlog.get_logger(__name__)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a connection is to its vendor."""

    credential: str = ""
    """A fingerprint of it: where one was refused, another one is tried at once."""
    per_hour: int | None = None
    """How many requests it may make in an hour; `None` for no limit of ours."""


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
        accounts: Mapping[str, Account] | None = None,
        hold: timedelta = HOLD,
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
            accounts: what each connection is to its vendor, where that is known.
            hold: for how long a lane is claimed, between two extensions.

        """
        self._store = store
        self._intake = Intake(store, clock, targets, shows_log, gale)
        self._clock = clock
        self._random = random
        self._pace = pace
        self._accounts = dict.fromkeys(providers, Account()) | dict(accounts or {})
        self._calls = calls
        self._targets = targets
        self._hold = hold
        self._roster = Roster(targets)
        credentials = {n: account.credential for n, account in self._accounts.items()}
        self.turns = Turns(store, clock, pace, credentials)
        """Which lanes are due."""
        self._began_at = clock.now()
        self._noted = vanity.Noted()
        self._looking = {
            name: Looking(provider, store, clock, targets)
            for name, provider in providers.items()
        }

    async def asks_for_a_look(
        self, connection: str, looks: Mapping[PipelineRef, Look]
    ) -> bool:
        """Return whether somebody else's look at a lane is a reason for one of ours.

        It shows what ours has not; or it shows anything at all, while our credential
        was last refused.
        """
        looking = self._looking.get(connection)
        if looking is None:
            return False
        is_read = any(not isinstance(found, ProviderError) for found in looks.values())
        if is_read and await self.turns.reopen(connection):
            return True
        return looking.shows_news(looks) and await self.turns.hasten(connection)

    async def look(self, connection: str) -> Looked:
        """Look at a lane if it is due, unless another replica does; keep what is seen.

        Raises:
            StoreError: nothing of it was kept.

        """
        idle = Looked(connection=connection, is_skipped=True)
        if connection not in self._looking:
            return idle  # another replica's, whose configuration is not ours
        claim = Claim(
            self._store,
            connection,
            f"{self._random.getrandbits(64):x}",
            self._hold,
        )
        async with self._store.write() as tx:
            lane = await tx.lanes.get(connection)
            if lane is None or not self.turns.is_due(lane):
                return idle
            if not await claim.take(tx):
                return idle
            watches = await self._roster.of(connection, tx)
            follows = await tx.follows.of_connection(connection)
            unread = await tx.unreadable.of(connection)
        try:
            return await claim.hold(
                self._look(connection, watches, follows, unread, claim)
            )
        except Lost:
            log.info("another replica looks by now", connection=connection)
            return idle
        except BaseException:
            self.turns.rest(connection)
            async with self._store.write() as tx:
                await claim.release(tx)
            raise

    async def _look(
        self,
        name: str,
        watches: Sequence[Watch],
        follows: Sequence[Follow],
        unread: Sequence[Unreadable],
        claim: Claim,
    ) -> Looked:
        looking, before = self._looking[name], self._calls(name)
        try:
            seen = await looking.look(watches)
            followed = await looking.look_at(follows)
        except Exception as error:  # noqa: BLE001 - `_failed` logs what is ours
            return await self._failed(name, error, before, watches, claim)
        taken = await self._intake.take_in(seen.sightings, claim.check)
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
                pace=self._pace_of(name),
                is_busy=is_busy,
                calls=calls,
                random=self._random,
            )

        async with self._store.write() as tx:
            await claim.check(tx)
            now, after = self._clock.now(), self._pace.blind_after
            told = await self._keep(tx, name, step, watches)
            told |= await following.take_in(tx, followed, now)
            told |= await self._noted.note(tx, name, seen.matched, now)
            told |= await unreadable.note(
                tx, seen.sight, unread, watches, self._targets, now, after
            )
            await claim.release(tx)
        looking.took_in(seen, except_for=taken.failed)
        return Looked(
            connection=name,
            channels=taken.channels | told,
            happened=taken.happened,
            watched=len(seen.sight.watched),
            unreadable=len(seen.sight.errors),
            news=len(seen.sightings),
        )

    async def _failed(
        self,
        name: str,
        error: Exception,
        before: int,
        watches: Sequence[Watch],
        claim: Claim,
    ) -> Looked:
        blindness.note(name, error)
        calls = self._calls(name) - before

        def step(lane: Lane, now: datetime) -> Step:
            return self._after_failure(lane, error, now, calls)

        async with self._store.write() as tx:
            await claim.check(tx)
            told = await self._keep(tx, name, step, watches)
            await claim.release(tx)
        return Looked(connection=name, channels=told, is_blind=True)

    def _after_failure(
        self, lane: Lane, error: Exception, now: datetime, calls: int
    ) -> Step:
        return schedule.failed(
            lane,
            error,
            now=now,
            pace=self._pace_of(lane.connection),
            calls=calls,
            random=self._random,
            credential=self._accounts[lane.connection].credential,
        )

    def _pace_of(self, name: str) -> Pace:
        return replace(self._pace, per_hour=self._accounts[name].per_hour)

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
        return await vanity.sweep(
            self._store, self._roster, self._looking, self._began_at, self._clock.now()
        )

    async def _keep(
        self,
        tx: Tx,
        name: str,
        step_of: Callable[[Lane, datetime], Step],
        watches: Sequence[Watch],
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
        said = blindness.notices(step, watches, now)
        new = await tx.outbox.add(said)
        return frozenset(one.channel for one in said if one.key in new)
