"""A backlog that becomes one message, and what never does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.alerts import Card, Said, Storm, Update, pack, unpack
from bot.records import DeliveryKind, DeliveryState
from bot.watch.backlog import MOST_LINES
from bot.watch.courier import PACE
from providers.model import State, Task, TaskKind
from tests.bot.watch.desk import OPS, Desk, run
from tests.fakes.slack_ledger import Act


async def test_eight_alerts_are_eight_messages(desk: Desk) -> None:
    for n in range(8):
        desk.break_(f"p{n}")

    await desk.drain_all()

    assert len(desk.keys()) == 8


async def test_more_than_eight_alerts_become_one_message(desk: Desk) -> None:
    rows = [desk.break_(f"p{n}") for n in range(500)]

    await desk.drain_all()

    [posted] = desk.slack.in_channel(OPS)
    assert "500 alerts at once in ci" in posted.said[0].text
    assert {desk.state(row) for row in rows} == {DeliveryState.SWALLOWED}
    assert desk.clock.slept == [PACE]


async def test_what_an_outage_makes_many_messages_of_is_one_in_the_end(
    desk: Desk,
) -> None:
    """Nine every few minutes, for hours: no more than eight ever wait."""
    desk.slack.script = [Act.UNREACHABLE] * 20
    for hour in range(20):
        for n in range(9):
            desk.break_(f"p{hour}-{n}")
        await desk.drain()
        desk.clock.move(timedelta(minutes=5))
        waiting = await desk.store.kept.outbox.waiting(OPS, 99)
        assert len(waiting) == 1

    await desk.drain_all()

    [posted] = desk.slack.in_channel(OPS)
    assert "180 alerts at once in ci" in posted.said[0].text
    row = next(r for r in desk.store.outbox.values() if r.key == posted.key)
    alert = unpack(row.payload)
    assert isinstance(alert, Storm)
    assert (len(alert.lines), alert.count) == (MOST_LINES, 180)


async def test_a_storm_in_doubt_and_one_of_the_watch_itself_are_no_part_of_another(
    desk: Desk,
) -> None:
    ours = Storm(lines=(), count=9, connection="ci")
    incident = str(desk.break_().incident)
    desk.store.outbox.clear()
    for n in range(9):
        desk.break_(f"p{n}")
    desk.slack.script = [Act.TIMED_OUT_AFTER]
    await desk.drain()
    kept = desk.add(DeliveryKind.STORM, ours, incident=incident, is_loud=True)
    for n in range(9, 18):
        desk.break_(f"p{n}")

    await desk.drain_all()

    texts = [posted.said[0].text for posted in desk.slack.in_channel(OPS)]
    assert [text[:22] for text in texts] == ["9 alerts at once in ci"] * 3
    assert desk.state(kept) is DeliveryState.SENT


async def test_a_storm_says_each_run_once_and_spares_other_notices(desk: Desk) -> None:
    cards = [desk.break_(f"p{n}") for n in range(9)]
    for n, card in enumerate(cards):
        desk.fixed(card, f"p{n}")
    said = desk.add(DeliveryKind.NOTICE, Said(what="ci cannot be read"))

    await desk.drain_all()

    storm, notice = desk.slack.in_channel(OPS)
    row = next(r for r in desk.store.outbox.values() if r.key == storm.key)
    alert = unpack(row.payload)
    assert isinstance(alert, Storm)
    assert alert.count == 18
    assert notice.key == said.key


async def test_a_pipeline_that_a_storm_told_of_is_told_when_it_is_fixed(
    desk: Desk,
) -> None:
    cards = [desk.break_(f"p{n}") for n in range(9)]
    await desk.drain_all()
    progress = desk.goes_on(cards[0], "p0")
    await desk.drain_all()
    _, reply = desk.fixed(cards[0], "p0")
    await desk.drain_all()

    _, anew = desk.slack.in_channel(OPS)
    assert desk.state(progress) is DeliveryState.SWALLOWED
    assert "p0 #11 fixed" in anew.said[0].text
    assert desk.state(reply) is DeliveryState.SWALLOWED


async def test_a_log_below_a_card_that_stands_is_not_listed_as_news(desk: Desk) -> None:
    card = desk.break_("told")
    alert = unpack(card.payload)
    assert isinstance(alert, Card)
    await desk.drain_all()
    said = Update(event=alert.event, pipeline=alert.pipeline, run=alert.run, log="boo")
    log = desk.add(DeliveryKind.REPLY, said, incident=card.incident)
    for n in range(9):
        desk.break_(f"p{n}")

    await desk.drain_all()

    stands = desk.slack.in_channel(OPS)[0]
    [below] = [p for p in desk.slack.in_channel(OPS) if p.thread]
    [storm] = [p for p in desk.slack.in_channel(OPS) if "at once" in p.said[0].text]
    assert (below.key, below.thread) == (log.key, stands.ts)
    assert storm.said[0].text.startswith("9 alerts at once")
    assert "told" not in str(storm.said[0].blocks)


async def test_edits_of_cards_that_stand_are_never_swallowed_by_a_storm(
    desk: Desk,
) -> None:
    card = desk.break_("a")
    await desk.drain_all()
    desk.fixed(card, "a")
    for n in range(9):
        desk.break_(f"p{n}")

    await desk.drain_all()

    assert "fixed" in desk.slack.in_channel(OPS)[0].said[-1].text
    assert len(desk.keys()) == 2


async def test_a_message_in_doubt_is_never_swallowed(desk: Desk) -> None:
    row = desk.break_("a")
    desk.slack.script = [Act.TIMED_OUT_AFTER]
    await desk.drain()
    for n in range(9):
        desk.break_(f"p{n}")

    await desk.drain_all()

    assert desk.keys()[0] == row.key
    assert len(desk.keys()) == 2


async def test_what_follows_on_a_message_in_doubt_is_not_told_before_it(
    desk: Desk,
) -> None:
    card = desk.break_("a")
    desk.slack.script = [Act.TIMED_OUT, Act.LIMITED]
    await desk.drain()
    desk.fixed(card, "a")
    others = [desk.break_(f"p{n}") for n in range(9)]

    await desk.drain_all()

    first, storm, reply = desk.slack.in_channel(OPS)
    assert (first.key, reply.thread) == (card.key, first.ts)
    assert "fixed" in first.said[-1].text
    assert f"{len(others)} alerts at once" in storm.said[0].text


async def test_a_storm_of_the_watch_itself_is_edited_like_a_card(desk: Desk) -> None:
    storm = Storm(lines=(), count=9, connection="ci")
    incident = str(desk.break_().incident)
    desk.store.outbox.clear()
    desk.add(DeliveryKind.STORM, storm, incident=incident, is_loud=True)
    desk.add(DeliveryKind.UPDATE, replace(storm, count=12), incident=incident)
    over = replace(storm, is_over=True)
    await desk.drain_all()
    desk.add(DeliveryKind.UPDATE, over, incident=incident)
    desk.add(DeliveryKind.REPLY, over, incident=incident)

    await desk.drain_all()

    first, reply = desk.slack.in_channel(OPS)
    assert [said.text for said in first.said] == [
        "9 alerts at once in ci",
        "12 alerts at once in ci",
        "The storm in ci is over: nothing of it is red any more",
    ]
    assert reply.thread == first.ts


def test_a_storm_row_keeps_what_its_lines_need_and_no_more() -> None:
    desk = Desk()
    task = Task(kind=TaskKind.STEP, name="x" * 1000, state=State.FAILED)
    for n in range(9):
        row = desk.break_(f"p{n}")
        card = unpack(row.payload)
        assert isinstance(card, Card)
        full = replace(card, run=replace(card.run, tasks=(task,)))
        desk.store.outbox[row.id] = replace(row, payload=pack(full))

    run(desk.drain_all())

    [storm] = [r for r in desk.store.outbox.values() if r.kind is DeliveryKind.STORM]
    assert "xxx" not in storm.payload
