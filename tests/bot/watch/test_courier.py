"""The courier: every delivery reaches Slack once, in order, whatever Slack does."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from typing_extensions import override

from bot.alerts import Alert, Card, Said, Storm, Update, pack, unpack
from bot.records import (
    WORKSPACE,
    ChannelState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Event,
    Incident,
    Lineage,
    Watch,
)
from bot.render.message import Message
from bot.store import open_store
from bot.watch.backlog import MOST_LINES
from bot.watch.courier import PACE, Courier
from bot.watch.posting import SETTLE, Counted, Outcome, Result, UnknownOutcome, mark
from providers.model import Pipeline, PipelineRef, RunRef, State, Task, TaskKind
from tests.fakes.clock import FakeClock
from tests.fakes.provider import NOON, make_run
from tests.fakes.slack_ledger import Act, Crash, Posted, SlackLedger
from tests.fakes.store import FakeStore

T = TypeVar("T")

OPS = "C0OPS"
UTC_ZONE = ZoneInfo("UTC")
LIMITED = Outcome(
    result=Result.NOT_SENT, error="ratelimited", retry_after=timedelta(seconds=30)
)
NO_HISTORY = Outcome(result=Result.BAD_INSTALL, error="missing_scope")
ARCHIVED = Outcome(result=Result.BAD_PLACE, error="is_archived")
REVOKED = Outcome(result=Result.BAD_INSTALL, error="token_revoked")


def run(errand: Coroutine[Any, Any, T]) -> T:
    """Run something outside of any test's loop, and leave none behind."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(errand)


