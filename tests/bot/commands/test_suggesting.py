"""What can be watched is found while one types, and nobody is waited for."""

from __future__ import annotations

import asyncio

from bot.answers import Shelf
from bot.catalog import Words
from bot.commands.gather import Desk
from bot.commands.suggesting import MOST, suggest
from bot.reader import Reader
from providers.errors import Unavailable
from providers.model import State
from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider


def desk(*providers: FakeProvider, groups: tuple[str, ...] = ()) -> Desk:
    clock = FakeClock()
    return Desk(
        reader=Reader({p.connection: p for p in providers}, clock=clock),
        words=Words(groups=dict.fromkeys(groups, ("ci",)), aliases={}),
        clock=clock,
        command="/runs",
    )


async def known(found: Desk) -> Desk:
    for name in found.reader.providers:
        await found.reader.pipelines(name)
    return found


def said(shelves: tuple[Shelf, ...]) -> dict[str, list[str]]:
    return {s.title: [choice.target for choice in s.choices] for s in shelves}


CI: dict[str, list[State]] = {"release": [], "nightly": [], "pre-release": []}


async def test_what_fits_is_sorted_by_connection_with_the_groups_before() -> None:
    at = await known(
        desk(
            FakeProvider("ci", CI),
            FakeProvider("ml", {"release-model": []}),
            groups=("releases", "all-ci"),
        )
    )

    assert said(await suggest(at, "Rele")) == {
        "Groups": ["releases"],
        # What begins with it comes first.
        "ci": ["ci:release", "ci:pre-release"],
        "ml": ["ml:release-model"],
    }
    # All the words have to be there, be it in the name of the connection.
    assert said(await suggest(at, "release ml")) == {"ml": ["ml:release-model"]}
    assert await suggest(at, "nothing like it") == ()


async def test_what_is_not_known_yet_is_read_meanwhile_for_the_next_time() -> None:
    ci, ml = FakeProvider("ci", CI), FakeProvider("ml", {"train": []})
    ci.gate = asyncio.Event()
    at = desk(ci, ml)
    await at.reader.pipelines("ml")

    assert said(await suggest(at, "")) == {"ml": ["ml:train"]}
    ci.gate.set()
    await at.reader.pipelines("ci")
    assert list(said(await suggest(at, ""))) == ["ci", "ml"]
    assert ci.asked.count("list_pipelines") == 1


async def test_a_connection_in_trouble_does_not_hide_the_others() -> None:
    ci, ml = FakeProvider("ci", CI), FakeProvider("ml", {"train": []})
    ci.failure = Unavailable("down", connection="ci", operation="list_pipelines")
    at = await known(desk(ci, ml))

    assert said(await suggest(at, "")) == {"ml": ["ml:train"]}


async def test_where_there_are_many_each_connection_has_its_share() -> None:
    many: dict[str, list[State]] = {f"p{number:03}": [] for number in range(300)}
    at = await known(
        desk(
            FakeProvider("ci", many),
            FakeProvider("ml", {"train": []}),
            FakeProvider("qa", many),
        )
    )

    found = said(await suggest(at, ""))

    counts = {name: len(targets) for name, targets in found.items()}
    assert counts == {"ci": 50, "ml": 1, "qa": 49}
    assert sum(counts.values()) == MOST
