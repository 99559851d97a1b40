"""History goes in small steps; what is still to be done, and what is now, stays."""

from __future__ import annotations

from bot.records import DeliveryKind, DeliveryState, Follow, Lane
from bot.store import Store
from providers.refs import RunRef
from tests.bot.store.samples import (
    DAY,
    HOUR,
    MAIN,
    NIGHTLY,
    NOON,
    SHOP,
    a_delivery,
    a_happening,
    a_mute,
    a_run,
    a_verdict,
    a_watch,
    an_incident,
)

LATER = NOON + 30 * DAY


async def prune_all(store: Store) -> int:
    """Prune until nothing is left to prune, as the janitor does; how many went."""
    removed = 0
    for _ in range(1000):
        async with store.write() as tx:
            step = await tx.prune(LATER, 7)
        assert step <= 7
        removed += step
        if step == 0:
            return removed
    raise AssertionError("it never ends")


async def test_a_step_removes_no_more_than_it_may(store: Store) -> None:
    async with store.write() as tx:
        await tx.happenings.add([a_happening(str(n)) for n in range(20)])
        await tx.runs.add([a_run(str(n)) for n in range(20)])
        assert await tx.prune(LATER, 15) == 15
        assert await tx.prune(LATER, 15) == 15
        assert await tx.prune(LATER, 15) == 9
        assert await tx.prune(LATER, 15) == 0


async def test_verdicts_go_with_what_they_are_about(store: Store) -> None:
    async with store.write() as tx:
        await tx.happenings.add([a_happening(), a_happening("new", seen_at=LATER)])
        await tx.verdicts.add([a_verdict(), a_verdict("new")])
        assert await tx.prune(LATER, 100) == 1
        assert await tx.verdicts.of(["broken-1", "new"]) == [a_verdict("new")]


async def test_deliveries_that_are_not_settled_stay_however_old(store: Store) -> None:
    states = list(DeliveryState)
    async with store.write() as tx:
        await tx.outbox.add([a_delivery(state.value) for state in states])
        for row, state in zip(await tx.outbox.waiting("C0123", 9), states, strict=True):
            await tx.outbox.settle(row.id, state)
    assert await prune_all(store) == 3
    async with store.read() as tx:
        left = {row.state for row in await tx.outbox.waiting("C0123", 9)}
    assert left == {DeliveryState.PENDING, DeliveryState.TRYING}


async def test_incidents_stay_while_they_are_open_or_to_be_told_of(
    store: Store,
) -> None:
    closed = {"closed_at": NOON + HOUR}
    async with store.write() as tx:
        await tx.incidents.save(an_incident("open"))
        await tx.incidents.save(an_incident("closed", **closed))
        await tx.incidents.save(an_incident("untold", **closed))
        await tx.incidents.save(an_incident("told", **closed))
        await tx.incidents.save(an_incident("recent", closed_at=LATER))
        await tx.outbox.add(
            [
                a_delivery("1", incident="untold"),
                a_delivery("2", incident="told", created_at=LATER),
            ]
        )
        await tx.outbox.settle(2, DeliveryState.SENT)
    assert await prune_all(store) == 2
    async with store.read() as tx:
        names = ["open", "closed", "untold", "told", "recent"]
        left = [name for name in names if await tx.incidents.get(name)]
    assert left == ["open", "untold", "recent"]


async def test_the_card_of_what_is_still_red_stays_and_so_does_its_newest_face(
    store: Store,
) -> None:
    """Else nobody could say any more that they are on it: the card is drawn by them."""
    card, update = DeliveryKind.CARD, DeliveryKind.UPDATE
    kinds = (card, DeliveryKind.REPLY, update, update, DeliveryKind.REPLY)
    async with store.write() as tx:
        await tx.incidents.save(an_incident("red"))
        await tx.incidents.save(an_incident("over", closed_at=NOON + HOUR))
        rows = [
            a_delivery(f"{incident}-{n}", kind=kind, incident=incident)
            for incident in ("red", "over")
            for n, kind in enumerate(kinds)
        ]
        await tx.outbox.add(rows)
        for row in await tx.outbox.waiting("C0123", 99):
            await tx.outbox.settle(row.id, DeliveryState.SENT, ts="1.1")
    await prune_all(store)
    async with store.read() as tx:
        left = await tx.outbox.of_incidents(["red", "over"])
    assert [row.key for row in left] == ["red-0", "red-3"]


async def test_the_newest_run_of_a_pipeline_stays_to_look_back_to(
    store: Store,
) -> None:
    runs = [a_run(str(n), moment=NOON + n * HOUR) for n in range(5)]
    twins = [a_run(str(n), NIGHTLY) for n in range(3)]
    async with store.write() as tx:
        await tx.runs.add([*runs, *twins])
    assert await prune_all(store) == 4 + 2
    async with store.read() as tx:
        assert await tx.runs.of(SHOP, NOON) == [runs[4]]
        assert len(await tx.runs.of(NIGHTLY, NOON)) == 1


async def test_what_is_now_stays_and_what_is_over_goes(store: Store) -> None:
    follow = Follow(run=RunRef(SHOP, "1"), user="U0001", created_at=NOON)
    async with store.write() as tx:
        for watch in ("kept", "removed", "just removed"):
            await tx.watches.add(a_watch(watch))
        await tx.watches.remove("removed", by="U0001", at=NOON)
        await tx.watches.remove("just removed", by="U0001", at=LATER)
        await tx.mutes.add(a_mute("over", until=NOON + HOUR))
        await tx.mutes.add(a_mute("lasting", until=LATER + HOUR))
        await tx.mutes.add(a_mute("until fixed", until_fixed=True))
        await tx.lineages.save({MAIN: "{}"}, NOON)
        await tx.lanes.save(Lane(connection="flow", due_at=NOON))
        await tx.follows.add(follow)
    assert await prune_all(store) == 2
    async with store.write() as tx:
        assert await tx.watches.all() == [a_watch("kept")]
        # An id is free again only when its watch is forgotten.
        assert not await tx.watches.add(a_watch("just removed"))
        assert await tx.watches.add(a_watch("removed"))
        assert {mute.id for mute in await tx.mutes.all(NOON)} == {
            "lasting",
            "until fixed",
        }
        assert await tx.lineages.load([SHOP]) == {MAIN: "{}"}
        assert len(await tx.lanes.all()) == 1
        assert await tx.follows.all() == [follow]
