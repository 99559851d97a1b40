"""`mute`, `unmute` and `mutes`: to be left in peace for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING

from bot.answers import MuteRow, Mutes, Offer, Problem, Wrote
from bot.catalog import address
from bot.commands.cards import redraw
from bot.commands.describing import until_words
from bot.commands.gather import gather, typed_again
from bot.commands.grammar import Command, Verb
from bot.commands.keeping import (
    Room,
    as_kept,
    called,
    incident_named,
    kept_targets,
    new_id,
    room_of,
    watch_named,
)
from bot.commands.times import Until
from bot.records import Mute

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.records import Incident

BY_DEFAULT = Until(span=timedelta(days=1))
"""How long, where nobody says: silence that nobody ends would be forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meant:
    """What is to be silent."""

    name: str
    target: str | None = None
    watch: str | None = None
    incident: Incident | None = None


async def mute(desk: Desk, command: Command) -> Wrote | Problem:
    """Keep a watch, a pipeline or several silent in a channel, for a while."""
    room = await room_of(desk, command)
    if isinstance(room, Problem):
        return room
    until = command.until or BY_DEFAULT
    moment = until.moment(desk.now(), desk.local_zone)
    if moment is None and not until.is_fixed:
        return Problem(
            what=f"“{until}” is past, or more than a year away.",
            hint="Say for 2h, until mon 09:00, or until fixed.",
        )
    meant = await _meant(desk, command, room)
    if isinstance(meant, Problem):
        return meant
    made = Mute(
        id=new_id("m", desk.random),
        channel=room.channel,
        target=meant.target,
        watch=meant.watch,
        until=moment,
        until_fixed=until.is_fixed,
        by=room.by,
        created_at=desk.now(),
    )
    made = await _keep(desk, room, made, meant.incident)
    said = f"{meant.name} {until_words(made, desk.local_zone)}"
    return Wrote(
        sentence=f"I keep silent here about {said}. What happens meanwhile is kept, "
        "and shown by why.",
        public=room.line(
            f"muted {said}.", thread=meant.incident.ts if meant.incident else None
        ),
        undo=f"{Verb.UNMUTE} {meant.incident.id if meant.incident else made.id}",
    )


async def _keep(desk: Desk, room: Room, made: Mute, incident: Incident | None) -> Mute:
    """Keep a mute in the place of any other of the same in this channel."""
    async with room.store.write() as tx:
        for old in await tx.mutes.in_channel(room.channel, desk.now()):
            if (old.target, old.watch) == (made.target, made.watch):
                await tx.mutes.lift(old.id)
        while not await tx.mutes.add(made):
            made = replace(made, id=new_id("m", desk.random))
        if incident is not None:
            await redraw(tx, incident, desk.now(), muted_by=room.by)
    return made


async def _meant(desk: Desk, command: Command, room: Room) -> _Meant | Problem:
    word = command.target
    async with room.store.read() as tx:
        watch = await watch_named(tx, room, word)
        incident = await incident_named(tx, room, word)
    if watch is not None and watch.channel == room.channel:
        return _Meant(name=f"watch {watch.id} ({watch.target})", watch=watch.id)
    if incident is not None:
        ref = incident.lineage.pipeline
        name = await called(desk, ref)
        return _Meant(name=name, target=address(ref), incident=incident)
    if word is None:
        return Problem(
            what="What is to be silent?",
            instead=(
                Offer(label="Everything here, for an hour", command="mute * for 1h"),
            ),
            hint="Name a pipeline, a watch, a group or a glob.",
        )
    gathered = await gather(desk, command)
    if isinstance(gathered, Problem):
        return gathered
    kept = as_kept(desk, word, gathered)
    single = gathered.pipelines[0].name if len(gathered.pipelines) == 1 else word
    return _Meant(name=single, target=kept)


async def unmute(desk: Desk, command: Command) -> Wrote | Problem:
    """End what keeps something silent in a channel."""
    room = await room_of(desk, command)
    if isinstance(room, Problem):
        return room
    async with room.store.read() as tx:
        here = await tx.mutes.in_channel(room.channel, desk.now())
        incident = await incident_named(tx, room, command.target)
    fitting = await _fitting(desk, command, here, incident)
    if not fitting:
        return Problem(
            what=f"Nothing of “{command.target}” is muted here."
            if command.target
            else "What is to be heard again?",
            instead=tuple(
                Offer(label=_name(mute), command=f"{Verb.UNMUTE} {mute.id}")
                for mute in here[:5]
            ),
            hint=None if here else "Nothing is muted here.",
        )
    async with room.store.write() as tx:
        lifted = [mute for mute in fitting if await tx.mutes.lift(mute.id)]
        if incident is not None:
            await redraw(tx, incident, desk.now(), muted_by=None)
    if not lifted:
        return Problem(what="It has been unmuted already.")
    named = ", ".join(_name(mute) for mute in lifted)
    return Wrote(
        sentence=f"I speak of {named} again.",
        public=room.line(f"unmuted {named}.", thread=incident.ts if incident else None),
        undo=_again(lifted[0], desk.local_zone) if len(lifted) == 1 else None,
    )


async def _fitting(
    desk: Desk, command: Command, here: list[Mute], incident: Incident | None
) -> list[Mute]:
    """Return the mutes that are meant: by an id, or by what they keep silent."""
    word = (command.target or "").casefold()
    if incident is not None:
        target = address(incident.lineage.pipeline)
        return [mute for mute in here if mute.target == target]
    named = [mute for mute in here if word and word in {mute.id, mute.watch}]
    if named or not word:
        return named
    kept = await kept_targets(desk, command)
    return [mute for mute in here if mute.target and mute.target.casefold() in kept]


def _again(mute: Mute, zone: tzinfo) -> str | None:
    """Return the command that mutes the same again, as far as it can be typed."""
    if mute.until_fixed:
        until = Until(is_fixed=True)
    elif mute.until is None:
        return None
    else:
        local = mute.until.astimezone(zone)
        clock = local.time().replace(second=0, microsecond=0, fold=0)
        until = Until(day=local.date().isoformat(), clock=clock)
    return typed_again(
        Command(Verb.MUTE, mute.watch or mute.target, until=until, channel=mute.channel)
    )


async def mutes(desk: Desk, command: Command) -> Mutes | Problem:
    """Return what is silent in a channel."""
    room = await room_of(desk, command)
    if isinstance(room, Problem):
        return room
    async with room.store.read() as tx:
        here = await tx.mutes.in_channel(room.channel, desk.now())
    return Mutes(
        rows=tuple(
            MuteRow(
                mute=mute,
                what=f"{_name(mute)} {until_words(mute, desk.local_zone)}",
                unmute=f"{Verb.UNMUTE} {mute.id}",
            )
            for mute in here
        )
    )


def _name(mute: Mute) -> str:
    return f"watch {mute.watch}" if mute.watch else str(mute.target)
