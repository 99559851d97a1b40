"""The real provider talks to the simulated CodeArts Pipeline through a real socket."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.demo.clouds.codearts_pipeline import CodeArtsPipelineCloud
from bot.demo.clouds.server import LoopbackServer
from bot.demo.clouds.world import Ending, Job, SimPipeline, Stage, World, digits
from providers import codearts_pipeline
from providers.auth.huawei import HuaweiSignature
from providers.contract import Filter, Provider, RunQuery
from providers.errors import (
    BadAnswer,
    NotFound,
    ProviderError,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from providers.http.network import Network
from providers.model import PipelineRef, Reason, Run, RunRef, State, TriggerKind
from tests.fakes.clock import FakeClock

PROJECT = digits("project")
KEYS = {"access_key": "AK-demo", "secret_key": "SK-demo"}
LOGIN = {
    "username": "runbell",
    "password": "example-password",
    "domain_name": "acme",
}
SIGNED = "SDK-HMAC-SHA256 Access=AK-demo, SignedHeaders"
STAGES = (
    Stage("build", (Job("compile", timedelta(minutes=1), ("fetch", "make")),)),
    Stage("ship", (Job("deploy", timedelta(minutes=2), complaint='no "space"'),)),
)


def sim(name: str, *endings: Ending, **more: Any) -> SimPipeline:
    return SimPipeline(
        id=digits(name),
        name=name,
        stages=STAGES,
        endings=endings or (Ending.PASSES,),
        **more,
    )


class Scene:
    """A world, its cloud, and a provider connected to it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.world = World(self.clock, history=3)
        self.cloud = CodeArtsPipelineCloud(self.world, project_id=PROJECT, **KEYS)

    @asynccontextmanager
    async def connect(
        self, credential: dict[str, str] | None = None, **changes: Any
    ) -> AsyncIterator[Provider]:
        net = Network(clock=self.clock, random=random.Random(1))  # noqa: S311
        async with LoopbackServer(self.cloud.app()) as server:
            settings = {
                "region": "cn-north-4",
                "project_id": PROJECT,
                "base_url": server.url,
                "allow_http": True,
                **(credential or KEYS),
                **({"iam_url": server.url} if credential else {}),
                **changes,
            }
            kind = codearts_pipeline.KIND
            model = kind.settings.model_validate(settings)
            try:
                yield kind.connect("demo", model, net)
            finally:
                await net.close()

    def add(self, pipeline: SimPipeline, history: int | None = None) -> PipelineRef:
        self.world.add(pipeline, history=history)
        return PipelineRef("demo", pipeline.id)

    @property
    def asked(self) -> list[str]:
        return [seen.target.partition("?")[0] for seen in self.cloud.seen]


async def latest(provider: Provider, ref: PipelineRef) -> Run:
    look = (await provider.latest_runs([ref]))[ref]
    assert isinstance(look, Run)
    return look


async def test_every_pipeline_of_the_world_is_listed_with_its_latest_run() -> None:
    scene = Scene()
    for n in range(120):
        scene.add(sim(f"pipeline {n:03}"), history=n % 2)

    async with scene.connect() as provider:
        found = await provider.list_pipelines()
        identity = await provider.check()

    assert [p.name for p in found.items] == [f"pipeline {n:03}" for n in range(120)]
    assert [p.latest is not None for p in found.items] == [False, True] * 60
    assert (identity.name, identity.detail) == ("shop", "120 pipelines")


async def test_a_run_is_queued_runs_fails_and_is_fixed() -> None:
    scene = Scene()
    ref = scene.add(sim("shop"), history=0)

    async with scene.connect() as provider:
        assert await provider.latest_runs([ref]) == {ref: None}

        scene.world.start(ref.id, Ending.FAILS)
        assert (await latest(provider, ref)).state is State.QUEUED
        scene.clock.move(timedelta(seconds=30))
        assert (await latest(provider, ref)).state is State.RUNNING
        scene.clock.move(timedelta(minutes=5))
        failed = await latest(provider, ref)

        scene.world.start(ref.id, Ending.PASSES)
        scene.clock.move(timedelta(minutes=5))
        fixed = await latest(provider, ref)

    assert (failed.state, failed.number) == (State.FAILED, 1)
    assert (fixed.state, fixed.number) == (State.SUCCEEDED, 2)


async def test_a_failed_run_is_told_in_full_with_its_log() -> None:
    scene = Scene()
    ref = scene.add(sim("shop"), history=0)
    run = scene.world.start(ref.id, Ending.FAILS)
    scene.clock.move(timedelta(minutes=5))

    async with scene.connect() as provider:
        full = await provider.get_run(RunRef(ref, run.id))
        step = full.failing_path[-1]
        assert step.log is not None
        tail = await provider.read_log(full.ref, step.log, lines=3)

    view = run.at(scene.clock.now())
    assert [t.name for t in full.failing_path] == ["ship", "deploy", "deploy"]
    assert step.message == 'no "space" [DEV-CODECI-35002]'
    assert (full.started_at, full.finished_at) == (view.started_at, view.finished_at)
    assert full.commit is not None
    assert full.commit.sha == run.sha
    assert tail.text.splitlines() == [
        "deploy: line 98",
        "deploy: line 99",
        'no "space"',
    ]
    assert tail.cut


