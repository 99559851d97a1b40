"""Taking in what was seen: all of it or nothing, and the same again changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.alerts import Card, Storm, Update, unpack
from bot.records import DeliveryKind, Event
from bot.store import Store, StoreError
from bot.watch.intake import AT_ONCE, Intake, Sighting, Taken
from bot.watch.log_ends import LogEnd
from bot.watch.moving_on import LONGEST
from bot.watch.targets import Watched
from bot.watch.telling import Telling
from providers.model import Pipeline, PipelineRef, Run, RunRef, State
from tests.bot.watch.tower import CHANNEL, MINUTE, RELEASE, Tower
from tests.fakes.clock import FakeClock
from tests.fakes.provider import make_run

PIPELINE = Pipeline(ref=RELEASE, name="release")


@pytest.fixture
def intake(store: Store, clock: FakeClock, tower: Tower) -> Intake:
    return Intake(store, clock, tower.targets)


async def sighting(tower: Tower, *runs: Run, ident: str = "release") -> Sighting:
    pipeline = Pipeline(ref=PipelineRef("acme", ident), name=ident)
    watch = await tower.watch(f"w-{ident}", target=f"acme:{ident}")
    return Sighting(watched=Watched(pipeline, (watch,)), runs=runs)


async def test_the_same_again_changes_nothing(tower: Tower, intake: Intake) -> None:
    await intake.take_in([await sighting(tower, make_run(RELEASE, 1))])
    tower.clock.move(2 * MINUTE)
    broken = await sighting(tower, make_run(RELEASE, 2, State.FAILED))

    first = await intake.take_in([broken])
    second = await intake.take_in([broken])

    assert {h.event for h in first.happened} >= {Event.BROKEN}
    assert second.happened == ()
    assert await tower.kinds() == ["card"]


async def test_more_than_one_portion_is_all_taken_in(
    tower: Tower, intake: Intake
) -> None:
    refs = [PipelineRef("acme", f"p{number}") for number in range(AT_ONCE + 3)]
    watch = await tower.watch(target="acme:")
    sightings = [
        Sighting(
            watched=Watched(Pipeline(ref=ref, name=ref.id), (watch,)),
            runs=(make_run(ref, 1),),
        )
        for ref in refs
    ]

    await intake.take_in(sightings)

    async with tower.store.read() as tx:
        assert len(await tx.lineages.load(refs)) == len(refs)
        assert len(await tx.runs.newest_of(refs)) == len(refs)


async def test_what_cannot_be_taken_in_costs_nothing_else(
    tower: Tower, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = PipelineRef("acme", "bad"), PipelineRef("acme", "good")
    taken = Taken()
    for number, state in ((1, State.SUCCEEDED), (2, State.FAILED)):
        both = [
            await sighting(tower, make_run(ref, number, state), ident=ref.id)
            for ref in (bad, good)
        ]
        if state is State.FAILED:
            _stumble_at(bad, monkeypatch)
        taken = await intake.take_in(both)
        tower.clock.move(2 * MINUTE)

    assert taken.failed == {bad}
    assert await tower.kinds() == ["card"]


def _stumble_at(ref: PipelineRef, monkeypatch: pytest.MonkeyPatch) -> None:
    tell = Telling.tell

    async def stumble(self: Telling, watched: Watched, *more: Any) -> None:
        if watched.pipeline.ref == ref:
            raise ZeroDivisionError
        await tell(self, watched, *more)

    monkeypatch.setattr(Telling, "tell", stumble)


async def test_a_store_that_fails_is_said_and_keeps_nothing(
    tower: Tower, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    seen = await sighting(tower, make_run(RELEASE, 1))
    monkeypatch.setattr(Telling, "gather_storms", fail)

    with pytest.raises(StoreError):
        await intake.take_in([seen])

    async with tower.store.read() as tx:
        assert await tx.lineages.load([RELEASE]) == {}


async def test_a_storm_lists_what_happened_in_the_order_in_which_it_did(
    tower: Tower, intake: Intake
) -> None:
    # One look shows what went on while nobody looked: seven breaks, the last one red.
    first = await sighting(tower, make_run(RELEASE, 1))
    await intake.take_in([first])
    tower.clock.move(30 * MINUTE)
    states = (State.FAILED, State.SUCCEEDED)
    runs = [make_run(RELEASE, number, states[number % 2]) for number in range(2, 15)]

    await intake.take_in([replace(first, runs=tuple(runs))])

    [storm] = [
        alert
        for delivery in await tower.outbox()
        if isinstance(alert := unpack(delivery.payload), Storm)
    ]
    assert [line.run.number for line in storm.lines] == [3, 5, 7, 9, 11, 13, 14]


async def test_a_run_that_is_stuck_is_told_once(tower: Tower) -> None:
    await tower.watch(on=frozenset({Event.STUCK}), queued=10 * MINUTE)
    tower.runs(1, State.QUEUED, started_at=None)

    await tower.pass_time(9 * MINUTE)
    assert await tower.outbox() == []
    await tower.pass_time(20 * MINUTE)

    assert await tower.events() == [Event.STUCK]
    [card] = await tower.said(DeliveryKind.CARD)
    assert isinstance(card, Card)
    assert (card.limit, card.is_usual) == (10 * MINUTE, False)


async def test_the_card_of_a_stuck_run_says_when_it_goes_on(tower: Tower) -> None:
    await tower.watch(on=frozenset({Event.STUCK}), queued=10 * MINUTE)
    tower.runs(1, State.QUEUED, started_at=None)
    await tower.pass_time(15 * MINUTE)
    tower.runs(1, State.RUNNING, started_at=tower.clock.now())
    await tower.pass_time(5 * MINUTE)
    tower.runs(1, State.SUCCEEDED)
    await tower.pass_time(5 * MINUTE)

    assert await tower.kinds() == ["card", "update"]
    [message] = tower.slack.in_channel(CHANNEL)
    assert "started after 15 min" in message.said[-1].text


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (State.SUCCEEDED, "ended after 8 min 1 s: passed"),
        (State.FAILED, "ended after 8 min 1 s: failed"),
        (State.CANCELED, "ended after 8 min 1 s: canceled"),
    ],
)
async def test_the_card_of_a_slow_run_says_how_it_ended(
    tower: Tower, end: State, words: str
) -> None:
    await tower.watch(on=frozenset({Event.SLOW}), longer=5 * MINUTE)
    tower.runs(1, State.RUNNING)
    await tower.pass_time(8 * MINUTE)
    tower.runs(1, end)
    await tower.pass_time(5 * MINUTE)

    assert await tower.kinds() == ["card", "update"]
    [message] = tower.slack.in_channel(CHANNEL)
    assert "slow" in message.said[0].text
    assert words in message.said[-1].text
    async with tower.store.read() as tx:
        assert await tx.incidents.open_in(CHANNEL) == []


async def test_a_slow_run_that_breaks_its_branch_rings_and_its_card_points_there(
    tower: Tower,
) -> None:
    on = frozenset({Event.BROKEN, Event.SLOW})
    await tower.watch(on=on, longer=5 * MINUTE)
    tower.runs(1, State.SUCCEEDED)
    await tower.pass_time()
    tower.runs(2, State.RUNNING)
    await tower.pass_time(8 * MINUTE)
    tower.runs(2, State.FAILED)
    await tower.pass_time(5 * MINUTE)

    assert await tower.events() == [Event.SLOW, Event.BROKEN]
    [edited] = await tower.said(DeliveryKind.UPDATE)
    assert isinstance(edited, Card)
    assert (edited.event, edited.has_alert) == (Event.SLOW, True)


async def test_the_end_of_a_later_attempt_ends_the_card_of_a_slow_one(
    tower: Tower,
) -> None:
    await tower.watch(on=frozenset({Event.SLOW}), longer=5 * MINUTE)
    run = tower.runs(1, State.RUNNING)
    await tower.pass_time(8 * MINUTE)
    again = replace(run, ref=RunRef(RELEASE, "1", 2), started_at=tower.clock.now())
    tower.providers["acme"].runs[RELEASE] = [again]
    await tower.pass_time(2 * MINUTE)
    assert await tower.kinds() == ["card"]
    tower.runs(1, State.SUCCEEDED)
    await tower.pass_time(2 * MINUTE)

    assert await tower.kinds() == ["card", "update"]


async def test_the_card_of_a_run_that_nobody_saw_end_is_let_be(tower: Tower) -> None:
    await tower.watch(on=frozenset({Event.SLOW}), longer=5 * MINUTE)
    tower.runs(1, State.RUNNING)
    await tower.pass_time(8 * MINUTE)
    tower.providers["acme"].runs[RELEASE] = []
    tower.clock.move(LONGEST)
    tower.runs(2, State.SUCCEEDED)
    await tower.pass_time(2 * MINUTE)

    assert await tower.kinds() == ["card"]
    async with tower.store.read() as tx:
        assert await tx.incidents.open_in(CHANNEL) == []


async def test_after_two_failures_the_thread_begins_with_that_it_broke(
    tower: Tower, intake: Intake
) -> None:
    on = frozenset({Event.BROKEN, Event.STILL_BROKEN})
    watched = Watched(PIPELINE, (await tower.watch(on=on, after=2),))
    await intake.take_in([Sighting(watched=watched, runs=(make_run(RELEASE, 1),))])
    for number in (2, 3):
        tower.clock.move(MINUTE)
        run = replace(make_run(RELEASE, number, State.FAILED), branch="main")
        now = tower.clock.now()
        run = replace(run, started_at=now, finished_at=now)
        logs = {run.ref: LogEnd("3 failed", "Test / unit")}
        await intake.take_in([Sighting(watched=watched, runs=(run,), logs=logs)])

    [reply] = await tower.said(DeliveryKind.REPLY)
    assert isinstance(reply, Update)
    assert (reply.event, reply.streak, reply.log) == (Event.BROKEN, 2, "3 failed")


async def test_a_run_slower_than_its_own_history_is_told_once(tower: Tower) -> None:
    await tower.watch(on=frozenset({Event.SLOW}))
    for number in range(1, 23):
        tower.runs(number, State.RUNNING)
        await tower.pass_time(MINUTE)
        tower.runs(number, State.SUCCEEDED)
        await tower.pass_time(MINUTE)
    tower.runs(23, State.RUNNING)

    await tower.pass_time(10 * MINUTE)

    assert await tower.events() == [Event.SLOW]
    [card] = await tower.said(DeliveryKind.CARD)
    assert isinstance(card, Card)
    assert card.limit is not None
    assert card.is_usual


async def test_what_happened_to_a_run_nobody_kept_is_told_with_what_is_known(
    tower: Tower, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.store.runs import Runs  # noqa: PLC0415 - to lose what it keeps

    await intake.take_in([await sighting(tower, make_run(RELEASE, 1))])
    tower.clock.move(timedelta(minutes=3))

    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(Runs, "get", nothing)
    taken = await intake.take_in(
        [await sighting(tower, make_run(RELEASE, 2, State.FAILED))]
    )

    assert taken.channels == {"C0001"}
