"""The real NSML provider against the simulated cloud, through a real socket."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bot.demo.clouds.nsml import ACCESS_KEY, API_KEY, BASE, GPU, SECRET_KEY, NsmlCloud
from bot.demo.clouds.server import LoopbackServer
from bot.demo.clouds.world import Ending, Job, SimPipeline, Stage, World
from providers import nsml
from providers.auth.ncp import NcpSignature, signature
from providers.contract import Filter, RunQuery
from providers.errors import (
    Forbidden,
    NotFound,
    ProviderError,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from providers.http.network import Network
from providers.model import Fact, PipelineRef, Reason, Run, RunRef, State
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from providers.contract import Provider

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STAGES = (Stage("Train", (Job("train", 10 * MINUTE),)),)

VISION = PipelineRef("gpu", "2mdnduoena36ekcv4v7")
SPEECH = PipelineRef("gpu", "2x6ijrgeyq6s3ojy9ur")
IDLE = PipelineRef("gpu", "neverranneverran000")
GONE = PipelineRef("gpu", "nosuchproject000000")
KEYS = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "api_key": API_KEY}


@asynccontextmanager
async def opened(
    *, oldest_first: bool = False, **changes: Any
) -> AsyncIterator[tuple[Provider, NsmlCloud, FakeClock]]:
    """Serve an account of three projects, and open a connection to it."""
    clock = FakeClock(NOW)
    world = World(clock)
    vision = SimPipeline(
        id=VISION.id, name="Vision", stages=STAGES, traits={GPU: "NVIDIA H100 x 8"}
    )
    world.add(vision, history=150)
    failing = (Ending.FAILS, Ending.CANCELED)
    speech = SimPipeline(
        id=SPEECH.id, name="speech", stages=STAGES, endings=failing, every=50 * MINUTE
    )
    world.add(speech, history=90)
    world.add(SimPipeline(id=IDLE.id, name="Idle", stages=STAGES), history=0)
    clock.move(5 * MINUTE)
    cloud = NsmlCloud(world, oldest_first=oldest_first)
    async with LoopbackServer(cloud.app()) as server:
        given = {"base_url": server.url + BASE, "allow_http": True, **KEYS, **changes}
        settings = nsml.KIND.settings.model_validate(given)
        network = Network(clock=clock, random=Random(1))  # noqa: S311 - repeatable
        try:
            yield nsml.KIND.connect("gpu", settings, network), cloud, clock
        finally:
            await network.close()


def the_run(look: object) -> Run:
    assert isinstance(look, Run)
    return look


async def test_every_request_is_signed_as_the_cloud_wants_it() -> None:
    async with opened() as (provider, cloud, _):
        assert (await provider.check()).detail == "3 projects"
        assert cloud.seen[0].target == f"{BASE}/projects?page=1&pageSize=1"


@pytest.mark.parametrize("key", ["access_key", "secret_key", "api_key"])
async def test_a_wrong_key_of_any_kind_is_refused(key: str) -> None:
    wrong: dict[str, Any] = {key: "some-other-key"}
    async with opened(**wrong) as (provider, cloud, _):
        with pytest.raises(Unauthorized):
            await provider.check()
        assert len(cloud.seen) == 2


async def ask_signed(now: datetime, *, tampered: bool = False) -> int:
    """Return the status of a request signed at a time by the machine's own clock."""
    async with opened() as (_, cloud, clock), LoopbackServer(cloud.app()) as server:
        auth = NcpSignature(
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            api_key=API_KEY,
            now=lambda: now,
        )
        request = httpx.Request("GET", f"{server.url}{BASE}/projects?page=1")
        signed = next(auth.auth_flow(request))
        if tampered:
            signed.url = signed.url.copy_with(query=b"page=2")
        assert clock.now() == NOW + 5 * MINUTE
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.send(signed)).status_code


async def test_a_timestamp_five_minutes_off_is_refused() -> None:
    assert await ask_signed(NOW + 5 * MINUTE) == 200
    assert await ask_signed(NOW) == 200
    assert await ask_signed(NOW - timedelta(seconds=1)) == 401
    assert await ask_signed(NOW + 11 * MINUTE) == 401


async def test_a_query_other_than_the_signed_one_is_refused() -> None:
    assert await ask_signed(NOW + 5 * MINUTE, tampered=True) == 401


async def test_a_request_without_any_signature_is_refused() -> None:
    async with opened() as (_, cloud, _), LoopbackServer(cloud.app()) as server:
        async with httpx.AsyncClient(trust_env=False) as client:
            refusal = await client.get(f"{server.url}{BASE}/projects")
        assert refusal.status_code == 401
        assert refusal.json()["error"]["errorCode"] == "200"


@pytest.mark.parametrize("timestamp", ["soon", "0", "9" * 30])
async def test_a_time_that_is_none_is_refused_however_well_signed(
    timestamp: str,
) -> None:
    headers = {
        "x-ncp-iam-access-key": ACCESS_KEY,
        "x-ncp-apigw-api-key": API_KEY,
        "x-ncp-apigw-timestamp": timestamp,
        "x-ncp-apigw-signature-v2": signature(
            "GET",
            f"{BASE}/projects",
            timestamp=timestamp,
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
        ),
    }
    async with opened() as (_, cloud, _), LoopbackServer(cloud.app()) as server:
        async with httpx.AsyncClient(trust_env=False, headers=headers) as client:
            refusal = await client.get(f"{server.url}{BASE}/projects")
        assert refusal.status_code == 401


