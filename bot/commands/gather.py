"""What every verb needs first: the pipelines a target means, and who is in trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from difflib import get_close_matches
from random import Random, SystemRandom
from typing import TYPE_CHECKING

from bot.answers import Offer, Part, Problem
from bot.catalog import (
    Ambiguous,
    Choice,
    Found,
    Nothing,
    Words,
    address,
    connections_of,
    resolve,
)
from bot.commands.grammar import OF_ONE_RUN, Command, Verb, keys_of, parse
from bot.terms import SPELLINGS, Key
from bot.tokens import is_url
from providers.model import PipelineRef, RunRef

if TYPE_CHECKING:
    from bot.commands.asker import Asker
    from bot.reader import Reader
    from bot.readings import Reading
    from bot.store import Store
    from providers.clock import Clock
    from providers.model import Pipeline


_HINT = (
    "A target is a pipeline's name, connection:name, a group, a glob, or the pasted "
    "address of its page."
)
ALL_OF_THEM = "A * in a name stands for anything, and so means all of them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the verbs work with."""

    reader: Reader
    words: Words
    clock: Clock
    command: str
    """The slash command's name, such as `/runs`."""
    store: Store | None = None
    """What the watch remembers; `None` where nothing is watched."""
    random: Random = field(default_factory=SystemRandom)
    """For the ids that people type."""
    zone: tzinfo = UTC
    """Where people are whose own zone is not known."""
    asker: Asker | None = None
    """Who asks, and where; `None` in a terminal."""
    look_now: Callable[[str], Awaitable[None]] | None = None
    """Has the watch look at a connection soon; `None` where nothing watches."""
    is_member: Callable[[str, str], Awaitable[bool | None]] | None = None
    """Whether a person is in a channel, both by Slack's ids; `None` is said where that
    is not known."""

    def now(self) -> datetime:
        """Return the time."""
        return self.clock.now()

    def locate(self, url: str) -> tuple[PipelineRef, ...]:
        """Return the pipeline of a pasted address, in each connection it may be of."""
        return tuple(map(pipeline_of, located(self, url)))

    async def hasten(self, pipelines: Iterable[Pipeline]) -> None:
        """Have these pipelines looked at soon: somebody has begun to wait for them."""
        if self.look_now is not None:
            for name in sorted({pipeline.ref.connection for pipeline in pipelines}):
                await self.look_now(name)

    @property
    def local_zone(self) -> tzinfo:
        """The zone whose clocks who asks looks at."""
        return self.asker.zone if self.asker and self.asker.zone else self.zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The pipelines that are meant, and the connections that could not be searched."""

    pipelines: tuple[Pipeline, ...]
    troubled: Mapping[str, Part] = field(default_factory=dict)
    """By connection; the pipelines named above are then the last known ones."""
    cut: frozenset[str] = frozenset()
    """The connections that have more pipelines than were looked at."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """By connection, how many entries of its list of pipelines could not be read."""
    whole: tuple[str, ...] = ()
    """The connections that were asked about as a whole."""

    @property
    def by_connection(self) -> Mapping[str, tuple[Pipeline, ...]]:
        """The pipelines, sorted into their connections."""
        names = dict.fromkeys(p.ref.connection for p in self.pipelines)
        return {
            name: tuple(p for p in self.pipelines if p.ref.connection == name)
            for name in names
        }


async def gather(desk: Desk, command: Command) -> Gathered | Problem:
    """Return the pipelines a command means, or the problem; no target means all.

    A connection in trouble is searched among its last known pipelines, and does not
    keep the others from being found.
    """
    target = command.target
    names = connections_of(target, desk.words, desk.reader.providers, desk.locate)
    readings = dict(
        zip(
            names,
            await asyncio.gather(*(desk.reader.pipelines(name) for name in names)),
            strict=True,
        )
    )
    troubled = {
        name: in_trouble(desk.reader, name, reading)
        for name, reading in readings.items()
        if reading.error
    }
    pages = {n: r.value for n, r in readings.items() if r.value is not None}
    found = {n: pages[n].items if n in pages else () for n in names}
    unread = frozenset(names) - pages.keys()
    meant = resolve(target, desk.words, found, desk.locate, unread)
    if not isinstance(meant, Found):
        return _problem(desk, command, meant, tuple(troubled.values()))
    return Gathered(
        pipelines=tuple(
            p for p in meant.pipelines if command.filters.wants_pipeline(p)
        ),
        troubled=troubled,
        cut=frozenset(name for name, page in pages.items() if page.next),
        left_out={name: page.left_out for name, page in pages.items()},
        whole=names if target is None or target.casefold() in names else (),
    )


def located(desk: Desk, url: str) -> tuple[RunRef | PipelineRef, ...]:
    """Return what a pasted address is about, for each connection it may be of."""
    found = (provider.locate(url) for provider in desk.reader.providers.values())
    return tuple(ref for ref in found if ref is not None)


def pipeline_of(ref: RunRef | PipelineRef) -> PipelineRef:
    """Return the pipeline an address is about; of a run, the one it belongs to."""
    return ref.pipeline if isinstance(ref, RunRef) else ref


def asked(command: Command) -> str | None:
    """Return what was asked about, as it would be typed; `None` for everything."""
    filters = str(command.filters.at_page(1))
    return " ".join(filter(None, (command.target, filters))) or None


def to_page(command: Command, page: int) -> Command:
    """Return the command for another page of the same."""
    return replace(command, filters=command.filters.at_page(page))


def at_page(command: Command, page: int) -> str | None:
    """Return how another page of the same is asked for."""
    return typed_again(to_page(command, page))


def typed_again(command: Command) -> str | None:
    """Return a command as it would be typed, if it is read back as what it was."""
    text = str(command)
    return text if parse(text) == command else None


def offers(*meant: tuple[str, Command]) -> tuple[Offer, ...]:
    """Return what to press for these commands, by what people call them."""
    typed = ((label, typed_again(command)) for label, command in meant)
    return tuple(Offer(label=label, command=c) for label, c in typed if c is not None)


def choose(command: Command, choices: Iterable[Choice]) -> tuple[Offer, ...]:
    """Return the same command of each of some targets, to press."""
    return offers(*((c.label, replace(command, target=c.target)) for c in choices))


def of_run(verb: Verb, ref: RunRef) -> str | None:
    """Return the command that asks `verb` of exactly this run, where there is one."""
    return typed_again(Command(verb, address(ref.pipeline), ref.id))


def same_run(command: Command, ref: RunRef) -> str | None:
    """Return the command that asks again about the run that a command turned out to be.

    A pasted address stays as it is: a run may be too old to be found in a list.
    """
    is_pasted = command.target is not None and is_url(command.target)
    if is_pasted or command.verb is None:
        return typed_again(command)
    return of_run(command.verb, ref)


def in_trouble(reader: Reader, name: str, reading: Reading[object]) -> Part:
    """Return the part of a connection that could not be read."""
    return Part(
        connection=name,
        title=reader.providers[name].title,
        trouble=reading.trouble,
        as_of=reading.read_at,
    )


def _no_filter(desk: Desk, target: str) -> str | None:
    """Return what is put like a filter in a target of several words, and is none."""
    if is_url(target) or " " not in target:
        return None
    connections = desk.reader.providers
    keys = (word.partition(":")[:2] for word in target.split())
    found = (key.removeprefix("-") for key, colon in keys if key and colon)
    return next((key for key in found if key.casefold() not in connections), None)


def _unknown_filter(
    command: Command, target: str, key: str, parts: tuple[Part, ...]
) -> Problem:
    """Return that a word is no filter; where one is like it, the same with that one."""
    keys = keys_of(command.verb)
    near = get_close_matches(
        key.casefold(), [k for k, v in SPELLINGS.items() if v in keys], n=1, cutoff=0.6
    )
    verb = command.verb or Verb.STATUS
    others = replace(command, verb=None, target=None)
    # Read anew, since what was a part of the target is a filter then.
    texts = (f"{verb} {target.replace(f'{key}:', f'{n}:', 1)} {others}" for n in near)
    meant = [one for one in map(parse, texts) if isinstance(one, Command)]
    takes = ", ".join(f"{k}:" for k in Key if k in keys)
    return Problem(
        what=f"“{key}:” is neither a filter nor a connection.",
        instead=offers(*((str(one), one) for one in meant))
        or (Offer(label=f"What {verb} takes", command=f"{Verb.HELP} {verb}"),),
        hint=f"{verb} takes {takes}." if takes else _HINT,
        parts=parts,
    )


def _problem(
    desk: Desk, command: Command, meant: Ambiguous | Nothing, parts: tuple[Part, ...]
) -> Problem:
    target = meant.target
    asked_for = command.target or target
    # A word of the configuration stands for others, one of which is at fault.
    of = "" if target == asked_for else f" “{asked_for}” stands for it."
    if isinstance(meant, Ambiguous):
        others = meant.count - len(meant.choices)
        return Problem(
            what=f"“{target}” fits {meant.count} pipelines.{of} Which one do you mean?",
            instead=choose(command, meant.choices),
            hint=f"{others} more fit. {ALL_OF_THEM}" if others else ALL_OF_THEM,
            parts=parts,
        )
    if key := _no_filter(desk, target):
        return _unknown_filter(command, target, key, parts)
    what = (
        "That address belongs to none of my connections."
        if is_url(target)
        else f"No pipeline fits “{target}”."
    )
    near = choose(command, meant.suggestions)
    hint = _HINT
    if command.verb in OF_ONE_RUN and command.run is None and target.isdecimal():
        near = offers(
            (f"Run #{target} of …", replace(command, target=None, run=target))
        )
        hint = f"The number of a run goes behind its pipeline: release {target}."
    return Problem(
        what=f"{what}{of}",
        instead=near or offers(("Everything", Command(Verb.STATUS))),
        hint=hint,
        parts=parts,
    )
