"""The engine of `bot.work.port`, on PgQueuer: in memory, or in PostgreSQL.

Of PgQueuer only the queue is used. Its cron schedules are not: those in memory never
move their next run on, so that an hourly one fires at every look once it was due; and
both kinds stand still for as long as the machine's clock was set back. Periods are
counted by `Jobs.take_turn` instead.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import structlog
from pgqueuer import Job, QueueManager
from typing_extensions import override

from bot.work.jobs import Jobs, Place, key_of
from bot.work.port import Engine, Handler, Health, Periodic
from bot.work.tasks import all_done, cancel, failure, first_done, wait

if TYPE_CHECKING:
    from providers.clock import Clock

log = structlog.get_logger(__name__)

HEARTBEAT = timedelta(seconds=15)
"""How long a worker may be silent until its jobs are given to another one."""

LOOKS_PER_HEARTBEAT = 3
"""How often an idle worker looks for jobs whose worker fell silent."""

BATCH = 10
"""Jobs fetched at a time."""

FIRST_BACKOFF = timedelta(seconds=0.5)
LONGEST_BACKOFF = timedelta(seconds=5)
"""Between two tries to reach a lost database."""

LOG_KEPT = timedelta(minutes=10)

HEALTH_PATIENCE = timedelta(seconds=2)
"""Who asks how we are does not wait as long as a job does."""


class _Kind(NamedTuple):
    handler: Handler
    parallel: int


class _Periodic(NamedTuple):
    period: timedelta
    fn: Periodic


class PgQueuerEngine(Engine):
    """Fetches jobs from a place and gives their keys to handlers."""

    def __init__(
        self, place: Place, clock: Clock, *, heartbeat: timedelta = HEARTBEAT
    ) -> None:
        self._place = place
        self._clock = clock
        self._heartbeat = heartbeat
        self._kinds: dict[str, _Kind] = {}
        self._periodic: dict[str, _Periodic] = {}
        self._jobs: Jobs | None = None
        self._has_run = False
        self._grace = timedelta()
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._last_tick: datetime | None = None
        self._failures = 0
        self._trouble: str | None = None
        self._backoff = FIRST_BACKOFF
        # It logs through `logging` what is logged here, and a whole traceback ten times
        # a second while it cannot note in a lost database that a job is done.
        logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)

    @override
    def on(self, kind: str, handler: Handler, parallel: int) -> None:
        self._refuse_while_running()
        if kind in self._kinds or parallel < 1:
            msg = f"kind {kind!r} has a handler already, or none may run at a time"
            raise ValueError(msg)
        self._kinds[kind] = _Kind(handler, parallel)

    @override
    def every(self, name: str, period: timedelta, fn: Periodic) -> None:
        self._refuse_while_running()
        if name in self._periodic or period <= timedelta():
            msg = f"the name {name!r} is taken, or its period is not positive"
            raise ValueError(msg)
        self._periodic[name] = _Periodic(period, fn)

    def _refuse_while_running(self) -> None:
        if self._has_run:
            raise RuntimeError(
                "an engine is told its work before it runs, and runs once"
            )

    @override
    async def nudge(self, kind: str, key: str, conn: object | None = None) -> None:
        if kind not in self._kinds:
            msg = f"nobody handles {kind!r}"
            raise ValueError(msg)
        if conn is not None:
            was_left = await self._place.nudge_within(conn, kind, key)
            if not was_left and self._jobs is not None:
                self._jobs.missed(kind, key)
            return
        if self._jobs is None:
            log.debug("a nudge is left to the sweep", kind=kind, key=key)
            return
        try:
            await self._jobs.nudge(kind, key)
        except Exception as error:  # noqa: BLE001 - whatever it is, the sweep comes
            log.warning(
                "a nudge is left to the sweep", kind=kind, key=key, error=_said(error)
            )

    @override
    async def run(self) -> None:
        self._refuse_while_running()
        self._has_run = True
        try:
            while not self._stopping.is_set():
                try:
                    async with self._place.open() as jobs:
                        await self._work(jobs)
                except Exception as error:  # noqa: BLE001 - whatever it is, try again
                    self._lost(error)
                    await wait(self._stopping, self._backoff)
                    self._backoff = min(self._backoff * 2, LONGEST_BACKOFF)
        finally:
            self._ended.set()

    @override
    async def stop(self, grace: timedelta) -> None:
        self._grace = grace
        self._stopping.set()
        if self._has_run:
            await self._ended.wait()

    @override
    async def health(self) -> Health:
        lag, workers = None, None
        try:
            if self._jobs is not None:
                async with asyncio.timeout(HEALTH_PATIENCE.total_seconds()):
                    lag, workers = await self._jobs.lag(), await self._jobs.workers()
        except Exception as error:  # noqa: BLE001 - not to know is an answer too
            log.warning("the work queue's health is not known", error=_said(error))
        return Health(
            lag=lag,
            last_tick=self._last_tick,
            workers=workers,
            failures=self._failures,
            trouble=self._trouble,
        )

    async def _work(self, jobs: Jobs) -> None:
        """Work on these jobs until told to stop, or until they are out of reach.

        Raises:
            Exception: what put them out of reach.

        """
        queue, rhythm = self._queue(jobs), self._heartbeat / LOOKS_PER_HEARTBEAT
        tasks = [
            asyncio.create_task(
                queue.run(
                    dequeue_timeout=rhythm,
                    batch_size=BATCH,
                    heartbeat_timeout=self._heartbeat,
                    log_aggregation_interval=timedelta(),  # nobody reads statistics
                )
            ),
            # PgQueuer notices that its database is lost, and waits for its handlers
            # before it says so; the pulse says so at once.
            self._turns(jobs, queue.shutdown, "pulse", rhythm, _nothing),
            self._turns(jobs, queue.shutdown, "queue-log", LOG_KEPT, jobs.forget_log),
            *(
                self._turns(jobs, queue.shutdown, name, period, fn)
                for name, (period, fn) in self._periodic.items()
            ),
        ]
        halt = asyncio.create_task(self._stopping.wait())
        self._jobs = jobs
        try:
            if not await first_done({halt, *tasks}, rhythm):
                # By now it has looked for jobs, and not only connected.
                self._recovered()
                await first_done({halt, *tasks})
            queue.shutdown.set()
            if not halt.done():
                self._lost(failure(tasks))
                # What runs here is about to be given to other replicas.
                await all_done(tasks, rhythm, unless=halt)
            if halt.done():
                await asyncio.wait(tasks, timeout=self._grace.total_seconds())
        finally:
            await cancel([halt, *tasks])
            self._jobs = None
        if not self._stopping.is_set():
            raise failure(tasks)

    def _queue(self, jobs: Jobs) -> QueueManager:
        queue = QueueManager(jobs.repository, jobs.channel)
        for kind, (handler, parallel) in self._kinds.items():
            queue.entrypoint(kind, concurrency_limit=parallel, accepts_context=False)(
                self._guarded(jobs, handler)
            )
        return queue

    def _guarded(
        self, jobs: Jobs, handler: Handler
    ) -> Callable[[Job], Awaitable[None]]:
        async def work(job: Job) -> None:
            kind, key = job.entrypoint, key_of(job)
            jobs.begin(kind, key)
            try:
                await handler(key)
            except asyncio.CancelledError:
                jobs.cut_short(kind, key)
                raise
            except Exception:
                self._failures += 1
                log.exception("a handler failed", kind=kind, key=key)

        return work

    def _turns(
        self,
        jobs: Jobs,
        shutdown: asyncio.Event,
        name: str,
        period: timedelta,
        fn: Periodic,
    ) -> asyncio.Task[None]:
        async def turns() -> None:
            clock = asyncio.get_running_loop().time
            while not shutdown.is_set():
                turn = await jobs.take_turn(name, period)
                asked_at, self._last_tick = clock(), self._clock.now()
                if turn.is_ours:
                    await self._take(name, fn)
                elapsed = timedelta(seconds=clock() - asked_at)
                await wait(shutdown, turn.rest - elapsed)

        return asyncio.create_task(turns(), name=name)

    async def _take(self, name: str, fn: Periodic) -> None:
        try:
            await fn()
        except Exception:
            self._failures += 1
            log.exception("a periodic task failed", name=name)

    def _lost(self, error: BaseException) -> None:
        if self._trouble is None:
            log.error("the work queue is out of reach", error=_said(error))
        self._trouble = f"the work queue is out of reach: {_said(error)}"

    def _recovered(self) -> None:
        if self._trouble is not None:
            log.info("the work queue is back")
        self._trouble = None
        self._backoff = FIRST_BACKOFF


async def _nothing() -> None:
    """Do nothing: to have asked for the turn is all there was to do."""


def _said(error: BaseException) -> str:
    """Return what went wrong, without the database's address or a job's content."""
    words = str(error) if isinstance(error, OSError) else ""
    return f"{type(error).__name__} {words}".rstrip()
