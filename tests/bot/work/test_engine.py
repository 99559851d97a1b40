"""What every engine promises, on every place that jobs can wait in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
import structlog

from bot.work.jobs import Place
from bot.work.memory import MemoryPlace
from tests.bot.work.driving import Worker, comes, running, stays_away

HOUR = timedelta(hours=1)


@pytest.fixture
def worker(place: Place) -> Worker:
    """A worker with a handler for `poll`, of which two may run at a time."""
    worker = Worker(place)
    worker.engine.on("poll", worker.handle, parallel=2)
    return worker


async def test_a_nudge_calls_the_handler_with_its_key(worker: Worker) -> None:
    async with running(worker):
        await worker.engine.nudge("poll", "acme: Ünïcode 🔔")
        assert await worker.begins() == "acme: Ünïcode 🔔"


async def test_a_key_is_worked_on_by_one_replica_at_a_time(place: Place) -> None:
    first, second = Worker(place), Worker(place)
    for each in (first, second):
        each.engine.on("poll", each.handle, parallel=8)
    async with running(first, second):
        await first.engine.nudge("poll", "acme")
        await asyncio.wait(
            [
                begun := asyncio.create_task(first.begins()),
                other := asyncio.create_task(second.begins()),
            ],
            return_when=asyncio.FIRST_COMPLETED,
        )
        begun.cancel()
        other.cancel()
        for each in (first, second):
            await each.engine.nudge("poll", "acme")
        assert await first.begins_nothing()
        assert await second.begins_nothing()
        assert len(first.under_way + second.under_way) == 1


async def test_nudges_of_a_key_that_waits_are_one(worker: Worker) -> None:
    async with running(worker):
        for key in ("one", "two"):
            await worker.engine.nudge("poll", key)
            assert await worker.begins() == key
        for _ in range(5):
            await worker.engine.nudge("poll", "three")
        worker.may_go_on.set()
        assert await worker.begins() == "three"
        assert await worker.begins_nothing()


async def test_a_key_that_is_nudged_while_it_is_worked_on_is_worked_on_again(
    worker: Worker,
) -> None:
    async with running(worker):
        await worker.engine.nudge("poll", "acme")
        await worker.begins()
        await worker.engine.nudge("poll", "acme")
        await worker.engine.nudge("poll", "acme")
        assert await worker.begins_nothing()
        worker.may_go_on.set()
        assert await worker.begins() == "acme"
        assert await worker.begins_nothing()
        assert worker.most_at_once == 1


async def test_the_same_key_of_another_kind_is_other_work(worker: Worker) -> None:
    worker.engine.on("drain", worker.handle, parallel=1)
    async with running(worker):
        await worker.engine.nudge("poll", "acme")
        await worker.engine.nudge("drain", "acme")
        assert [await worker.begins(), await worker.begins()] == ["acme", "acme"]


async def test_no_more_keys_of_a_kind_run_at_a_time_than_were_asked_for(
    worker: Worker,
) -> None:
    async with running(worker):
        for key in ("a", "b", "c", "d", "e"):
            await worker.engine.nudge("poll", key)
        assert {await worker.begins(), await worker.begins()} == {"a", "b"}
        assert await worker.begins_nothing()
        worker.may_go_on.set()
        assert {await worker.begins() for _ in range(3)} == {"c", "d", "e"}
        assert worker.most_at_once == 2


async def test_handlers_that_never_end_stop_no_other_kind_and_nothing_periodic(
    place: Place,
) -> None:
    """Such as drains of channels whose Slack never answers, beside looks and sweeps."""
    worker, other = Worker(place), Worker(place)
    swept: asyncio.Queue[None] = asyncio.Queue()

    async def sweep() -> None:
        swept.put_nowait(None)

    async def look(key: str) -> None:
        other.begun.put_nowait(key)

    worker.engine.on("drain", worker.handle, parallel=2)
    worker.engine.on("poll", look, parallel=2)
    worker.engine.every("sweep", timedelta(seconds=0.1), sweep)
    async with running(worker):
        for key in ("a", "b", "c"):
            await worker.engine.nudge("drain", key)
        assert {await worker.begins(), await worker.begins()} == {"a", "b"}
        for key in ("one", "two", "three"):
            await worker.engine.nudge("poll", key)
            assert await other.begins() == key
        while not swept.empty():
            swept.get_nowait()
        await comes(swept.get)
        assert sorted(worker.under_way) == ["a", "b"]


async def test_what_a_handler_raises_is_logged_and_counted_and_stops_nothing(
    place: Place,
) -> None:
    worker = Worker(place)

    async def fail(key: str) -> None:
        if key == "bad":
            raise LookupError("no such lane")
        await worker.handle(key)

    worker.engine.on("poll", fail, parallel=1)
    with structlog.testing.capture_logs() as logs:
        async with running(worker):
            await worker.engine.nudge("poll", "bad")
            await worker.engine.nudge("poll", "good")
            assert await worker.begins() == "good"
            await worker.engine.nudge("poll", "bad")
            assert (await worker.engine.health()).failures == 1
    failed = [entry for entry in logs if entry["event"] == "a handler failed"]
    assert (failed[0]["kind"], failed[0]["key"]) == ("poll", "bad")


async def test_a_key_whose_handler_raised_can_be_nudged_again(place: Place) -> None:
    worker = Worker(place)

    async def fail(key: str) -> None:
        worker.begun.put_nowait(key)
        raise LookupError

    worker.engine.on("poll", fail, parallel=1)
    async with running(worker):
        for _ in range(2):
            await worker.engine.nudge("poll", "bad")
            assert await worker.begins() == "bad"


async def test_what_is_periodic_happens_again_and_again(place: Place) -> None:
    worker = Worker(place)
    times: asyncio.Queue[float] = asyncio.Queue()

    async def note() -> None:
        times.put_nowait(asyncio.get_running_loop().time())

    worker.engine.every("tick", timedelta(seconds=0.2), note)
    async with running(worker):
        async with asyncio.timeout(5):
            seen = [await times.get() for _ in range(6)]
    # The first came at once, the others at the beginning of a period each.
    assert (seen[-1] - seen[1]) / 4 == pytest.approx(0.2, rel=0.25)


async def test_a_period_belongs_to_one_of_all_replicas(place: Place) -> None:
    workers = [Worker(place) for _ in range(3)]
    turns: list[str] = []
    for name, worker in zip("abc", workers, strict=True):
        worker.engine.every("janitor", HOUR, _noting(turns, name))
        worker.engine.every("tick", HOUR, _noting(turns, "tick"))
    async with running(*workers):
        assert await stays_away(asyncio.Event().wait)
    assert len(turns) == len(["one janitor", "one tick"])


async def test_a_replica_that_starts_later_does_not_repeat_a_period(
    place: Place,
) -> None:
    turns: list[str] = []
    early, late = Worker(place), Worker(place)
    early.engine.every("janitor", HOUR, _noting(turns, "early"))
    late.engine.every("janitor", HOUR, _noting(turns, "late"))
    async with running(early), running(late):
        assert await stays_away(asyncio.Event().wait)
    assert turns == ["early"]


def _noting(turns: list[str], name: str) -> Callable[[], asyncio.Future[None]]:
    def note() -> asyncio.Future[None]:
        turns.append(name)
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    return note


async def test_a_periodic_task_that_raises_comes_again(place: Place) -> None:
    worker = Worker(place)
    runs: asyncio.Queue[None] = asyncio.Queue()

    async def fail() -> None:
        runs.put_nowait(None)
        raise LookupError("a bad row")

    worker.engine.every("sweep", timedelta(seconds=0.1), fail)
    async with running(worker):
        for _ in range(3):
            await comes(runs.get)
        assert (await worker.engine.health()).failures >= 2


async def test_stopping_lets_what_runs_finish(worker: Worker) -> None:
    async with running(worker):
        await worker.engine.nudge("poll", "acme")
        await worker.begins()
        stopping = asyncio.create_task(worker.engine.stop(timedelta(seconds=3)))
        assert await stays_away(lambda: asyncio.shield(stopping))
        worker.may_go_on.set()
        await comes(lambda: stopping)
        assert worker.done == ["acme"]


async def test_nothing_is_begun_once_it_is_stopping(worker: Worker) -> None:
    async with running(worker):
        await worker.engine.nudge("poll", "acme")
        await worker.begins()
        stopping = asyncio.create_task(worker.engine.stop(timedelta(seconds=3)))
        assert await stays_away(lambda: asyncio.shield(stopping))
        await worker.engine.nudge("poll", "late")
        assert await worker.begins_nothing()
        worker.may_go_on.set()
        await comes(lambda: stopping)
        assert worker.done == ["acme"]


async def test_what_does_not_finish_within_the_grace_is_cancelled(
    worker: Worker,
) -> None:
    async with running(worker):
        await worker.engine.nudge("poll", "acme")
        await worker.begins()
        await comes(lambda: worker.engine.stop(timedelta(seconds=0.1)))
        assert (worker.done, worker.under_way) == ([], [])


async def test_what_was_cancelled_is_left_to_another_replica(place: Place) -> None:
    stopped, alive = Worker(place), Worker(place)
    for each in (stopped, alive):
        each.engine.on("poll", each.handle, parallel=1)
    async with running(stopped):
        await stopped.engine.nudge("poll", "acme")
        await stopped.begins()
        async with running(alive):
            await comes(lambda: stopped.engine.stop(timedelta()))
            assert await alive.begins() == "acme"


async def test_an_engine_that_is_stopped_before_it_runs_ends_at_once(
    worker: Worker,
) -> None:
    await comes(lambda: worker.engine.stop(HOUR))
    await comes(worker.engine.run)
    with pytest.raises(RuntimeError, match="runs once"):
        await worker.engine.run()


async def test_a_nudge_before_the_engine_runs_is_left_to_the_sweep(
    worker: Worker,
) -> None:
    await worker.engine.nudge("poll", "acme")

    async def sweep() -> None:
        await worker.engine.nudge("poll", "acme")

    worker.engine.every("sweep", HOUR, sweep)
    async with running(worker):
        assert await worker.begins() == "acme"


async def test_health_says_how_long_work_waits_and_how_many_work(
    worker: Worker,
) -> None:
    before = await worker.engine.health()
    assert (before.lag, before.workers, before.last_tick) == (None, None, None)
    async with running(worker):
        idle = await worker.engine.health()
        assert (idle.lag, idle.workers, idle.trouble) == (timedelta(), 1, None)
        assert idle.last_tick is not None
        for key in ("a", "b", "waits"):
            await worker.engine.nudge("poll", key)
        await worker.begins()
        await worker.begins()
        lag = (await worker.engine.health()).lag
        assert lag is not None
        assert lag > timedelta()


async def test_the_queues_own_log_does_not_grow_for_ever(
    worker: Worker, place: Place
) -> None:
    async with running(worker), place.open() as jobs:
        await worker.engine.nudge("poll", "acme")
        await worker.begins()
        assert await jobs.repository.queue_log()
        await jobs.forget_log()
        assert not await jobs.repository.queue_log()


async def test_a_mistake_in_our_own_wiring_is_refused(worker: Worker) -> None:
    async def nothing() -> None: ...

    worker.engine.every("tick", HOUR, nothing)
    mistakes: tuple[Callable[[], None], ...] = (
        lambda: worker.engine.on("poll", worker.handle, parallel=1),
        lambda: worker.engine.on("drain", worker.handle, parallel=0),
        lambda: worker.engine.every("tick", HOUR, nothing),
        lambda: worker.engine.every("sweep", timedelta(), nothing),
    )
    for wrong in mistakes:
        with pytest.raises(ValueError, match=r"already|taken"):
            wrong()
    with pytest.raises(ValueError, match="nobody handles 'drian'"):
        await worker.engine.nudge("drian", "C1")
    async with running(worker):
        with pytest.raises(RuntimeError, match="before it runs"):
            worker.engine.on("drain", worker.handle, parallel=1)
        with pytest.raises(RuntimeError, match="before it runs"):
            worker.engine.every("sweep", HOUR, nothing)


async def test_memory_takes_part_in_nobodys_transaction() -> None:
    worker = Worker(MemoryPlace())
    worker.engine.on("drain", worker.handle, parallel=1)
    async with running(worker):
        await worker.engine.nudge("drain", "C1", conn=object())
        assert await worker.begins() == "C1"
