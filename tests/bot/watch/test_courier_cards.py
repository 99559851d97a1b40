"""Cards, their edits and their threads, and what goes before what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.alerts import Said, Update
from bot.records import DeliveryKind, DeliveryState, Event
from bot.watch.posting import Counted, Outcome, Result
from tests.bot.watch.desk import ARCHIVED, OPS, Desk
from tests.fakes.slack_ledger import Act


async def test_of_the_updates_of_a_card_only_the_newest_is_sent(desk: Desk) -> None:
    card = desk.break_()
    await desk.drain_all()
    old = [desk.goes_on(card), desk.goes_on(card)]
    edit, reply = desk.fixed(card)

    await desk.drain_all()

    first, second = desk.slack.in_channel(OPS)
    assert [said.text[:17] for said in first.said] == [
        "release #1 failed",
        "release #4 fixed ",
    ]
    assert (second.thread, second.key) == (first.ts, reply.key)
    assert [desk.state(row) for row in old] == [DeliveryState.SWALLOWED] * 2
    assert desk.state(edit) is DeliveryState.SENT


async def test_an_edit_of_unknown_outcome_is_simply_made_again(desk: Desk) -> None:
    card = desk.break_()
    await desk.drain_all()
    edit = desk.goes_on(card)
    desk.slack.script = [Act.TIMED_OUT]

    await desk.drain_all()

    assert desk.slack.looked == []
    assert desk.state(edit) is DeliveryState.SENT
    assert len(desk.slack.messages[0].said) == 2


async def test_an_old_edit_that_comes_late_never_wins_over_a_newer_one(
    desk: Desk,
) -> None:
    card = desk.break_()
    await desk.drain_all()
    desk.goes_on(card)
    desk.slack.script = [Act.LATE]
    await desk.drain()
    desk.fixed(card)

    await desk.drain_all()

    assert "fixed" in desk.slack.messages[0].said[-1].text


async def test_a_reply_waits_until_its_card_is_there(desk: Desk) -> None:
    card = desk.break_()
    desk.slack.script = [Act.TIMED_OUT_AFTER]
    _, reply = desk.fixed(card)

    await desk.drain_all()

    first, second = desk.slack.in_channel(OPS)
    assert (first.key, second.key) == (card.key, reply.key)
    assert second.thread == first.ts


async def test_a_reply_in_doubt_is_looked_for_in_its_thread(desk: Desk) -> None:
    card = desk.break_()
    await desk.drain_all()
    desk.fixed(card)
    desk.slack.script = [Act.OK, Act.TIMED_OUT_AFTER]

    await desk.drain_all()

    assert len(desk.slack.in_channel(OPS)) == 2
    assert desk.counted[Counted.FOUND] == 1


async def test_when_somebody_deleted_the_card_the_end_is_told_anew(desk: Desk) -> None:
    card = desk.break_()
    await desk.drain_all()
    desk.slack.messages[0].is_deleted = True
    progress = desk.goes_on(card)
    await desk.drain_all()
    assert desk.state(progress) is DeliveryState.SWALLOWED

    _, reply = desk.fixed(card)
    await desk.drain_all()

    _, anew = desk.slack.in_channel(OPS)
    assert "fixed" in anew.said[0].text
    assert anew.thread is None
    assert desk.state(reply) is DeliveryState.SWALLOWED


async def test_a_fix_without_a_card_is_one_message_and_not_said_again_below_it(
    desk: Desk,
) -> None:
    edit, reply = desk.fixed(desk.break_in_a_storm())
    await desk.drain_all()

    assert desk.state(edit) is DeliveryState.SENT
    assert desk.state(reply) is DeliveryState.SWALLOWED


async def test_what_is_edited_into_a_message_without_a_card_is_said_below_it(
    desk: Desk,
) -> None:
    # The first thing said of an incident is what stands for its card from then on.
    card = desk.break_in_a_storm()
    red = desk.card("release", Event.STILL_BROKEN)
    still = Update(event=red.event, pipeline=red.pipeline, run=red.run)
    desk.add(DeliveryKind.REPLY, still, incident=card.incident)
    edit, reply = desk.fixed(card)

    await desk.drain_all()

    assert desk.state(edit) is DeliveryState.SENT
    assert desk.state(reply) is DeliveryState.SENT


async def test_where_slack_takes_no_replies_they_are_messages_and_the_card_stays_one(
    desk: Desk,
) -> None:
    card = desk.break_()
    await desk.drain_all()
    progress = desk.goes_on(card)
    said = desk.add(DeliveryKind.REPLY, desk.update("release"), incident=card.incident)
    desk.slack.closed_threads = True

    await desk.drain_all()
    edit, reply = desk.fixed(card)
    await desk.drain_all()

    first, *others = desk.slack.in_channel(OPS)
    assert (first.key, [other.thread for other in others]) == (card.key, [None, None])
    assert "fixed" in first.said[-1].text
    assert [desk.state(row) for row in (progress, edit)] == [DeliveryState.SENT] * 2
    assert [desk.state(row) for row in (said, reply)] == [DeliveryState.SWALLOWED] * 2
    assert ARCHIVED not in desk.slack.closed.values()
    assert desk.store.kept.channels.rows[OPS].parked is None


async def test_a_message_that_belongs_to_nothing_cannot_have_lost_it(
    desk: Desk,
) -> None:
    row = desk.add(DeliveryKind.NOTICE, Said(what="x"))
    desk.slack.closed[OPS] = Outcome(result=Result.GONE, error="message_not_found")

    await desk.drain_all()

    assert desk.state(row) is DeliveryState.DEAD


async def test_failures_go_before_progress_but_not_before_their_own_past(
    desk: Desk,
) -> None:
    first = desk.break_("a")
    await desk.drain_all()
    _, fixed_a = desk.fixed(first, "a")
    notice = desk.add(DeliveryKind.NOTICE, Said(what="x"))
    other = desk.break_("b")
    again = desk.break_("a")

    await desk.drain_all()

    assert desk.keys() == [first.key, other.key, fixed_a.key, again.key, notice.key]


async def test_what_is_told_late_says_how_late(desk: Desk) -> None:
    desk.break_()
    desk.clock.move(timedelta(hours=2))

    await desk.drain_all()

    assert "Told late" in str(desk.slack.messages[0].said[0].blocks)


async def test_edits_of_all_channels_rest_where_slack_limits_them(desk: Desk) -> None:
    card, other = desk.break_(), desk.break_("other", channel="C0OTHER")
    await desk.drain_all()
    await desk.drain_all("C0OTHER")
    edit = desk.goes_on(card)
    desk.add(DeliveryKind.UPDATE, desk.card("other", Event.FIXED), channel="C0OTHER")
    late = desk.store.outbox[len(desk.store.outbox)]
    desk.store.outbox[late.id] = replace(late, incident=other.incident)
    desk.slack.script = [Act.LIMITED]
    before = desk.clock.now()

    until = await desk.drain()
    desk.courier = desk.new_courier()

    assert until == before + timedelta(seconds=7)
    assert await desk.drain("C0OTHER") == until
    posted = desk.break_("third")
    assert await desk.drain() == until
    assert desk.state(posted) is DeliveryState.SENT  # a message is none of that
    desk.clock.move(timedelta(seconds=7))
    await desk.drain()
    await desk.drain("C0OTHER")
    assert desk.state(edit) is desk.state(late) is DeliveryState.SENT
