"""`mute`, `unmute` and `mutes`: to be left in peace for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING

from bot.answers import MuteRow, Mutes, Offer, Problem, Wrote
from bot.catalog import address
from bot.commands.broken import is_broken
from bot.commands.cards import redraw
from bot.commands.describing import named, until_words
from bot.commands.gather import gather, offers, typed_again
from bot.commands.grammar import Command, Verb
from bot.commands.keeping import (
    Room,
    as_kept,
    incident_named,
    kept_targets,
    names_of,
    new_id,
    pipeline_named,
    room_of,
    watch_named,
)
from bot.commands.times import Until
from bot.records import Mute

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.records import Incident
    from providers.model import Pipeline

BY_DEFAULT = Until(span=timedelta(days=1))
"""How long, where nobody says: silence that nobody ends would be forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meant:
    """What is to be silent."""

    name: str
    typed: str
    """As it is typed after the verb."""
    target: str | None = None
    watch: str | None = None
    incident: Incident | None = None
    pipelines: tuple[Pipeline, ...] = ()
    """Those that are known of it."""


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
    is_red = await is_broken(desk, room, meant.pipelines) if until.is_fixed else True
    if is_red is False:
        return _not_broken(command, meant)
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
    made, former = await _keep(desk, room, made, meant.incident)
    said = f"{meant.name} {until_words(made, desk.local_zone)}"
    undone = meant.incident.id if meant.incident else made.id
    back = _again(former, desk.local_zone, meant.typed) if former else None
    return Wrote(
        sentence=f"I keep silent here about {said}. What happens meanwhile is kept, "
        "and shown by why.",
        notes=tuple(_notes(desk, made, meant, former, is_red=is_red)),
        public=room.line(
            f"muted {said}.", thread=meant.incident.ts if meant.incident else None
        ),
        undo=back or f"{Verb.UNMUTE} {undone}",
    )


def _not_broken(command: Command, meant: _Meant) -> Problem:
    """Return that there is no fix to wait for, rather than swallow the next failure."""
    what = f"Nothing of {meant.name} is broken"
    if len(meant.pipelines) == 1:
        what = f"{named(meant.pipelines[0])} is not broken"
    instead = Command(Verb.MUTE, meant.typed, until=BY_DEFAULT, channel=command.channel)
    return Problem(
        what=f"{what}: there is no fix to wait for, and nothing has changed.",
        instead=offers(("Silent for a day", instead)),
        hint="Silence until it is fixed would swallow its next failure.",
    )


def _notes(
    desk: Desk, made: Mute, meant: _Meant, former: Mute | None, *, is_red: bool | None
) -> Iterator[str]:
    if former is not None:
        until = until_words(former, desk.local_zone)
        yield f"It takes the place of silence {until}."
    if made.until_fixed and len(meant.pipelines) > 1:
        yield "New failures of the others are not rung either, until the first fix."
    if is_red is None:
        yield (
            "Whether it is broken is not known now: if it is not, its next failure is "
            "not rung, and all is heard again once that is fixed."
        )


async def _keep(
    desk: Desk, room: Room, made: Mute, incident: Incident | None
) -> tuple[Mute, Mute | None]:
    """Keep a mute in the place of another of the same in this channel; return both."""
    former = None
    async with room.store.write() as tx:
        for old in await tx.mutes.in_channel(room.channel, desk.now()):
            if (old.target, old.watch) == (made.target, made.watch):
                await tx.mutes.lift(old.id)
                former = old
        while not await tx.mutes.add(made):
            made = replace(made, id=new_id("m", desk.random))
        if incident is not None:
            await redraw(tx, incident, desk.now(), muted_by=room.by)
    return made, former


