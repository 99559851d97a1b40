"""The watch at work: the sweep finds whatever has work, and nothing stops it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.alerts import Said, pack
from bot.records import Delivery, DeliveryKind, DeliveryState, Event
from bot.watch.poller import Poller
from bot.watch.posting import Counted, Outcome, Result
from bot.watch.storm import STORM_LINE
from bot.watch.telling import Telling
from providers.model import PipelineRef, State
from tests.bot.watch.tower import CHANNEL, MINUTE, Tower, put
from tests.fakes.provider import FakeProvider
from tests.fakes.slack_ledger import Act

PASSED, FAILED = State.SUCCEEDED, State.FAILED
ARCHIVED = Outcome(result=Result.BAD_PLACE, error="is_archived")


def notice(tower: Tower, key: str, channel: str = CHANNEL) -> Delivery:
    return Delivery(
        key=key,
        channel=channel,
        kind=DeliveryKind.NOTICE,
        payload=pack(Said(what=f"It is said: {key}")),
        created_at=tower.clock.now(),
    )


async def say(tower: Tower, key: str, channel: str = CHANNEL) -> None:
    async with tower.store.write() as tx:
        await tx.outbox.add([notice(tower, key, channel)])


async def test_the_sweep_sends_what_nobody_was_nudged_for(tower: Tower) -> None:
    await say(tower, "n1")

    await tower.engine.beat("sweep")

    assert [posted.key for posted in tower.slack.in_channel(CHANNEL)] == ["n1"]


async def test_a_parked_channel_is_given_another_try_after_an_hour(
    tower: Tower,
) -> None:
    tower.slack.closed[CHANNEL] = ARCHIVED
    await say(tower, "n1")
    await tower.pass_time()
    assert tower.slack.in_channel(CHANNEL) == []
    del tower.slack.closed[CHANNEL]
    await tower.pass_time(50 * MINUTE)
    assert tower.slack.in_channel(CHANNEL) == []

    await tower.pass_time(15 * MINUTE)

    assert [posted.key for posted in tower.slack.in_channel(CHANNEL)] == ["n1"]


async def test_what_a_parked_channel_could_not_take_for_three_days_is_given_up(
    tower: Tower,
) -> None:
    tower.slack.closed[CHANNEL] = ARCHIVED
    await say(tower, "n1")
    await tower.pass_time()
    await tower.engine.beat("janitor")
    assert [row.state for row in await tower.outbox()] == [DeliveryState.PENDING]

    tower.clock.move(timedelta(hours=73))
    await tower.engine.beat("janitor")

    assert [row.state for row in await tower.outbox()] == [DeliveryState.DEAD]
    assert tower.counted[Counted.DEAD] == 1


async def test_a_pause_that_a_clock_set_back_made_long_stops_no_sweep(
    tower: Tower,
) -> None:
    tower.slack.script = [Act.LIMITED]
    await say(tower, "n1")
    await tower.engine.beat("sweep")
    tower.clock.move(-timedelta(days=1))

    await tower.engine.beat("sweep")

    assert [posted.key for posted in tower.slack.in_channel(CHANNEL)] == ["n1"]


async def test_history_is_let_go_of_after_thirty_days(tower: Tower) -> None:
    await say(tower, "n1")
    await tower.pass_time()
    tower.clock.move(timedelta(days=31))

    await tower.engine.beat("janitor")

    assert await tower.outbox() == []


@pytest.mark.parametrize("part", ["sweep_blind", "sweep_storms"])
async def test_a_part_of_the_sweep_that_fails_stops_no_other(
    tower: Tower, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    async def fail(self: Poller) -> None:
        raise ZeroDivisionError

    fail.__name__ = part
    monkeypatch.setattr(Poller, part, fail)
    tower = tower.again()
    await say(tower, "n1")

    await tower.engine.beat("sweep")

    assert [posted.key for posted in tower.slack.in_channel(CHANNEL)] == ["n1"]


async def test_many_failures_at_once_are_one_storm_that_ends_by_itself(
    tower: Tower, provider: FakeProvider
) -> None:
    refs = [PipelineRef("acme", f"p{number}") for number in range(7)]
    for ref in refs:
        provider.runs[ref] = []
        put(tower.clock, provider, ref, 1, PASSED)
    await tower.watch(target="acme:")
    await tower.pass_time()
    for ref in refs:
        put(tower.clock, provider, ref, 2, FAILED)
    await tower.pass_time()

    [storm] = [p for p in tower.slack.in_channel(CHANNEL) if p.thread is None]
    assert "7 alerts at once in acme" in storm.said[-1].text
    async with tower.store.read() as tx:
        assert len(await tx.incidents.open_on(STORM_LINE)) == 1

    await tower.pass_time(5 * MINUTE)

    assert "The storm in acme is over: all of it is still red" in storm.said[-1].text
    [word] = [p for p in tower.slack.in_channel(CHANNEL) if p.thread is not None]
    assert len(str(word.said[-1].blocks)) < len(str(storm.said[-1].blocks)) / 5
    async with tower.store.read() as tx:
        assert await tx.incidents.open_on(STORM_LINE) == []
    for ref in refs:
        put(tower.clock, provider, ref, 3, PASSED)
    await tower.pass_time(3 * MINUTE)
    assert "nothing of it is red any more" in storm.said[-1].text
    _, *ends = [p for p in tower.slack.in_channel(CHANNEL) if p is not word]
    assert len(ends) == len(refs), "each fix is said once, by itself"
    async with tower.store.read() as tx:
        assert await tx.incidents.open_in(CHANNEL) == []


async def test_a_storm_that_cannot_be_gathered_keeps_no_other_from_its_end(
    tower: Tower, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = [PipelineRef("acme", f"p{number}") for number in range(6)]
    for ref in refs:
        provider.runs[ref] = []
        put(tower.clock, provider, ref, 1, PASSED)
    await tower.watch(target="acme:")
    await tower.watch("w2", target="acme:", channel="C0002")
    await tower.pass_time()
    for ref in refs:
        put(tower.clock, provider, ref, 2, FAILED)
    await tower.pass_time()
    gather = Telling.gather_storm

    async def fail(self: Telling, channel: str, connection: str) -> None:
        if channel == CHANNEL:
            raise ZeroDivisionError
        await gather(self, channel, connection)

    monkeypatch.setattr(Telling, "gather_storm", fail)
    await tower.pass_time(5 * MINUTE)

    async with tower.store.read() as tx:
        [left] = await tx.incidents.open_on(STORM_LINE)
    assert left.channel == CHANNEL
    [over, _] = tower.slack.in_channel("C0002")
    assert "The storm in acme is over" in over.said[-1].text


async def test_a_channel_that_asked_for_nothing_is_told_nothing(tower: Tower) -> None:
    await tower.watch(on=frozenset[Event]())
    tower.runs(1, PASSED)
    await tower.pass_time()
    tower.runs(2, FAILED)
    await tower.pass_time()

    assert await tower.outbox() == []
