"""A single pipeline that cannot be read is told of once, and once when it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.alerts import Said
from bot.records import DeliveryKind, Event
from providers.errors import (
    BadAnswer,
    Forbidden,
    NotFound,
    ProviderError,
    RateLimited,
    Unavailable,
)
from providers.model import PipelineRef, State
from tests.bot.watch.tower import CHANNEL, MINUTE, Tower, put
from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider, make_run

ERROR: dict[str, Any] = {"connection": "acme", "operation": "latest_runs"}
WEB = PipelineRef("acme", "web")
HOUR = timedelta(hours=1)


@pytest.fixture
async def two(tower: Tower, provider: FakeProvider) -> Tower:
    """Two pipelines, each watched by a channel of its own."""
    provider.runs[WEB] = [make_run(WEB, 1)]
    tower.runs(1, State.SUCCEEDED)
    await tower.watch()
    await tower.watch("w2", channel="C0002", target="acme:web")
    await tower.pass_time()
    return tower


async def said(tower: Tower, channel: str = "C0002") -> list[tuple[str, bool]]:
    notices = await tower.said(DeliveryKind.NOTICE, channel)
    return [(n.what, n.is_over) for n in notices if isinstance(n, Said)]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (NotFound("gone", **ERROR), "it is not there"),
        (Forbidden("403", **ERROR), "not allowed"),
        (BadAnswer("odd", **ERROR), "could not be understood"),
        (Unavailable("503", **ERROR), Unavailable.what),
    ],
)
async def test_it_is_said_to_its_watchers_once_and_once_when_it_is_over(
    two: Tower, provider: FakeProvider, error: ProviderError, why: str
) -> None:
    provider.broken["web"] = error
    await two.pass_time(9 * MINUTE)
    assert await said(two) == []

    await two.pass_time(HOUR)
    [(what, is_over)] = await said(two)
    assert what.startswith("I cannot see web of acme: ")
    assert why in what
    assert not is_over
    async with two.store.read() as tx:
        [kept] = await tx.unreadable.all()
    assert (kept.pipeline, kept.told) == (WEB, True)

    del provider.broken["web"]
    await two.pass_time(2 * MINUTE)
    assert await said(two) == [(what, False), ("I can see web of acme again.", True)]
    async with two.store.read() as tx:
        assert await tx.unreadable.all() == []
    assert await said(two, CHANNEL) == []


async def test_what_cannot_be_read_for_a_moment_is_not_told_at_all(
    two: Tower, provider: FakeProvider
) -> None:
    provider.broken["web"] = NotFound("gone", **ERROR)
    await two.pass_time(5 * MINUTE)
    del provider.broken["web"]
    await two.pass_time(HOUR)

    assert await said(two) == []


async def test_a_restart_tells_nothing_twice_and_forgets_nothing(
    two: Tower, provider: FakeProvider
) -> None:
    provider.broken["web"] = NotFound("gone", **ERROR)
    await two.pass_time(6 * MINUTE)
    second = two.again()
    await second.pass_time(6 * MINUTE)
    assert len(await said(two)) == 1
    third = two.again()
    await third.pass_time(6 * MINUTE)
    del provider.broken["web"]
    await third.pass_time()

    assert [is_over for _, is_over in await said(two)] == [False, True]


async def test_a_pipeline_that_was_deleted_says_so(
    two: Tower, provider: FakeProvider
) -> None:
    del provider.runs[WEB]
    provider.broken["web"] = NotFound("gone", **ERROR)
    await two.pass_time(HOUR)

    [(what, _)] = await said(two)
    assert what.startswith("I cannot see web of acme: it is not")
    async with two.store.read() as tx:
        [kept] = await tx.unreadable.all()
    assert "not in the list of pipelines any more" in kept.reason

    provider.runs[WEB] = [make_run(WEB, 1)]
    del provider.broken["web"]
    await two.pass_time(20 * MINUTE)
    assert [is_over for _, is_over in await said(two)] == [False, True]


async def test_a_pipeline_that_only_the_list_has_lost_says_so_as_well(
    two: Tower, provider: FakeProvider, clock: FakeClock
) -> None:
    clock.move(HOUR)
    del provider.runs[WEB]
    await two.pass_time(15 * MINUTE)

    [(what, _)] = await said(two)
    assert "not in the list of pipelines any more" in what


async def test_what_nobody_watches_any_more_is_forgotten(
    two: Tower, provider: FakeProvider
) -> None:
    del provider.runs[WEB]
    provider.broken["web"] = NotFound("gone", **ERROR)
    await two.pass_time(HOUR)
    async with two.store.write() as tx:
        await tx.watches.remove("w2", by="U1", at=two.clock.now())
    await two.pass_time()

    async with two.store.read() as tx:
        assert await tx.unreadable.all() == []


async def test_who_begins_to_watch_it_meanwhile_is_told_too(
    two: Tower, provider: FakeProvider
) -> None:
    provider.broken["web"] = Forbidden("403", **ERROR)
    await two.pass_time(HOUR)
    await two.watch("w3", channel="C0003", target="acme:web")
    await two.pass_time(2 * MINUTE)
    assert [is_over for _, is_over in await said(two, "C0003")] == [False]

    del provider.broken["web"]
    await two.pass_time()
    assert [is_over for _, is_over in await said(two, "C0003")] == [False, True]
    assert len(await said(two)) == 2


async def test_a_limit_is_told_of_the_connection_and_not_of_the_pipeline(
    two: Tower, provider: FakeProvider
) -> None:
    provider.broken["web"] = RateLimited("429", **ERROR)
    await two.pass_time(HOUR)

    async with two.store.read() as tx:
        assert await tx.unreadable.all() == []
    assert {what.split(":")[0] for what, _ in await said(two)} == {"I cannot see acme"}


async def test_pipelines_that_are_all_gone_leave_their_connection_in_sight(
    tower: Tower, provider: FakeProvider
) -> None:
    tower.runs(1, State.SUCCEEDED)
    await tower.watch()
    await tower.pass_time()
    provider.broken["release"] = NotFound("gone", **ERROR)
    await tower.pass_time(HOUR)

    async with tower.store.read() as tx:
        lane = await tx.lanes.get("acme")
    assert lane is not None
    assert lane.blind_since is None
    assert len(await said(tower, CHANNEL)) == 1


async def test_a_list_of_runs_that_stays_away_is_told_too(
    two: Tower, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def list_runs(query: object) -> None:
        raise Unavailable("timed out", **ERROR)

    monkeypatch.setattr(provider, "list_runs", list_runs)
    put(two.clock, provider, WEB, 2, State.FAILED)
    two.clock.move(timedelta(seconds=1))
    put(two.clock, provider, WEB, 3, State.FAILED)
    await two.pass_time(12 * MINUTE)
    assert [is_over for _, is_over in await said(two)] == [False]
    monkeypatch.undo()
    await two.pass_time()

    assert [is_over for _, is_over in await said(two)] == [False, True]
    assert Event.BROKEN in [
        card.event
        for card in await two.said(DeliveryKind.CARD, "C0002")
        if hasattr(card, "event")
    ]


async def test_a_pipeline_that_is_renamed_keeps_the_name_it_was_told_by(
    two: Tower, provider: FakeProvider
) -> None:
    provider.broken["web"] = Forbidden("403", **ERROR)
    await two.pass_time(HOUR)
    async with two.store.write() as tx:
        [kept] = await tx.unreadable.all()
        await tx.unreadable.save([replace(kept, name="old-web")])
    del provider.broken["web"]
    await two.pass_time()

    assert (await said(two))[-1] == ("I can see old-web of acme again.", True)


async def test_many_at_once_are_one_message(
    tower: Tower, provider: FakeProvider, clock: FakeClock
) -> None:
    refs = [PipelineRef("acme", f"p{n}") for n in range(40)]
    for ref in refs:
        provider.runs[ref] = [make_run(ref, 1)]
    tower.runs(1, State.SUCCEEDED)
    await tower.watch(target="acme:*")
    await tower.pass_time()
    for ref in refs:
        provider.broken[ref.id] = Forbidden("403", **ERROR)
    await tower.pass_time(HOUR)
    [(what, _)] = await said(tower, CHANNEL)
    assert what.startswith("I cannot see 40 pipelines of acme (p0, p1, p2 and 37 more)")

    await tower.watch("w2", channel="C0002", target="acme:p*")
    await tower.watch("w3", channel="C0003", target="acme:p7")
    await tower.pass_time(10 * MINUTE)
    assert await said(tower) == []
    assert len(await said(tower, "C0003")) == 1

    provider.broken.clear()
    await tower.pass_time(2 * MINUTE)
    assert [is_over for _, is_over in await said(tower, CHANNEL)] == [False, True]
    assert [is_over for _, is_over in await said(tower, "C0003")] == [False, True]
