"""What the verbs of the watch need first: a store, a place, and what is meant."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from bot.answers import Offer, Problem, PublicLine
from bot.catalog import address
from bot.commands.describing import in_short, named
from bot.commands.gather import Gathered, gather
from bot.commands.grammar import Command, Verb
from bot.tokens import is_url
from bot.watch.storm import is_storm
from providers.globs import MARKS
from providers.model import Pipeline, PipelineRef

if TYPE_CHECKING:
    from bot.commands.asker import Asker
    from bot.commands.gather import Desk
    from bot.records import Incident, Watch
    from bot.store import Store, Tx

# Without those that look like others, since people type them.
_LETTERS = "abcdefghjkmnpqrstvwxyz23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where something is changed, and by whom."""

    store: Store
    channel: str
    """Slack's id of the channel it is about; of a person, for a direct message."""
    asker: Asker | None

    @property
    def by(self) -> str:
        """Slack's id of who changes it; empty where that is nobody of Slack's."""
        return self.asker.user if self.asker else ""

    @property
    def thread(self) -> str | None:
        """The thread it is asked in, where that is in this channel."""
        is_here = self.asker is not None and self.asker.place == self.channel
        return self.asker.thread if self.asker and is_here else None

    def line(self, did: str, *, thread: str | None = None) -> PublicLine | None:
        """Return what everybody there is told; `None` where nobody else is there."""
        if not self.by or self.asker is None or self.channel == self.by:
            return None
        return PublicLine(
            by=self.asker.user, did=did, channel=self.channel, thread=thread
        )


async def room_of(desk: Desk, command: Command) -> Room | Problem:
    """Return where a command is to change something, or why that is nowhere.

    A channel is for those who are in it, as far as Slack tells who that is.
    """
    if desk.store is None:
        return Problem(
            what=f"{command.verb} needs the bot that watches, and this one does not.",
            hint="Ask it in Slack, or write the watch in runbell.yml, under watches.",
        )
    place = _place(desk.asker, command.channel)
    if isinstance(place, Problem):
        return place
    shut = await shut_out(desk, place)
    return shut or Room(store=desk.store, channel=place, asker=desk.asker)


async def shut_out(desk: Desk, place: str) -> Problem | None:
    """Return what to say to somebody who is known not to be in a channel."""
    asker = desk.asker
    if asker is None or desk.is_member is None or place in {asker.channel, asker.user}:
        return None
    if await desk.is_member(asker.user, place) is not False:
        return None
    return Problem(
        what="That channel is for those who are in it, and you are not.",
        hint="Join it, or ask somebody who is there.",
    )


def _place(asker: Asker | None, named: str | None) -> str | Problem:
    if asker is None:
        if named is not None and named[0] in "CG":
            return named
        return Problem(
            what="That is about a channel, and here is none.",
            hint="Name it by its id, as its details in Slack have it: in C0123ABCD.",
        )
    if named is None or named in {asker.channel, asker.user}:
        return asker.user if named == asker.user else asker.place
    if named[0] in "CG":
        return named
    return Problem(
        what="I do that for channels, and for yourself in a direct message with me.",
        hint="Leave out whom it is for, and ask me in a direct message.",
    )


def new_id(kind: str, random: Random) -> str:
    """Return an id that people can type, such as `w7k3f`."""
    return kind + "".join(random.choice(_LETTERS) for _ in range(4))


async def watch_named(tx: Tx, room: Room, word: str | None) -> Watch | None:
    """Return the watch of this id that is of this channel, or of who asks."""
    watch = await tx.watches.get(word.casefold()) if word else None
    if watch is None:
        return None
    is_own = bool(room.by) and watch.owner == room.by
    return watch if is_own or watch.channel == room.channel else None


async def incident_named(
    tx: Tx, room: Room, word: str | None, *, or_storm: bool = False
) -> Incident | None:
    """Return the incident of this id in this channel, or else that of the thread.

    A storm is none unless it will do: it is many things at once, each of which can be
    named.
    """
    if word is not None:
        found = await tx.incidents.get(word.casefold())
    elif room.thread is not None:
        found = await tx.incidents.at(room.channel, room.thread)
    else:
        return None
    is_here = found is not None and found.channel == room.channel
    is_one = found is not None and (or_storm or not is_storm(found))
    return found if is_here and is_one else None


