"""Messages that may have arrived: awaited, looked for, and only then sent again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.metrics import POSSIBLY_DOUBLE
from bot.records import DeliveryKind, DeliveryState, Event
from bot.watch.posting import SETTLE, Counted, Outcome, UnknownOutcome
from tests.bot.watch.desk import LIMITED, NO_HISTORY, OPS, REVOKED, Desk
from tests.fakes.clock import FakeClock
from tests.fakes.slack_ledger import Act, Crash, SlackLedger


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


async def test_a_doubt_outlives_a_token_that_is_revoked_meanwhile(desk: Desk) -> None:
    row = desk.break_()
    desk.slack.script = [Act.TIMED_OUT_AFTER]
    await desk.drain()
    desk.slack.searches, desk.slack.closed[OPS] = [REVOKED], REVOKED
    for _ in range(3):
        desk.clock.move(SETTLE)
        await desk.drain()

    desk.slack.closed.clear()
    desk.clock.move(timedelta(minutes=5))
    await desk.drain_all()

    assert desk.keys() == [row.key]
    assert desk.counted[Counted.FOUND] == 1


async def test_a_repeat_that_slack_first_puts_off_still_says_that_it_is_one(
    desk: Desk,
) -> None:
    desk.break_()
    desk.slack.script = [Act.TIMED_OUT_AFTER, Act.LIMITED, Act.REFUSED]
    desk.slack.searches = [NO_HISTORY] * 3

    await desk.drain_all()

    _, repeat = desk.slack.in_channel(OPS)
    assert "may be a repeat" in str(repeat.said[0].blocks)


async def test_a_look_goes_back_to_the_first_of_several_tries(desk: Desk) -> None:
    row = desk.break_()
    desk.slack.script = [Act.TIMED_OUT_AFTER, Act.LIMITED]
    desk.slack.searches = [NO_HISTORY]
    await desk.drain()
    desk.clock.move(timedelta(hours=1))
    await desk.drain()

    await desk.drain_all()

    assert desk.keys() == [row.key]


@pytest.mark.parametrize("wrong_by", [timedelta(hours=-1), timedelta(hours=1)])
async def test_a_replica_with_a_wrong_clock_waits_for_the_others_try_all_the_same(
    desk: Desk, wrong_by: timedelta
) -> None:
    row = desk.break_()
    other = desk.new_courier(FakeClock(desk.clock.now() + wrong_by))

    async def takes_over() -> None:
        desk.slack.meanwhile = None
        await other.drain(OPS)

    desk.slack.meanwhile = takes_over

    await desk.drain_all()

    assert desk.slack.calls == [("post", row.key)]


async def test_what_slack_takes_after_all_that_patience_is_counted_as_perhaps_double(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = desk.break_()
    monkeypatch.setattr("tests.fakes.slack_ledger.LATENESS", timedelta(seconds=6))
    desk.slack.script = [Act.LATE]

    await desk.drain_all()
    desk.clock.move(SETTLE)

    assert desk.keys() == [row.key, row.key]
    assert desk.counted[Counted.RESENT] == 1
    assert Counted.RESENT.value in POSSIBLY_DOUBLE


async def test_what_a_person_deletes_before_the_look_is_counted_as_perhaps_double(
    desk: Desk,
) -> None:
    row = desk.break_()
    desk.slack.script = [Act.TIMED_OUT_AFTER]
    await desk.drain()
    desk.slack.messages[0].is_deleted = True

    await desk.drain_all()

    assert desk.keys() == [row.key, row.key]
    assert desk.counted[Counted.RESENT] == 1


async def test_where_two_replicas_sent_a_card_the_first_one_stays_the_card(
    desk: Desk,
) -> None:
    card = desk.break_()
    post = desk.slack.post

    async def frozen(*args: Any, **more: Any) -> Outcome:
        desk.slack.post = post  # type: ignore[method-assign]
        outcome = await post(*args, **more)
        desk.slack.messages[0].is_deleted = True  # for the other's look: not there yet
        desk.clock.move(SETTLE)
        other = desk.new_courier()
        while (until := await other.drain(OPS)) is not None:
            desk.clock.move(until - desk.clock.now())
        desk.slack.messages[0].is_deleted = False
        return outcome

    desk.slack.post = frozen  # type: ignore[method-assign]

    await desk.drain_all()

    assert desk.keys() == [card.key, card.key]
    assert desk.counted[Counted.SENT] == 1
    assert desk.counted[Counted.OVERSLEPT] == 1
    known = desk.store.kept.incidents.rows[str(card.incident)].ts
    assert known == desk.store.outbox[card.id].ts


async def test_looks_of_all_channels_rest_where_slack_limits_them(desk: Desk) -> None:
    rows = [desk.break_(), desk.break_("other", channel="C0OTHER")]
    desk.slack.script = [Act.TIMED_OUT_AFTER] * 2
    await desk.drain()
    await desk.drain("C0OTHER")
    desk.clock.move(SETTLE)
    desk.slack.searches = [LIMITED]
    limited_at = desk.clock.now()

    until = await desk.drain()
    desk.courier = desk.new_courier()

    assert until == limited_at + timedelta(seconds=30)
    assert await desk.drain("C0OTHER") == until
    assert desk.slack.looked == [OPS]
    desk.clock.move(timedelta(seconds=30))
    await desk.drain()
    await desk.drain("C0OTHER")
    assert desk.keys() == [rows[0].key]
    assert desk.keys("C0OTHER") == [rows[1].key]


async def test_what_may_have_arrived_is_looked_for_however_old_it_is(
    desk: Desk,
) -> None:
    row = desk.break_()
    desk.slack.script = [Act.TIMED_OUT_AFTER]
    await desk.drain()
    desk.clock.move(timedelta(hours=73))

    await desk.drain_all()

    assert desk.keys() == [row.key]
    assert desk.state(row) is DeliveryState.SENT


async def test_what_overtakes_a_message_in_doubt_does_not_pass_for_it() -> None:
    """The card was deleted, and what was said instead of its edit is in doubt."""
    desk = Desk(unknown_outcome=UnknownOutcome.RESEND)
    card = desk.break_()
    await desk.drain_all()
    desk.slack.messages[0].is_deleted = True
    desk.fixed(card)
    desk.slack.script = [Act.TIMED_OUT_AFTER]
    await desk.drain()
    newer = desk.add(
        DeliveryKind.UPDATE, desk.card("release", Event.FIXED), incident=card.incident
    )

    await desk.drain_all()

    _, first, repeat = desk.slack.in_channel(OPS)
    assert first.key == repeat.key
    assert "may be a repeat" in str(repeat.said[0].blocks)
    assert desk.state(newer) is DeliveryState.SENT
    assert len(repeat.said) == 2


async def test_a_look_goes_back_to_our_last_post_where_slacks_clock_is_behind(
    desk: Desk,
) -> None:
    """Our time says nothing of Slack's; its own time of a message before does."""
    desk.slack = SlackLedger(FakeClock(desk.clock.now() - timedelta(minutes=5)))
    desk.courier = desk.new_courier()
    before = desk.break_("before")
    await desk.drain_all()
    row = desk.break_()
    desk.slack.script = [Act.TIMED_OUT_AFTER]

    await desk.drain_all()

    assert desk.keys() == [before.key, row.key]
    assert desk.counted[Counted.FOUND] == 1
