"""The real provider talks to the simulated CodeArts Check through a real socket."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.demo.clouds.codearts_check import CodeArtsCheckCloud
from bot.demo.clouds.server import LoopbackServer
from bot.demo.clouds.world import Ending, Job, SimPipeline, Stage, World, digits
from providers import codearts_check
from providers.auth.huawei import HuaweiSignature
from providers.contract import Provider, RunQuery
from providers.errors import (
    NotFound,
    ProviderError,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from providers.http.network import Network
from providers.model import Fact, PipelineRef, Reason, Run, RunRef, State
from tests.fakes.clock import FakeClock

PROJECT = digits("project")
SCAN = (
    Stage("scan", (Job("Clone", timedelta(minutes=1)),)),
    Stage(
        "check", (Job("Compile", timedelta(minutes=4), complaint="no such package"),)
    ),
)


def sim(name: str, *endings: Ending, **traits: str) -> SimPipeline:
    return SimPipeline(
        id=digits(name),
        name=name,
        stages=SCAN,
        endings=endings or (Ending.PASSES,),
        traits=traits,
    )


class Scene:
    """A world, its cloud, and a provider connected to it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.world = World(self.clock, history=3)
        self.cloud = CodeArtsCheckCloud(
            self.world, project_id=PROJECT, access_key="AK-demo", secret_key="SK-demo"
        )

    @asynccontextmanager
    async def connect(self, **changes: Any) -> AsyncIterator[Provider]:
        net = Network(clock=self.clock, random=random.Random(1))  # noqa: S311
        async with LoopbackServer(self.cloud.app()) as server:
            settings = {
                "region": "cn-north-4",
                "project_id": PROJECT,
                "access_key": "AK-demo",
                "secret_key": "SK-demo",
                "base_url": server.url,
                "allow_http": True,
                **changes,
            }
            kind = codearts_check.KIND
            model = kind.settings.model_validate(settings)
            try:
                yield kind.connect("demo", model, net)
            finally:
                await net.close()

    def add(self, pipeline: SimPipeline, history: int | None = None) -> PipelineRef:
        self.world.add(pipeline, history=history)
        return PipelineRef("demo", pipeline.id)


async def latest(provider: Provider, ref: PipelineRef) -> Run:
    look = (await provider.latest_runs([ref]))[ref]
    assert isinstance(look, Run)
    return look


async def test_every_pipeline_of_the_world_is_a_task() -> None:
    scene = Scene()
    for n in range(101):
        scene.add(sim(f"check {n}"), history=0)

    async with scene.connect() as provider:
        found = await provider.list_pipelines()
        identity = await provider.check()

    assert [p.name for p in found.items] == [f"check {n}" for n in range(101)]
    assert identity.detail == "101 check tasks"


@pytest.mark.parametrize("api", ["v2", "v1"])
async def test_a_scan_runs_fails_its_gate_and_is_fixed(api: str) -> None:
    scene = Scene()
    ref = scene.add(sim("shop"), history=0)

    async with scene.connect(api=api) as provider:
        assert await provider.latest_runs([ref]) == {ref: None}

        scene.world.start(ref.id, Ending.FAILS)
        scene.clock.move(timedelta(minutes=2))
        running = await latest(provider, ref)
        scene.clock.move(timedelta(minutes=10))
        failed = await latest(provider, ref)
        scene.world.start(ref.id, Ending.PASSES)
        scene.clock.move(timedelta(minutes=10))
        fixed = await latest(provider, ref)

    assert (running.state, running.ref.id) == (State.RUNNING, "running")
    assert (failed.state, failed.reason) == (State.FAILED, Reason.QUALITY_GATE)
    assert (fixed.state, fixed.reason) == (State.SUCCEEDED, None)
    assert failed.ref != fixed.ref


async def test_progress_shows_while_a_scan_runs() -> None:
    scene = Scene()
    ref = scene.add(sim("shop"), history=0)
    scene.world.start(ref.id)
    scene.clock.move(timedelta(minutes=2))

    async with scene.connect() as provider:
        run = await provider.get_run(RunRef(ref, "running"))

    assert run.facts == (Fact("Progress", "50%"),)


async def test_a_failed_gate_is_explained_by_its_counts() -> None:
    scene = Scene()
    ref = scene.add(sim("shop", Ending.FAILS))

    async with scene.connect() as provider:
        run = await provider.get_run((await latest(provider, ref)).ref)

    assert run.failing_path[-1].name == "Quality gate"
    assert run.failing_path[-1].message == (
        "The quality gate was not passed: 1 critical, 2 major, 3 minor, 3 suggestions"
    )


async def test_a_failed_scan_has_a_log() -> None:
    scene = Scene()
    ref = scene.add(sim("shop", Ending.FAILS, fails="scan"))

    async with scene.connect() as provider:
        run = await provider.get_run((await latest(provider, ref)).ref)
        [*_, step] = run.failing_path
        assert step.log is not None
        tail = await provider.read_log(run.ref, step.log)

    assert step.message == "Compile: no such package"
    assert "Compile started" in tail.text


