"""For several replicas: jobs in PostgreSQL, in tables that begin with `runbell_`.

Each engine has one connection of its own, which also listens; it must not go through a
pooler that hands out connections by transaction, since LISTEN would get lost there.
https://www.postgresql.org/docs/current/sql-listen.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it has no types
from pgqueuer import AsyncpgDriver, Queries
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.domain.models import Job, TracebackRecord
from pgqueuer.domain.types import JOB_STATUS
from typing_extensions import override

from bot.work.jobs import NAMES, Jobs, LetGo, Turn, leave

NAME = "runbell-work"
"""As which the connections of engines are listed in `pg_stat_activity`."""

PATIENCE = 10.0
"""Seconds for any statement; a database that is slower counts as lost."""

_TURNS = """
CREATE TABLE IF NOT EXISTS runbell_turns (name text PRIMARY KEY, turn bigint NOT NULL)
"""

# Periods are counted from 1970 by the database's clock. A turn is taken where the
# period is a later one, or where the clock was set back; a statement that waited for
# its lock until the next period was taken is not to pass for the latter, hence the + 1.
_TAKE_TURN = """
WITH clock AS (
    SELECT extract(epoch FROM clock_timestamp())::float8 AS now, $2::float8 AS length
), period AS (
    SELECT floor(now / length)::bigint AS turn,
           length - (now - floor(now / length) * length) AS rest
    FROM clock
), taken AS (
    INSERT INTO runbell_turns AS known (name, turn)
    SELECT $1, turn FROM period
    ON CONFLICT (name) DO UPDATE SET turn = EXCLUDED.turn
    WHERE known.turn < EXCLUDED.turn OR known.turn > EXCLUDED.turn + 1
    RETURNING turn
)
SELECT EXISTS (SELECT 1 FROM taken) AS is_ours, rest FROM period
"""

_WORKERS = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name = $1 AND datname = current_database()
"""


@dataclass(kw_only=True)
class _Queries(Queries):
    """PgQueuer's, which also say when rows are gone."""

    let_go: LetGo

    @override
    async def log_jobs(
        self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]
    ) -> None:
        await super().log_jobs(job_status)
        await self.let_go([job for job, _, _ in job_status])


class _PostgresJobs(Jobs):
    """The jobs, as seen through one connection."""

    def __init__(self, connection: Any) -> None:
        super().__init__()
        self._driver = AsyncpgDriver(connection)
        self._queries = _Queries(
            self._driver,
            qbe=QueryBuilderEnvironment(NAMES),
            qbq=QueryQueueBuilder(NAMES),
            qbs=QuerySchedulerBuilder(NAMES),
            let_go=self.let_go,
        )

    @property
    @override
    def repository(self) -> Queries:
        return self._queries

    async def prepare(self) -> None:
        """Create or renew the tables; replicas that start together wait in line."""
        async with self._queries.schema_lock():
            if await self._queries.schema_is_installed():
                await self._queries.upgrade()
            else:
                await self._queries.install()
            await self._driver.execute(_TURNS)

    @override
    async def take_turn(self, name: str, period: timedelta) -> Turn:
        (row,) = await self._driver.fetch(_TAKE_TURN, name, period.total_seconds())
        rest = timedelta(seconds=float(str(row["rest"])))
        return Turn(bool(row["is_ours"]), rest)

    @override
    async def workers(self) -> int:
        (row,) = await self._driver.fetch(_WORKERS, NAME)
        return int(str(row["count"]))


class PostgresPlace:
    """The jobs of all replicas, in one database.

    Args:
        dsn: its address, as asyncpg reads it.
            https://magicstack.github.io/asyncpg/current/api/index.html#connection

    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Jobs]:
        """Connect, and create or renew the tables.

        Raises:
            OSError: nobody answers there.
            asyncpg.PostgresError: the database refuses.

        """
        connection = await asyncpg.connect(
            self._dsn,
            timeout=PATIENCE,
            command_timeout=PATIENCE,
            server_settings={"application_name": NAME},
        )
        try:
            jobs = _PostgresJobs(connection)
            await jobs.prepare()
            yield jobs
        finally:
            # Politely where the server listens, and at once where it does not.
            try:
                await connection.close(timeout=1)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()

    async def nudge_within(self, conn: object, kind: str, key: str) -> bool:
        """Leave a job in the transaction that is open on this asyncpg connection."""
        queries = Queries(AsyncpgDriver(conn), qbq=QueryQueueBuilder(NAMES))
        return await leave(queries, kind, key)
