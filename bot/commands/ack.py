"""`ack` and `unack`: somebody is on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.answers import Offer, Problem, Wrote
from bot.catalog import address
from bot.commands.cards import redraw
from bot.commands.describing import named
from bot.commands.gather import gather
from bot.commands.grammar import Command, Verb
from bot.commands.keeping import (
    Room,
    incident_named,
    names_of,
    pipeline_named,
    room_of,
)
from bot.watch.failures import is_failure
from bot.watch.storm import is_storm

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.records import Incident, Lineage


async def ack(desk: Desk, command: Command) -> Wrote | Problem:
    """Say on an incident's card that who asks is on it."""
    found = await _incident(desk, command)
    if isinstance(found, Problem):
        return found
    room, incident = found
    if not room.by:
        return Problem(what="Only somebody in Slack can be on it.")
    name = await _called(desk, incident)
    before = incident.acked_by
    if before == room.by:
        return Wrote(
            sentence=f"You are on it already: {name}.",
            undo=f"{Verb.UNACK} {incident.id}",
        )
    is_shown = await _write(desk, room, incident, by=room.by)
    notes = ("It was somebody else's until now.",) if before else ()
    return Wrote(
        sentence=f"You are on it: {name}.{' The card says so.' if is_shown else ''}",
        notes=notes,
        public=room.line(f"is on it: {name}.", thread=incident.ts),
        undo=f"{Verb.UNACK} {incident.id}",
    )


async def unack(desk: Desk, command: Command) -> Wrote | Problem:
    """Take back that somebody is on it."""
    found = await _incident(desk, command)
    if isinstance(found, Problem):
        return found
    room, incident = found
    name = await _called(desk, incident)
    if incident.acked_by is None:
        return Wrote(sentence=f"Nobody is on it: {name}.")
    await _write(desk, room, incident, by=None)
    return Wrote(
        sentence=f"Nobody is on it any more: {name}.",
        public=room.line(
            f"says that nobody is on it any more: {name}.", thread=incident.ts
        ),
        undo=f"{Verb.ACK} {incident.id}",
    )


async def _write(desk: Desk, room: Room, incident: Incident, by: str | None) -> bool:
    now = desk.now()
    async with room.store.write() as tx:
        # As it is now: meanwhile it may have been fixed.
        current = await tx.incidents.get(incident.id) or incident
        changed = replace(current, acked_by=by, acked_at=now if by else None)
        await tx.incidents.save(changed)
        return await redraw(tx, changed, now, acked_by=by)


async def _called(desk: Desk, incident: Incident) -> str:
    ref = incident.lineage.pipeline
    if is_storm(incident):
        return f"the storm in {ref.connection}"
    return named(await pipeline_named(desk, ref))


async def _incident(desk: Desk, command: Command) -> tuple[Room, Incident] | Problem:
    """Return the incident that is meant: by its id, its thread, or its pipeline."""
    room = await room_of(desk, command)
    if isinstance(room, Problem):
        return room
    async with room.store.read() as tx:
        meant = await incident_named(tx, room, command.target, or_storm=True)
        there = await tx.incidents.open_in(room.channel)
    if meant is not None:
        return room, meant
    found = await _of_target(desk, command, [one for one in there if is_failure(one)])
    return found if isinstance(found, Problem) else (room, found)


async def _of_target(
    desk: Desk, command: Command, red: list[Incident]
) -> Incident | Problem:
    if command.target is None:
        what = f"{command.verb} is about one alert. Which one?"
        return await _choose(desk, command, red, what)
    gathered = await gather(desk, command)
    if isinstance(gathered, Problem):
        return gathered
    meant = {pipeline.ref for pipeline in gathered.pipelines}
    fitting = [one for one in red if one.lineage.pipeline in meant]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        what = "Several alerts are of that. Which one?"
        return await _choose(desk, command, fitting, what)
    what = f"No open alert here is of “{command.target}”."
    return await _choose(desk, command, red, what)


async def _choose(
    desk: Desk, command: Command, red: list[Incident], what: str
) -> Problem:
    shown = {one.id: address(one.lineage.pipeline) for one in red[:5]}
    names = await names_of(desk, shown.values())
    return Problem(
        what=what,
        instead=tuple(
            Offer(
                label=_label(names[shown[one.id]], one.lineage),
                command=f"{command.verb} {one.id}",
            )
            for one in red[:5]
        ),
        hint=None if red else "Nothing is red here, as far as this channel was told.",
    )


def _label(name: str, lineage: Lineage) -> str:
    """Return what tells an alert from others of the same pipeline."""
    line = lineage.line.partition(":")[2]
    return f"{name} · {line}" if line else name
