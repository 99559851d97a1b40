"""What happened to lineages and runs, and what was decided about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from bot.records import Happening, Verdict
from bot.store.room import Room, portions
from bot.store.tables import happenings, verdicts
from providers.refs import PipelineRef, RunRef

_OLDEST_FIRST = (happenings.c.at, happenings.c.seen_at, happenings.c.key)


class Happenings(Room[Happening]):
    """Happenings: each key is kept once."""

    _record = Happening
    _table = happenings
    _keys = ("key",)

    async def add(self, found: Iterable[Happening]) -> frozenset[str]:
        """Add those that are new; return their keys."""
        return await self._add(found)

    async def of_run(self, run: RunRef) -> list[Happening]:
        """Return what happened to a run, attempt and all, the oldest first."""
        return await self._all(happenings.c.run == run, order=_OLDEST_FIRST)

    async def since(
        self, moment: datetime, pipelines: Collection[PipelineRef] | None = None
    ) -> list[Happening]:
        """Return what happened at `moment` or later, the oldest first.

        Args:
            moment: compared with when it happened, not with when it was seen.
            pipelines: of these alone; of all by default.

        """
        recent = happenings.c.at >= moment
        if pipelines is None:
            return await self._all(recent, order=_OLDEST_FIRST)
        found = [
            happening
            for some in portions(pipelines)
            for happening in await self._all(
                recent, happenings.c.pipeline.in_(some), order=()
            )
        ]
        return sorted(found, key=lambda one: (one.at, one.seen_at, one.key))


class Verdicts(Room[Verdict]):
    """Verdicts: of each happening one for each watch, and the first one stands."""

    _record = Verdict
    _table = verdicts
    _keys = ("happening", "watch")

    async def add(self, decided: Iterable[Verdict]) -> None:
        """Add those that are new; the happening has to be there."""
        await self._add(decided)

    async def of(self, happening_keys: Iterable[str]) -> list[Verdict]:
        """Return what was decided about these happenings, in no certain order."""
        return [
            verdict
            for some in portions(happening_keys)
            for verdict in await self._all(verdicts.c.happening.in_(some), order=())
        ]
