"""What Slack refuses, or nobody can read or draw: put with less, or shown as dead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.records import DeliveryState
from bot.render.message import Message
from bot.watch.posting import Counted, mark
from tests.bot.watch.desk import OPS, Desk
from tests.fakes.slack_ledger import Act


async def test_a_refused_message_is_put_more_and_more_plainly(desk: Desk) -> None:
    row = desk.break_()
    desk.slack.script = [Act.REFUSED, Act.REFUSED, Act.REFUSED]

    await desk.drain_all()

    [posted] = desk.slack.in_channel(OPS)
    assert not posted.with_metadata
    assert posted.said[0].blocks == ()
    assert posted.said[0].text.startswith("release #1 failed")
    assert mark(row.key) in posted.said[0].text
    assert desk.store.outbox[row.id].degraded == 3
    assert desk.state(row) is DeliveryState.SENT


async def test_without_metadata_it_is_found_by_its_text(desk: Desk) -> None:
    row = desk.break_()
    desk.slack.script = [Act.REFUSED, Act.TIMED_OUT_AFTER]

    await desk.drain_all()

    assert desk.keys() == [row.key]
    assert not desk.slack.messages[0].with_metadata
    assert desk.counted[Counted.FOUND] == 1


async def test_what_is_refused_even_so_is_shown_as_dead_and_holds_up_nobody(
    desk: Desk,
) -> None:
    row, other = desk.break_(), desk.break_("other")
    desk.slack.script = [Act.REFUSED] * 4

    await desk.drain_all()

    assert desk.state(row) is DeliveryState.DEAD
    assert desk.store.outbox[row.id].error == "invalid_blocks"
    assert desk.keys() == [other.key]


async def test_an_edit_that_is_refused_is_made_in_plain_text(desk: Desk) -> None:
    card = desk.break_()
    await desk.drain_all()
    edit = desk.goes_on(card)
    desk.slack.script = [Act.REFUSED]

    await desk.drain_all()

    [posted] = desk.slack.in_channel(OPS)
    assert posted.said[-1].blocks == ()
    assert "ref " not in posted.said[-1].text
    assert desk.store.outbox[edit.id].degraded == 2


@pytest.mark.parametrize("payload", ["", "Card {}", "Nonsense {}", "Card {"])
async def test_a_row_that_cannot_be_read_stops_nobody(desk: Desk, payload: str) -> None:
    row, other = desk.break_(), desk.break_("other")
    desk.store.outbox[row.id] = replace(row, payload=payload)

    await desk.drain_all()

    assert desk.state(row) is DeliveryState.DEAD
    assert desk.keys() == [other.key]


async def test_a_message_that_cannot_be_drawn_stops_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, other = desk.break_(), desk.break_("other")

    def letter(waiting: Any, *_: Any, **__: Any) -> Message:
        if waiting.row.id == row.id:
            raise ZeroDivisionError
        return Message.of("x", [])

    monkeypatch.setattr("bot.watch.courier.letter", letter)

    await desk.drain_all()

    assert desk.state(row) is DeliveryState.DEAD
    assert desk.keys() == [other.key]
