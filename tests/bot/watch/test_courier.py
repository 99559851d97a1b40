"""The courier: every delivery reaches Slack once, at its pace, whatever dies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from bot.records import DeliveryState
from bot.store import open_store
from bot.watch.courier import PACE
from tests.bot.watch.desk import ARCHIVED, OPS, Desk, a_watch
from tests.fakes.slack_ledger import Act, Crash
from tests.fakes.store import FakeStore


async def test_a_delivery_is_sent_once_and_noted(desk: Desk) -> None:
    row = desk.break_()

    assert await desk.drain() is None
    assert await desk.drain() is None

    [posted] = desk.slack.in_channel(OPS)
    assert posted.key == row.key
    assert posted.with_metadata
    kept = desk.store.outbox[row.id]
    assert (kept.state, kept.ts, kept.tries) == (DeliveryState.SENT, posted.ts, 1)
    assert desk.store.kept.incidents.rows[str(row.incident)].ts == posted.ts
    assert desk.store.kept.channels.rows[OPS].last_ts == posted.ts


async def test_it_is_marked_as_tried_before_a_byte_is_written(desk: Desk) -> None:
    row = desk.break_()
    desk.slack.script = [Act.CRASH]

    with pytest.raises(Crash):
        await desk.drain()

    kept = desk.store.outbox[row.id]
    assert (kept.state, kept.tries) == (DeliveryState.TRYING, 1)
    assert kept.tried_at == desk.clock.now()


async def test_what_is_surely_not_sent_waits_as_long_as_slack_says(desk: Desk) -> None:
    row = desk.break_()
    desk.slack.script = [Act.LIMITED]
    before = desk.clock.now()

    until = await desk.drain()

    assert until == before + timedelta(seconds=7)
    assert desk.state(row) is DeliveryState.PENDING
    assert await desk.drain() == until  # not a call before that
    desk.courier = desk.new_courier()
    assert await desk.drain() == until  # and a restart forgets nothing of it
    assert len(desk.slack.calls) == 1
    await desk.drain_all()
    assert desk.slack.looked == []  # it was sure, so there is no need to look
    assert desk.keys() == [row.key]


async def test_an_unreachable_slack_is_asked_less_and_less_often(desk: Desk) -> None:
    desk.break_()
    desk.slack.script = [Act.UNREACHABLE] * 8
    waits = []
    for _ in range(8):
        until = await desk.drain()
        waits.append(round((until - desk.clock.now() + PACE).total_seconds()))
        desk.clock.move(until - desk.clock.now())

    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]


async def test_about_one_message_a_second_goes_to_a_channel(desk: Desk) -> None:
    for n in range(5):
        desk.break_(f"p{n}")

    await desk.drain()

    assert desk.clock.slept == [PACE] * 5


async def test_with_the_store_itself_all_is_kept_as_it_should_be(
    tmp_path: Path,
) -> None:
    """What the other tests play in memory, once on a database."""
    desk = Desk()
    card, (edit, reply) = (first := desk.break_()), desk.fixed(first)
    [incident] = desk.store.kept.incidents.rows.values()
    async with open_store(f"sqlite:///{tmp_path}/runbell.db", clock=desk.clock) as real:
        async with real.write() as tx:
            await tx.watches.add(a_watch("U0ANN"))
            await tx.incidents.save(incident)
            await tx.outbox.add([card, edit, reply])
        desk.store = cast("FakeStore", real)
        desk.courier = desk.new_courier()
        desk.slack.script = [Act.TIMED_OUT_AFTER, Act.LIMITED]
        await desk.drain_all()
        desk.slack.closed[OPS] = ARCHIVED
        async with real.write() as tx:
            rows = [replace(card, key=f"more-{n}", incident=None) for n in range(9)]
            await tx.outbox.add([*rows, replace(card, key="odd", payload="")])
        await desk.drain()
        async with real.read() as tx:
            told = await tx.outbox.waiting("U0ANN", 9)
            [parked] = await tx.channels.parked()
            [dead] = await tx.outbox.dead(9)
            count, _ = await tx.outbox.backlog()
            kept = await tx.incidents.get(incident.id)

    assert desk.keys() == [card.key, reply.key]
    assert kept is not None
    assert kept.ts == desk.slack.messages[0].ts
    assert len(desk.slack.messages[0].said) == 2
    assert parked.parked == "is_archived"
    assert len(told) == 1
    assert dead.key == "odd"
    assert count == 2  # the note to the owner, and the storm of nine
