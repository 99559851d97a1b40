"""A followed run: one card while it lasts, and a word to the follower at its end."""

from __future__ import annotations

from bot.alerts import Card, Said
from bot.records import DeliveryKind, Follow
from bot.watch.following import unfollow
from providers.model import RunRef, State
from tests.bot.watch.tower import CHANNEL, MINUTE, RELEASE, Tower

PERSON = "U0007"
RUN = RunRef(RELEASE, "1")


async def follow(tower: Tower, channel: str | None = CHANNEL) -> None:
    now = tower.clock.now()
    async with tower.store.write() as tx:
        await tx.follows.add(
            Follow(run=RUN, user=PERSON, channel=channel, created_at=now)
        )


async def follows(tower: Tower) -> list[Follow]:
    async with tower.store.read() as tx:
        return await tx.follows.all()


async def test_a_run_is_followed_to_its_end_and_not_beyond(tower: Tower) -> None:
    tower.runs(1, State.QUEUED)
    await follow(tower)
    await tower.pass_time()
    tower.runs(1, State.RUNNING)
    await tower.pass_time()
    tower.runs(1, State.FAILED)
    await tower.pass_time(10 * MINUTE)

    assert await tower.kinds() == ["card", "update", "update"]
    [card] = tower.slack.in_channel(CHANNEL)
    assert "failed" in card.said[-1].text
    [word] = await tower.said(DeliveryKind.NOTICE, PERSON)
    assert isinstance(word, Card)
    assert await follows(tower) == []


async def test_the_card_goes_with_a_run_that_goes_back_to_where_it_was(
    tower: Tower,
) -> None:
    """It ran, waited for somebody, and runs again; the vendor tells of no steps."""
    tower.runs(1, State.RUNNING)
    await follow(tower)
    await tower.pass_time()
    for state in (State.WAITING, State.RUNNING, State.WAITING):
        tower.runs(1, state)
        await tower.pass_time(2 * MINUTE)

    assert await tower.kinds() == ["card", "update", "update", "update"]
    [card] = tower.slack.in_channel(CHANNEL)
    assert "waits for somebody" in card.said[-1].text


async def test_a_run_followed_by_direct_message_has_its_card_there(
    tower: Tower,
) -> None:
    tower.runs(1, State.RUNNING)
    await follow(tower, channel=None)
    await tower.pass_time()
    tower.runs(1, State.SUCCEEDED)
    await tower.pass_time()

    assert await tower.kinds(PERSON) == ["card", "update", "notice"]
    [closed] = await tower.said(DeliveryKind.UPDATE, PERSON)
    assert isinstance(closed, Said)
    assert closed.what.endswith("#1 is over: see below"), "the end itself is told once"
    [word] = await tower.said(DeliveryKind.NOTICE, PERSON)
    assert isinstance(word, Card)


async def test_who_watches_in_the_same_place_is_told_of_a_failure_once(
    tower: Tower,
) -> None:
    await tower.watch(channel=PERSON)
    tower.runs(1, State.SUCCEEDED)
    await tower.pass_time()
    tower.runs(2, State.RUNNING)
    now = tower.clock.now()
    async with tower.store.write() as tx:
        await tx.follows.add(
            Follow(run=RunRef(RELEASE, "2"), user=PERSON, created_at=now)
        )
    await tower.pass_time()
    tower.runs(2, State.FAILED)
    await tower.pass_time()

    assert await tower.said(DeliveryKind.NOTICE, PERSON) == []
    said = await tower.said(DeliveryKind.CARD, PERSON)
    assert [type(alert) for alert in said] == [Said, Card]
    [closed] = await tower.said(DeliveryKind.UPDATE, PERSON)
    assert isinstance(closed, Said)
    assert closed.what.endswith("#2 is over")
    assert await follows(tower) == []


async def test_a_run_that_was_over_when_it_was_followed_is_told_once(
    tower: Tower,
) -> None:
    tower.runs(1, State.SUCCEEDED)
    await follow(tower, channel=None)
    await tower.pass_time(5 * MINUTE)

    assert await tower.kinds(PERSON) == ["notice"]
    assert await follows(tower) == []


async def test_a_run_that_the_vendor_forgot_ends_the_follow_and_says_so(
    tower: Tower,
) -> None:
    tower.runs(1, State.RUNNING)
    await follow(tower)
    await tower.pass_time()
    tower.providers["acme"].runs[RELEASE] = []
    await tower.pass_time()

    [word] = await tower.said(DeliveryKind.NOTICE, PERSON)
    assert isinstance(word, Said)
    assert "not there any more" in word.what
    assert await follows(tower) == []


async def test_what_is_unfollowed_is_told_no_more(tower: Tower) -> None:
    tower.runs(1, State.RUNNING)
    await follow(tower)
    await tower.pass_time()
    async with tower.store.write() as tx:
        assert await unfollow(tx, RUN, PERSON, tower.clock.now())
        assert not await unfollow(tx, RUN, PERSON, tower.clock.now())
    tower.runs(1, State.FAILED)
    await tower.pass_time()

    assert await tower.kinds() == ["card"]
    assert await tower.outbox(PERSON) == []


async def test_a_connection_with_a_follow_alone_is_looked_at_often(
    tower: Tower,
) -> None:
    tower.runs(1, State.RUNNING)
    await follow(tower)

    await tower.pass_time(5 * MINUTE)

    assert len(tower.looks) > 12
    assert await tower.kinds() == ["card"]
