"""`follow` and `unfollow`: to hear when a run ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answers import Problem, Wrote
from bot.commands.gather import of_run
from bot.commands.grammar import Command, Verb
from bot.commands.keeping import room_of
from bot.commands.one_run import one_run
from bot.records import Follow
from bot.watch import following

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.commands.one_run import One


async def follow(desk: Desk, command: Command) -> Wrote | Problem:
    """Tell who asks when a run ends; in a channel too, where they name one."""
    room = await room_of(desk, command)
    if isinstance(room, Problem):
        return room
    if not room.by:
        return Problem(what="Only somebody in Slack can be told when a run ends.")
    one = await one_run(desk, command)
    if isinstance(one, Problem):
        return one
    name = _name(one)
    if one.run.state.is_over:
        return Problem(what=f"There is nothing to wait for: {name} is over.")
    channel = room.channel if command.channel and room.channel != room.by else None
    kept = Follow(run=one.run.ref, user=room.by, channel=channel, created_at=desk.now())
    async with room.store.write() as tx:
        await tx.follows.add(kept)
    await desk.hasten([one.pipeline])
    where = " Its card stands in the channel until then." if channel else ""
    return Wrote(
        sentence=f"I tell you in a direct message when {name} ends.{where}",
        public=room.line(f"follows {name} here.") if channel else None,
        undo=of_run(Verb.UNFOLLOW, one.run.ref),
    )


async def unfollow(desk: Desk, command: Command) -> Wrote | Problem:
    """Stop telling who asks when a run ends."""
    room = await room_of(desk, command)
    if isinstance(room, Problem):
        return room
    one = await one_run(desk, command)
    if isinstance(one, Problem):
        return one
    name = _name(one)
    async with room.store.write() as tx:
        followed = [f for f in await tx.follows.of_user(room.by) if _is_of(f, one)]
        for kept in followed:
            await following.unfollow(tx, kept.run, room.by, desk.now())
    if not followed:
        return Problem(what=f"You do not follow {name}.")
    return Wrote(
        sentence=f"You no longer follow {name}.",
        undo=None if one.run.state.is_over else of_run(Verb.FOLLOW, one.run.ref),
    )


def _is_of(kept: Follow, one: One) -> bool:
    """Return whether a follow is of a run, whichever attempt of it."""
    ref = one.run.ref
    return (kept.run.pipeline, kept.run.id) == (ref.pipeline, ref.id)


def _name(one: One) -> str:
    if one.run.number is not None:
        return f"{one.pipeline.name} #{one.run.number}"
    # Its id says nothing to people, and may be no more than a word for the newest one.
    return f"this run of {one.pipeline.name}"
