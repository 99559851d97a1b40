"""`watch` and `unwatch`: to be told in a channel when something breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.answers import Dialog, Form, Offer, Problem, Wrote
from bot.commands.alike import alike, means
from bot.commands.describing import (
    as_command,
    changes,
    choices_of,
    in_words,
    named,
    names,
    untold,
)
from bot.commands.forms import form_of
from bot.commands.gather import Gathered, gather, typed_again
from bot.commands.grammar import Command, Verb
from bot.commands.keeping import (
    Room,
    as_kept,
    kept_targets,
    names_of,
    new_id,
    room_of,
    typed_target,
    watch_named,
    watch_offers,
)
from bot.commands.lookback import look_back
from bot.commands.seeing import unseen
from bot.filters import ALL
from bot.records import Origin, Watch
from bot.watch.letting_go import let_go
from bot.watch.targets import Targets

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from providers.model import Pipeline

IN_THE_FILE = "It is written in runbell.yml, and changed there."


async def watch(desk: Desk, command: Command) -> Wrote | Dialog | Problem:
    """Begin to watch what a command means, or change the watch whose id it names.

    Without a word of what or how, the answer is a form to fill in.
    """
    room = await room_of(desk, command)
    if isinstance(room, Problem):
        return room
    if command.target is None:
        return how_to(desk, command)
    async with room.store.read() as tx:
        known = await watch_named(tx, room, command.target)
    if known is not None:
        return await _change(desk, command, room, known)
    gathered = await gather(desk, command)
    if isinstance(gathered, Problem):
        return gathered
    if not gathered.pipelines:
        return Problem(
            what=f"“{command.target}” means no pipeline now: nothing is watched.",
            parts=tuple(gathered.troubled.values()),
        )
    made = Watch(
        id=new_id("w", desk.random),
        channel=room.channel,
        target=as_kept(desk, command.target, gathered),
        owner=room.by,
        created_at=desk.now(),
        **choices_of(command.filters),
    )
    return await _begin(desk, room, made, gathered)


def how_to(desk: Desk, command: Command) -> Dialog:
    """Return how a watch is made, by filling in a form or by typing."""
    named = Form(channel=command.channel)
    return Dialog(
        what="What do you want to watch?",
        form=named,
        opens=Offer(label="New watch", command=str(replace(command, filters=ALL))),
        instead=(
            Offer(label="What is watched here", command=Verb.WATCHES),
            Offer(label="What there is", command=Verb.STATUS),
        ),
        command=desk.command,
        hint="For example: watch release, watch shop:* on:broken branch:release/*, "
        "watch nightly on:broken after:2 in #ci. It rings when it breaks and when it "
        "is fixed, unless on: says otherwise.",
    )


async def _begin(desk: Desk, room: Room, made: Watch, gathered: Gathered) -> Wrote:
    back = await look_back(desk, made, gathered.pipelines)
    like_it = await alike(desk, room, made, gathered.pipelines)
    async with room.store.write() as tx:
        watches = await tx.watches.in_channel(room.channel)
        same = next((w for w in like_it if w in watches), None)
        while same is None and not await tx.watches.add(made):
            made = replace(made, id=new_id("w", desk.random))
    await desk.hasten(gathered.pipelines)
    said = await _said(desk, same or made, gathered.pipelines)
    silent = _silent(desk, made, gathered.pipelines)
    silent += await unseen(desk, room.store, gathered.pipelines)
    notes = (*silent, back.sentence(), *back.notes)
    parts = tuple(gathered.troubled.values()) or back.parts
    if same is not None:
        where = f" {IN_THE_FILE}" if same.origin is Origin.FILE else ""
        return replace(
            said.wrote(f"I watch that already, as {same.id}: {said.what}.{where}"),
            notes=notes,
            parts=parts,
        )
    return replace(
        said.wrote(f"I watch {said.name}, as {made.id}: {said.what}."),
        notes=notes,
        parts=parts,
        public=room.line(f"watches {said.name} here, as {made.id}: {said.what}."),
        undo=f"{Verb.UNWATCH} {made.id}",
    )


def _silent(desk: Desk, watch: Watch, pipelines: Sequence[Pipeline]) -> tuple[str, ...]:
    """Return what a watch can never hear of, since the vendor does not tell it."""
    names = dict.fromkeys(pipeline.ref.connection for pipeline in pipelines)
    known = (desk.reader.providers[name] for name in names)
    return tuple(note for one in known for note in untold(one, watch))


async def _change(
    desk: Desk, command: Command, room: Room, known: Watch
) -> Wrote | Dialog | Problem:
    if known.origin is Origin.FILE:
        return await _filed(desk, known)
    if not command.filters:
        typed = str(replace(as_command(known), target=known.id, channel=None))
        name = (await names_of(desk, [known.target]))[known.target]
        return Dialog(
            what=f"{known.id} watches {name}: {in_words(known)}.",
            form=form_of(known, name),
            opens=Offer(label="Change it", command=f"{Verb.WATCH} {known.id}"),
            instead=(Offer(label="As it is", command=typed),),
            command=desk.command,
            hint="To change it, send this with other words; what is left out is as by "
            "default.",
        )
    changed = replace(known, **choices_of(command.filters))
    pipelines = await means(desk, known.target)
    unseen_now = await unseen(desk, room.store, pipelines)
    back = await look_back(desk, changed, pipelines)
    async with room.store.write() as tx:
        if await tx.watches.get(known.id) is None:
            return Problem(what=f"{known.id} has been removed meanwhile.")
        await tx.watches.replace(changed)
    said = await _said(desk, changed, pipelines)
    undo = replace(as_command(known), target=known.id, channel=None)
    did = f"changed {known.id}, which watches {said.name}: {said.what}."
    return replace(
        said.wrote(f"{known.id} now watches {said.name}: {said.what}."),
        notes=(
            *unseen_now,
            *changes(known, changed),
            *_silent(desk, changed, pipelines),
            back.sentence(),
            *back.notes,
        ),
        public=_of(room, known).line(did),
        undo=typed_again(undo),
    )


async def _filed(desk: Desk, known: Watch) -> Problem:
    """Return why a watch of the file is not changed here."""
    name = (await names_of(desk, [known.target]))[known.target]
    return Problem(what=f"{known.id} watches {name}. {IN_THE_FILE}")


def _of(room: Room, known: Watch) -> Room:
    """Return the room of a watch: its owner may change it from anywhere."""
    return replace(room, channel=known.channel)


@dataclass(frozen=True, slots=True)
class _Said:
    """A watch, as it is told of."""

    watch: Watch
    pipelines: Sequence[Pipeline]
    target: str
    """What it watches, as people would type it."""

    @property
    def name(self) -> str:
        if not self.pipelines:
            return self.watch.target
        if len(self.pipelines) == 1:
            return named(self.pipelines[0])
        return f"{self.watch.target} ({names(self.pipelines)})"

    @property
    def what(self) -> str:
        return in_words(self.watch, self.pipelines)

    def wrote(self, sentence: str) -> Wrote:
        offers = (
            Offer(label="Show them", command=f"{Verb.TEST} {self.watch.id}"),
            Offer(label="Edit", command=f"{Verb.WATCH} {self.watch.id}"),
        )
        return Wrote(
            sentence=sentence,
            typed=typed_again(replace(as_command(self.watch), target=self.target)),
            offers=offers if self.watch.origin is Origin.SLACK else offers[:1],
        )


async def _said(desk: Desk, watch: Watch, pipelines: Sequence[Pipeline]) -> _Said:
    return _Said(watch, pipelines, await typed_target(desk, watch.target, pipelines))


async def unwatch(desk: Desk, command: Command) -> Wrote | Problem:
    """Stop the watch that a command means, by its id or by what it watches."""
    room = await room_of(desk, command)
    if isinstance(room, Problem):
        return room
    async with room.store.read() as tx:
        known = await watch_named(tx, room, command.target)
        here = await tx.watches.in_channel(room.channel)
    if known is None:
        found = await _meant(desk, command, here)
        if isinstance(found, Problem):
            return found
        known = found
    if known.origin is Origin.FILE:
        return await _filed(desk, known)
    return await _end(desk, room, known)


async def _meant(desk: Desk, command: Command, here: list[Watch]) -> Watch | Problem:
    if command.target is None:
        return Problem(
            what="Which watch is to end?",
            instead=await watch_offers(desk, here, Verb.UNWATCH),
            hint=None if here else "There is none here.",
        )
    kept = await kept_targets(desk, command)
    fitting = [watch for watch in here if watch.target.casefold() in kept]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        return Problem(
            what=f"{len(fitting)} watches here are of “{command.target}”. Which one?",
            instead=await watch_offers(desk, fitting, Verb.UNWATCH),
        )
    return Problem(
        what=f"No watch here is of “{command.target}”.",
        instead=await watch_offers(desk, here, Verb.UNWATCH),
        hint=f"{desk.command} watches lists them.",
    )


def _targets(desk: Desk) -> Targets:
    return Targets(desk.words, tuple(desk.reader.providers), desk.locate)


async def _end(desk: Desk, room: Room, known: Watch) -> Wrote | Problem:
    now = desk.now()
    async with room.store.write() as tx:
        if not await tx.watches.remove(known.id, by=room.by, at=now):
            return Problem(what=f"{known.id} has been removed already.")
        await let_go(tx, known, _targets(desk), now)
    name = (await names_of(desk, [known.target]))[known.target]
    return Wrote(
        sentence=f"I no longer watch {name}; {known.id} is over.",
        public=_of(room, known).line(f"ended {known.id}, which watched {name}."),
        undo=typed_again(as_command(known)),
    )
