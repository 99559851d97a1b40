"""What is watched of one connection: its list of pipelines, and what the watches mean.

Both are worked out anew only where something changed: the list after a while, and the
rest after a change of the list or of any watch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.records import Watch
from bot.watch.targets import Coverage, Targets, coverage
from providers.clock import Clock
from providers.contract import Provider
from providers.errors import ProviderError
from providers.model import Pipeline

log = structlog.get_logger(__name__)

MOST_PIPELINES = 20_000
"""How many pipelines of a connection can be watched."""

LIST_AGE = timedelta(minutes=15)
"""How old the list of pipelines may be: new ones are found by then."""


@dataclass(frozen=True, slots=True)
class _Listed:
    pipelines: tuple[Pipeline, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class _Covered:
    watches: Sequence[Watch]
    pipelines: tuple[Pipeline, ...]
    coverage: Coverage


class Covering:
    """Knows which pipelines of a connection there are, and which are watched."""

    def __init__(self, provider: Provider, clock: Clock, targets: Targets) -> None:
        self._provider = provider
        self._clock = clock
        self._targets = targets
        self._listed: _Listed | None = None
        self._covered: _Covered | None = None

    async def of(self, watches: Sequence[Watch]) -> Coverage:
        """Return what is watched; the very same object where nothing has changed.

        Args:
            watches: those that may mean a pipeline of the connection; the very same
                object as before where nothing about them has changed.

        Raises:
            ProviderError: the list of pipelines was never read, and cannot be now.

        """
        if not watches:
            return Coverage({}, frozenset())
        pipelines = await self.pipelines()
        known = self._covered
        if (
            known is None
            or known.watches is not watches
            or known.pipelines is not pipelines
        ):
            name = self._provider.connection
            found = coverage(name, watches, pipelines, self._targets)
            known = self._covered = _Covered(watches, pipelines, found)
        return known.coverage

    async def pipelines(self) -> tuple[Pipeline, ...]:
        """Return the pipelines that there are.

        Raises:
            ProviderError: the list was never read, and cannot be now.

        """
        return (await self._list()).pipelines

    async def _list(self) -> _Listed:
        known, now = self._listed, self._clock.now()
        if known is not None and timedelta() <= now - known.at < LIST_AGE:
            return known
        try:
            page = await self._provider.list_pipelines(limit=MOST_PIPELINES)
        except ProviderError:
            if known is None:
                raise
            return known  # the look itself will say what is wrong
        # Their latest runs are of one moment, most of what a list holds, and would make
        # every list another one than before.
        listed = tuple(replace(pipeline, latest=None) for pipeline in page.items)
        is_same = known is not None and known.pipelines == listed
        pipelines = known.pipelines if known and is_same else listed
        if page.next is not None:
            log.warning("not all pipelines can be watched", listed=len(listed))
        self._listed = _Listed(pipelines, now)
        return self._listed
