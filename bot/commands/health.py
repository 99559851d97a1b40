"""`health`: how every connection is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.answers import Health, Pulse

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.commands.grammar import Command


async def health(desk: Desk, command: Command) -> Health:
    """Return, of every connection, who it is to its vendor, or what is wrong."""
    del command
    names = tuple(desk.reader.providers)
    return Health(pulses=tuple(await asyncio.gather(*(_pulse(desk, n) for n in names))))


async def _pulse(desk: Desk, name: str) -> Pulse:
    reading = await desk.reader.check(name)
    return Pulse(
        connection=name,
        title=desk.reader.providers[name].title,
        identity=reading.value,
        trouble=reading.trouble,
        as_of=reading.read_at,
    )