async def test_a_canceled_run_says_where_it_was_stopped() -> None:
    scene = Scene()
    ref = scene.add(sim("shop"), history=0)
    run = scene.world.start(ref.id, Ending.CANCELED)
    scene.clock.move(timedelta(hours=1))

    async with scene.connect() as provider:
        canceled = await provider.get_run(RunRef(ref, run.id))

    assert canceled.state is State.CANCELED
    assert [t.state for t in canceled.tasks or ()] == [State.SUCCEEDED, State.CANCELED]


async def test_a_run_that_waits_is_waiting() -> None:
    scene = Scene()
    ref = scene.add(sim("shop"), history=0)
    run = scene.world.start(ref.id, Ending.WAITS)
    scene.clock.move(timedelta(hours=1))

    async with scene.connect() as provider:
        waiting = await provider.get_run(RunRef(ref, run.id))

    assert (waiting.state, waiting.reason) == (State.WAITING, Reason.PAUSED)
    assert waiting.finished_at is None


async def test_a_retry_runs_again_under_the_same_id() -> None:
    """Bite 9: FAILED is not for ever."""
    scene = Scene()
    ref = scene.add(sim("shop"), history=0)
    scene.world.start(ref.id, Ending.FAILS)
    scene.clock.move(timedelta(minutes=10))

    async with scene.connect() as provider:
        before = await latest(provider, ref)
        scene.world.retry(ref.id, 1, Ending.PASSES)
        scene.clock.move(timedelta(minutes=1))
        again = await latest(provider, ref)

    assert before.ref == again.ref
    assert (before.state, again.state) == (State.FAILED, State.RUNNING)


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({}, list(range(60, 0, -1))),
        ({"states": frozenset({State.FAILED})}, list(range(60, 0, -2))),
        ({"triggers": frozenset({TriggerKind.CHANGE})}, list(range(60, 0, -3))),
        ({"triggers": frozenset({TriggerKind.TAG})}, list(range(59, 0, -3))),
        ({"actor": "KIM"}, list(range(58, 0, -3))),
        ({"branch": "change-6*"}, [60, 6]),
        ({"branch": "v2"}, [2]),
        ({"limit": 5}, [60, 59, 58, 57, 56]),
    ],
    ids=str,
)
async def test_filters_find_what_the_world_holds(
    filters: dict[str, Any], numbers: list[int]
) -> None:
    scene = Scene()
    triggers = (TriggerKind.PUSH, TriggerKind.TAG, TriggerKind.CHANGE)
    ref = scene.add(
        sim("shop", Ending.PASSES, Ending.FAILS, triggers=triggers), history=60
    )

    async with scene.connect() as provider:
        asked: dict[str, Any] = {"limit": 100, **filters}
        page = await provider.list_runs(RunQuery(pipeline=ref, **asked))

    assert [run.number for run in page.items] == numbers


async def test_a_time_is_the_vendors_filter_and_read_the_same_on_both_sides() -> None:
    scene = Scene()
    ref = scene.add(sim("shop"), history=20)
    now = scene.clock.now()
    scene.clock.move(timedelta(minutes=20))

    async with scene.connect() as provider:
        page = await provider.list_runs(
            RunQuery(pipeline=ref, since=now - timedelta(hours=2), until=now)
        )

    assert page.filtered_here == frozenset[Filter]()
    assert [run.number for run in page.items] == [20, 19, 18, 17]


async def test_a_login_is_made_once_and_again_when_the_token_is_refused() -> None:
    scene = Scene()
    ref = scene.add(sim("shop"))

    async with scene.connect(LOGIN) as provider:
        await provider.latest_runs([ref])
        await provider.check()
        assert scene.cloud.gate.logins == 1

        scene.cloud.gate.revoke_tokens()
        assert (await latest(provider, ref)).number == 3
        assert scene.cloud.gate.logins == 2

        scene.clock.move(timedelta(hours=23, minutes=31))
        await provider.check()

    assert scene.cloud.gate.logins == 3


async def test_a_wrong_password_is_tried_once() -> None:
    scene = Scene()

    async with scene.connect({**LOGIN, "password": "wrong-password"}) as provider:
        for _ in range(3):
            with pytest.raises(Unauthorized, match="password is wrong"):
                await provider.check()

    assert len(scene.cloud.seen) == 1


