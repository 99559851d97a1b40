"""Two whole bots on one PostgreSQL: they share the work, and either may be killed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr
from typing_extensions import override

from bot import watching
from bot.app import open_bot
from bot.demo.clouds.world import Ending
from bot.demo.slack.faults import HANG_AFTER_ACCEPT
from bot.demo.slack.messages import Message
from bot.demo.stage import Stage, open_stage
from bot.records import Watch
from bot.settings import Settings
from bot.settings.watch import WatchSettings
from bot.store import Tx, open_store
from bot.watch import service
from bot.watch.turns import Turns
from bot.work.pgqueuer import PgQueuerEngine
from bot.work.port import Handler
from bot.work.postgres import PostgresPlace
from tests.fakes.clock import FakeClock
from tests.fakes.postgres import Postgres

MINUTE = timedelta(minutes=1)
LONG = timedelta(days=365)

TICK = timedelta(seconds=0.1)
"""Of the machine's time; with each the clock moves on by a minute."""

HEARTBEAT = timedelta(seconds=1)
"""After which the work of a killed replica is given to the other one."""


class Busy(PgQueuerEngine):
    """The engine, which shows what it is busy with."""

    def __init__(self, url: str, clock: FakeClock) -> None:
        super().__init__(PostgresPlace(url), clock, heartbeat=HEARTBEAT)
        self.busy_with: set[str] = set()

    @override
    def on(self, kind: str, handler: Handler, parallel: int) -> None:
        async def shown(key: str) -> None:
            self.busy_with.add(kind)
            try:
                await handler(key)
            finally:
                self.busy_with.discard(kind)

        super().on(kind, shown, parallel)


class Replica:
    """A whole bot, in a task of its own."""

    def __init__(self, settings: Settings, clock: FakeClock) -> None:
        self.engine = Busy(settings.database.get_secret_value(), clock)
        self._is_open = asyncio.Event()
        self._task = asyncio.create_task(self._live(settings, clock))

    async def _live(self, settings: Settings, clock: FakeClock) -> None:
        chance = random.Random(7)  # noqa: S311 - repeatable on purpose
        async with open_bot(settings, clock=clock, random=chance, engine=self.engine):
            self._is_open.set()
            await asyncio.Event().wait()

    async def opened(self) -> None:
        """Wait until it is open, or raise what keeps it from that."""
        opening = asyncio.create_task(self._is_open.wait())
        await asyncio.wait({opening, self._task}, return_when=asyncio.FIRST_COMPLETED)
        opening.cancel()
        if self._task.done():
            await self._task

    async def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self._task.cancel()
        await asyncio.wait({self._task})


class Scene:
    """Two replicas, and a pipeline that both of them watch."""

    def __init__(self, stage: Stage, clock: FakeClock, replicas: list[Replica]) -> None:
        self.stage = stage
        self.clock = clock
        self.replicas = replicas
        self.world = stage.clouds["flow"].world
        self.pipeline = next(
            p for p in self.world.pipelines() if p.name == "payments-release"
        )
        # Here only the test starts runs.
        self.world.runs(self.pipeline.id)
        self.world._next[self.pipeline.id] = clock.now() + LONG
        self.ticked = asyncio.Event()

    async def pass_time(self, time: timedelta) -> None:
        until = self.clock.now() + time
        async with asyncio.timeout(40):
            while self.clock.now() < until:
                self.ticked.clear()
                await self.ticked.wait()

    async def run(self, ending: Ending) -> None:
        """Have a run begin, and be seen to end."""
        self.world.start(self.pipeline.id, ending)
        await self.pass_time(12 * MINUTE)

    def messages(self) -> list[Message]:
        return self.stage.slack.messages(self.stage.channel)

    async def card(self, words: str) -> Message:
        """Wait until the first message of the channel says this."""
        return await self.stage.slack.wait_for(
            lambda: next((m for m in self.messages() if words in m.text), None),
            patience=40,
        )


@pytest.fixture
async def scene(
    clock: FakeClock, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    monkeypatch.setattr(service, "TICK", TICK)
    monkeypatch.setattr(service, "SWEEP", 2 * TICK)
    monkeypatch.setattr(watching, "GRACE", timedelta())

    async def now(_: Tx) -> datetime:
        return clock.now()

    # The database's clock, by which replicas agree, goes as fast as theirs.
    monkeypatch.setattr(Tx, "now", now)
    chance = random.Random(7)  # noqa: S311 - repeatable on purpose
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(postgres.database())
        # The stage's own bot answers, and watches nothing.
        stage = await stack.enter_async_context(
            open_stage(clock, chance, watch={"enabled": False})
        )
        settings = stage.settings.model_copy(
            update={"watch": WatchSettings(), "database": SecretStr(url)}
        )
        replicas = [Replica(settings, clock) for _ in range(2)]
        for replica in replicas:
            stack.push_async_callback(replica.kill)
        scene = Scene(stage, clock, replicas)
        due = Turns.due

        async def later(self: Turns) -> list[str]:
            clock.move(MINUTE)
            scene.ticked.set()
            return await due(self)

        monkeypatch.setattr(Turns, "due", later)
        await asyncio.gather(*(replica.opened() for replica in replicas))
        async with open_store(url, clock=clock) as store, store.write() as tx:
            await tx.watches.replace(
                Watch(
                    id="w1",
                    channel=stage.channel.id,
                    target="flow:payments-release",
                    created_at=clock.now(),
                )
            )
        yield scene


async def test_two_replicas_tell_once_that_it_broke_and_that_it_is_fixed(
    scene: Scene,
) -> None:
    await scene.run(Ending.PASSES)
    assert {(await r.engine.health()).workers for r in scene.replicas} == {2}
    assert scene.messages() == []

    await scene.run(Ending.FAILS)
    card = await scene.card("failed")
    await scene.run(Ending.PASSES)
    assert await scene.card("fixed after") is card
    await scene.pass_time(10 * MINUTE)

    assert scene.messages() == [card]
    _, *thread = scene.stage.slack.messages(scene.stage.channel, card.ts)
    assert len(thread) == 2, "the end of the log, and that it is fixed"


async def test_what_a_killed_replica_was_in_the_middle_of_is_told_once_by_the_other(
    scene: Scene,
) -> None:
    await scene.run(Ending.PASSES)
    # Slack takes the card, and whoever posted it never hears of it.
    scene.stage.slack.fail_next("chat.postMessage", HANG_AFTER_ACCEPT)
    scene.world.start(scene.pipeline.id, Ending.FAILS)
    card = await scene.card("failed")
    [victim] = [r for r in scene.replicas if "drain" in r.engine.busy_with]
    await victim.kill()

    await scene.pass_time(10 * MINUTE)
    assert scene.messages() == [card]
    await scene.run(Ending.PASSES)
    assert await scene.card("fixed after") is card
    await scene.pass_time(10 * MINUTE)
    assert scene.messages() == [card]
