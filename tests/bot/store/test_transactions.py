"""What holds of every transaction: all or nothing, and nothing lost between two."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from bot.records import DeliveryState, Lane, Lineage, Watch
from bot.store import Store, StoreError, Tx, open_store
from providers.refs import PipelineRef
from tests.bot.store.samples import (
    MAIN,
    NOON,
    SHOP,
    a_delivery,
    a_happening,
    a_run,
    a_watch,
    an_incident,
)
from tests.fakes.clock import FakeClock
from tests.fakes.postgres import Postgres, binaries_or_skip, running_postgres


class Mishap(Exception):
    """Something that goes wrong half-way."""


async def count_one_more(store: Store) -> None:
    """Read, think, write: what a look at a pipeline does."""
    async with store.write() as tx:
        state = (await tx.lineages.load([SHOP])).get(MAIN, '{"runs": 0}')
        # Others have every opportunity to come in between.
        for _ in range(3):
            await asyncio.sleep(0)  # noqa: TID251 - gives way, waits for nothing
        runs = json.loads(state)["runs"] + 1
        await tx.lineages.save({MAIN: json.dumps({"runs": runs})}, NOON)


async def runs_counted(store: Store) -> int:
    async with store.read() as tx:
        return int(json.loads((await tx.lineages.load([SHOP]))[MAIN])["runs"])


async def test_many_tasks_that_read_then_write_lose_nothing(store: Store) -> None:
    await asyncio.gather(*(count_one_more(store) for _ in range(60)))
    assert await runs_counted(store) == 60


async def test_replicas_that_read_then_write_lose_nothing(
    store: Store, url: str, dialect: str
) -> None:
    if dialect == "sqlite":
        with pytest.raises(StoreError, match="in use by another Runbell"):
            await open_another(url)
        return
    async with open_store(url, clock=FakeClock()) as other:
        both = [count_one_more(one) for one in (store, other) for _ in range(30)]
        await asyncio.gather(*both)
    assert await runs_counted(store) == 60


async def test_a_transaction_that_will_write_keeps_other_programs_from_writing(
    store: Store, url: str, dialect: str
) -> None:
    async with store.write() as tx:
        if dialect == "postgresql":
            # Whoever writes is in the one queue; a person with psql is not.
            driver = await tx.driver()
            locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            assert driver is not None
            assert await driver.fetchval(locks) == 1
            return
        other = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


async def test_another_program_that_writes_is_waited_for(tmp_path: Path) -> None:
    async def write(store: Store) -> None:
        async with store.write() as tx:
            await tx.watches.add(a_watch())

    async with open_store(f"sqlite:///{tmp_path}/r.db", clock=FakeClock()) as store:
        other = sqlite3.connect(tmp_path / "r.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(write(store))
        # Who reads is not kept waiting meanwhile.
        async with store.read() as tx:
            assert await tx.watches.all() == []
        assert not task.done()
        other.execute("ROLLBACK")
        other.close()
        await task
        async with store.read() as tx:
            assert await tx.watches.all() == [a_watch()]


async def test_a_database_that_fails_and_comes_back_loses_nothing_committed() -> None:
    clock = FakeClock()

    async def fail_half_way(store: Store, server: Postgres) -> None:
        async with store.write() as tx:
            await tx.watches.add(a_watch("uncommitted"))
            server.stop()
            await tx.watches.all()

    async def read(store: Store) -> list[Watch]:
        async with store.read() as tx:
            return await tx.watches.all()

    with running_postgres(binaries_or_skip()) as server:
        async with open_store(server.url("postgres"), clock=clock) as store:
            async with store.write() as tx:
                await tx.watches.add(a_watch())
            with pytest.raises(StoreError):
                await fail_half_way(store, server)
            for ask in (read(store), store.check(), count_one_more(store)):
                with pytest.raises(StoreError, match="no answer from"):
                    await ask
            server.start()
            assert await read(store) == [a_watch()]
            await count_one_more(store)
            assert await runs_counted(store) == 1


async def open_another(url: str) -> None:
    async with open_store(url, clock=FakeClock()):
        pass


async def test_of_many_claims_on_one_delivery_one_is_granted(store: Store) -> None:
    async with store.write() as tx:
        await tx.outbox.add([a_delivery()])

    async def claim() -> bool:
        async with store.read() as tx:
            (row,) = await tx.outbox.waiting("C0123", 1)
        await asyncio.sleep(0)  # noqa: TID251 - gives way, waits for nothing
        if row.tries:
            return False
        async with store.write() as tx:
            return await tx.outbox.claim(row.id, 0, NOON)

    assert sum(await asyncio.gather(*(claim() for _ in range(10)))) == 1


async def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    async def fail() -> None:
        async with store.write() as tx:
            await tx.watches.add(a_watch())
            await tx.lineages.save({MAIN: "{}"}, NOON)
            await tx.happenings.add([a_happening()])
            await tx.incidents.save(an_incident())
            await tx.outbox.add([a_delivery()])
            await tx.lanes.save(Lane(connection="flow", due_at=NOON))
            await tx.runs.add([a_run()])
            raise Mishap

    with pytest.raises(Mishap):
        await fail()
    async with store.read() as tx:
        assert await tx.watches.all() == []
        assert await tx.lineages.load([SHOP]) == {}
        assert await tx.happenings.since(NOON) == []
        assert await tx.incidents.open_in("C0123") == []
        assert await tx.outbox.backlog() == (0, None)
        assert await tx.lanes.all() == []
        assert await tx.runs.newest(SHOP) is None


async def test_a_transaction_that_is_cancelled_leaves_nothing_and_blocks_nobody(
    store: Store,
) -> None:
    begun = asyncio.Event()

    async def never_done() -> None:
        async with store.write() as tx:
            await tx.watches.add(a_watch())
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(never_done())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with store.write() as tx:
        assert await tx.watches.all() == []


async def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_it(
    store: Store,
) -> None:
    async with store.write() as writing:
        await writing.watches.add(a_watch())
        async with store.read() as reading:
            assert await reading.watches.all() == []


async def test_many_who_wait_to_write_leave_room_for_who_reads(store: Store) -> None:
    async with store.write() as tx:
        await tx.watches.add(a_watch())
        waiting = [asyncio.create_task(count_one_more(store)) for _ in range(30)]
        async with asyncio.timeout(20):
            for _ in range(3):
                async with store.read() as reading:
                    assert await reading.watches.all() == []
    await asyncio.gather(*waiting)
    assert await runs_counted(store) == 30


async def test_a_reader_sees_one_moment_throughout(store: Store) -> None:
    async with store.read() as reading:
        assert await reading.watches.all() == []
        async with store.write() as writing:
            await writing.watches.add(a_watch())
        assert await reading.watches.all() == []
        assert await reading.outbox.waiting("C0123", 1) == []


async def test_who_only_reads_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match=r"(?i)read.?only"):
        async with store.read() as tx:
            await tx.watches.add(a_watch())
    async with store.write() as tx:
        assert await tx.watches.add(a_watch())


async def test_an_error_does_not_repeat_what_was_to_be_written(store: Store) -> None:
    async with store.write() as tx:
        await tx.incidents.save(an_incident("i1"))
    with pytest.raises(StoreError) as caught:
        async with store.write() as tx:
            await tx.incidents.save(an_incident("i2", acked_by="U_SECRET"))
    told = f"{caught.value} {caught.value.__cause__}"
    assert "U_SECRET" not in told
    assert str(MAIN.pipeline) not in told


async def test_a_queue_in_the_same_database_joins_the_transaction(
    store: Store, dialect: str
) -> None:
    async def enqueue(tx: Tx) -> bool:
        driver = await tx.driver()
        if driver is None:
            return False
        await driver.execute("UPDATE watches SET target = 'by the queue'")
        return True

    async def enqueue_and_fail() -> None:
        async with store.write() as tx:
            assert await enqueue(tx) == (dialect == "postgresql")
            raise Mishap

    async with store.write() as tx:
        await tx.watches.add(a_watch())
    with pytest.raises(Mishap):
        await enqueue_and_fail()
    async with store.write() as tx:
        assert await tx.watches.get("w7k3f") == a_watch()
        joined = await enqueue(tx)
    async with store.read() as tx:
        watch = await tx.watches.get("w7k3f")
    assert watch is not None
    assert (watch.target == "by the queue") == joined


async def test_whoever_is_frozen_within_a_transaction_loses_it(
    store: Store, dialect: str
) -> None:
    async with store.write() as tx:
        driver = await tx.driver()
        if driver is None:
            # One process alone: nobody else waits for it.
            assert dialect == "sqlite"
            return
        patience = {
            name: await driver.fetchval(f"SHOW {name}")
            for name in ("idle_in_transaction_session_timeout", "lock_timeout")
        }
    assert patience == {
        "idle_in_transaction_session_timeout": "10s",
        "lock_timeout": "20s",
    }


async def test_a_connection_that_broke_is_replaced(store: Store, url: str) -> None:
    async with store.write() as tx:
        await tx.watches.add(a_watch())
        driver = await tx.driver()
    if driver is not None:
        driver.terminate()
    async with store.read() as tx:
        assert await tx.watches.all() == [a_watch()]


async def test_a_connection_that_breaks_half_way_is_an_error_and_keeps_nothing(
    store: Store, dialect: str
) -> None:
    async def lose_connection() -> None:
        async with store.write() as tx:
            await tx.watches.add(a_watch())
            driver = await tx.driver()
            if driver is None:
                # A file has no line that could break; the process could.
                raise Mishap
            await driver.close(timeout=1)
            await tx.watches.all()

    with pytest.raises(StoreError if dialect == "postgresql" else Mishap):
        await lose_connection()
    async with store.read() as tx:
        assert await tx.watches.all() == []


async def test_a_sign_of_life_can_be_asked_for(store: Store) -> None:
    await store.check()


async def test_states_of_a_thousand_pipelines_and_their_news_are_one_transaction(
    store: Store,
) -> None:
    pipelines = [PipelineRef("flow", f"team/{n}") for n in range(1000)]
    async with store.write() as tx:
        await tx.lineages.save({Lineage(one, ""): "{}" for one in pipelines}, NOON)
        keys = [str(n) for n in range(1000)]
        assert len(await tx.happenings.add(map(a_happening, keys))) == 1000
        assert len(await tx.outbox.add(map(a_delivery, keys))) == 1000
    async with store.read() as tx:
        waiting = await tx.outbox.waiting("C0123", 1000)
    assert {row.state for row in waiting} == {DeliveryState.PENDING}
    assert [row.key for row in waiting] == keys


async def test_the_time_is_that_of_the_clock_which_all_replicas_share(
    store: Store, clock: FakeClock, url: str, server: Postgres | None
) -> None:
    """On SQLite there is one process; on a server, clocks that are an hour apart."""
    async with store.write() as tx:
        now = await tx.now()
    assert now.utcoffset() == timedelta()
    if server is None:
        assert now == clock.now()
        return
    wrong = FakeClock(clock.now() + timedelta(hours=1))
    async with open_store(url, clock=wrong) as other, other.read() as tx:
        assert timedelta() <= await tx.now() - now < timedelta(minutes=10)