def as_kept(desk: Desk, target: str, gathered: Gathered) -> str:
    """Return the target as it is kept.

    A single pipeline is kept by its address, which goes on meaning it when others get
    names like it; what may mean several stays as it was typed.
    """
    refs = {pipeline.ref for pipeline in gathered.pipelines}
    word = target.casefold()
    names = (desk.words.groups, desk.words.aliases, desk.reader.providers)
    is_open = bool(MARKS & set(target)) or target.endswith(":")
    if len(refs) != 1 or any(word in known for known in names):
        return target
    return target if is_open and not is_url(target) else address(refs.pop())


async def kept_targets(desk: Desk, command: Command) -> frozenset[str]:
    """Return the texts by which what a command means may be kept; folded."""
    target = command.target or ""
    found = await gather(desk, command)
    kept = {target}
    if not isinstance(found, Problem):
        kept.add(as_kept(desk, target, found))
    elif is_url(target):
        kept |= set(map(address, desk.locate(target)))
    return frozenset(text.casefold() for text in kept)


async def called(desk: Desk, ref: PipelineRef) -> str:
    """Return what a pipeline is called; its id, where its list cannot be read."""
    return (await pipeline_named(desk, ref)).name


async def pipeline_named(desk: Desk, ref: PipelineRef) -> Pipeline:
    """Return a pipeline as its list has it; by its id alone, where that has not."""
    unknown = Pipeline(ref=ref, name=ref.id)
    if ref.connection not in desk.reader.providers:
        return unknown
    page = (await desk.reader.pipelines(ref.connection)).value
    listed = page.items if page else ()
    return next((pipeline for pipeline in listed if pipeline.ref == ref), unknown)


async def known_by(desk: Desk, targets: Iterable[str]) -> Mapping[str, Pipeline]:
    """Return the pipelines that are kept by these texts, as far as they are known.

    Nobody is waited for: what no list that was read lately has is left out.
    """
    reader = desk.reader.until(timedelta())
    kept = set(targets)
    connections = {target.partition(":")[0] for target in kept}
    asked = sorted(connections & reader.providers.keys())
    readings = await asyncio.gather(*map(reader.pipelines, asked))
    listed = (
        pipeline
        for reading in readings
        for pipeline in (reading.value.items if reading.value else ())
    )
    return {target: p for p in listed if (target := address(p.ref)) in kept}


async def names_of(desk: Desk, targets: Iterable[str]) -> Mapping[str, str]:
    """Return what people call what is kept by these texts.

    What is not known by a name is called as it is kept.
    """
    asked = tuple(targets)
    known = await known_by(desk, asked)
    return {text: named(known[text]) if text in known else text for text in asked}


async def typed_target(desk: Desk, target: str, pipelines: Sequence[Pipeline]) -> str:
    """Return how people type what is kept by an address: by the name, if that is it."""
    if len(pipelines) != 1 or target != address(pipelines[0].ref):
        return target
    [pipeline] = pipelines
    name = f"{pipeline.ref.connection}:{pipeline.name}"
    found = await gather(desk, Command(Verb.WATCH, name))
    if isinstance(found, Problem) or found.pipelines != (pipeline,):
        return target
    return name if as_kept(desk, name, found) == target else target


async def watch_offers(
    desk: Desk, watches: Sequence[Watch], verb: str
) -> tuple[Offer, ...]:
    """Return a verb for each of the first few watches, to press.

    What each says tells those apart that watch the same.
    """
    shown = watches[:5]
    names = await names_of(desk, [watch.target for watch in shown])
    return tuple(
        Offer(
            label=f"{watch.id} · {names[watch.target]} · {in_short(watch)}",
            command=f"{verb} {watch.id}",
        )
        for watch in shown
    )
