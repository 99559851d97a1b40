"""What the watch asks of the rooms so that a look costs little and tells once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.records import Follow, Lane, Lineage, Unreadable
from bot.store import Store
from providers.refs import PipelineRef, RunRef
from tests.bot.store.samples import (
    DAY,
    HOUR,
    MAIN,
    NIGHTLY,
    NOON,
    SHOP,
    a_watch,
    an_incident,
)

MINUTE = timedelta(minutes=1)


async def test_the_revision_moves_with_every_change_of_a_watch(store: Store) -> None:
    seen = []
    for change in ("nothing", "add", "replace", "remove", "nothing"):
        async with store.write() as tx:
            if change == "add":
                await tx.watches.add(a_watch())
            elif change == "replace":
                await tx.watches.replace(a_watch(after=2))
            elif change == "remove":
                await tx.watches.remove("w7k3f", by="U0001", at=NOON)
            seen.append(await tx.watches.revision())

    assert seen == [0, 1, 2, 3, 3]


async def test_a_watch_is_in_vain_until_it_is_told_or_means_something(
    store: Store,
) -> None:
    async with store.write() as tx:
        await tx.watches.add(a_watch())
        await tx.watches.add(a_watch("w0002"))
        await tx.watches.matched(["w0002"], NOON + DAY)
        assert [w.id for w in await tx.watches.in_vain(NOON + HOUR)] == ["w7k3f"]
        await tx.watches.told_in_vain("w7k3f", NOON + DAY)
        assert await tx.watches.in_vain(NOON + HOUR) == []
        told = await tx.watches.matched(["w7k3f", "w0002"], NOON + 2 * DAY)
        assert [watch.id for watch in told] == ["w7k3f"]
        assert await tx.watches.matched(["w7k3f", "w0002"], NOON + 2 * DAY) == []


async def test_open_incidents_are_found_by_line_and_by_watch(store: Store) -> None:
    storm = Lineage(PipelineRef("flow", "*"), "storm")
    async with store.write() as tx:
        await tx.incidents.save(an_incident())
        await tx.incidents.save(an_incident("i2", lineage=storm, watch="w2"))
        await tx.incidents.save(an_incident("i3", channel="C2", closed_at=NOON))
        assert [i.id for i in await tx.incidents.open_on("storm")] == ["i2"]
        assert [i.id for i in await tx.incidents.open_of_watch("w7k3f")] == ["i1"]


async def test_pipelines_that_were_looked_at_are_known(store: Store) -> None:
    async with store.write() as tx:
        await tx.lineages.save({MAIN: "1", Lineage(SHOP, ""): "2"}, NOON)
        assert await tx.lineages.looked_at([SHOP, NIGHTLY]) == {SHOP}
        assert await tx.lineages.looked_at([]) == frozenset()


async def test_follows_are_found_by_connection(store: Store) -> None:
    other = RunRef(PipelineRef("other", "web"), "1")
    async with store.write() as tx:
        for run in (RunRef(SHOP, "1"), other):
            await tx.follows.add(Follow(run=run, user="U1", created_at=NOON))
        assert [f.run for f in await tx.follows.of_connection("other")] == [other]


async def test_a_claim_from_a_future_that_was_undone_is_no_claim(store: Store) -> None:
    async with store.write() as tx:
        await tx.lanes.save(Lane(connection="flow", due_at=NOON))
        assert await tx.lanes.claim("flow", "a", now=NOON, hold=DAY)
        assert await tx.lanes.claim("flow", "b", now=NOON, hold=MINUTE)
        assert not await tx.lanes.claim("flow", "c", now=NOON, hold=MINUTE)


async def test_what_cannot_be_read_is_kept_by_pipeline(store: Store) -> None:
    one = Unreadable(pipeline=SHOP, name="shop", since=NOON, reason="gone")
    other = replace(one, pipeline=PipelineRef("other", "web"), since=NOON - DAY)
    async with store.write() as tx:
        await tx.unreadable.save([one, other])
        await tx.unreadable.save([replace(one, told=True)])
        assert await tx.unreadable.all() == [other, replace(one, told=True)]
        assert await tx.unreadable.of("other") == [other]
        await tx.unreadable.remove([SHOP])
        assert await tx.unreadable.all() == [other]
