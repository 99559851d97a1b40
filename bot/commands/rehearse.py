"""`test`: what a watch would have rung for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answers import Problem, Rehearsal
from bot.commands.describing import choices_of, in_words
from bot.commands.gather import gather
from bot.commands.grammar import Command, Verb
from bot.commands.keeping import room_of, watch_named, watch_offers
from bot.commands.lookback import look_back
from bot.records import Watch

if TYPE_CHECKING:
    from bot.commands.gather import Desk


async def rehearse(desk: Desk, command: Command) -> Rehearsal | Problem:
    """Return what a watch would have rung for: one there is, or one that might be."""
    room = await room_of(desk, command)
    if isinstance(room, Problem):
        return room
    async with room.store.read() as tx:
        known = await watch_named(tx, room, command.target)
        here = await tx.watches.in_channel(room.channel)
    if command.target is None:
        return Problem(
            what="Which watch is to be tested?",
            instead=await watch_offers(desk, here, Verb.TEST),
            hint="Or name what might be watched: test release on:every-failure.",
        )
    target = known.target if known else command.target
    gathered = await gather(desk, Command(Verb.TEST, target, filters=command.filters))
    if isinstance(gathered, Problem):
        return gathered
    tested = known or Watch(
        id="",
        channel=room.channel,
        target=target,
        owner=room.by,
        created_at=desk.now(),
        **choices_of(command.filters),
    )
    back = await look_back(desk, tested, gathered.pipelines)
    return Rehearsal(
        watch=tested,
        what=in_words(tested, gathered.pipelines),
        ringings=back.ringings,
        since=back.since,
        is_known=back.is_known,
        notes=(back.sentence(), *back.notes),
        parts=tuple(gathered.troubled.values()) or back.parts,
    )
