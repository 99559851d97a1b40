"""The real provider talks to the simulated Northflank through a real socket."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.demo.clouds.northflank import NorthflankCloud
from bot.demo.clouds.server import LoopbackServer
from bot.demo.clouds.world import Ending, Job, SimPipeline, Stage, World
from providers import northflank
from providers.contract import Provider, RunQuery
from providers.errors import NotFound, RateLimited, Unauthorized, Unavailable
from providers.http.network import Network
from providers.model import PipelineRef, Reason, Run, RunRef, State
from tests.fakes.clock import FakeClock

TOKEN = "nf-EXAMPLE-token"
MINUTE = timedelta(minutes=1)
FLOW = "shop/pipelines/release/production"
SERVICE = "shop/services/web"
JOB = "shop/jobs/migrate"
STAGES = (
    Stage("build", (Job("Build web", MINUTE),)),
    Stage("deploy", (Job("Migrate", MINUTE, ("Load", "Write"), "exit status 2"),)),
    Stage("approve", (Job("Approval", MINUTE),)),
)


class Scene:
    """A world, its cloud, and a provider connected to it."""

    def __init__(self, *, requests_per_hour: int = 1000, history: int = 3) -> None:
        self.clock = FakeClock()
        self.world = World(self.clock, history=history)
        self.cloud = NorthflankCloud(
            self.world,
            token=TOKEN,
            team="acme",
            requests_per_hour=requests_per_hour,
        )

    def add(self, ident: str, *endings: Ending, history: int | None = None) -> None:
        kind, name = ident.split("/")[1:3]
        stages = STAGES if kind == "pipelines" else STAGES[1:2]
        sim = SimPipeline(
            id=ident,
            name=name.capitalize(),
            group="Shop",
            stages=stages,
            endings=endings or (Ending.PASSES,),
        )
        self.world.add(sim, history=history)

    @asynccontextmanager
    async def connect(self, **changes: Any) -> AsyncIterator[Provider]:
        net = Network(clock=self.clock, random=random.Random(1))  # noqa: S311
        async with LoopbackServer(self.cloud.app()) as server:
            settings = {
                "token": TOKEN,
                "base_url": server.url,
                "allow_http": True,
                **changes,
            }
            kind = northflank.KIND
            model = kind.settings.model_validate(settings)
            try:
                yield kind.connect("demo", model, net)
            finally:
                await net.close()


def ref(ident: str) -> PipelineRef:
    return PipelineRef("demo", ident)


async def latest(provider: Provider, ident: str) -> Run:
    look = (await provider.latest_runs([ref(ident)]))[ref(ident)]
    assert isinstance(look, Run)
    return look


async def in_full(provider: Provider, ident: str) -> Run:
    return await provider.get_run((await latest(provider, ident)).ref)


@pytest.mark.parametrize("team", [None, "acme"])
async def test_the_world_is_listed_with_or_without_the_team(team: str | None) -> None:
    scene = Scene()
    for ident in (FLOW, "shop/pipelines/release/staging", SERVICE, JOB):
        scene.add(ident)

    async with scene.connect(team=team) as provider:
        identity = await provider.check()
        page = await provider.list_pipelines()

    assert identity.name == "Runbell"
    assert [(p.ref.id, p.name, p.group) for p in page.items] == [
        ("shop/pipelines/release/staging", "Release (staging)", "Shop"),
        (FLOW, "Release (production)", "Shop"),
        (SERVICE, "Web (build)", "Shop"),
        (JOB, "Migrate (job)", "Shop"),
    ]
    assert page.items[0].latest is not None


async def test_another_team_is_not_there() -> None:
    scene = Scene()
    scene.add(SERVICE)

    async with scene.connect(team="other") as provider:
        with pytest.raises(NotFound):
            await provider.list_pipelines()


async def test_long_lists_are_read_to_their_end() -> None:
    scene = Scene()
    scene.add(SERVICE, Ending.PASSES, Ending.FAILS, history=230)

    async with scene.connect() as provider:
        query = RunQuery(pipeline=ref(SERVICE), limit=500)
        page = await provider.list_runs(query)

    times = [run.created_at for run in page.items]
    assert len(page.items) == 230
    assert times == sorted(times, key=str, reverse=True)
    assert len(scene.cloud.seen) == 3


async def test_a_release_runs_fails_and_is_fixed() -> None:
    scene = Scene()
    scene.add(FLOW, history=0)

    async with scene.connect() as provider:
        assert await provider.latest_runs([ref(FLOW)]) == {ref(FLOW): None}

        scene.world.start(FLOW, Ending.FAILS)
        queued = await latest(provider, FLOW)
        scene.clock.move(MINUTE / 2)
        running = await in_full(provider, FLOW)
        scene.clock.move(5 * MINUTE)
        failed = await in_full(provider, FLOW)
        scene.world.start(FLOW, Ending.PASSES)
        scene.clock.move(5 * MINUTE)
        fixed = await latest(provider, FLOW)

    assert [queued.state, running.state, failed.state, fixed.state] == [
        State.QUEUED,
        State.RUNNING,
        State.FAILED,
        State.SUCCEEDED,
    ]
    assert queued.started_at is None
    assert failed.took(scene.clock.now()) == 3 * MINUTE
    assert fixed.title == "Release 2"
    assert "not-to-be-shown" not in repr(failed)


async def test_the_failing_path_and_its_log_tell_why() -> None:
    scene = Scene()
    scene.add(JOB, Ending.FAILS)
    scene.add(FLOW, history=0)

    async with scene.connect() as provider:
        _start_failing_in(scene, 1)
        scene.clock.move(5 * MINUTE)
        run = await in_full(provider, FLOW)
        path = run.failing_path
        assert path[-1].log is not None
        tail = await provider.read_log(run.ref, path[-1].log)
        short = await provider.read_log(run.ref, path[-1].log, lines=1)
        never = [t for top in run.tasks or () for t in top.walk()][-1]

    assert [task.name for task in path] == ["Workflow", "deploy", "Migrate"]
    assert path[-1].message == "exit status 2"
    assert tail.text.splitlines() == ["Migrate", "Load", "Write", "exit status 2"]
    assert not tail.cut
    assert short.text == "exit status 2"
    assert short.cut
    assert never.reason is Reason.NEVER_RAN


def _start_failing_in(scene: Scene, place: int) -> None:
    """Start a run whose job of this number fails, the first being 0."""
    run = scene.world.start(FLOW, Ending.FAILS)
    scene.world._runs[FLOW][-1] = replace(run, fails_in=place)


async def test_a_release_waits_for_its_approval() -> None:
    scene = Scene()
    scene.add(FLOW, history=0)
    scene.world.start(FLOW, Ending.WAITS)
    scene.clock.move(5 * MINUTE)

    async with scene.connect() as provider:
        run = await in_full(provider, FLOW)

    assert (run.state, run.reason) == (State.WAITING, Reason.APPROVAL)
    approval = [task for top in run.tasks or () for task in top.walk()][-1]
    assert (approval.state, approval.reason) == (State.WAITING, Reason.APPROVAL)


async def test_a_build_and_a_job_have_their_message_and_log() -> None:
    scene = Scene()
    scene.add(SERVICE, history=0)
    scene.add(JOB, history=0)
    scene.world.start(SERVICE, Ending.FAILS)
    scene.world.start(JOB, Ending.FAILS)
    scene.clock.move(5 * MINUTE)

    async with scene.connect() as provider:
        build = await in_full(provider, SERVICE)
        job = await in_full(provider, JOB)
        logs = [
            (await provider.read_log(run.ref, run.failing_path[0].log or "")).text
            for run in (build, job)
        ]

    assert build.failing_path[0].message == "exit status 2"
    assert build.branch == "main"
    assert job.state is State.FAILED
    assert [log.splitlines()[-1] for log in logs] == ["exit status 2"] * 2


@pytest.mark.parametrize(
    ("states", "query"),
    [
        ({State.FAILED}, "status=failure"),
        ({State.FAILED, State.SUCCEEDED}, "concluded=true"),
        ({State.RUNNING}, "concluded=false"),
    ],
)
async def test_the_vendors_filters_are_used(states: set[State], query: str) -> None:
    scene = Scene()
    scene.add(FLOW, Ending.PASSES, Ending.FAILS, history=6)
    scene.world.start(FLOW)
    scene.clock.move(MINUTE)

    async with scene.connect() as provider:
        wanted = RunQuery(pipeline=ref(FLOW), states=frozenset(states))
        page = await provider.list_runs(wanted)

    assert {run.state for run in page.items} == states
    assert query in scene.cloud.seen[-1].target


async def test_what_is_not_there_is_not_found() -> None:
    scene = Scene()
    scene.add(SERVICE)

    async with scene.connect() as provider:
        for asking in (
            provider.list_runs(RunQuery(pipeline=ref("shop/services/other"))),
            provider.get_run(RunRef(ref(SERVICE), "other")),
            provider.get_run(RunRef(ref(JOB), "other")),
        ):
            with pytest.raises(NotFound):
                await asking


async def test_a_wrong_token_is_refused() -> None:
    scene = Scene()
    async with scene.connect(token="nf-WRONG-token") as provider:
        with pytest.raises(Unauthorized) as caught:
            await provider.check()

    assert caught.value.request_id == "demo-401"


async def test_trouble_of_the_cloud_is_the_right_kind_of_error() -> None:
    scene = Scene()
    scene.add(SERVICE)
    trouble = scene.cloud.trouble

    async with scene.connect() as provider:
        trouble.down = 2
        assert (await latest(provider, SERVICE)).ref.pipeline == ref(SERVICE)
        assert trouble.down == 0
        trouble.garbled = -1
        with pytest.raises(Unavailable):
            await provider.check()
        trouble.garbled, trouble.refused = 0, 1
        with pytest.raises(Unauthorized):
            await provider.check()
        scene.clock.move(2 * MINUTE)
        trouble.throttled, trouble.retry_after = 1, timedelta(minutes=20)
        with pytest.raises(RateLimited) as caught:
            await provider.check()

    assert caught.value.retry_after == timedelta(minutes=20)


async def test_the_budget_of_the_hour_is_the_vendors_own() -> None:
    scene = Scene(requests_per_hour=3)
    scene.add(SERVICE)

    async with scene.connect() as provider:
        for _ in range(3):
            await provider.check()
        scene.clock.move(20 * MINUTE)
        with pytest.raises(RateLimited) as caught:
            await provider.check()
        asked = len(scene.cloud.seen)
        scene.clock.move(40 * MINUTE)
        await provider.check()

    assert caught.value.retry_after == 40 * MINUTE
    assert asked == 3


async def test_another_client_of_the_token_uses_it_up_too() -> None:
    scene = Scene(requests_per_hour=2)

    async with scene.connect() as one, scene.connect() as other:
        await one.check()
        await other.check()
        with pytest.raises(RateLimited) as caught:
            await one.check()

    assert caught.value.retry_after == timedelta(hours=1)
    assert len(scene.cloud.seen) == 3