async def test_a_wrong_key_is_tried_once_and_so_never_locked() -> None:
    """Bite 17: the sixth bad signature in a row would lock the key."""
    scene = Scene()

    async with scene.connect({**KEYS, "secret_key": "SK-wrong"}) as provider:
        for _ in range(10):
            with pytest.raises(Unauthorized) as caught:
                await provider.check()
            assert "secret_key" in caught.value.advice

    assert len(scene.cloud.seen) == 1


async def test_the_simulated_gate_locks_a_key_that_is_refused_too_often() -> None:
    scene = Scene()

    async with LoopbackServer(scene.cloud.app()) as server, httpx.AsyncClient() as to:

        async def ask(secret: str) -> httpx.Response:
            auth = HuaweiSignature(
                access_key="AK-demo", secret_key=secret, now=scene.clock.now
            )
            url = f"{server.url}/v5/{PROJECT}/api/pipelines/list"
            return await to.post(url, auth=auth, json={"offset": 0, "limit": 1})

        answers = [await ask(secret) for secret in [*["SK-wrong"] * 6, "SK-demo"]]
        said = [answer.json()["error_msg"] for answer in answers]
        scene.clock.move(timedelta(minutes=5))
        free = await ask("SK-demo")

    assert all("signature fail" in text for text in said[:6])
    assert "reach the limit" in said[6]
    assert free.status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer x",
        f"{SIGNED}=host, Signature={'0' * 64}",
        f"{SIGNED}=host;x-sdk-date;x-none, Signature={'0' * 64}",
        f"{SIGNED}=host;x-sdk-date, Signature={'0' * 64}",
    ],
)
async def test_what_is_not_signed_as_it_should_be_does_not_pass(
    authorization: str,
) -> None:
    scene = Scene()

    async with LoopbackServer(scene.cloud.app()) as server, httpx.AsyncClient() as to:
        answer = await to.get(
            f"{server.url}/x",
            headers={"Authorization": authorization, "X-Sdk-Date": "20240501T120000Z"},
        )

    assert (answer.status_code, answer.json()["error_code"]) == (401, "APIGW.0301")


async def test_a_clock_that_is_off_is_told_to_whom_it_may_concern() -> None:
    """Bite 18: more than fifteen minutes off, no signature is accepted."""
    scene = Scene()
    early = FakeClock(scene.clock.now() - timedelta(minutes=16))
    net = Network(clock=early, random=random.Random(1))  # noqa: S311

    async with LoopbackServer(scene.cloud.app()) as server:
        settings = codearts_pipeline.KIND.settings.model_validate(
            {
                "region": "cn-north-4",
                "project_id": PROJECT,
                "base_url": server.url,
                "allow_http": True,
                **KEYS,
            }
        )
        provider = codearts_pipeline.KIND.connect("demo", settings, net)
        with pytest.raises(Unauthorized) as caught:
            await provider.check()
        await net.close()

    assert caught.value.code == "APIGW.0303"
    assert "clock" in caught.value.advice


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        ("down", Unavailable),
        ("throttled", RateLimited),
        ("refused", Unauthorized),
        ("garbled", Unavailable),
    ],
)
async def test_trouble_is_told_as_what_it_is(
    trouble: str, kind: type[ProviderError]
) -> None:
    scene = Scene()
    setattr(scene.cloud.trouble, trouble, -1)

    async with scene.connect() as provider:
        with pytest.raises(kind) as caught:
            await provider.check()

    assert type(caught.value) is kind


async def test_short_trouble_is_lived_through() -> None:
    scene = Scene()
    scene.cloud.trouble.down = 1
    scene.cloud.trouble.throttled = 1
    scene.cloud.trouble.retry_after = timedelta(seconds=4)

    async with scene.connect() as provider:
        await provider.check()

    assert len(scene.cloud.seen) == 3
    assert timedelta(seconds=4) in scene.clock.slept


async def test_what_is_not_there_is_not_found() -> None:
    scene = Scene()
    ref = scene.add(sim("shop"))
    nowhere = PipelineRef("demo", digits("nowhere"))

    async with scene.connect() as provider:
        questions = [
            provider.list_runs(RunQuery(pipeline=nowhere)),
            provider.get_run(RunRef(ref, digits("no run"))),
            provider.read_log(RunRef(ref, digits("no run")), "job/step"),
        ]
        for question in questions:
            with pytest.raises(NotFound):
                await question
        # The batch leaves out what it does not know, like what never ran.
        assert await provider.latest_runs([nowhere]) == {nowhere: None}

    async with scene.connect(project_id=digits("another")) as provider:
        with pytest.raises(NotFound) as caught:
            await provider.check()
        assert "project_id" in caught.value.advice


async def test_an_address_the_gateway_does_not_know_is_no_missing_run() -> None:
    scene = Scene()
    ref = scene.add(sim("shop"))

    async with scene.connect() as provider:
        with pytest.raises(BadAnswer) as caught:
            await provider.read_log(RunRef(ref, "r"), "job/no/such/path")

    assert caught.value.code == "APIGW.0101"
    assert "region" in caught.value.advice
