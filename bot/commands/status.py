"""`status`: the latest run of each pipeline, per connection."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.answers import Part, Problem, Row, Status, Trouble
from bot.commands.gather import (
    Desk,
    asked,
    at_page,
    gather,
    in_trouble,
    of_run,
    offers,
    to_page,
)
from bot.commands.grammar import Verb
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
    if not command.filters.at_page(1):
        # A connection without pipelines is an answer too.
        told = seen | {part.connection for part in unseen}
        unseen += [_empty(desk, n) for n in gathered.whole if n not in told]
    page = command.filters.page
    everyone = (*parts, *unseen)
    if command.verb is None:
        # What needs somebody stands on top, wherever it runs.
        everyone = tuple(sorted(everyone, key=lambda part: part.rank))
    found = Status(
        asked=asked(command),
        parts=everyone,
        only_attention=command.verb is None,
        page=page,
        previous=at_page(command, page - 1) if page > 1 else None,
    )
    if page > found.pages:
        return _past_the_end(command, found)
    return replace(
        found,
        parts=tuple(_opening(found, part) for part in found.parts),
        next=at_page(command, page + 1) if page < found.pages else None,
    )


def _opening(found: Status, part: Part) -> Part:
    """Return the part with the commands that open the runs that are shown of it."""
    shown = {row.pipeline.ref for row in found.shown(part)}
    return replace(
        part,
        rows=tuple(
            replace(row, opens=of_run(Verb.SHOW, row.run.ref))
            if row.run is not None and row.pipeline.ref in shown
            else row
            for row in part.rows
        ),
    )


def _past_the_end(command: Command, found: Status) -> Problem:
    count = "1 page" if found.pages == 1 else f"{found.pages} pages"
    return Problem(
        what=f"There is no page {found.page}: this answer has {count}.",
        instead=offers((f"Page {found.pages}", to_page(command, found.pages))),
        parts=tuple(part for part in found.parts if part.trouble),
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
    rows = (_row(p, looks.get(p.ref)) for p in known)
    wanted = (row for row in rows if _is_wanted(row, command, desk))
    return Part(
        connection=name,
        title=desk.reader.providers[name].title,
        rows=tuple(sorted(wanted, key=lambda row: row.rank)),
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
