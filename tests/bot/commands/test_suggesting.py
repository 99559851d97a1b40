"""What can be watched is found while one types, and nobody is waited for long."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.answers import Shelf
from bot.catalog import Words
from bot.commands.gather import Desk
from bot.commands.suggesting import MOST, suggest
from bot.reader import Reader
from providers.errors import Unavailable
from providers.model import State
from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider


def desk(
    *providers: FakeProvider,
    groups: tuple[str, ...] = (),
    clock: FakeClock | None = None,
) -> Desk:
    clock = clock or FakeClock()
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

    found, asking = await suggest(at, "tr", timedelta())
    assert asking == Shelf(
        title="ci", note="Still asking ci: search again in a moment."
    )
    assert [choice.target for choice in found.choices] == ["ml:train"]
    ci.gate.set()
    await at.reader.pipelines("ci")
    assert list(said(await suggest(at, ""))) == ["ci", "ml"]
    assert ci.asked.count("list_pipelines") == 1


async def test_the_first_search_of_all_waits_for_the_vendors() -> None:
    ci = FakeProvider("ci", CI)

    assert said(await suggest(desk(ci), "night")) == {"ci": ["ci:nightly"]}
    assert ci.asked == ["list_pipelines"]


async def test_a_connection_in_trouble_does_not_hide_the_others() -> None:
    ci, ml = FakeProvider("ci", CI), FakeProvider("ml", {"train": []})
    ci.failure = Unavailable("down", connection="ci", operation="list_pipelines")
    at = await known(desk(ci, ml))

    found, trouble = await suggest(at, "")
    assert trouble.note == "ci cannot be read just now: health says why."
    assert said((found,)) == {"ml": ["ml:train"]}


async def test_what_is_old_is_searched_while_it_is_read_anew() -> None:
    clock, ci = FakeClock(), FakeProvider("ci", CI)
    at = await known(desk(ci, clock=clock))
    clock.move(timedelta(minutes=30))
    ci.gate = asyncio.Event()

    assert said(await suggest(at, "night", timedelta())) == {"ci": ["ci:nightly"]}


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


async def test_connections_that_say_nothing_take_no_more_room_than_there_is() -> None:
    many = [FakeProvider(f"c{number}", CI) for number in range(MOST + 1)]
    for one in many:
        one.gate = asyncio.Event()

    found = await suggest(desk(*many), "", timedelta())

    assert len(found) == MOST
