"""The embedded default: jobs in this process, gone with it.

Nothing is lost by that. What is to be done stands in the store, and the first sweep of
the next process finds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from pgqueuer import InMemoryDriver, InMemoryQueries
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.domain.models import Job, TracebackRecord
from pgqueuer.domain.types import JOB_STATUS
from typing_extensions import override

from bot.work.jobs import NAMES, Jobs, LetGo, Turn


@dataclass(kw_only=True)
class _Queries(InMemoryQueries):
    """PgQueuer's, which also say when rows are gone."""

    let_go: LetGo

    @override
    async def log_jobs(
        self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]
    ) -> None:
        await super().log_jobs(job_status)
        await self.let_go([job for job, _, _ in job_status])


class MemoryPlace(Jobs):
    """The jobs of this process; several engines may share it."""

    def __init__(self) -> None:
        super().__init__()
        self._queries = _Queries(
            driver=InMemoryDriver(),
            qbe=QueryBuilderEnvironment(NAMES),
            qbq=QueryQueueBuilder(NAMES),
            qbs=QuerySchedulerBuilder(NAMES),
            let_go=self.let_go,
        )
        self._turns: dict[str, int] = {}
        self._workers = 0

    @property
    @override
    def repository(self) -> InMemoryQueries:
        return self._queries

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Jobs]:
        """Return itself: there is nothing to connect to."""
        self._workers += 1
        try:
            yield self
        finally:
            self._workers -= 1

    async def nudge_within(self, conn: object, kind: str, key: str) -> bool:
        """Leave a job at once: memory takes part in nobody's transaction."""
        del conn
        await self.nudge(kind, key)
        return True

    @override
    async def take_turn(self, name: str, period: timedelta) -> Turn:
        """Go by the loop's clock, which nobody can set."""
        now, length = asyncio.get_running_loop().time(), period.total_seconds()
        turn = int(now // length)
        is_ours = self._turns.get(name) != turn
        self._turns[name] = turn
        return Turn(is_ours, timedelta(seconds=length - now % length))

    @override
    async def workers(self) -> int:
        return self._workers
