"""`status`: the latest run of each pipeline, per connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.answers import Part, Problem, Row, Status, Trouble
from bot.commands.gather import Desk, gather, in_trouble
from providers.errors import ProviderError

if TYPE_CHECKING:
    from bot.commands.gather import Gathered
    from providers.contract import Look
    from providers.model import Pipeline


async def status(desk: Desk, targets: tuple[str, ...]) -> Status | Problem:
    """Return where the pipelines stand that the targets mean; all, where none."""
    gathered = await gather(desk, targets, "status")
    if isinstance(gathered, Problem):
        return gathered
    parts = await asyncio.gather(
        *(
            _part(desk, name, pipelines, gathered)
            for name, pipelines in gathered.by_connection.items()
        )
    )
    seen = {part.connection for part in parts}
    unseen = (p for name, p in gathered.troubled.items() if name not in seen)
    return Status(asked=" ".join(targets) or None, parts=(*parts, *unseen))


async def _part(
    desk: Desk, name: str, pipelines: tuple[Pipeline, ...], gathered: Gathered
) -> Part:
    reading = await desk.reader.latest(name, [p.ref for p in pipelines])
    looks = reading.value or {}
    base = (
        in_trouble(desk.reader, name, reading)
        if reading.error
        else gathered.troubled.get(name)
    )
    return Part(
        connection=name,
        title=desk.reader.providers[name].title,
        # Without a last known answer there are no rows: a pipeline that could not be
        # read must not look like one that has never run.
        rows=tuple(_row(p, looks.get(p.ref)) for p in pipelines)
        if reading.value is not None
        else (),
        trouble=base.trouble if base else None,
        as_of=reading.read_at,
        more=name in gathered.cut,
        left_out=gathered.left_out.get(name, 0),
    )


def _row(pipeline: Pipeline, look: Look) -> Row:
    if isinstance(look, ProviderError):
        return Row(pipeline=pipeline, trouble=Trouble.of(look))
    return Row(pipeline=pipeline, run=look)
