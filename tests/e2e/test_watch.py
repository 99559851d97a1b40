"""A pipeline breaks, stays red, is retried, is fixed: one card, one thread.

Over real sockets, between simulated clouds and the local Slack; time is the tests'.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from bot.app import StartError
from bot.demo.clouds.world import Ending, SimPipeline, World
from bot.demo.prompt import ask
from bot.demo.slack.messages import Message
from bot.demo.stage import Stage, open_stage
from bot.records import Event, Follow, Watch
from bot.settings import Mode
from bot.store import Store
from bot.watch import filed
from bot.watch.poller import Looked, Poller
from bot.watch.turns import Turns
from providers.refs import PipelineRef, RunRef
from tests.fakes.clock import FakeClock
from tests.fakes.engine import HandEngine
from tests.fakes.postgres import Postgres, binaries_or_skip, running_postgres

MINUTE = timedelta(minutes=1)
LONG = timedelta(days=365)
PASSES, FAILS = Ending.PASSES, Ending.FAILS

# A simulated pipeline of each cloud, by the name of its connection.
PIPELINES = {
    "nsml": "recommender",
    "flow": "payments-release",
    "codearts": "web",
    "check": "web-quality",
    "northflank": "store",
}


class Scene:
    """A stage whose watch works when it is told to, and one pipeline of it."""

    def __init__(
        self, stage: Stage, clock: FakeClock, engine: HandEngine, name: str
    ) -> None:
        self.stage = stage
        self.clock = clock
        self.engine = engine
        self.name = name
        self.world: World = stage.clouds[name].world
        self.pipeline = next(
            p for p in self.world.pipelines() if p.name == PIPELINES[name]
        )
        for pipeline in self._others():
            self.world._next[pipeline.id] = clock.now() + LONG

    def _others(self) -> Iterator[SimPipeline]:
        """Yield what would run by itself: here only the tests start runs."""
        for pipeline in self.world.pipelines():
            self.world.runs(pipeline.id)
            yield pipeline

    @property
    def store(self) -> Store:
        store = self.stage.bot.desk.store
        assert store is not None
        return store

    async def watch(self, **more: Any) -> None:
        values: dict[str, Any] = {
            "id": "w1",
            "channel": self.stage.channel.id,
            "target": f"{self.name}:{self.pipeline.name}",
            "created_at": self.clock.now(),
        }
        async with self.store.write() as tx:
            await tx.watches.replace(Watch(**(values | more)))

    async def pass_time(self, time: timedelta = 5 * MINUTE) -> None:
        until = self.clock.now() + time
        while self.clock.now() < until:
            self.clock.move(timedelta(seconds=30))
            await self.engine.beat()

    async def run(self, ending: Ending) -> int:
        """Have a run begin, and be seen to end; return its number."""
        run = self.world.start(self.pipeline.id, ending)
        await self.pass_time(10 * MINUTE)
        return run.number

    def messages(self) -> list[Message]:
        """Return what stands in the channel, in Slack's order."""
        slack, channel = self.stage.slack, self.stage.channel
        return slack.messages(channel)

    def thread(self, card: Message) -> list[Message]:
        """Return what is said in a card's thread, the card itself aside."""
        slack, channel = self.stage.slack, self.stage.channel
        return [m for m in slack.messages(channel, card.ts) if m is not card]


@asynccontextmanager
async def scene_of(
    name: str, clock: FakeClock, mode: Mode = Mode.SOCKET
) -> AsyncIterator[Scene]:
    engine = HandEngine()
    async with open_stage(
        clock,
        random.Random(7),  # noqa: S311 - repeatable on purpose
        mode=mode,
        engine=engine,
    ) as stage:
        yield Scene(stage, clock, engine, name)
        assert stage.slack.refused == [], "Slack refused something the bot sent"


@pytest.fixture(params=[name for name in PIPELINES if name != "nsml"])
async def scene(
    request: pytest.FixtureRequest, clock: FakeClock
) -> AsyncIterator[Scene]:
    """One of the clouds that say whether a run passed; NSML never does."""
    async with scene_of(request.param, clock) as scene:
        yield scene


@pytest.fixture(params=list(Mode), ids=str)
async def flow(
    request: pytest.FixtureRequest, clock: FakeClock
) -> AsyncIterator[Scene]:
    async with scene_of("flow", clock, request.param) as scene:
        yield scene


