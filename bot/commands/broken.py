"""Whether something is broken, as far as anybody knows it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from bot.watch.failures import is_failure
from bot.watch.lineage import unpack
from bot.watch.streaks import is_red
from providers.errors import ProviderError
from providers.model import Run, State

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.commands.keeping import Room
    from providers.contract import Look
    from providers.model import Pipeline, PipelineRef


async def is_broken(
    desk: Desk, room: Room, pipelines: Iterable[Pipeline]
) -> bool | None:
    """Return whether any of these pipelines is broken; `None` where nobody knows.

    By what the channel was told and what the watch has seen; of what it never saw, by
    the latest runs.
    """
    refs = {pipeline.ref for pipeline in pipelines}
    async with room.store.read() as tx:
        told = await tx.incidents.open_in(room.channel)
        states = await tx.lineages.load(refs)
    if any(one.lineage.pipeline in refs and is_failure(one) for one in told):
        return True
    if any(is_red(unpack(state)) for state in states.values()):
        return True
    unseen = refs - {lineage.pipeline for lineage in states}
    looks = await _looks(desk, unseen)
    if any(isinstance(run, Run) and run.state is State.FAILED for run in looks):
        return True
    is_unknown = not refs or any(isinstance(look, ProviderError) for look in looks)
    return None if is_unknown or len(looks) < len(unseen) else False


async def _looks(desk: Desk, refs: Collection[PipelineRef]) -> list[Look]:
    """Return the latest runs of pipelines, as far as they can be read."""
    by_connection: dict[str, list[PipelineRef]] = {}
    for ref in refs:
        by_connection.setdefault(ref.connection, []).append(ref)
    readings = await asyncio.gather(
        *(desk.reader.latest(name, some) for name, some in by_connection.items())
    )
    return [look for reading in readings for look in (reading.value or {}).values()]
