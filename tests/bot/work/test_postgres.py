"""What holds where replicas share a PostgreSQL."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it has no types
import pytest
import structlog

from bot.work.jobs import Jobs
from bot.work.postgres import NAME, PostgresPlace
from tests.bot.work.driving import SOON, Worker, comes, running, stays_away

HOUR = timedelta(hours=1)


@pytest.fixture
async def conn(dsn: str) -> AsyncIterator[Any]:
    """A connection beside the engine's, as the store has one."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


@pytest.fixture
def worker(dsn: str) -> Worker:
    worker = Worker(PostgresPlace(dsn))
    worker.engine.on("drain", worker.handle, parallel=4)
    return worker


async def test_a_nudge_in_a_transaction_is_heard_after_the_commit(
    worker: Worker, conn: Any
) -> None:
    async with running(worker):
        async with conn.transaction():
            await worker.engine.nudge("drain", "C1", conn)
            assert await worker.begins_nothing()
        assert await worker.begins() == "C1"


async def test_a_nudge_in_a_transaction_that_is_rolled_back_never_was(
    worker: Worker, conn: Any
) -> None:
    async with running(worker):
        transaction = conn.transaction()
        await transaction.start()
        await worker.engine.nudge("drain", "C1", conn)
        await transaction.rollback()
        assert await worker.begins_nothing()
        await worker.engine.nudge("drain", "C1")
        assert await worker.begins() == "C1"


async def test_a_nudge_in_a_transaction_has_a_running_key_worked_on_again(
    worker: Worker, conn: Any
) -> None:
    async with running(worker):
        await worker.engine.nudge("drain", "C1")
        await worker.begins()
        async with conn.transaction():
            await worker.engine.nudge("drain", "C1", conn)
        worker.may_go_on.set()
        assert await worker.begins() == "C1"


async def test_what_a_killed_replica_worked_on_is_taken_over(dsn: str) -> None:
    alive = Worker(PostgresPlace(dsn))
    alive.engine.on("poll", alive.handle, parallel=1)
    doomed = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bot.work.doomed",
        dsn,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert doomed.stdout is not None
        async with asyncio.timeout(4 * SOON):  # it has to start a whole Python
            assert await doomed.stdout.readline() == b"acme\n"
        async with running(alive):
            await alive.engine.nudge("poll", "acme")
            assert await alive.begins_nothing()
            doomed.kill()
            assert await alive.begins() == "acme"
    finally:
        if doomed.returncode is None:
            doomed.kill()
        await doomed.wait()


async def test_a_lost_connection_is_said_once_and_made_anew(
    worker: Worker, conn: Any
) -> None:
    with structlog.testing.capture_logs() as logs:
        async with running(worker):
            await _cut(conn)
            await worker.engine.nudge("drain", "C1")
            async with asyncio.timeout(SOON):
                while not worker.under_way or await _trouble(worker):
                    await worker.engine.nudge("drain", "C2")
                    await _beat()
    events = [entry["event"] for entry in logs]
    assert events.count("the work queue is out of reach") == 1
    assert events.count("the work queue is back") == 1


async def _lost(worker: Worker) -> None:
    async with asyncio.timeout(SOON):
        while await _trouble(worker) is None:
            await _beat()


async def _trouble(worker: Worker) -> str | None:
    return (await worker.engine.health()).trouble


async def _beat() -> None:
    loop = asyncio.get_running_loop()
    passed = asyncio.Event()
    loop.call_later(0.05, passed.set)
    await passed.wait()


async def _cut(conn: Any) -> None:
    await conn.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = $1 AND datname = current_database()",
        NAME,
    )


async def test_handlers_outlive_a_lost_connection(worker: Worker, conn: Any) -> None:
    async with running(worker):
        await worker.engine.nudge("drain", "C1")
        await worker.begins()
        await _cut(conn)
        await _lost(worker)
        assert worker.under_way == ["C1"]
        worker.may_go_on.set()
    assert worker.done[0] == "C1"