async def test_a_pipeline_breaks_stays_red_is_retried_and_fixed_on_one_card(
    scene: Scene,
) -> None:
    await scene.watch()
    await scene.run(PASSES)
    assert scene.messages() == []

    await scene.run(FAILS)
    [card] = scene.messages()
    assert scene.pipeline.name in card.text
    assert "failed" in card.text
    number = await scene.run(FAILS)
    if scene.name != "check":  # a scan is not retried: there is a new one
        scene.world.retry(scene.pipeline.id, number, FAILS)
        await scene.pass_time(10 * MINUTE)
    assert scene.messages() == [card]
    assert "2 runs" in card.text
    await scene.run(PASSES)

    assert scene.messages() == [card]
    assert f"{scene.pipeline.name}" in card.text
    assert "fixed after" in card.text
    assert all("failed" in said.text for said in card.edited)
    assert "fixed after" in scene.thread(card)[-1].text


async def test_a_retry_that_passes_fixes_what_was_broken(flow: Scene) -> None:
    await flow.watch()
    await flow.run(PASSES)
    number = await flow.run(FAILS)
    flow.world.retry(flow.pipeline.id, number, PASSES)
    await flow.pass_time(10 * MINUTE)

    [card] = flow.messages()
    assert "fixed after" in card.text
    assert len(flow.thread(card)) == 2, "the end of the log, and that it is fixed"


async def test_nsml_which_tells_no_failure_is_told_as_done_and_never_as_passed(
    clock: FakeClock,
) -> None:
    # https://api.ncloud-docs.com/docs/clova-nsml: COMPLETED says nothing of success.
    async with scene_of("nsml", clock) as scene:
        await scene.watch(on=frozenset({Event.BROKEN, Event.FIXED, Event.DONE}))
        await scene.run(PASSES)
        await scene.run(FAILS)

        said = [message.text for message in scene.messages()]
        assert len(said) == 2
        assert not any(word in text for text in said for word in ("pass", "succe"))


@pytest.mark.parametrize("name", list(PIPELINES))
async def test_a_cloud_that_goes_down_and_comes_back_is_said_once_each(
    clock: FakeClock, name: str
) -> None:
    async with scene_of(name, clock) as scene:
        await scene.watch()
        await scene.run(PASSES)
        scene.stage.clouds[name].trouble.down = -1
        await scene.pass_time(40 * MINUTE)
        [blind] = scene.messages()
        assert f"I cannot see {name}" in blind.text

        scene.stage.clouds[name].trouble.down = 0
        await scene.pass_time(15 * MINUTE)
        [_, seeing] = scene.messages()
        assert f"I can see {name} again" in seeing.text


@pytest.mark.parametrize(
    "fault",
    ["ratelimited", 500, "drop_after_accept", "fail_after_accept"],
)
async def test_trouble_at_slack_doubles_nothing_and_loses_nothing(
    flow: Scene, fault: str | int
) -> None:
    slack = flow.stage.slack
    await flow.watch()
    await flow.run(PASSES)
    slack.fail_next("chat.postMessage", fault, times=3)
    slack.fail_next("chat.update", fault, times=2)
    await flow.run(FAILS)
    await flow.run(FAILS)
    await flow.run(PASSES)
    await flow.pass_time(10 * MINUTE)

    [card] = flow.messages()
    assert "fixed after" in card.text
    said = [message.text for message in flow.thread(card)]
    assert len(said) == len(set(said)) == 2
    slack.refused.clear()  # the faults that were asked for


async def test_a_followed_run_has_a_living_card_and_a_word_at_its_end(
    flow: Scene,
) -> None:
    run = flow.world.start(flow.pipeline.id, FAILS)
    ref = RunRef(PipelineRef("flow", flow.pipeline.id), str(run.number))
    person, channel = flow.stage.person, flow.stage.channel
    async with flow.store.write() as tx:
        await tx.follows.add(
            Follow(
                run=ref,
                user=person.id,
                channel=channel.id,
                created_at=flow.clock.now(),
            )
        )

    await flow.pass_time(10 * MINUTE)

    [card] = flow.messages()
    assert "failed" in card.text
    living = [said.text for said in card.edited]
    assert any("payments-release #13 is running: Test" in text for text in living)
    room = flow.stage.slack.open_dm(person)
    [word] = flow.stage.slack.messages(room)
    assert "failed" in word.text
    async with flow.store.read() as tx:
        assert await tx.follows.all() == []


