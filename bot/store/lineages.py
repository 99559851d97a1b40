"""What each lineage remembers, as the text that `watch` makes of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records import Lineage
from bot.store.room import digest, portions, upsert
from bot.store.tables import lineages
from providers.refs import PipelineRef


class Lineages:
    """The states of lineages; the store does not look into them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def load(self, pipelines: Collection[PipelineRef]) -> dict[Lineage, str]:
        """Return the state of every lineage of these pipelines that has one."""
        columns = (lineages.c.pipeline, lineages.c.line, lineages.c.state)
        states: dict[Lineage, str] = {}
        for some in portions(pipelines):
            found = await self._connection.execute(
                select(*columns).where(lineages.c.pipeline.in_(some))
            )
            states |= {Lineage(row.pipeline, row.line): row.state for row in found}
        return states

    async def looked_at(
        self, pipelines: Collection[PipelineRef]
    ) -> frozenset[PipelineRef]:
        """Return which of these pipelines have a lineage that remembers anything."""
        known: set[PipelineRef] = set()
        for some in portions(pipelines):
            found = await self._connection.execute(
                select(lineages.c.pipeline)
                .where(lineages.c.pipeline.in_(some))
                .distinct()
            )
            known.update(found.scalars())
        return frozenset(known)

    async def save(self, states: Mapping[Lineage, str], now: datetime) -> None:
        """Keep these states in the place of those of the same lineages."""
        rows = [
            {
                "lineage": digest(lineage),
                "pipeline": lineage.pipeline,
                "line": lineage.line,
                "state": state,
                "saved_at": now,
            }
            for lineage, state in states.items()
        ]
        await upsert(self._connection, lineages, rows, keys=("lineage",))
