"""`health`: how every connection is, and how the watch stands."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.answers import Health, Pulse, Standing
from bot.store import Store, StoreError

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.commands.grammar import Command


async def health(desk: Desk, command: Command) -> Health:
    """Return, of every connection, who it is to its vendor, or what is wrong."""
    del command
    names = tuple(desk.reader.providers)
    pulses = await asyncio.gather(*(_pulse(desk, name) for name in names))
    standing = await _standing(desk.store) if desk.store else None
    return Health(pulses=tuple(pulses), watch=standing)


MOST_DEAD = 100
"""How many are counted."""


async def _standing(store: Store) -> Standing:
    try:
        async with store.read() as tx:
            waiting, since = await tx.outbox.backlog()
            lanes = await tx.lanes.all()
            return Standing(
                blind=tuple(lane for lane in lanes if lane.blind_since is not None),
                unreadable=tuple(await tx.unreadable.all()),
                parked=tuple(await tx.channels.parked()),
                waiting=waiting,
                waiting_since=since,
                dead=len(await tx.outbox.dead(MOST_DEAD)),
            )
    except StoreError as error:
        # The connections are an answer all the same.
        return Standing(trouble=str(error))


async def _pulse(desk: Desk, name: str) -> Pulse:
    reading = await desk.reader.check(name)
    return Pulse(
        connection=name,
        title=desk.reader.providers[name].title,
        identity=reading.value,
        trouble=reading.trouble,
        as_of=reading.read_at,
    )
