"""Watches in vain: those that have meant no pipeline for two weeks, said once.

When a watch last meant something is kept with it in the store, and noted once a day:
often enough for two weeks, and no write for a look that shows nothing new.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from bot.alerts import Said, pack
from bot.records import Delivery, DeliveryKind, Watch
from bot.store import Store, Tx
from bot.watch.keys import key_of
from bot.watch.roster import Roster

IN_VAIN = timedelta(days=14)

NOTED_FOR = timedelta(days=1)


class Noted:
    """Which watches were noted to mean something, and when, by connection."""

    def __init__(self) -> None:
        self._by_connection: dict[str, tuple[frozenset[str], datetime]] = {}

    async def note(
        self, tx: Tx, connection: str, matched: frozenset[str], now: datetime
    ) -> frozenset[str]:
        """Note what means something by now; return the channels that are told so."""
        known, at = self._by_connection.get(connection, (frozenset[str](), now))
        is_recent = timedelta() <= now - at < NOTED_FOR
        if matched <= known and is_recent:
            return frozenset()
        told = [
            _notice(w, now, is_over=True)
            for w in await tx.watches.matched(matched, now)
        ]
        await tx.outbox.add(told)
        self._by_connection[connection] = (matched, now)
        return frozenset(delivery.channel for delivery in told)


async def sweep(
    store: Store,
    roster: Roster,
    connections: Collection[str],
    began_at: datetime,
    now: datetime,
) -> frozenset[str]:
    """Tell of the watches in vain; return the channels that are told.

    Args:
        store: where they are.
        roster: which connections a watch is about.
        connections: all that there are. What one holds is only known where it was
            looked at since `began_at`, and can be seen.
        began_at: when this process began.
        now: the time.

    """
    since = now - IN_VAIN
    async with store.read() as tx:
        seen = {
            lane.connection
            for lane in await tx.lanes.all()
            if lane.blind_since is None
            and lane.looked_at is not None
            and lane.looked_at >= began_at
        }
        unseen = set(connections) - seen
        found = [
            w for w in await tx.watches.in_vain(since) if roster.is_seen(w, unseen)
        ]
    if not found:
        return frozenset()
    async with store.write() as tx:
        untold = {watch.id for watch in await tx.watches.in_vain(since)}
        found = [watch for watch in found if watch.id in untold]
        for watch in found:
            await tx.watches.told_in_vain(watch.id, now)
        await tx.outbox.add(_notice(watch, now, is_over=False) for watch in found)
    return frozenset(watch.channel for watch in found)


def _notice(watch: Watch, now: datetime, *, is_over: bool) -> Delivery:
    days = IN_VAIN.days
    said = (
        Said(
            what=f"Watch {watch.id} ({watch.target}) finds pipelines again.",
            is_over=True,
        )
        if is_over
        else Said(
            what=f"Watch {watch.id} ({watch.target}) has found nothing for {days} days",
            advice="Give it another target, or remove it.",
        )
    )
    return Delivery(
        key=key_of("vain", watch.id, str(is_over), now.date().isoformat()),
        channel=watch.channel,
        kind=DeliveryKind.NOTICE,
        payload=pack(said),
        created_at=now,
    )