async def test_what_a_person_sees_first_is_told_at_once(flow: Scene) -> None:
    await flow.watch()
    await flow.run(PASSES)
    flow.world.start(flow.pipeline.id, FAILS)
    flow.clock.move(9 * MINUTE)

    await ask(flow.stage, "status flow:")
    await flow.stage.bot.errands.settle()
    await flow.engine.settle()

    [card] = flow.messages()
    assert "failed" in card.text


async def test_the_real_engine_looks_and_tells_by_itself(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = asyncio.Event()
    look, due = Poller.look, Turns.due

    async def told(self: Poller, connection: str) -> Looked:
        result = await look(self, connection)
        if result.watched:
            looked.set()
        return result

    async def later(self: Turns) -> list[str]:
        clock.move(MINUTE)  # with every tick
        return await due(self)

    monkeypatch.setattr(Poller, "look", told)
    monkeypatch.setattr(Turns, "due", later)
    async with open_stage(clock, random.Random(7)) as stage:  # noqa: S311 - repeatable
        scene = Scene(stage, clock, HandEngine(), "flow")
        await scene.watch()
        async with asyncio.timeout(45):
            await looked.wait()
            scene.world.start(scene.pipeline.id, FAILS)
            card = await stage.slack.wait_for(
                lambda: next(iter(scene.messages()), None), patience=30
            )

        assert "failed" in card.text


async def test_watching_can_be_switched_off(clock: FakeClock) -> None:
    off: dict[str, Any] = {
        "watch": {"enabled": False},
        "database": "sqlite:////nowhere/runbell.db",
    }
    async with open_stage(
        clock,
        random.Random(7),  # noqa: S311 - repeatable on purpose
        **off,
    ) as stage:
        assert stage.bot.watch is None
        assert stage.bot.desk.store is None


async def test_a_store_that_cannot_be_opened_is_said_at_the_start(
    clock: FakeClock, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="Without the store nothing can be watched"):
        async with open_stage(
            clock,
            random.Random(7),  # noqa: S311 - repeatable on purpose
            database=f"sqlite:///{tmp_path}/file/runbell.db",
        ):
            pass


async def test_a_database_that_goes_away_while_the_bot_starts_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reconcile = filed.reconcile

    class Patient(FakeClock):
        """The server is back when it was waited for three times."""

        @override
        async def sleep(self, duration: timedelta) -> None:
            await super().sleep(duration)
            if len(self.slept) == 3:
                server.start()

    async def cut_off(*args: Any) -> filed.Changes:
        monkeypatch.undo()
        server.stop()
        return await reconcile(*args)

    monkeypatch.setattr(filed, "reconcile", cut_off)
    with running_postgres(binaries_or_skip()) as server, capture_logs() as logs:
        async with open_stage(
            Patient(),
            random.Random(7),  # noqa: S311 - repeatable on purpose
            engine=HandEngine(),
            database=server.url("postgres"),
            watches=[{"in": "C012345678", "target": "flow:"}],
        ) as stage:
            store = stage.bot.desk.store
            assert store is not None
            async with store.read() as tx:
                kept = await tx.watches.all()
    assert [watch.target for watch in kept] == ["flow:"]
    said = [line["event"] for line in logs if "store" in line["event"]]
    assert said == ["waiting for the store", "the store answers"]


async def test_a_database_that_does_not_exist_is_said_at_the_start(
    clock: FakeClock, postgres: Postgres
) -> None:
    with pytest.raises(StartError, match="make the database"):
        async with open_stage(
            clock,
            random.Random(7),  # noqa: S311 - repeatable on purpose
            database=postgres.url("nowhere"),
        ):
            pass
    assert clock.slept == []


async def test_readiness_health_and_figures_are_of_the_watch(clock: FakeClock) -> None:
    async with scene_of("flow", clock, Mode.HTTP) as scene:
        await scene.watch()
        scene.stage.clouds["flow"].trouble.refused = -1
        await scene.pass_time()
        async with httpx.AsyncClient(trust_env=False) as client:
            health = (await client.get(f"{scene.stage.bot.url}/healthz")).json()
            figures = (await client.get(f"{scene.stage.bot.url}/metrics")).text

        assert [blind["connection"] for blind in health["blind"]] == ["flow"]
        assert 'runbell_looks_total{connection="flow"}' in figures
        assert 'runbell_connection_blind{connection="flow"} 1.0' in figures