class Desk:
    """A store, a Slack, a clock, and couriers that come and go."""

    def __init__(self, **options: Any) -> None:
        self.clock = FakeClock(NOON + timedelta(hours=1))
        self.stopwatch = 0.0
        self.store = FakeStore()
        self.slack = SlackLedger(self.clock)
        self.counted: Counter[Counted] = Counter()
        self.options = options
        self.courier = self.new_courier()
        self.numbers = 0

    def new_courier(self) -> Courier:
        return Courier(
            self.store,
            self.slack,
            self.clock,
            steady=lambda: self.clock.now().timestamp() + self.stopwatch,
            zone=UTC_ZONE,
            count=lambda what: self.counted.update([what]),
            **self.options,
        )

    def add(
        self, kind: DeliveryKind, alert: Alert, *, channel: str = OPS, **more: Any
    ) -> Delivery:
        self.numbers += 1
        row = Delivery(
            key=f"key-{self.numbers}",
            channel=channel,
            kind=kind,
            payload=pack(alert),
            created_at=self.clock.now(),
            id=self.numbers,
            **more,
        )
        rows = self.store.outbox
        ident = len(rows) + 1
        rows[ident] = replace(row, id=ident)
        return rows[ident]

    def break_(self, name: str = "release", **more: Any) -> Delivery:
        """Let a pipeline break: an incident, and the card of it."""
        alert = self.card(name, Event.BROKEN)
        incident = f"i-{name}-{self.numbers + 1}"
        self.store.kept.incidents.rows[incident] = Incident(
            id=incident,
            channel=OPS,
            lineage=Lineage(alert.pipeline.ref, "branch:main"),
            watch="w1",
            opened_at=self.clock.now(),
            first_run=alert.run.ref,
            latest_run=alert.run.ref,
        )
        more = {"incident": incident, "is_loud": True, **more}
        return self.add(DeliveryKind.CARD, alert, **more)

    def goes_on(self, card: Delivery, name: str = "release") -> Delivery:
        alert = self.card(name, Event.STILL_BROKEN)
        return self.add(DeliveryKind.UPDATE, alert, incident=card.incident)

    def fixed(self, card: Delivery, name: str = "release") -> tuple[Delivery, Delivery]:
        alert = self.card(name, Event.FIXED)
        said = Update(event=alert.event, pipeline=alert.pipeline, run=alert.run)
        edit = self.add(DeliveryKind.UPDATE, alert, incident=card.incident)
        return edit, self.add(DeliveryKind.REPLY, said, incident=card.incident)

    def card(self, name: str, event: Event) -> Card:
        pipeline = Pipeline(ref=PipelineRef("ci", name), name=name)
        state = State.SUCCEEDED if event is Event.FIXED else State.FAILED
        run = make_run(pipeline.ref, self.numbers + 1, state)
        return Card(
            incident="i1",
            watch="w1",
            event=event,
            pipeline=pipeline,
            run=run,
            red_since=NOON,
            streak=2,
        )

    async def drain(self, channel: str = OPS) -> Any:
        return await self.courier.drain(channel)

    async def drain_all(self, channel: str = OPS) -> None:
        """Drain until nothing is left that time alone would let through."""
        for _ in range(500):
            until = await self.drain(channel)
            if until is None:
                return
            self.clock.move(max(until - self.clock.now(), timedelta()))
        pytest.fail("the courier never comes to an end")

    def state(self, row: Delivery) -> DeliveryState:
        return self.store.outbox[row.id].state

    def texts(self, channel: str = OPS) -> list[str]:
        return [posted.said[-1].text for posted in self.slack.in_channel(channel)]

    def keys(self, channel: str = OPS) -> list[str]:
        return [posted.key for posted in self.slack.in_channel(channel)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


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


@pytest.mark.parametrize(
    "act", [Act.FAILED_AFTER, Act.TIMED_OUT_AFTER, Act.LATE, Act.CRASH_AFTER]
)
async def test_what_arrived_after_all_is_found_and_not_sent_again(
    desk: Desk, act: Act
) -> None:
    row = desk.break_()
    desk.slack.script = [act]
    if act is Act.CRASH_AFTER:
        with pytest.raises(Crash):
            await desk.drain()
        desk.courier = desk.new_courier()

    await desk.drain_all()

    assert desk.keys() == [row.key]
    assert desk.state(row) is DeliveryState.SENT
    assert desk.counted[Counted.FOUND] == 1
    assert desk.counted[Counted.RESENT] == 0


@pytest.mark.parametrize("act", [Act.FAILED, Act.TIMED_OUT, Act.CRASH])
async def test_what_did_not_arrive_is_sent_again_after_a_look(
    desk: Desk, act: Act
) -> None:
    row = desk.break_()
    desk.slack.script = [act]
    if act is Act.CRASH:
        with pytest.raises(Crash):
            await desk.drain()
        desk.courier = desk.new_courier()

    await desk.drain_all()

    assert desk.keys() == [row.key]
    assert desk.slack.looked == [OPS]
    assert desk.counted[Counted.RESENT] == 1


async def test_nothing_is_looked_for_while_slack_may_still_take_it(desk: Desk) -> None:
    row = desk.break_()
    desk.slack.script = [Act.LATE]

    until = await desk.drain()

    assert desk.slack.looked == []
    tried_at = desk.store.outbox[row.id].tried_at
    assert tried_at is not None
    assert until == tried_at + SETTLE


async def test_a_clock_that_was_set_back_delays_nothing_for_long(desk: Desk) -> None:
    desk.break_()
    desk.slack.script = [Act.TIMED_OUT]
    await desk.drain()

    desk.clock.move(-timedelta(hours=1))
    desk.stopwatch += 3600
    until = await desk.drain()

    assert until is not None
    assert until - desk.clock.now() <= SETTLE
    desk.clock.move(SETTLE)
    assert await desk.drain() is None
    assert len(desk.keys()) == 1


async def test_what_is_surely_not_sent_waits_as_long_as_slack_says(desk: Desk) -> None:
    row = desk.break_()
    desk.slack.script = [Act.LIMITED]
    before = desk.clock.now()

    until = await desk.drain()

    assert until == before + timedelta(seconds=7)
    assert desk.state(row) is DeliveryState.PENDING
    assert await desk.drain() == until  # not a call before that
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


async def test_a_process_that_stood_still_sends_nothing(desk: Desk) -> None:
    row = desk.break_()

    def stand_still(when: str) -> None:
        if when == "after commit":
            desk.stopwatch += 6
            desk.store.interrupt = lambda _: None

    desk.store.interrupt = stand_still

    await desk.drain()

    assert desk.slack.calls == []
    assert desk.counted[Counted.GUARDED] == 1
    assert desk.state(row) is DeliveryState.TRYING
    await desk.drain_all()
    assert desk.keys() == [row.key]


async def test_a_refusal_that_comes_after_another_took_over_changes_nothing(
    desk: Desk,
) -> None:
    row = desk.break_()
    desk.slack.script = [Act.LIMITED]
    post = desk.slack.post

    async def sleepy(*args: Any, **more: Any) -> Outcome:
        outcome = await post(*args, **more)
        desk.stopwatch += 20
        assert await desk.store.kept.outbox.claim(row.id, 1, desk.clock.now())
        return outcome

    desk.slack.post = sleepy  # type: ignore[method-assign]

    await desk.drain()

    kept = desk.store.outbox[row.id]
    assert (kept.state, kept.tries) == (DeliveryState.TRYING, 2)
    assert desk.counted[Counted.OVERSLEPT] == 1


async def test_of_two_replicas_only_one_sends(desk: Desk) -> None:
    row = desk.break_()
    claim = desk.store.kept.outbox.claim
    assert await claim(row.id, 0, desk.clock.now())

    assert not await claim(row.id, 0, desk.clock.now())
    until = await desk.drain()

    assert until == desk.clock.now() + SETTLE
    assert desk.slack.calls == []


async def test_a_row_taken_by_another_replica_in_between_is_left_to_it(
    desk: Desk,
) -> None:
    row = desk.break_()
    desk.store.kept.outbox.rows[row.id] = replace(row, tries=0)
    copy = desk.store.kept.copy

    def overtaken() -> Any:
        tx = copy()

        async def claim(*_: object) -> bool:
            return False

        tx.outbox.claim = claim  # type: ignore[method-assign,assignment]
        return tx

    desk.store.kept.copy = overtaken  # type: ignore[method-assign]

    assert await desk.drain() == desk.clock.now() + SETTLE
    assert desk.slack.calls == []


# --- Without a look ---------------------------------------------------------------


async def test_where_slack_allows_no_look_it_is_sent_again_and_says_so(
    desk: Desk,
) -> None:
    desk.break_()
    desk.slack.script = [Act.TIMED_OUT]
    desk.slack.searches = [NO_HISTORY]

    await desk.drain_all()

    [posted] = desk.slack.in_channel(OPS)
    assert "may be a repeat" in str(posted.said[0].blocks)
    assert desk.counted[Counted.RESENT_BLIND] == 1


async def test_a_look_that_fails_for_now_is_made_again_later(desk: Desk) -> None:
    desk.break_()
    desk.slack.script = [Act.TIMED_OUT_AFTER]
    desk.slack.searches = [LIMITED]

    await desk.drain_all()

    assert len(desk.keys()) == 1
    assert desk.slack.looked == [OPS, OPS]


async def test_to_resend_means_without_a_look(desk: Desk) -> None:
    desk = Desk(unknown_outcome=UnknownOutcome.RESEND)
    desk.break_()
    desk.slack.script = [Act.TIMED_OUT_AFTER]

    await desk.drain_all()

    assert desk.slack.looked == []
    assert len(desk.keys()) == 2  # at least once is what was asked for
    assert desk.counted[Counted.RESENT_BLIND] == 1


async def test_to_hold_means_never_twice(desk: Desk) -> None:
    desk = Desk(unknown_outcome=UnknownOutcome.HOLD)
    row, other = desk.break_(), desk.break_("other")
    desk.slack.script = [Act.TIMED_OUT]

    await desk.drain_all()

    assert desk.state(row) is DeliveryState.DEAD
    assert "nobody knows" in str(desk.store.outbox[row.id].error)
    assert desk.keys() == [other.key]


# --- What Slack refuses -----------------------------------------------------------


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


# --- Places that cannot be posted to ----------------------------------------------


def a_watch(owner: str, channel: str = OPS) -> Watch:
    return Watch(id="w1", channel=channel, target="x", owner=owner, created_at=NOON)


async def test_an_archived_channel_is_parked_and_its_owners_are_told_once(
    desk: Desk,
) -> None:
    desk.store.kept.watches.rows = [a_watch("U0ANN"), a_watch("U0ANN"), a_watch("")]
    row = desk.break_()
    desk.slack.closed[OPS] = ARCHIVED

    assert await desk.drain() is None
    assert await desk.drain() is None
    await desk.drain("U0ANN")

    assert len(desk.slack.calls) == 2
    assert desk.state(row) is DeliveryState.PENDING
    assert desk.store.kept.channels.rows[OPS].parked == "is_archived"
    [told] = desk.texts("U0ANN")
    assert "is_archived" in told
    assert "72 hours" in told

    desk.clock.move(timedelta(hours=1))
    assert await desk.courier.give_another_try() == [OPS]
    await desk.drain()
    await desk.drain("U0ANN")
    assert len(desk.texts("U0ANN")) == 1  # still parked: that was said


async def test_when_a_parked_channel_takes_messages_again_its_owners_hear_so(
    desk: Desk,
) -> None:
    desk.store.kept.watches.rows = [a_watch("U0ANN")]
    row = desk.break_()
    desk.slack.closed[OPS] = ARCHIVED
    await desk.drain()
    await desk.drain("U0ANN")

    del desk.slack.closed[OPS]
    assert await desk.courier.give_another_try() == []  # not yet
    desk.clock.move(timedelta(hours=1))
    await desk.courier.give_another_try()
    await desk.drain()
    await desk.drain("U0ANN")

    assert desk.keys() == [row.key]
    assert "again" in desk.texts("U0ANN")[-1]
    assert len(desk.texts("U0ANN")) == 2
    state = desk.store.kept.channels.rows[OPS]
    assert (state.parked, state.told) == (None, False)


async def test_somebody_whose_direct_messages_are_closed_is_not_told_there(
    desk: Desk,
) -> None:
    desk.store.kept.watches.rows = [a_watch("U0ANN", channel="U0ANN")]
    said = Said(what="x")
    desk.add(DeliveryKind.NOTICE, said, channel="U0ANN")
    desk.slack.closed["U0ANN"] = ARCHIVED

    await desk.drain("U0ANN")

    assert len(desk.store.outbox) == 1


async def test_a_revoked_token_stops_everything_but_a_try_now_and_then(
    desk: Desk,
) -> None:
    row = desk.break_()
    other = desk.break_("other", channel="C0OTHER")
    desk.slack.closed = {OPS: REVOKED, "C0OTHER": REVOKED}

    until = await desk.drain()
    assert until is not None
    assert await desk.drain("C0OTHER") == until
    assert len(desk.slack.calls) == 1
    workspace = desk.store.kept.channels.rows[WORKSPACE]
    assert workspace.parked == "token_revoked"

    desk.clock.move(timedelta(minutes=5))
    await desk.drain("C0OTHER")
    again = desk.store.kept.channels.rows[WORKSPACE]
    assert again.parked_at == workspace.parked_at  # since when, not since the last try

    desk.slack.closed = {}
    desk.clock.move(timedelta(minutes=5))
    await desk.drain()
    await desk.drain("C0OTHER")
    assert desk.state(row) is desk.state(other) is DeliveryState.SENT
    assert desk.store.kept.channels.rows[WORKSPACE].parked is None


async def test_the_workspace_is_given_another_try_by_the_courier_alone(
    desk: Desk,
) -> None:
    desk.store.kept.channels.rows[WORKSPACE] = ChannelState(
        channel=WORKSPACE, parked="token_revoked", parked_at=NOON - timedelta(days=1)
    )

    assert await desk.courier.give_another_try() == []


async def test_what_could_not_be_delivered_in_72_hours_is_shown_as_dead(
    desk: Desk,
) -> None:
    row = desk.break_()
    desk.clock.move(timedelta(hours=73))
    young = desk.break_("other")

    await desk.drain_all()

    assert desk.state(row) is DeliveryState.DEAD
    assert desk.keys() == [young.key]


# --- Cards, their edits and threads -----------------------------------------------


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

    _, anew, answer = desk.slack.in_channel(OPS)
    assert "fixed" in anew.said[0].text
    assert anew.thread is None
    assert (answer.key, answer.thread) == (reply.key, anew.ts)


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


# --- Storms -----------------------------------------------------------------------


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

    _, anew, answer = desk.slack.in_channel(OPS)
    assert desk.state(progress) is DeliveryState.SWALLOWED
    assert "p0 #11 fixed" in anew.said[0].text
    assert (answer.key, answer.thread) == (reply.key, anew.ts)


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
        "The storm in ci is over",
    ]
    assert reply.thread == first.ts


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
        await desk.drain_all()
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


