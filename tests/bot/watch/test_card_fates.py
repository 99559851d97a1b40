"""Who was never told that it is broken is not told that it is fixed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.records import Delivery, DeliveryState, Event, Mute
from providers.model import State
from tests.bot.watch.tower import CHANNEL, MINUTE, Tower

PASSED, FAILED = State.SUCCEEDED, State.FAILED


async def look(tower: Tower) -> None:
    """Look at the lane, and leave what there is to say in the outbox."""
    tower.clock.move(2 * MINUTE)
    assert not (await tower.poller.look("acme")).is_skipped


async def broken(tower: Tower, *events: Event) -> Delivery:
    """Let a pipeline break; return its card, which Slack has not taken yet."""
    await tower.watch(on=frozenset(events or (Event.BROKEN, Event.FIXED)))
    tower.runs(1, PASSED)
    await tower.pass_time()
    tower.runs(2, FAILED)
    await look(tower)
    [card] = await tower.outbox()
    return card


async def open_lines(tower: Tower) -> list[str]:
    async with tower.store.read() as tx:
        return [one.lineage.line for one in await tx.incidents.open_in(CHANNEL)]


async def test_a_fix_that_was_not_asked_for_makes_no_message_of_its_own(
    tower: Tower,
) -> None:
    card = await broken(tower, Event.BROKEN)
    async with tower.store.write() as tx:
        await tx.outbox.swallow([card.id])
    tower.runs(3, PASSED)
    await look(tower)
    await tower.pass_time()

    assert tower.slack.in_channel(CHANNEL) == []
    assert await open_lines(tower) == []


async def test_a_fix_while_it_is_muted_makes_no_message_of_its_own(
    tower: Tower,
) -> None:
    card = await broken(tower)
    mute = Mute(
        id="m1",
        channel=CHANNEL,
        watch="w1",
        until=tower.clock.now() + timedelta(hours=1),
        by="U1",
        created_at=tower.clock.now(),
    )
    async with tower.store.write() as tx:
        await tx.outbox.swallow([card.id])
        await tx.mutes.add(mute)
    tower.runs(3, PASSED)
    await look(tower)
    await tower.pass_time()

    assert tower.slack.in_channel(CHANNEL) == []


async def test_a_fix_that_was_not_asked_for_still_turns_a_card_that_waits(
    tower: Tower,
) -> None:
    await broken(tower, Event.BROKEN)
    tower.runs(3, PASSED)
    await look(tower)
    await tower.pass_time()

    [posted] = tower.slack.in_channel(CHANNEL)
    assert "fixed" in posted.said[-1].text


async def test_what_a_message_for_many_told_is_told_to_be_fixed_where_asked_for(
    tower: Tower,
) -> None:
    card = await broken(tower)
    async with tower.store.write() as tx:
        await tx.outbox.swallow([card.id])
    tower.runs(3, PASSED)
    await look(tower)
    await tower.pass_time()

    [posted] = tower.slack.in_channel(CHANNEL)
    assert "fixed" in posted.said[-1].text


@pytest.mark.parametrize("events", [(), (Event.BROKEN,)])
async def test_where_the_card_never_arrived_nothing_is_said_of_the_fix(
    tower: Tower, events: tuple[Event, ...]
) -> None:
    card = await broken(tower, *events)
    async with tower.store.write() as tx:
        await tx.outbox.settle(card.id, DeliveryState.DEAD, error="too old")
    tower.runs(3, PASSED)
    await look(tower)
    await tower.pass_time()

    assert tower.slack.in_channel(CHANNEL) == []
    assert await open_lines(tower) == []


async def test_where_the_card_never_arrived_the_next_failure_is_told_as_broken(
    tower: Tower,
) -> None:
    card = await broken(tower)
    async with tower.store.write() as tx:
        await tx.outbox.settle(card.id, DeliveryState.DEAD, error="too old")
    tower.runs(3, FAILED)
    await tower.pass_time(2 * MINUTE)
    [posted, reply] = tower.slack.in_channel(CHANNEL)
    assert "failed" in posted.said[0].text
    assert reply.thread == posted.ts
    tower.runs(4, PASSED)
    await tower.pass_time(2 * MINUTE)

    assert "fixed" in posted.said[-1].text
