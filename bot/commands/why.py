"""`why`: which rule decided about a run, which did not, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.alerts import Card, Update, readable
from bot.answers import Problem, Reasoning, Why
from bot.catalog import choices
from bot.commands.gather import choose, gather, located
from bot.commands.keeping import Room, called, incident_named, room_of, shut_out
from bot.records import Ruling
from bot.tokens import is_url
from bot.watch.storm import is_storm
from providers.model import PipelineRef, RunRef

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.commands.grammar import Command
    from bot.records import Happening
    from bot.store import Tx

LOOKED_BACK = timedelta(days=400)
"""How far back a run is looked for; the store keeps less by default."""

MOST_TOLD = 8
"""How much that happened to one run is shown."""

# https://acme.slack.com/archives/C0123ABCD/p1714564800123456: what "Copy link" gives.
_MESSAGE = re.compile(
    r"https://[\w.-]+\.slack\.com/archives/([CDG][A-Z0-9]+)/p([0-9]{10,})([0-9]{6})"
    r"(?:\?.*)?"
)

_FIRST = {Ruling.RING: 0, Ruling.MUTED: 1, Ruling.QUIET: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A run that is asked about: all that is known of its attempts."""

    pipeline: PipelineRef
    id: str | None
    """`None` for whatever happened last."""
    channel: str


async def why(desk: Desk, command: Command) -> Why | Problem:
    """Return what was decided about a run, or about the run an alert is of."""
    room = await room_of(desk, command)
    if isinstance(room, Problem):
        return room
    meant = await _meant(desk, command, room)
    if isinstance(meant, Problem):
        return meant
    # Before the transaction begins: nobody waits for a network within one.
    name = await called(desk, meant.pipeline)
    async with room.store.read() as tx:
        return await _reasons(tx, meant, name, desk.now() - LOOKED_BACK)


async def _meant(desk: Desk, command: Command, room: Room) -> _Run | Problem:
    target = command.target
    link = _MESSAGE.fullmatch(target or "")
    if link is not None:
        shut = await shut_out(desk, link[1])
        return shut or await _of_message(room, link[1], f"{link[2]}.{link[3]}")
    async with room.store.read() as tx:
        incident = await incident_named(tx, room, target)
    if incident is not None:
        run = incident.latest_run
        return _Run(pipeline=run.pipeline, id=run.id, channel=room.channel)
    if target is None:
        return Problem(
            what="why is about one run or alert. Which one?",
            hint="Paste the link of an alert or of a run, or name it: why release 12.",
        )
    return await _of_target(desk, command, target, room)


async def _of_target(
    desk: Desk, command: Command, target: str, room: Room
) -> _Run | Problem:
    """Return the run of a pasted address, or of a pipeline and a number."""
    if is_url(target) and command.run is None:
        runs = [ref for ref in located(desk, target) if isinstance(ref, RunRef)]
        if len(runs) == 1:
            [ref] = runs
            return _Run(pipeline=ref.pipeline, id=ref.id, channel=room.channel)
    gathered = await gather(desk, command)
    if isinstance(gathered, Problem):
        return gathered
    if len(gathered.pipelines) != 1:
        return Problem(
            what="why is about one run. Which pipeline do you mean?",
            instead=choose(command, choices(gathered.pipelines)),
            parts=tuple(gathered.troubled.values()),
        )
    [pipeline] = gathered.pipelines
    return _Run(pipeline=pipeline.ref, id=command.run, channel=room.channel)


async def _of_message(room: Room, channel: str, ts: str) -> _Run | Problem:
    """Return the run that a message of ours is about."""
    is_ours = room.asker is not None and channel == room.asker.channel
    place = room.channel if is_ours else channel
    async with room.store.read() as tx:
        incident = await tx.incidents.at(place, ts)
        delivery = await tx.outbox.at(place, ts)
    if incident is not None and not is_storm(incident):
        run = incident.latest_run
        return _Run(pipeline=run.pipeline, id=run.id, channel=place)
    alert = readable(delivery.payload) if delivery else None
    if isinstance(alert, Card | Update):
        run = alert.run.ref
        return _Run(pipeline=run.pipeline, id=run.id, channel=place)
    return Problem(
        what="That message is no alert of mine about a run, as far as I remember.",
        hint="Name the run instead: why release 12.",
    )


async def _reasons(tx: Tx, meant: _Run, name: str, since: datetime) -> Why | Problem:
    past = await tx.runs.of(meant.pipeline, since)
    happened = await tx.happenings.since(since, [meant.pipeline])
    run_id = meant.id
    if run_id is None and happened:
        run_id = happened[-1].run.id
    of_it = [p for p in past if run_id in {p.ref.id, str(p.number)}]
    ids = {p.ref.id for p in of_it} | {run_id}
    told = [h for h in happened if h.run.id in ids]
    number = of_it[-1].number if of_it else None
    about = f"{name} #{run_id if number is None else number}" if run_id else name
    if not told:
        return _nothing(about, is_known=bool(of_it), has_run=run_id is not None)
    verdicts = await tx.verdicts.of([h.key for h in told])
    # Those that have ended too: what they decided then was told here all the same.
    by_id = {w.id: w for w in await tx.watches.ever({v.watch for v in verdicts})}
    here = {w.id for w in by_id.values() if w.channel == meant.channel}
    kept = {watch.id for watch in await tx.watches.in_channel(meant.channel)}
    reasonings = tuple(
        Reasoning(
            happening=h,
            verdicts=tuple(
                sorted(
                    (v for v in verdicts if v.happening == h.key and v.watch in here),
                    key=lambda v: (_FIRST[v.ruling], v.watch),
                )
            ),
        )
        for h in told[-MOST_TOLD:]
    )
    return Why(
        about=about,
        url=of_it[-1].url if of_it else None,
        reasonings=reasonings,
        elsewhere=len({v.watch for v in verdicts} & (by_id.keys() - here)),
        notes=_notes(told, sorted(here - kept)),
    )


def _notes(told: Sequence[Happening], ended: Sequence[str]) -> tuple[str, ...]:
    notes: list[str] = []
    if (left_out := len(told) - MOST_TOLD) > 0:
        notes.append(f"{left_out} earlier things are left out.")
    if ended:
        have = "has" if len(ended) == 1 else "have"
        notes.append(f"{', '.join(ended)} {have} ended since.")
    return tuple(notes)


def _nothing(about: str, *, is_known: bool, has_run: bool) -> Problem:
    if is_known:
        return Problem(
            what=f"Nothing happened to {about} that any watch could ring on.",
            hint="A run that is under way, or was there at the first look, is none.",
        )
    return Problem(
        what=f"I have not seen {about}."
        if has_run
        else f"Nothing happened to {about}.",
        hint="It may be older than what I keep, or was not watched at the time.",
    )
