"""The lanes on a real store: what is seen is told once, whoever looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.alerts import Card, Said, Update
from bot.records import DeliveryKind, Event, Mute
from bot.watch.letting_go import let_go
from bot.watch.turns import SOONEST
from providers.contract import Capability
from providers.errors import (
    BadAnswer,
    Forbidden,
    NotFound,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from providers.model import LogTail, PipelineRef, RunRef, State, Task, TaskKind
from tests.bot.watch.tower import CHANNEL, MINUTE, RELEASE, Tower, put
from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider, make_run

CARD, UPDATE, REPLY, NOTICE = (
    DeliveryKind.CARD,
    DeliveryKind.UPDATE,
    DeliveryKind.REPLY,
    DeliveryKind.NOTICE,
)
ERROR: dict[str, Any] = {"connection": "acme", "operation": "latest_runs"}
PASSED, FAILED, RUNNING = State.SUCCEEDED, State.FAILED, State.RUNNING


async def broken(tower: Tower) -> None:
    """Watch a pipeline that is good, and let it break."""
    await tower.watch()
    tower.runs(1, PASSED)
    await tower.pass_time()
    tower.runs(2, FAILED)
    await tower.pass_time()


async def test_the_first_look_is_a_baseline_and_posts_nothing(tower: Tower) -> None:
    tower.runs(1, FAILED)
    tower.clock.move(10 * MINUTE)
    await tower.watch()

    await tower.pass_time(5 * MINUTE)

    assert await tower.outbox() == []


async def test_what_breaks_stays_red_and_is_fixed_is_one_card_and_its_thread(
    tower: Tower,
) -> None:
    await broken(tower)
    tower.runs(3, FAILED)
    await tower.pass_time()
    tower.runs(4, PASSED)
    await tower.pass_time()

    assert await tower.kinds() == ["card", "update", "update", "reply"]
    assert await tower.events(CARD) == [Event.BROKEN]
    assert await tower.events(UPDATE) == [Event.STILL_BROKEN, Event.FIXED]
    [card, reply] = tower.slack.in_channel(CHANNEL)
    assert reply.thread == card.ts
    assert "fixed" in card.said[-1].text


async def test_a_card_names_the_failing_step_and_its_thread_has_the_log(
    tower: Tower, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Task(
        kind=TaskKind.STEP, name="pytest", state=FAILED, message="3 failed", log="7"
    )
    stage = Task(kind=TaskKind.STAGE, name="Test", state=FAILED, children=(step,))
    monkeypatch.setattr(FakeProvider, "can", frozenset({Capability.READ_LOG}))

    async def read_log(ref: RunRef, log: str, *, lines: int) -> LogTail:
        return LogTail(text=f"the end of log {log} of {ref.id}")

    monkeypatch.setattr(provider, "read_log", read_log)
    await tower.watch()
    tower.runs(1, PASSED)
    await tower.pass_time()
    tower.runs(2, FAILED, tasks=(stage,))
    await tower.pass_time()

    [card], [reply] = await tower.said(CARD), await tower.said(REPLY)
    assert isinstance(card, Card)
    assert [task.name for task in card.run.failing_path] == ["Test", "pytest"]
    assert isinstance(reply, Update)
    assert (reply.log, reply.log_of) == ("the end of log 7 of 2", "Test / pytest")


async def test_a_run_that_cannot_be_read_in_full_is_told_all_the_same(
    tower: Tower, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def get_run(ref: RunRef) -> None:
        raise KeyError("stages")

    monkeypatch.setattr(provider, "get_run", get_run)

    await broken(tower)

    assert await tower.kinds() == ["card"]


async def test_five_runs_between_two_looks_are_all_taken_in(tower: Tower) -> None:
    await tower.watch(on=frozenset({Event.BROKEN, Event.FIXED, Event.EVERY_FAILURE}))
    tower.runs(1, PASSED)
    await tower.pass_time()
    for number, state in enumerate((FAILED, FAILED, PASSED, FAILED, PASSED), 2):
        tower.runs(number, state)
        tower.clock.move(timedelta(seconds=1))
    await tower.pass_time()

    async with tower.store.read() as tx:
        seen = [
            (happening.run.id, happening.event)
            for number in range(2, 7)
            for happening in await tx.happenings.of_run(RunRef(RELEASE, str(number)))
            if happening.event in {Event.BROKEN, Event.FIXED}
        ]
        assert await tx.incidents.open_in(CHANNEL) == []
    assert seen == [
        ("2", Event.BROKEN),
        ("4", Event.FIXED),
        ("5", Event.BROKEN),
        ("6", Event.FIXED),
    ]


async def test_an_older_run_under_way_is_followed_below_a_newer_one(
    tower: Tower,
) -> None:
    await tower.watch()
    tower.runs(1, PASSED)
    await tower.pass_time()
    tower.runs(2, RUNNING)
    await tower.pass_time()
    tower.runs(3, PASSED, branch="feature")
    await tower.pass_time()
    tower.runs(2, FAILED)
    await tower.pass_time()

    assert await tower.events() == [Event.BROKEN]


async def test_a_restart_loses_nothing_and_repeats_nothing(tower: Tower) -> None:
    await broken(tower)
    tower.runs(3, PASSED)
    tower.runs(4, FAILED)
    tower.runs(5, PASSED)

    restarted = tower.again()
    await restarted.pass_time()

    assert await tower.events() == [Event.BROKEN, Event.BROKEN]
    async with tower.store.read() as tx:
        assert await tx.incidents.open_in(CHANNEL) == []


async def test_a_restart_without_news_writes_no_run_anew(tower: Tower) -> None:
    await broken(tower)
    async with tower.store.read() as tx:
        before = await tx.runs.of_pipelines([RELEASE], tower.clock.now() - 99 * MINUTE)

    restarted = tower.again()
    await restarted.pass_time()

    async with tower.store.read() as tx:
        after = await tx.runs.of_pipelines([RELEASE], tower.clock.now() - 99 * MINUTE)
    assert after == before
    assert {look.news for look in restarted.looks} == {0}


async def test_two_replicas_tell_everything_once(tower: Tower) -> None:
    other = tower.again()
    await tower.watch()
    tower.runs(1, PASSED)
    for number, state in enumerate((PASSED, FAILED, FAILED, PASSED, FAILED), 2):
        await tower.pass_time(MINUTE / 2)
        await other.pass_time(MINUTE / 2)
        tower.runs(number, state)
    await tower.pass_time()
    await other.pass_time()

    assert await tower.events() == [Event.BROKEN, Event.BROKEN]
    keys = [posted.key for posted in tower.slack.in_channel(CHANNEL)]
    assert len(keys) == len(set(keys))


async def test_a_lane_that_a_replica_looks_at_is_left_to_it(tower: Tower) -> None:
    await tower.watch()
    await tower.pass_time()
    tower.clock.move(MINUTE)
    now = tower.clock.now()
    async with tower.store.write() as tx:
        assert await tx.lanes.claim("acme", "other", now=now, hold=MINUTE)

    looked = await tower.poller.look("acme")

    assert looked.is_skipped


async def test_a_claim_made_by_a_clock_that_was_set_back_is_no_obstacle(
    tower: Tower,
) -> None:
    await tower.watch()
    await tower.pass_time()
    tower.clock.move(MINUTE)
    now = tower.clock.now() + timedelta(hours=5)
    async with tower.store.write() as tx:
        assert await tx.lanes.claim("acme", "other", now=now, hold=MINUTE)

    assert not (await tower.poller.look("acme")).is_skipped


async def test_a_new_branch_that_fails_at_once_is_broken(tower: Tower) -> None:
    await tower.watch(filters="branch:*", default_branch_only=False)
    tower.runs(1, PASSED)
    await tower.pass_time()
    tower.runs(2, FAILED, branch="feature")
    await tower.pass_time()

    assert await tower.events() == [Event.BROKEN]


async def test_the_very_first_runs_of_a_pipeline_count(tower: Tower) -> None:
    await tower.watch()
    await tower.pass_time()
    tower.runs(1, FAILED)
    tower.runs(2, RUNNING)
    await tower.pass_time()

    assert await tower.events() == [Event.BROKEN]


async def test_the_very_first_runs_count_after_a_restart_as_well(tower: Tower) -> None:
    await tower.watch()
    await tower.pass_time()
    tower.runs(1, FAILED)
    tower.runs(2, RUNNING)
    await tower.again().pass_time()

    assert await tower.events() == [Event.BROKEN]


async def test_while_it_is_muted_nothing_is_posted_and_the_fix_lifts_the_mute(
    tower: Tower,
) -> None:
    await tower.watch()
    tower.runs(1, PASSED)
    await tower.pass_time()
    mute = Mute(
        id="m1",
        channel=CHANNEL,
        target="acme:release",
        until_fixed=True,
        by="U0001",
        created_at=tower.clock.now(),
    )
    async with tower.store.write() as tx:
        await tx.mutes.add(mute)
    for number, state in enumerate((FAILED, FAILED, PASSED), 2):
        tower.runs(number, state)
        await tower.pass_time()

    assert await tower.outbox() == []
    async with tower.store.read() as tx:
        assert await tx.mutes.all(tower.clock.now()) == []

    tower.runs(5, FAILED)
    await tower.pass_time()
    assert await tower.events() == [Event.BROKEN]


async def test_what_is_unmuted_while_red_is_told_with_its_next_failure(
    tower: Tower,
) -> None:
    await tower.watch()
    tower.runs(1, PASSED)
    await tower.pass_time()
    mute = Mute(
        id="m1", channel=CHANNEL, watch="w1", by="U1", created_at=tower.clock.now()
    )
    async with tower.store.write() as tx:
        await tx.mutes.add(mute)
    tower.runs(2, FAILED)
    await tower.pass_time()
    async with tower.store.write() as tx:
        await tx.mutes.lift("m1")
    tower.runs(3, FAILED)
    await tower.pass_time()

    assert await tower.events() == [Event.BROKEN]


async def test_a_connection_that_is_not_seen_is_said_once_and_once_when_it_is_over(
    tower: Tower, provider: FakeProvider
) -> None:
    await tower.watch()
    await tower.watch("w2", channel="C0002")
    await tower.pass_time()
    provider.failure = Unavailable("503", **ERROR)
    await tower.pass_time(9 * MINUTE)
    assert await tower.outbox() == []

    await tower.pass_time(60 * MINUTE)
    provider.failure = None
    await tower.pass_time(10 * MINUTE)

    for channel in (CHANNEL, "C0002"):
        said = await tower.said(NOTICE, channel)
        assert [notice.is_over for notice in said if isinstance(notice, Said)] == [
            False,
            True,
        ]


async def test_a_refused_credential_is_said_at_once(
    tower: Tower, provider: FakeProvider
) -> None:
    await tower.watch()
    await tower.pass_time()
    provider.failure = Unauthorized("401", **ERROR)

    await tower.pass_time()

    assert await tower.kinds() == ["notice"]


async def test_a_look_that_succeeds_after_the_sweep_has_told_says_that_it_is_over(
    tower: Tower, provider: FakeProvider, clock: FakeClock
) -> None:
    await tower.watch()
    await tower.pass_time()
    provider.failure = Unavailable("503", **ERROR)
    await tower.pass_time()
    clock.move(11 * MINUTE)
    await tower.poller.sweep_blind()
    provider.failure = None

    await tower.pass_time(10 * MINUTE)

    said = await tower.said(NOTICE)
    assert [s.is_over for s in said if isinstance(s, Said)] == [False, True]


async def test_our_own_mistake_about_a_vendor_makes_it_blind_and_stops_no_other(
    tower: Tower, store: object, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FakeProvider("other", {"web": []})
    two = Tower(tower.store, clock, [*tower.providers.values(), other], tower.random)

    async def latest_runs(refs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(two.providers["acme"], "latest_runs", latest_runs)
    web = PipelineRef("other", "web")
    await two.watch()
    await two.watch("w2", target="other:web")
    put(clock, other, web, 1, PASSED)
    await two.pass_time()
    put(clock, other, web, 2, FAILED)
    await two.pass_time()

    assert await two.events() == [Event.BROKEN]
    await two.pass_time(12 * MINUTE)
    [notice] = await two.said(NOTICE)
    assert isinstance(notice, Said)
    assert "something unexpected" in notice.what


async def test_one_pipeline_that_cannot_be_read_costs_no_other(
    tower: Tower, provider: FakeProvider
) -> None:
    web = PipelineRef("acme", "web")
    provider.runs[web] = [make_run(web, 1)]
    await tower.watch(target="acme:")
    tower.runs(1, PASSED)
    await tower.pass_time()
    provider.broken["web"] = NotFound("gone", **ERROR)
    tower.runs(2, FAILED)
    await tower.pass_time()

    assert await tower.events() == [Event.BROKEN]
    assert tower.looks[-1].unreadable == 1


async def test_all_pipelines_unreadable_is_a_connection_that_is_not_seen(
    tower: Tower, provider: FakeProvider
) -> None:
    await tower.watch()
    tower.runs(1, PASSED)
    await tower.pass_time()
    provider.broken["release"] = BadAnswer("odd", **ERROR)

    await tower.pass_time(12 * MINUTE)

    assert await tower.kinds() == ["notice"]


async def test_a_list_that_fails_for_a_moment_delays_what_it_holds_and_loses_nothing(
    tower: Tower, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tower.watch()
    tower.runs(1, PASSED)
    await tower.pass_time()
    tower.runs(2, FAILED)
    tower.runs(3, RUNNING)
    with monkeypatch.context() as patch:

        async def list_runs(query: object) -> None:
            raise Unavailable("timed out", **ERROR)

        patch.setattr(provider, "list_runs", list_runs)
        await tower.pass_time()
        assert await tower.outbox() == []
    await tower.pass_time()

    assert await tower.events() == [Event.BROKEN]


async def test_a_list_that_is_forbidden_leaves_the_newest_run_to_be_told(
    tower: Tower, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def list_runs(query: object) -> None:
        raise Forbidden("403", **ERROR)

    monkeypatch.setattr(provider, "list_runs", list_runs)

    await broken(tower)

    assert await tower.events() == [Event.BROKEN]


async def test_some_pipelines_limited_slows_the_lane_down(
    tower: Tower, provider: FakeProvider
) -> None:
    web = PipelineRef("acme", "web")
    provider.runs[web] = [make_run(web, 1)]
    await tower.watch(target="acme:")
    await tower.pass_time()
    provider.broken["web"] = RateLimited("429", **ERROR)
    await tower.pass_time()

    async with tower.store.read() as tx:
        lane = await tx.lanes.get("acme")
    assert lane is not None
    assert lane.allowance is not None
    assert lane.open_until is not None


async def test_looks_that_show_nothing_new_ask_once_and_write_only_the_lane(
    tower: Tower, provider: FakeProvider
) -> None:
    await broken(tower)
    await tower.pass_time()
    provider.asked.clear()
    before = len(tower.looks)
    async with tower.store.read() as tx:
        states = await tx.lineages.load([RELEASE])

    await tower.pass_time(5 * MINUTE)

    looks = tower.looks[before:]
    assert len(looks) > 3
    assert {look.news for look in looks} == {0}
    assert provider.asked == ["latest_runs"] * len(looks)
    async with tower.store.read() as tx:
        assert await tx.lineages.load([RELEASE]) == states


async def test_watches_are_read_from_the_store_only_where_one_has_changed(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.store.watches import Watches  # noqa: PLC0415 - to count its reads

    reads: list[int] = []
    everything = Watches.all

    async def counted(self: Watches) -> object:
        reads.append(1)
        return await everything(self)

    monkeypatch.setattr(Watches, "all", counted)
    await tower.watch()
    await tower.pass_time(5 * MINUTE)
    assert len(reads) == 1

    await tower.watch("w2", channel="C0002")
    await tower.pass_time(5 * MINUTE)
    assert len(reads) == 2


async def test_a_lane_is_looked_at_once_however_often_it_is_nudged(
    tower: Tower, provider: FakeProvider
) -> None:
    await tower.watch()
    await tower.pass_time()
    tower.clock.move(MINUTE)
    provider.asked.clear()

    for _ in range(5):
        await tower.poller.look("acme")

    assert provider.asked == ["latest_runs"]


async def test_a_person_who_sees_something_new_has_the_lane_looked_at(
    tower: Tower,
) -> None:
    await tower.watch()
    tower.runs(1, PASSED)
    await tower.pass_time()
    tower.clock.move(SOONEST)
    failed = tower.runs(2, FAILED)

    await tower.watching.saw("acme", {RELEASE: failed})
    await tower.engine.settle()

    assert await tower.events() == [Event.BROKEN]
    looks = len(tower.looks)
    tower.clock.move(SOONEST)
    await tower.watching.saw("acme", {RELEASE: failed})
    await tower.engine.settle()
    assert len(tower.looks) == looks


async def test_nobody_hastens_a_lane_whose_vendor_wants_to_be_left_alone(
    tower: Tower, provider: FakeProvider
) -> None:
    await tower.watch()
    await tower.pass_time()
    provider.failure = RateLimited("429", retry_after=10 * MINUTE, **ERROR)
    await tower.pass_time()
    provider.asked.clear()

    await tower.watching.look_now("acme")
    await tower.engine.settle()

    assert provider.asked == []


async def test_lanes_of_connections_that_are_gone_are_forgotten_after_a_day(
    tower: Tower, clock: FakeClock
) -> None:
    await tower.pass_time()
    newer = Tower(
        tower.store, clock, [FakeProvider("other", {"web": []})], tower.random
    )
    await newer.pass_time()
    await newer.engine.beat("janitor")
    async with tower.store.read() as tx:
        assert len(await tx.lanes.all()) == 2

    clock.move(timedelta(days=2))
    await newer.engine.beat("tick", "janitor")

    async with tower.store.read() as tx:
        assert [lane.connection for lane in await tx.lanes.all()] == ["other"]


async def test_a_watch_that_means_nothing_for_two_weeks_says_so_once(
    tower: Tower, provider: FakeProvider
) -> None:
    await tower.watch(target="acme:rename*")
    for _ in range(20):
        await tower.pass_time(timedelta(days=1), step=6 * 3600)
        await tower.engine.beat("janitor")

    [notice] = await tower.said(NOTICE)
    assert isinstance(notice, Said)
    assert "found nothing for 14 days" in notice.what

    provider.runs[PipelineRef("acme", "renamed")] = []
    await tower.pass_time(timedelta(days=1), step=6 * 3600)
    assert [s.is_over for s in await tower.said(NOTICE) if isinstance(s, Said)] == [
        False,
        True,
    ]


async def test_a_watch_is_not_called_vain_while_its_connection_is_not_seen(
    tower: Tower, provider: FakeProvider
) -> None:
    await tower.watch(target="acme:rename*")
    provider.failure = Unavailable("503", **ERROR)
    for _ in range(20):
        await tower.pass_time(timedelta(days=1), step=6 * 3600)
        await tower.engine.beat("janitor")

    said = await tower.said(NOTICE)
    assert len(said) == 1
    assert isinstance(said[0], Said)
    assert "cannot see" in said[0].what


async def test_a_watch_that_is_removed_closes_its_incident_and_says_so(
    tower: Tower,
) -> None:
    await broken(tower)
    await remove(tower, "w1")
    await tower.engine.beat()

    assert await tower.kinds() == ["card", "reply"]
    async with tower.store.read() as tx:
        assert await tx.incidents.open_in(CHANNEL) == []


async def test_a_watch_that_is_removed_hands_its_incident_on(tower: Tower) -> None:
    await tower.watch("w2", target="acme:rel*")
    await broken(tower)
    async with tower.store.read() as tx:
        [incident] = await tx.incidents.open_in(CHANNEL)
    heir = {"w1": "w2", "w2": "w1"}[incident.watch]
    await remove(tower, incident.watch)
    tower.runs(3, PASSED)
    await tower.pass_time()

    assert await tower.events(UPDATE) == [Event.FIXED]
    async with tower.store.read() as tx:
        closed = await tx.incidents.get(incident.id)
    assert closed is not None
    assert (closed.watch, closed.closed_at is None) == (heir, False)


async def remove(tower: Tower, ident: str) -> None:
    now = tower.clock.now()
    async with tower.store.write() as tx:
        watch = await tx.watches.get(ident)
        assert watch is not None
        await tx.watches.remove(ident, by="U0001", at=now)
        await let_go(tx, watch, tower.targets, now)


async def test_runs_that_a_list_tells_without_branch_are_compared_with_their_own(
    tower: Tower, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Yunxiao's list of runs has no sources, and so no branch.
    listed = provider.list_runs

    async def list_runs(query: object) -> object:
        page = await listed(query)  # type: ignore[arg-type]
        bare = tuple(replace(run, branch=None) for run in page.items)
        return replace(page, items=bare)

    monkeypatch.setattr(provider, "list_runs", list_runs)
    await tower.watch()
    tower.runs(1, PASSED)
    await tower.pass_time()
    tower.runs(2, FAILED)
    tower.clock.move(timedelta(seconds=1))
    tower.runs(3, RUNNING)
    await tower.pass_time()
    tower.runs(3, PASSED)
    await tower.pass_time()

    assert await tower.events() == [Event.BROKEN]
    assert await tower.events(UPDATE) == [Event.FIXED]
