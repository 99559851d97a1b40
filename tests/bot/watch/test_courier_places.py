"""Places that cannot be posted to: parked, told once, tried again, over once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.alerts import Said, unpack
from bot.records import WORKSPACE, ChannelState, DeliveryKind, DeliveryState
from tests.bot.watch.desk import ARCHIVED, OPS, REVOKED, Desk, a_watch
from tests.fakes.provider import NOON


async def test_an_archived_channel_is_parked_and_its_owners_are_told_once(
    desk: Desk,
) -> None:
    desk.store.kept.watches.rows = [a_watch("U0ANN"), a_watch("U0ANN"), a_watch("")]
    row = desk.break_()
    desk.slack.closed[OPS] = ARCHIVED

    until = desk.clock.now() + timedelta(hours=1)
    assert await desk.drain() == until
    assert await desk.drain() == until
    await desk.drain("U0ANN")

    assert len(desk.slack.calls) == 2
    assert desk.state(row) is DeliveryState.PENDING
    assert desk.store.kept.channels.rows[OPS].parked == "is_archived"
    [told] = desk.texts("U0ANN")
    assert "it is archived" in told
    assert "72 hours" in told

    desk.clock.move(timedelta(hours=1))
    await desk.drain()
    await desk.drain("U0ANN")
    assert len(desk.slack.calls) == 3
    assert len(desk.texts("U0ANN")) == 1  # still parked: that was said


async def test_when_a_parked_channel_takes_messages_again_its_owners_hear_so(
    desk: Desk,
) -> None:
    desk.store.kept.watches.rows = [a_watch("U0ANN")]
    row = desk.break_()
    desk.slack.closed[OPS] = ARCHIVED
    await desk.drain()
    await desk.drain("U0ANN")

    parked_at = desk.store.kept.channels.rows[OPS].parked_at
    for _ in range(3):
        desk.clock.move(timedelta(hours=1))
        await desk.drain()
    assert desk.store.kept.channels.rows[OPS].parked_at == parked_at

    del desk.slack.closed[OPS]
    await desk.drain()
    assert desk.keys() == []  # not yet
    desk.clock.move(timedelta(hours=1))
    await desk.drain()
    await desk.drain("U0ANN")

    assert desk.keys() == [row.key]
    assert "again" in desk.texts("U0ANN")[-1]
    [over] = [unpack(r.payload) for r in desk.store.outbox.values() if r.id == 3]
    assert isinstance(over, Said)
    assert (over.since, over.is_over) == (parked_at, True)  # not since the last try
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


@pytest.mark.parametrize("place", [OPS, WORKSPACE])
@pytest.mark.parametrize("resume_at", [None, NOON + timedelta(days=1)])
async def test_no_place_is_parked_for_ever(
    desk: Desk, place: str, resume_at: datetime | None
) -> None:
    """A rest without an end, or of a day: another version's, or a clock set back."""
    row = desk.break_()
    desk.store.kept.channels.rows[place] = ChannelState(
        channel=place, parked="is_archived", parked_at=NOON, resume_at=resume_at
    )

    assert await desk.drain() is None

    assert desk.state(row) is DeliveryState.SENT
    assert desk.store.kept.channels.rows[place].parked is None


async def test_a_channel_stays_marked_as_parked_until_it_takes_a_message(
    desk: Desk,
) -> None:
    """Else it would look well to whoever asks between two tries."""
    desk.break_()
    desk.slack.closed[OPS] = ARCHIVED
    await desk.drain()
    seen = []

    async def look() -> None:
        seen.append(desk.store.kept.channels.rows[OPS].parked)

    desk.slack.meanwhile = look
    desk.clock.move(timedelta(hours=1))
    await desk.drain()

    assert seen == ["is_archived"]


async def test_what_could_not_be_delivered_in_72_hours_is_shown_as_dead(
    desk: Desk,
) -> None:
    row = desk.break_()
    desk.clock.move(timedelta(hours=73))
    young = desk.break_("other")

    await desk.drain_all()

    assert desk.state(row) is DeliveryState.DEAD
    assert desk.keys() == [young.key]
