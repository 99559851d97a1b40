"""What happened → who is told, and in which message; within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.records import (
    Delivery,
    Event,
    Happening,
    Incident,
    Mute,
    Ruling,
    Style,
    Verdict,
    Watch,
)
from bot.store import Tx
from bot.watch.card_fates import NOTHING_TO_EDIT, Fate, fate_of_card
from bot.watch.decide import decide_in_channel
from bot.watch.failures import is_failure
from bot.watch.incident import event_of, tell
from bot.watch.log_ends import LogEnd, log_reply
from bot.watch.past import run_of
from bot.watch.rules import Situation, is_lifted_by, mutes_of
from bot.watch.storm import (
    USUAL,
    Gale,
    Member,
    caught_up,
    gather_storm,
    shown,
    storm_lineage,
)
from bot.watch.targets import Targets, Watched
from providers.model import Run, RunRef, State

MOST_MEMBERS = 1000
"""How many messages that wait in a channel are looked through for a storm."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look brought, as far as telling needs it."""

    runs: Mapping[str, Run]
    """By the ids of the runs."""
    logs: Mapping[RunRef, LogEnd]
    has_logs: bool = True
    """Whether its vendor gives out logs."""


class Telling:
    """Tells the channels of some pipelines what happened to them."""

    def __init__(
        self,
        tx: Tx,
        targets: Targets,
        now: datetime,
        shows_log: Callable[[str], bool] = lambda _: True,
        gale: Gale = USUAL,
    ) -> None:
        """Begin to tell.

        `shows_log` says which channels want the ends of logs, `gale` when many failures
        are a storm.
        """
        self._tx = tx
        self._targets = targets
        self._now = now
        self._shows_log = shows_log
        self._gale = gale
        self._channels: dict[str, set[str]] = {}
        """Where something was said, and about which connections."""
        self._muted: dict[str, list[Mute]] = {}

    @property
    def channels(self) -> frozenset[str]:
        """The channels that have something to say."""
        return frozenset(self._channels)

    async def tell(
        self, watched: Watched, happenings: Sequence[Happening], seen: Seen
    ) -> None:
        """Decide about each happening, channel by channel, and write down what follows.

        In order: what is decided about one depends on what was told before it.
        """
        by_channel: dict[str, list[Watch]] = {}
        for watch in watched.watches:
            by_channel.setdefault(watch.channel, []).append(watch)
        for happening in happenings:
            run = seen.runs.get(happening.run.id) or await self._remembered(happening)
            for channel, watches in by_channel.items():
                await self._tell_channel(
                    channel, watches, watched, happening, run, seen
                )

    async def _tell_channel(
        self,
        channel: str,
        watches: Sequence[Watch],
        watched: Watched,
        happening: Happening,
        run: Run,
        seen: Seen,
    ) -> None:
        tx, pipeline = self._tx, watched.pipeline
        incident = await tx.incidents.open_of(channel, happening.lineage)
        card = await fate_of_card(tx, incident)
        mutes = await self._mutes(channel, watched)
        situation = Situation(
            pipeline=pipeline,
            run=run,
            now=self._now,
            # Who never got its card was not told of it.
            incident=None if card is Fate.LOST else incident,
            mutes=mutes,
            rang=await self._rang(happening, watches),
        )
        verdicts = decide_in_channel(happening, watches, situation)
        await tx.verdicts.add(verdicts)
        await self._lift(mutes, happening)
        leading = verdicts[0]
        by_id = {watch.id: watch for watch in watches}
        teller = by_id.get(incident.watch) if incident else None
        watch = teller or by_id[leading.watch]
        told = tell(
            leading,
            happening,
            run=run,
            pipeline=pipeline,
            watch=watch,
            incident=incident,
            now=self._now,
            first_run=await self._first(incident, seen),
            has_log=seen.has_logs,
            muted_by=_muted_by(leading, watch, mutes, happening, self._now),
        )
        if told.incident is not None:
            await tx.incidents.save(told.incident)
        deliveries = told.deliveries
        if leading.ruling is not Ruling.RING and card in NOTHING_TO_EDIT:
            # An edit rings nobody, but without a card it would be a message of its own.
            deliveries = ()
        if self._shows_log(channel):
            log = seen.logs.get(run.ref)
            event = event_of(leading, happening)
            shown_as = replace(happening, event=event)
            deliveries += log_reply(deliveries, log, shown_as, run, pipeline)
        if await tx.outbox.add(deliveries):
            about = self._channels.setdefault(channel, set())
            about.add(pipeline.ref.connection)

    async def gather_storms(self) -> None:
        """Make one message of many, where many of one connection wait in a channel."""
        for channel, about in self._channels.items():
            for connection in sorted(about):
                await self.gather_storm(channel, connection)

    async def gather_storm(self, channel: str, connection: str) -> None:
        """Begin, go on with, or end the storm of one connection in one channel."""
        tx = self._tx
        storm = await tx.incidents.open_of(channel, storm_lineage(connection))
        members = await self._members(channel, connection)
        if storm is None:
            await self._catch_up(channel, connection, members)
        said = shown(await tx.outbox.of_incidents([storm.id])) if storm else None
        watch = await tx.watches.get(storm.watch) if storm else None
        gathered = gather_storm(
            channel,
            connection,
            members,
            storm,
            self._now,
            self._gale,
            before=said.lines if said else (),
            style=watch.style if watch else Style.BOTH,
        )
        if gathered.storm is not None:
            await tx.incidents.save(gathered.storm)
        if gathered.swallowed:
            await tx.outbox.swallow([d.id for d in gathered.swallowed])
        if await tx.outbox.add(gathered.deliveries):
            self._channels.setdefault(channel, set()).add(connection)

    async def _catch_up(
        self, channel: str, connection: str, members: Sequence[Member]
    ) -> None:
        """Let the message of a storm that is over show what has been fixed since."""
        tx = self._tx
        if not any(member.incident.closed_at and member.untold for member in members):
            return
        storm = await tx.incidents.last_of(channel, storm_lineage(connection))
        said = shown(await tx.outbox.of_incidents([storm.id])) if storm else None
        edit = caught_up(storm, said, members, self._now) if storm and said else None
        if edit is not None:
            await tx.outbox.add([edit])

    async def _members(self, channel: str, connection: str) -> list[Member]:
        tx = self._tx
        open_ones = {
            incident.id: incident
            for incident in await tx.incidents.open_in(channel)
            if _may_storm(incident, connection)
        }
        waiting = await tx.outbox.waiting(channel, MOST_MEMBERS)
        for ident in {d.incident for d in waiting if d.incident} - open_ones.keys():
            closed = await tx.incidents.get(ident)
            if closed is not None and _may_storm(closed, connection):
                open_ones[ident] = closed
        of_each: dict[str, list[Delivery]] = {ident: [] for ident in open_ones}
        for delivery in await tx.outbox.of_incidents(open_ones):
            of_each[delivery.incident or ""].append(delivery)
        members = [
            Member(incident, tuple(of_each[ident]))
            for ident, incident in open_ones.items()
        ]
        # In the order in which they happened, as the list is read; several are opened
        # at one and the same time where a look shows many runs.
        return sorted(members, key=lambda m: [d.id for d in m.deliveries])

    async def _mutes(self, channel: str, watched: Watched) -> tuple[Mute, ...]:
        if channel not in self._muted:
            found = await self._tx.mutes.in_channel(channel, self._now)
            self._muted[channel] = found
        return tuple(
            mute
            for mute in self._muted[channel]
            if self._targets.silences(mute, watched)
        )

    async def _lift(self, mutes: Sequence[Mute], happening: Happening) -> None:
        for mute in mutes:
            if is_lifted_by(mute, happening):
                await self._tx.mutes.lift(mute.id)
                self._muted.pop(mute.channel, None)

    async def _rang(
        self, happening: Happening, watches: Sequence[Watch]
    ) -> frozenset[Event]:
        """Return what was rung in this channel of the very same run."""
        others = {
            h.key: h.event
            for h in await self._tx.happenings.of_run(happening.run)
            if h.key != happening.key
        }
        if not others:
            return frozenset()
        here = {watch.id for watch in watches}
        return frozenset(
            others[verdict.happening]
            for verdict in await self._tx.verdicts.of(others)
            if verdict.watch in here and verdict.ruling is Ruling.RING
        )

    async def _first(self, incident: Incident | None, seen: Seen) -> Run | None:
        if incident is None:
            return None
        ref = incident.first_run
        known = seen.runs.get(ref.id)
        if known is not None:
            return known
        past = await self._tx.runs.get(ref)
        return run_of(past) if past else None

    async def _remembered(self, happening: Happening) -> Run:
        """Return the run as it was kept; of one that was not, that it is unknown."""
        past = await self._tx.runs.get(happening.run)
        return run_of(past) if past else Run(ref=happening.run, state=State.UNKNOWN)


def _may_storm(incident: Incident, connection: str) -> bool:
    return incident.lineage.pipeline.connection == connection and is_failure(incident)


def _muted_by(
    verdict: Verdict,
    watch: Watch,
    mutes: Sequence[Mute],
    happening: Happening,
    now: datetime,
) -> str | None:
    if verdict.ruling is not Ruling.MUTED:
        return None
    silent = mutes_of(watch, mutes, happening, now)
    return silent[0].by if silent else None