async def _meant(desk: Desk, command: Command, room: Room) -> _Meant | Problem:
    word = command.target
    async with room.store.read() as tx:
        watch = await watch_named(tx, room, word)
        incident = await incident_named(tx, room, word)
    if watch is not None and watch.channel == room.channel:
        found = await gather(desk, Command(Verb.MUTE, watch.target))
        name = (await names_of(desk, [watch.target]))[watch.target]
        return _Meant(
            name=f"watch {watch.id} of {name}",
            typed=watch.id,
            watch=watch.id,
            pipelines=() if isinstance(found, Problem) else found.pipelines,
        )
    if incident is not None:
        pipeline = await pipeline_named(desk, incident.lineage.pipeline)
        return _Meant(
            name=named(pipeline),
            typed=incident.id,
            target=address(pipeline.ref),
            incident=incident,
            pipelines=(pipeline,),
        )
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
    is_one = kept != word or len(gathered.pipelines) == 1
    return _Meant(
        name=named(gathered.pipelines[0]) if is_one else word,
        typed=word,
        target=kept,
        pipelines=gathered.pipelines,
    )


async def unmute(desk: Desk, command: Command) -> Wrote | Problem:
    """End what keeps something silent in a channel."""
    room = await room_of(desk, command)
    if isinstance(room, Problem):
        return room
    async with room.store.read() as tx:
        here = await tx.mutes.in_channel(room.channel, desk.now())
        incident = await incident_named(tx, room, command.target)
    fitting = await _fitting(desk, command, here, incident)
    names = await _names(desk, room, here)
    if not fitting:
        return Problem(
            what=f"Nothing of “{command.target}” is muted here."
            if command.target
            else "What is to be heard again?",
            instead=tuple(
                Offer(label=names[mute.id], command=f"{Verb.UNMUTE} {mute.id}")
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
    heard = ", ".join(names[mute.id] for mute in lifted)
    return Wrote(
        sentence=f"I speak of {heard} again.",
        public=room.line(f"unmuted {heard}.", thread=incident.ts if incident else None),
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


def _again(mute: Mute, zone: tzinfo, what: str | None = None) -> str | None:
    """Return the command that mutes the same again, as far as it can be typed.

    What is named by its incident stays marked on its card as muted.
    """
    if mute.until_fixed:
        until = Until(is_fixed=True)
    elif mute.until is None:
        return None
    else:
        # Only whole minutes can be typed: rather a moment longer than shorter.
        late = timedelta(minutes=1) - timedelta(microseconds=1)
        local = (mute.until + late).astimezone(zone)
        clock = local.time().replace(second=0, microsecond=0, fold=0)
        until = Until(day=local.date().isoformat(), clock=clock)
    target = what or mute.watch or mute.target
    return typed_again(Command(Verb.MUTE, target, until=until, channel=mute.channel))


async def mutes(desk: Desk, command: Command) -> Mutes | Problem:
    """Return what is silent in a channel."""
    room = await room_of(desk, command)
    if isinstance(room, Problem):
        return room
    async with room.store.read() as tx:
        here = await tx.mutes.in_channel(room.channel, desk.now())
    names = await _names(desk, room, here)
    return Mutes(
        rows=tuple(
            MuteRow(
                mute=mute,
                what=f"{names[mute.id]} {until_words(mute, desk.local_zone)}",
                unmute=f"{Verb.UNMUTE} {mute.id}",
            )
            for mute in here
        )
    )


async def _names(desk: Desk, room: Room, mutes: Sequence[Mute]) -> Mapping[str, str]:
    """Return what people call what is muted, by the ids of the mutes."""
    async with room.store.read() as tx:
        watches = await tx.watches.in_channel(room.channel)
    watched = {watch.id: watch.target for watch in watches}
    targets = {m.id: m.target or watched.get(m.watch or "", "") for m in mutes}
    names = await names_of(desk, targets.values())
    return {mute.id: _name(mute, names[targets[mute.id]]) for mute in mutes}


def _name(mute: Mute, name: str) -> str:
    if mute.watch is None:
        return name
    return f"watch {mute.watch} of {name}" if name else f"watch {mute.watch}"