async def test_the_projects_are_the_pipelines() -> None:
    async with opened() as (provider, _, _):
        every = await provider.list_pipelines()
        found = await provider.list_pipelines("SPEECH")

    assert [p.name for p in every.items] == ["Vision", "speech", "Idle"]
    assert [p.ref for p in found.items] == [SPEECH]


@pytest.mark.parametrize("oldest_first", [False, True])
async def test_the_runs_come_newest_first_page_by_page(*, oldest_first: bool) -> None:
    async with opened(oldest_first=oldest_first, page_size=50) as (provider, _, _):
        query: RunQuery | None = RunQuery(pipeline=VISION, limit=40)
        numbers: list[int | None] = []
        while query is not None:
            page = await provider.list_runs(query)
            numbers += [run.number for run in page.items]
            query = replace(query, cursor=page.next) if page.next else None

    assert numbers == list(range(151, 0, -1))


async def test_runs_are_sifted_by_who_and_when() -> None:
    async with opened() as (provider, _, _):
        since = NOW - timedelta(hours=10)
        query = RunQuery(pipeline=VISION, actor="KIM", since=since)
        page = await provider.list_runs(query)

    assert page.filtered_here == {Filter.ACTOR, Filter.SINCE}
    assert 0 < len(page.items) < 20
    assert all(query.matches(run) for run in page.items)


@pytest.mark.parametrize(("oldest_first", "calls"), [(False, 1), (True, 3)])
async def test_the_latest_runs_of_all_take_one_listing(
    *, oldest_first: bool, calls: int
) -> None:
    async with opened(oldest_first=oldest_first) as (provider, cloud, _):
        looks = await provider.latest_runs([VISION, SPEECH])

        assert len(cloud.seen) == calls
        assert the_run(looks[VISION]).number == 151
        assert the_run(looks[SPEECH]).number == 91


async def test_a_project_that_never_ran_is_told_from_one_that_is_not_there() -> None:
    async with opened() as (provider, _, _):
        assert await provider.latest_runs([IDLE]) == {IDLE: None}
        assert (await provider.list_runs(RunQuery(pipeline=IDLE))).items == ()
        with pytest.raises(NotFound):
            await provider.list_runs(RunQuery(pipeline=GONE))


async def test_a_run_that_goes_wrong_ends_as_completed_like_any_other() -> None:
    async with opened() as (provider, cloud, clock):
        started = cloud.world.start(SPEECH.id, Ending.FAILS, actor="lee")
        during = the_run((await provider.latest_runs([SPEECH]))[SPEECH])
        clock.move(15 * MINUTE)
        after = the_run((await provider.latest_runs([SPEECH]))[SPEECH])

    assert during.ref == after.ref == RunRef(SPEECH, str(started.number))
    assert during.state is State.RUNNING
    assert (after.state, after.reason) == (State.SUCCEEDED, Reason.UNVERIFIED)
    assert after.created_at == NOW + 5 * MINUTE
    assert after.finished_at is None


async def test_a_run_in_full_has_its_times_and_facts_but_no_secret() -> None:
    async with opened() as (provider, _, _):
        run = await provider.get_run(RunRef(VISION, "7"))

    assert run.title
    assert run.created_at == NOW - 144 * 30 * MINUTE + timedelta(seconds=1)
    assert Fact("GPU", "NVIDIA H100 x 8") in run.facts
    assert "not-to-be-shown" not in repr(run)


@pytest.mark.parametrize(
    "ref", [RunRef(VISION, "999"), RunRef(VISION, "x"), RunRef(GONE, "1")]
)
async def test_a_run_that_is_not_there_is_not_found(ref: RunRef) -> None:
    async with opened() as (provider, _, _):
        with pytest.raises(NotFound):
            await provider.get_run(ref)


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        ("down", Unavailable),
        ("throttled", RateLimited),
        ("refused", Unauthorized),
        ("garbled", Unavailable),
    ],
)
async def test_trouble_is_told_apart_and_passes(
    trouble: str, kind: type[ProviderError]
) -> None:
    async with opened() as (provider, cloud, clock):
        setattr(cloud.trouble, trouble, -1)
        with pytest.raises(kind):
            await provider.check()

        setattr(cloud.trouble, trouble, 0)
        clock.move(timedelta(hours=1))
        assert (await provider.check()).detail == "3 projects"


async def test_a_short_trouble_is_not_even_noticed() -> None:
    async with opened() as (provider, cloud, clock):
        cloud.trouble.down = 1
        cloud.trouble.throttled = 1
        cloud.trouble.retry_after = timedelta(seconds=3)

        assert (await provider.check()).detail == "3 projects"
        assert len(cloud.seen) == 3
        assert clock.slept[1] >= timedelta(seconds=3)


async def test_a_path_that_is_not_there_is_answered_as_by_the_gateway() -> None:
    async with opened() as (provider, _, _):
        with pytest.raises(NotFound) as caught:
            await provider.get_run(RunRef(PipelineRef("gpu", "a/b"), "1"))

    assert caught.value.code == "300"
    assert not isinstance(caught.value, Forbidden)


@pytest.mark.parametrize("query", ["page=0", "page=x", "pageSize=0"])
async def test_a_page_that_cannot_be_is_a_bad_request(query: str) -> None:
    async with opened() as (_, cloud, clock), LoopbackServer(cloud.app()) as server:
        auth = NcpSignature(
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            api_key=API_KEY,
            now=clock.now,
        )
        async with httpx.AsyncClient(trust_env=False, auth=auth) as client:
            refusal = await client.get(f"{server.url}{BASE}/projects?{query}")
        assert refusal.status_code == 400