async def test_a_run_has_the_same_id_wherever_it_is_read() -> None:
    scene = Scene()
    ref = scene.add(sim("shop"), history=150)

    async with scene.connect() as provider:
        newest = await latest(provider, ref)
        first = await provider.list_runs(RunQuery(pipeline=ref, limit=100))
        rest = await provider.list_runs(
            RunQuery(pipeline=ref, limit=100, cursor=first.next)
        )
        last = await provider.get_run(rest.items[-1].ref)

    assert first.items[0] == newest
    assert len({run.ref for run in first.items + rest.items}) == 150
    assert last.ref == rest.items[-1].ref
    assert last.facts == rest.items[-1].facts


async def test_a_window_of_time_is_kept() -> None:
    scene = Scene()
    ref = scene.add(sim("shop"), history=10)
    since = scene.clock.now() - timedelta(hours=3)
    until = scene.clock.now() - timedelta(hours=1)

    async with scene.connect() as provider:
        asked = RunQuery(pipeline=ref, since=since, until=until)
        page = await provider.list_runs(asked)

    starts = [run.started_at for run in page.items if run.started_at]
    assert len(starts) == len(page.items) == 4
    assert all(since <= start <= until for start in starts)


async def test_a_task_that_is_not_there_is_not_found() -> None:
    scene = Scene()

    async with scene.connect() as provider:
        with pytest.raises(NotFound):
            await provider.list_runs(RunQuery(pipeline=PipelineRef("demo", "gone")))


@pytest.mark.parametrize("api", ["v2", "v1"])
async def test_a_project_that_is_not_there_is_an_error_inside_http_200(
    api: str,
) -> None:
    scene = Scene()

    async with scene.connect(api=api, project_id=digits("another")) as provider:
        with pytest.raises(NotFound) as caught:
            await provider.list_pipelines()

    assert caught.value.code == "CC.00050013"


async def test_a_wrong_key_is_refused_and_nothing_more_is_sent() -> None:
    scene = Scene()

    async with scene.connect(secret_key="SK-wrong") as provider:
        for _ in range(3):
            with pytest.raises(Unauthorized):
                await provider.check()

    assert len(scene.cloud.seen) == 1


@pytest.mark.parametrize("change", [{"access_key": "AK-other"}, {}])
async def test_who_is_refused_is_unauthorized(change: dict[str, Any]) -> None:
    scene = Scene()
    scene.cloud.trouble.refused = 0 if change else -1

    async with scene.connect(**change) as provider:
        with pytest.raises(Unauthorized):
            await provider.check()


async def test_a_clock_that_is_off_is_refused() -> None:
    scene = Scene()
    ahead = FakeClock(scene.clock.now() + timedelta(minutes=16))

    async with scene.connect() as provider:
        scene.cloud.gate.clock = ahead
        with pytest.raises(Unauthorized) as caught:
            await provider.check()

    assert caught.value.code == "APIGW.0303"


async def test_short_trouble_is_sat_out() -> None:
    for name in ("down", "throttled", "garbled"):
        scene = Scene()
        setattr(scene.cloud.trouble, name, 1)
        async with scene.connect() as provider:
            assert (await provider.check()).detail == "0 check tasks"
        assert len(scene.cloud.seen) == 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [("down", Unavailable), ("throttled", RateLimited), ("garbled", Unavailable)],
)
async def test_long_trouble_is_an_error(name: str, kind: type[ProviderError]) -> None:
    scene = Scene()
    setattr(scene.cloud.trouble, name, -1)
    scene.cloud.trouble.retry_after = timedelta(seconds=30)

    async with scene.connect() as provider:
        with pytest.raises(kind):
            await provider.check()


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v2/nowhere", 404, "APIGW.0101"),
        (f"/v2/{PROJECT}/tasks/gone/checkrecord", 400, "CC.10010204.400"),
    ],
)
async def test_what_is_not_there_is_said_in_the_vendors_words(
    path: str, status: int, code: str
) -> None:
    scene = Scene()
    auth = HuaweiSignature(
        access_key="AK-demo", secret_key="SK-demo", now=scene.clock.now
    )

    async with LoopbackServer(scene.cloud.app()) as server, httpx.AsyncClient() as http:
        answer = await http.get(server.url + path, auth=auth)

    assert answer.status_code == status
    assert answer.json()["error_code"] == code


async def test_a_signature_that_leaves_out_the_host_is_refused() -> None:
    scene = Scene()
    said = (
        "SDK-HMAC-SHA256 Access=AK-demo, SignedHeaders=x-sdk-date, "
        f"Signature={'0' * 64}"
    )

    async with LoopbackServer(scene.cloud.app()) as server, httpx.AsyncClient() as http:
        answer = await http.get(server.url, headers={"Authorization": said})

    assert answer.status_code == 401
