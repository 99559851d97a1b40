"""The real Yunxiao provider against the simulated cloud, through a real socket."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bot.demo.clouds.server import LoopbackServer
from bot.demo.clouds.world import Ending, Job, SimPipeline, Stage, World
from bot.demo.clouds.yunxiao import (
    ACCESS_KEY_ID,
    ACCESS_KEY_SECRET,
    ORGANIZATION,
    TOKEN,
    YunxiaoCloud,
)
from providers import yunxiao
from providers.auth.acs3 import Acs3Signature
from providers.contract import RunQuery
from providers.errors import (
    NotFound,
    ProviderError,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from providers.http.network import Network
from providers.model import PipelineRef, Reason, RunRef, State, TriggerKind
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from providers.contract import Provider

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STAGES = (
    Stage("Build", (Job("Java build", MINUTE, ("clone", "mvn package")),)),
    Stage("Test", (Job("Integration tests", MINUTE, ("prepare", "mvn verify")),)),
)
RELEASE = PipelineRef("flow", "1001")
BROKEN = PipelineRef("flow", "1002")
GATED = PipelineRef("flow", "1003")
IDLE = PipelineRef("flow", "1004")
GONE = PipelineRef("flow", "1999")

SIGNED = {
    "api": "2021-06-25",
    "organization": ORGANIZATION,
    "access_key_id": ACCESS_KEY_ID,
    "access_key_secret": ACCESS_KEY_SECRET,
}
CENTRAL = {"organization": ORGANIZATION, "token": TOKEN}
REGION = {"edition": "region", "token": TOKEN}
ALL = pytest.mark.parametrize(
    "settings", [SIGNED, CENTRAL, REGION], ids=["signed", "central", "region"]
)
BOTH = pytest.mark.parametrize("settings", [SIGNED, CENTRAL], ids=["signed", "newer"])


def sim(
    ref: PipelineRef, name: str, *endings: Ending, trigger: TriggerKind
) -> SimPipeline:
    return SimPipeline(
        id=ref.id, name=name, stages=STAGES, endings=endings, triggers=(trigger,)
    )


@asynccontextmanager
async def opened(
    settings: dict[str, Any], **changes: Any
) -> AsyncIterator[tuple[Provider, YunxiaoCloud, FakeClock]]:
    """Serve a cloud of four pipelines, and open a connection to it."""
    clock = FakeClock(NOW)
    world = World(clock)
    push, timed = TriggerKind.PUSH, TriggerKind.SCHEDULE
    world.add(sim(RELEASE, "Release", Ending.PASSES, trigger=push), history=50)
    world.add(sim(BROKEN, "Nightly", Ending.FAILS, trigger=timed))
    world.add(sim(GATED, "Deploy", Ending.WAITS, trigger=push))
    world.add(sim(IDLE, "Idle", Ending.PASSES, trigger=push), history=0)
    clock.move(5 * MINUTE)
    cloud = YunxiaoCloud(world, lists_status=changes.pop("lists_status", True))
    async with LoopbackServer(cloud.app()) as server:
        own = {"base_url": server.url, "allow_http": True}
        parsed = yunxiao.KIND.settings.model_validate({**settings, **own, **changes})
        network = Network(clock=clock, random=Random(1))  # noqa: S311 - repeatable
        try:
            yield yunxiao.KIND.connect("flow", parsed, network), cloud, clock
        finally:
            await network.close()


@ALL
async def test_it_checks_and_lists_the_pipelines(settings: dict[str, Any]) -> None:
    async with opened(settings) as (provider, _, _):
        identity = await provider.check()
        page = await provider.list_pipelines("e", limit=2)

    assert identity.detail == "4 pipelines"
    assert [p.name for p in page.items] == ["Release", "Deploy"]


@ALL
async def test_every_run_is_listed_once_over_all_pages(
    settings: dict[str, Any],
) -> None:
    async with opened(settings, page_size=7) as (provider, cloud, _):
        query = RunQuery(pipeline=RELEASE, limit=12)
        page = await provider.list_runs(query)
        numbers = [run.number for run in page.items]
        while page.next:
            page = await provider.list_runs(replace(query, cursor=page.next))
            numbers += [run.number for run in page.items]
        everything = [v.run.number for v in cloud.world.runs(RELEASE.id)]

    assert numbers == everything
    assert len(numbers) >= 50


@BOTH
async def test_each_pipelines_latest_run_is_known_even_where_one_is_gone(
    settings: dict[str, Any],
) -> None:
    async with opened(settings) as (provider, _, _):
        found = await provider.latest_runs([RELEASE, BROKEN, GATED, IDLE, GONE])

    states = {ref: getattr(look, "state", None) for ref, look in found.items()}
    assert states[RELEASE] is State.SUCCEEDED
    assert states[BROKEN] is State.FAILED
    assert states[GATED] is State.WAITING
    assert found[IDLE] is None
    assert isinstance(found[GONE], NotFound)


@BOTH
async def test_a_failed_run_is_shown_in_full_with_the_end_of_its_log(
    settings: dict[str, Any],
) -> None:
    async with opened(settings) as (provider, cloud, _):
        [newest] = (await provider.list_runs(RunQuery(pipeline=BROKEN, limit=1))).items
        run = await provider.get_run(newest.ref)
        view = cloud.world.run(BROKEN.id, newest.ref.id)
        job = run.failing_path[1]
        tail = await provider.read_log(run.ref, job.log or "", lines=1)
        passed = (run.tasks or ())[0].children[0]
        good = await provider.read_log(run.ref, passed.log or "")

    assert view is not None
    assert run.state is newest.state is State.FAILED
    assert (run.started_at, run.finished_at) == (view.started_at, view.finished_at)
    assert run.branch == "main"
    assert run.commit is not None
    assert run.commit.sha == view.run.sha
    assert run.trigger is not None
    assert run.trigger.kind is TriggerKind.SCHEDULE
    steps = [] if settings is SIGNED else ["mvn verify"]
    path = [task.name for task in run.failing_path]
    assert path == ["Test", "Integration tests", *steps]
    assert tail.text == "Process exited with code 1."
    assert tail.cut
    assert good.text == "[INFO] clone\n[INFO] mvn package"


@BOTH
async def test_a_run_that_waits_for_approval_says_so(settings: dict[str, Any]) -> None:
    async with opened(settings) as (provider, _, _):
        query = RunQuery(pipeline=GATED, states=frozenset({State.WAITING}), limit=1)
        [run] = (await provider.list_runs(query)).items

    assert (run.state, run.reason) == (State.WAITING, Reason.APPROVAL)
    assert run.native == "RUNNING"


@BOTH
async def test_a_run_moves_on_under_the_same_ref_and_back_when_it_is_retried(
    settings: dict[str, Any],
) -> None:
    async with opened(settings) as (provider, cloud, clock):
        started = cloud.world.start(IDLE.id, Ending.FAILS)
        ref = RunRef(IDLE, str(started.number))
        states = []
        for wait in (MINUTE / 6, 5 * MINUTE):
            clock.move(wait)
            states.append((await provider.get_run(ref)).state)
        cloud.world.retry(IDLE.id, started.number, Ending.PASSES)
        for wait in (MINUTE / 6, 5 * MINUTE):
            clock.move(wait)
            states.append((await provider.get_run(ref)).state)

    assert states == [State.RUNNING, State.FAILED, State.RUNNING, State.SUCCEEDED]


@BOTH
async def test_the_vendor_filters_as_it_is_asked(settings: dict[str, Any]) -> None:
    async with opened(settings) as (provider, cloud, _):
        since = NOW - timedelta(hours=3)
        page = await provider.list_runs(
            RunQuery(
                pipeline=BROKEN,
                states=frozenset({State.FAILED}),
                triggers=frozenset({TriggerKind.SCHEDULE}),
                since=since,
                until=NOW,
            )
        )
        calls = len(cloud.seen)
        none = await provider.list_runs(
            RunQuery(pipeline=BROKEN, triggers=frozenset({TriggerKind.MANUAL}))
        )

    assert page.items
    assert page.filtered_here == frozenset()
    assert all(since <= (run.started_at or NOW) <= NOW for run in page.items)
    assert page.total == len(page.items)
    assert calls == 1
    assert none.items == ()


async def test_a_list_without_states_is_filled_in_run_by_run() -> None:
    async with opened(CENTRAL, lists_status=False) as (provider, cloud, _):
        page = await provider.list_runs(RunQuery(pipeline=BROKEN))

    assert {run.state for run in page.items} == {State.FAILED}
    assert len(cloud.seen) == 1 + len(page.items)


@BOTH
async def test_a_pipeline_or_run_that_is_not_there_is_not_found(
    settings: dict[str, Any],
) -> None:
    async with opened(settings) as (provider, _, _):
        with pytest.raises(NotFound):
            await provider.list_runs(RunQuery(pipeline=GONE))
        with pytest.raises(NotFound):
            await provider.get_run(RunRef(RELEASE, "4711"))
        empty = await provider.list_runs(RunQuery(pipeline=IDLE))

    assert empty.items == ()


@BOTH
async def test_another_organization_is_not_found(settings: dict[str, Any]) -> None:
    async with opened({**settings, "organization": "another"}) as (provider, _, _):
        with pytest.raises(NotFound) as caught:
            await provider.check()

    assert "`organization`" in caught.value.advice


@pytest.mark.parametrize(
    "settings",
    [
        {**SIGNED, "access_key_secret": "another"},
        {**SIGNED, "access_key_id": "another"},
        {**CENTRAL, "token": "pt-another"},
    ],
    ids=["secret", "key", "token"],
)
async def test_a_wrong_credential_is_refused(settings: dict[str, Any]) -> None:
    async with opened(settings) as (provider, _, _):
        with pytest.raises(Unauthorized):
            await provider.check()


@BOTH
@pytest.mark.parametrize(
    ("trouble", "kind"),
    [("refused", Unauthorized), ("down", Unavailable), ("garbled", Unavailable)],
)
async def test_trouble_without_end_is_an_error(
    settings: dict[str, Any], trouble: str, kind: type[ProviderError]
) -> None:
    async with opened(settings) as (provider, cloud, _):
        setattr(cloud.trouble, trouble, -1)
        with pytest.raises(kind):
            await provider.check()


@BOTH
async def test_trouble_that_passes_is_not_noticed(settings: dict[str, Any]) -> None:
    async with opened(settings) as (provider, cloud, clock):
        cloud.trouble.down = 1
        cloud.trouble.throttled = 1
        cloud.trouble.retry_after = timedelta(seconds=2)
        identity = await provider.check()

    assert identity.detail == "4 pipelines"
    assert timedelta(seconds=2) in clock.slept
    assert len(cloud.seen) == 3


@BOTH
async def test_a_long_throttling_is_left_to_the_caller(
    settings: dict[str, Any],
) -> None:
    async with opened(settings) as (provider, cloud, _):
        cloud.trouble.throttled = -1
        cloud.trouble.retry_after = timedelta(minutes=2)
        with pytest.raises(RateLimited) as caught:
            await provider.check()

    assert caught.value.retry_after == timedelta(minutes=2)


@BOTH
async def test_throttling_may_name_no_time(settings: dict[str, Any]) -> None:
    async with opened(settings) as (provider, cloud, _):
        cloud.trouble.throttled = -1
        with pytest.raises(RateLimited):
            await provider.check()


@pytest.mark.parametrize(
    ("nonces", "late", "code"),
    [
        (["n1", "n1"], timedelta(), "SignatureNonceUsed"),
        (["n1", "n2"], timedelta(hours=1), "InvalidTimeStamp.Expired"),
    ],
)
async def test_a_signature_is_good_once_and_for_a_while(
    nonces: list[str], late: timedelta, code: str
) -> None:
    async with opened(SIGNED) as (_, cloud, clock), LoopbackServer(cloud.app()) as own:
        left = iter(nonces)
        auth = Acs3Signature(
            access_key_id=ACCESS_KEY_ID,
            access_key_secret=ACCESS_KEY_SECRET,
            version="2021-06-25",
            now=lambda: clock.now() - late,
            nonce=lambda: next(left),
        )
        where = f"{own.url}/organization/{ORGANIZATION}/pipelines?maxResults=1"
        headers = {"x-acs-action": "ListPipelines"}
        async with httpx.AsyncClient(auth=auth, headers=headers) as client:
            await client.get(where)
            answer = await client.get(where)

    assert answer.status_code == 400
    assert answer.json()["Code"] == code


async def test_unsigned_misnamed_and_incomplete_requests_are_refused() -> None:
    async with opened(SIGNED) as (_, cloud, clock), LoopbackServer(cloud.app()) as own:
        nonce = iter("abcd")
        auth = Acs3Signature(
            access_key_id=ACCESS_KEY_ID,
            access_key_secret=ACCESS_KEY_SECRET,
            version="2021-06-25",
            now=clock.now,
            nonce=lambda: next(nonce),
        )
        pipelines = f"{own.url}/organization/{ORGANIZATION}/pipelines"
        async with httpx.AsyncClient() as client:
            unsigned = await client.get(pipelines)
            misnamed, incomplete, nowhere = [
                await client.get(url, auth=auth, headers={"x-acs-action": action})
                for url, action in (
                    (pipelines, "GetUserInfo"),
                    (pipelines, "ListPipelines"),
                    (f"{own.url}/nowhere", "ListPipelines"),
                )
            ]
            token = {"x-yunxiao-token": TOKEN}
            newer = await client.get(f"{own.url}/oapi/v1/nowhere", headers=token)

    assert unsigned.json()["Code"] == "IncompleteSignature"
    assert misnamed.json()["Code"] == "InvalidAction.NotFound"
    assert incomplete.json()["Code"] == "InvalidParam.ParamNotPresent"
    assert nowhere.status_code == newer.status_code == 404


async def test_a_job_that_is_not_there_has_an_empty_log() -> None:
    async with opened(CENTRAL) as (provider, _, _):
        page = await provider.list_runs(RunQuery(pipeline=BROKEN, limit=1))
        tail = await provider.read_log(page.items[0].ref, "1")

    assert tail.text == ""
    assert not tail.cut
