"""`status`: the latest run of each pipeline, per connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.answers import Part, Problem, Row, Status, Trouble
from bot.commands.gather import Desk, asked, gather, in_trouble
from providers.errors import ProviderError

if TYPE_CHECKING:
    from bot.commands.gather import Gathered
    from bot.commands.grammar import Command
    from providers.contract import Look
    from providers.model import Pipeline


async def status(desk: Desk, command: Command) -> Status | Problem:
    """Return where the pipelines stand that a command means; all, where none."""
    gathered = await gather(desk, command)
    if isinstance(gathered, Problem):
        return gathered
    parts = await asyncio.gather(
        *(
            _part(desk, command, name, pipelines, gathered)
            for name, pipelines in gathered.by_connection.items()
        )
    )
    seen = {part.connection for part in parts}
    unseen = [p for name, p in gathered.troubled.items() if name not in seen]
    if not command.filters:
        # A connection without pipelines is an answer too.
        told = seen | {part.connection for part in unseen}
        unseen += [_empty(desk, n) for n in gathered.whole if n not in told]
    return Status(
        asked=asked(command),
        parts=(*parts, *unseen),
        only_attention=command.verb is None,
    )


def _empty(desk: Desk, name: str) -> Part:
    return Part(connection=name, title=desk.reader.providers[name].title)


async def _part(
    desk: Desk,
    command: Command,
    name: str,
    pipelines: tuple[Pipeline, ...],
    gathered: Gathered,
) -> Part:
    reading = await desk.reader.latest(name, [p.ref for p in pipelines])
    looks = reading.value or {}
    base = (
        in_trouble(desk.reader, name, reading)
        if reading.error
        else gathered.troubled.get(name)
    )
    # Without a last known answer there are no rows: a pipeline that could not be read
    # must not look like one that has never run.
    known = [p for p in pipelines if p.ref in looks]
    rows = tuple(_row(p, looks.get(p.ref)) for p in known)
    return Part(
        connection=name,
        title=desk.reader.providers[name].title,
        rows=tuple(row for row in rows if _is_wanted(row, command, desk)),
        trouble=base.trouble if base else None,
        as_of=reading.read_at if reading.error else None,
        more=name in gathered.cut,
        left_out=gathered.left_out.get(name, 0),
    )


def _is_wanted(row: Row, command: Command, desk: Desk) -> bool:
    """Return whether a row passes the filters; what could not be read stays."""
    if row.run is None:
        return row.trouble is not None or not command.filters.about_runs
    return command.filters.passes(row.run, desk.now())


def _row(pipeline: Pipeline, look: Look) -> Row:
    if isinstance(look, ProviderError):
        return Row(pipeline=pipeline, trouble=Trouble.of(look))
    return Row(pipeline=pipeline, run=look)