async def test_a_handler_that_long_outlives_a_lost_connection_is_cancelled(
    worker: Worker, conn: Any
) -> None:
    # Another replica is given its key.
    async with running(worker):
        await worker.engine.nudge("drain", "C1")
        await worker.begins()
        await _cut(conn)
        assert await worker.begins() == "C1"
        assert worker.most_at_once == 1
    assert worker.done == ["C1"]


async def test_a_database_that_is_not_there_is_trouble_and_no_crash() -> None:
    worker = Worker(PostgresPlace("postgresql://bot:s3cret-pass@127.0.0.1:9/runbell"))
    worker.engine.on("drain", worker.handle, parallel=1)
    with structlog.testing.capture_logs() as logs:
        run = asyncio.create_task(worker.engine.run())
        assert await stays_away(lambda: asyncio.shield(run))
        await worker.engine.nudge("drain", "C1")
        health = await worker.engine.health()
        await comes(lambda: worker.engine.stop(HOUR))
        await run
    assert health.trouble is not None
    assert "out of reach" in health.trouble
    assert (health.lag, health.workers) == (None, None)
    assert [entry["log_level"] for entry in logs].count("error") == 1
    assert "s3cret" not in repr(logs) + repr(health)


async def test_the_tables_are_unjournalled_and_named_after_the_bot(
    worker: Worker, conn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGQUEUER_QUEUE_TABLE", "elsewhere")
    monkeypatch.setenv("CHANNEL", "elsewhere")
    async with running(worker):
        rows = await conn.fetch(
            "SELECT relname, relpersistence FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        )
    assert {(row["relname"], row["relpersistence"]) for row in rows} == {
        ("runbell_pgqueuer", b"u"),
        ("runbell_pgqueuer_log", b"u"),
        ("runbell_pgqueuer_schedules", b"u"),
        ("runbell_pgqueuer_statistics", b"u"),
        ("runbell_turns", b"p"),
    }


async def test_the_tables_are_there_already_at_the_second_start(dsn: str) -> None:
    place = PostgresPlace(dsn)
    for _ in range(2):
        async with place.open() as jobs:
            assert await jobs.lag() == timedelta()


@pytest.mark.parametrize(
    ("shift", "is_ours"),
    [
        (0, False),  # the present period is taken
        (1, False),  # by one who asked a moment later
        (-1, True),  # the last one was taken
        (-999, True),  # long ago
        (999, True),  # before the clock was set back
    ],
)
async def test_a_clock_that_jumps_costs_no_more_than_a_period(
    dsn: str, conn: Any, shift: int, *, is_ours: bool
) -> None:
    async with PostgresPlace(dsn).open() as jobs:
        assert (await jobs.take_turn("sweep", HOUR)).is_ours
        await conn.execute("UPDATE runbell_turns SET turn = turn + $1", shift)
        assert (await jobs.take_turn("sweep", HOUR)).is_ours is is_ours


async def test_of_many_who_ask_at_once_one_takes_the_turn(dsn: str) -> None:
    place = PostgresPlace(dsn)

    async def ask(asked: asyncio.Barrier) -> bool:
        async with place.open() as jobs:
            await asked.wait()
            return await _is_ours(jobs)

    barrier = asyncio.Barrier(6)
    turns = await asyncio.gather(*(ask(barrier) for _ in range(6)))
    assert sorted(turns) == [False] * 5 + [True]


async def _is_ours(jobs: Jobs) -> bool:
    turn = await jobs.take_turn("tick", HOUR)
    assert timedelta() < turn.rest <= HOUR
    return turn.is_ours


async def test_health_that_cannot_be_asked_for_is_not_known(
    worker: Worker, conn: Any
) -> None:
    async with running(worker):
        await conn.execute("DROP TABLE runbell_pgqueuer")
        health = await worker.engine.health()
    assert (health.lag, health.workers) == (None, None)


async def test_a_queue_that_was_dropped_is_built_anew(
    worker: Worker, conn: Any
) -> None:
    async with running(worker):
        await conn.execute("DROP TABLE runbell_pgqueuer, runbell_turns")
        async with asyncio.timeout(SOON):
            while not worker.under_way:
                await worker.engine.nudge("drain", "C1")
                await _beat()
