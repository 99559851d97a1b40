"""What every verb needs first: the pipelines a target means, and who is in trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.answers import Part, Problem, Trouble
from bot.catalog import Ambiguous, Found, Nothing, Words, connections_of, resolve

if TYPE_CHECKING:
    from bot.commands.grammar import Command
    from bot.reader import Reader, Reading
    from providers.clock import Clock
    from providers.model import Pipeline


ALL_OF_THEM = "A * in a name stands for anything, and so means all of them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the verbs work with."""

    reader: Reader
    words: Words
    clock: Clock
    command: str
    """The slash command's name, such as `/runs`."""

    def now(self) -> datetime:
        """Return the time."""
        return self.clock.now()


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
    names = connections_of(target, desk.words, desk.reader.providers)
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
    meant = resolve(target, desk.words, found, unread)
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


def asked(command: Command) -> str | None:
    """Return what was asked about, as it would be typed; `None` for everything."""
    return " ".join(filter(None, (command.target, str(command.filters)))) or None


def in_trouble(reader: Reader, name: str, reading: Reading[object]) -> Part:
    """Return the part of a connection that could not be read."""
    assert reading.error is not None  # noqa: S101 - asked only about failed readings
    return Part(
        connection=name,
        title=reader.providers[name].title,
        trouble=Trouble.of(reading.error, reading.failing_since),
        as_of=reading.read_at,
    )


def _problem(
    desk: Desk, command: Command, meant: Ambiguous | Nothing, parts: tuple[Part, ...]
) -> Problem:
    def instead(targets: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{desk.command} {command.verb} {t}{number}" for t in targets)

    number = f" #{command.run}" if command.run else ""
    target = command.target or ""
    if isinstance(meant, Ambiguous):
        others = meant.count - len(meant.choices)
        return Problem(
            what=f"“{target}” fits {meant.count} pipelines. Which one do you mean?",
            instead=instead(meant.choices),
            hint=f"{others} more fit. {ALL_OF_THEM}" if others else ALL_OF_THEM,
            parts=parts,
        )
    return Problem(
        what=f"No pipeline fits “{target}”.",
        instead=instead(meant.suggestions) or (f"{desk.command} status",),
        hint="A target is a pipeline's name, connection:name, a group, or a glob.",
        parts=parts,
    )
