"""Who watches what of which connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.catalog import Words
from bot.records import Watch
from bot.store import Store
from bot.watch.roster import Roster
from bot.watch.targets import Targets
from providers.refs import PipelineRef
from tests.fakes.provider import NOON

NAMES = tuple(f"c{number}" for number in range(70))
WATCH = Watch(id="w1", channel="C1", target="c1:release", created_at=NOON)


class Located:
    """Counts how often an address is read."""

    def __init__(self) -> None:
        self.read = 0

    def __call__(self, url: str) -> Sequence[PipelineRef]:
        self.read += 1
        return (PipelineRef("c2", url.rpartition("/")[2]),)


def targets(located: Located) -> Targets:
    return Targets(Words(groups={}, aliases={}), NAMES, located)


async def roster_of(
    roster: Roster, store: Store, names: Sequence[str] = NAMES
) -> dict[str, list[str]]:
    async with store.read() as tx:
        found = {name: await roster.of(name, tx) for name in names}
    return {name: [watch.id for watch in some] for name, some in found.items() if some}


async def test_a_watch_is_of_every_connection_it_may_mean(store: Store) -> None:
    every = replace(WATCH, id="w2", target="*")
    async with store.write() as tx:
        await tx.watches.add(WATCH)
        await tx.watches.add(every)

    found = await roster_of(Roster(targets(Located())), store)

    assert found.pop("c1") == ["w1", "w2"]
    assert found == {name: ["w2"] for name in NAMES if name != "c1"}


async def test_a_target_is_read_once_however_many_connections_there_are(
    store: Store,
) -> None:
    located = Located()
    async with store.write() as tx:
        await tx.watches.add(replace(WATCH, target="https://ci.example/p/7"))

    found = await roster_of(Roster(targets(located)), store)

    assert found == {"c2": ["w1"]}
    assert located.read == 1


async def test_the_watches_are_the_very_same_until_one_changes(store: Store) -> None:
    roster = Roster(targets(Located()))
    async with store.write() as tx:
        await tx.watches.add(WATCH)
        first = await roster.of("c1", tx)
        again = await roster.of("c1", tx)
        none = await roster.of("nobody's", tx)
        await tx.watches.add(replace(WATCH, id="w2"))
        changed = await roster.of("c1", tx)

    assert first is again
    assert none == ()
    assert [watch.id for watch in changed] == ["w1", "w2"]