# --- Any history at all -----------------------------------------------------------

NAMES = ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k")
MOMENTS = ("before commit", "after commit")


class AnyHistory(RuleBasedStateMachine):
    """Whatever happens, each delivery is in Slack's ledger once, and in order."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.open: dict[str, Delivery] = {}
        self.is_archived = False

    @initialize()
    def somebody_watches(self) -> None:
        self.desk.store.kept.watches.rows = [a_watch("U0ANN")]

    @rule(names=st.sets(st.sampled_from(NAMES), min_size=1))
    def breaks(self, names: set[str]) -> None:
        for name in sorted(names - set(self.open)):
            self.open[name] = self.desk.break_(name)

    @rule(names=st.sets(st.sampled_from(NAMES), min_size=1))
    def stays_red(self, names: set[str]) -> None:
        for name in sorted(names & set(self.open)):
            self.desk.goes_on(self.open[name], name)

    @rule(names=st.sets(st.sampled_from(NAMES), min_size=1))
    def is_fixed(self, names: set[str]) -> None:
        for name in sorted(names & set(self.open)):
            self.desk.fixed(self.open.pop(name), name)

    @rule()
    def something_is_said(self) -> None:
        self.desk.add(DeliveryKind.NOTICE, Said(what="ci cannot be read"))

    @rule(acts=st.lists(st.sampled_from(Act), min_size=1, max_size=6))
    def slack_will_behave(self, acts: list[Act]) -> None:
        self.desk.slack.script += acts

    @rule(trouble=st.sampled_from([LIMITED, Outcome(result=Result.UNKNOWN)]))
    def a_look_will_fail(self, trouble: Outcome) -> None:
        self.desk.slack.searches.append(trouble)

    @rule(skip=st.integers(0, 6), when=st.sampled_from(MOMENTS))
    def the_process_will_die(self, skip: int, when: str) -> None:
        left = [skip]

        def interrupt(moment: str) -> None:
            left[0] -= 1
            if left[0] < 0 and moment == when:
                self.desk.store.interrupt = lambda _: None
                raise Crash

        self.desk.store.interrupt = interrupt

    @rule()
    def the_channel_is_archived_or_back(self) -> None:
        self.is_archived = not self.is_archived
        self.desk.slack.closed = {OPS: ARCHIVED} if self.is_archived else {}

    @rule(data=st.data())
    @precondition(lambda self: self.settled())
    def somebody_deletes_a_card(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.settled())).is_deleted = True

    @rule(seconds=st.integers(0, 40))
    def time_passes(self, seconds: int) -> None:
        self.desk.clock.move(timedelta(seconds=seconds))

    @rule()
    def drains(self) -> None:
        self._drain(OPS)

    @rule()
    def another_replica_takes_over(self) -> None:
        self.desk.courier = self.desk.new_courier()

    @invariant()
    def nothing_is_there_twice(self) -> None:
        keys = Counter(p.key for p in self.desk.slack.in_channel(OPS))
        assert all(n == 1 for n in keys.values())

    def settled(self) -> list[Posted]:
        """Return the messages that are known to have arrived."""
        known = {r.ts for r in self.desk.store.outbox.values() if r.ts}
        there = self.desk.slack.in_channel(OPS)
        return [p for p in there if p.ts in known and not p.is_deleted]

    @override
    def teardown(self) -> None:
        desk = self.desk
        desk.slack.script, desk.slack.searches, desk.slack.closed = [], [], {}
        desk.store.interrupt = lambda _: None
        desk.clock.move(timedelta(hours=1, minutes=1))
        run(desk.courier.give_another_try())
        run(desk.drain_all())
        desk.clock.move(SETTLE)
        self.nothing_is_there_twice()
        rows = [r for r in desk.store.outbox.values() if r.channel == OPS]
        posted = {p.key: p for p in desk.slack.in_channel(OPS)}
        self._nothing_is_lost(rows, posted)
        self._all_is_in_order(rows, posted)

    def _nothing_is_lost(
        self, rows: Iterable[Delivery], posted: dict[str, Posted]
    ) -> None:
        told = Counter(
            (line.run.ref, line.event)
            for row in rows
            for line in storm_lines(row)
            if row.state is DeliveryState.SENT
        )
        is_cut = any(len(storm_lines(row)) == MOST_LINES for row in rows)
        refused = Counter(self.desk.slack.refusals)
        newest = {r.incident: r for r in rows if r.kind is DeliveryKind.UPDATE}
        for row in rows:
            match row.state:
                case DeliveryState.SENT:
                    edits = row.kind is DeliveryKind.UPDATE and row.key not in posted
                    assert edits or row.key in posted
                case DeliveryState.DEAD:
                    # After all that could be left out was; of a row or of its card.
                    assert refused.total() >= 3
                case DeliveryState.SWALLOWED:
                    # A storm of more than a hundred lines counts the others.
                    in_storm = told[run_of(row), event_of(row)] == 1 or is_cut
                    overtaken = newest.get(row.incident) is not row
                    idle = event_of(row) is Event.STILL_BROKEN
                    is_update = row.kind is DeliveryKind.UPDATE
                    assert in_storm or (is_update and (overtaken or idle))
                case DeliveryState.PENDING | DeliveryState.TRYING:
                    pytest.fail(f"never delivered: {row}")

    def _all_is_in_order(
        self, rows: Iterable[Delivery], posted: dict[str, Posted]
    ) -> None:
        by_key = {row.key: row for row in rows}
        last: dict[PipelineRef, int] = {}
        for key in posted:
            row = by_key[key]
            alert = unpack(row.payload)
            runs = [line.run.ref for line in storm_lines(row)]
            if isinstance(alert, Card | Update):
                runs = [alert.run.ref]
            for ref in runs:
                assert int(ref.id) >= last.get(ref.pipeline, 0)
                last[ref.pipeline] = int(ref.id)
        for message in posted.values():
            numbers = [number_of(said) for said in message.said]
            assert numbers == sorted(numbers), "an older edit over a newer one"

    def _drain(self, channel: str) -> None:
        try:
            run(self.desk.drain(channel))
        except Crash:
            self.desk.courier = self.desk.new_courier()


def storm_lines(row: Delivery) -> Any:
    alert = unpack(row.payload)
    return alert.lines if isinstance(alert, Storm) else ()


def run_of(row: Delivery) -> RunRef | None:
    alert = unpack(row.payload)
    return alert.run.ref if isinstance(alert, Card | Update) else None


def event_of(row: Delivery) -> Event | None:
    alert = unpack(row.payload)
    return alert.event if isinstance(alert, Card | Update) else None


def number_of(said: Message) -> int:
    found = re.search(r"#(\d+)", said.text)
    return int(found.group(1)) if found else 0


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None
)


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
