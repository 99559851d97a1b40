"""The runs that were seen, and who wants to hear of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, or_, select
from typing_extensions import override

from bot.records import Follow, PastRun
from bot.store.room import Room, Row, portions
from bot.store.tables import follows, runs
from providers.model import Reason, State
from providers.refs import PipelineRef, RunRef

_UNDER_WAY = [state.value for state in State if state.is_under_way]

_OLDEST_FIRST = (runs.c.placed_at, runs.c.ref)
_NEWEST_FIRST = (runs.c.placed_at.desc(), runs.c.ref.desc())


class Runs(Room[PastRun]):
    """Past runs, each attempt by itself; placed by `moment`, else by `seen_at`."""

    _record = PastRun
    _table = runs
    _keys = ("ref",)

    async def add(self, seen: Iterable[PastRun]) -> None:
        """Keep runs, in the place of what was known of the same attempts."""
        await self._save(seen)

    async def durations(
        self, pipeline: PipelineRef, branch: str | None, *, limit: int
    ) -> list[timedelta]:
        """Return how long the good runs of a branch took, the newest first.

        Good is what is known to have succeeded. A run that ended before it started, by
        its vendor, took no time that is known.
        """
        statement = (
            select(runs.c.started_at, runs.c.finished_at)
            .where(
                runs.c.pipeline == pipeline,
                runs.c.branch.is_(None) if branch is None else runs.c.branch == branch,
                runs.c.state == State.SUCCEEDED.value,
                or_(runs.c.reason.is_(None), runs.c.reason != Reason.UNVERIFIED.value),
                runs.c.finished_at >= runs.c.started_at,
            )
            .order_by(*_NEWEST_FIRST)
            .limit(limit)
        )
        found = await self._connection.execute(statement)
        return [finished - started for started, finished in found]

    async def of(self, pipeline: PipelineRef, since: datetime) -> list[PastRun]:
        """Return the runs of a pipeline placed since `since`, the oldest first."""
        return await self.of_pipelines([pipeline], since)

    async def of_pipelines(
        self, pipelines: Collection[PipelineRef], since: datetime
    ) -> list[PastRun]:
        """Return the runs of pipelines placed at `since` or later.

        Those of one pipeline come together, the oldest first.
        """
        return [
            run
            for some in portions(pipelines)
            for run in await self._all(
                runs.c.pipeline.in_(some),
                runs.c.placed_at >= since,
                order=(runs.c.pipeline, *_OLDEST_FIRST),
            )
        ]

    async def get(self, run: RunRef) -> PastRun | None:
        """Return what is known of an attempt of a run."""
        return await self._first(runs.c.ref == run)

    async def under_way(
        self, pipelines: Collection[PipelineRef], since: datetime
    ) -> list[PastRun]:
        """Return the runs that had not ended when they were last seen.

        Those placed at `since` or later; of one pipeline the oldest first.
        """
        return [
            run
            for some in portions(pipelines)
            for run in await self._all(
                runs.c.pipeline.in_(some),
                runs.c.placed_at >= since,
                runs.c.state.in_(_UNDER_WAY),
                order=(runs.c.pipeline, *_OLDEST_FIRST),
            )
        ]

    async def newest_of(
        self, pipelines: Collection[PipelineRef]
    ) -> dict[PipelineRef, PastRun]:
        """Return the newest run that was seen of each pipeline that has one."""
        newest: dict[PipelineRef, PastRun] = {}
        for some in portions(pipelines):
            # Reads the index alone, however long the history.
            latest = (
                select(runs.c.pipeline, func.max(runs.c.placed_at).label("placed_at"))
                .where(runs.c.pipeline.in_(some))
                .group_by(runs.c.pipeline)
                .subquery()
            )
            is_latest = and_(
                runs.c.pipeline == latest.c.pipeline,
                runs.c.placed_at == latest.c.placed_at,
            )
            found = await self._connection.execute(
                select(runs).join(latest, is_latest).order_by(runs.c.ref)
            )
            for row in found.mappings():
                run = self._read(row)
                newest[run.ref.pipeline] = run
        return newest

    async def newest(self, pipeline: PipelineRef) -> PastRun | None:
        """Return the newest run that was seen of a pipeline."""
        return (await self.newest_of([pipeline])).get(pipeline)

    @override
    def _row(self, record: PastRun) -> Row:
        return super()._row(record) | {
            "pipeline": record.ref.pipeline,
            "placed_at": record.moment or record.seen_at,
        }


class Follows(Room[Follow]):
    """Who follows which runs: a person a run at most once."""

    _record = Follow
    _table = follows
    _keys = ("run", "user")

    async def add(self, follow: Follow) -> None:
        """Keep a follow, in the place of the same person's of the same run."""
        await self._save([follow])

    async def remove(self, run: RunRef, user: str) -> bool:
        """End a follow; `False` where there is none."""
        statement = delete(follows).where(follows.c.run == run, follows.c.user == user)
        return bool(await self._changed(statement))

    async def all(self) -> list[Follow]:
        """Return every follow, the oldest first."""
        return await self._all(order=_FOLLOWS)

    async def of_connection(self, connection: str) -> list[Follow]:
        """Return who follows a run of a connection, the oldest first."""
        return [f for f in await self.all() if f.run.pipeline.connection == connection]

    async def of_user(self, user: str) -> list[Follow]:
        """Return what a person follows, the oldest first."""
        return await self._all(follows.c.user == user, order=_FOLLOWS)


_FOLLOWS = (follows.c.created_at, follows.c.run, follows.c.user)
