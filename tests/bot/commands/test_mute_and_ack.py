"""`mute`, `unmute`, `ack`, `unack`: silence, and who is on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.alerts import Storm, pack, unpack
from bot.answers import (
    Mutes,
    Problem,
)
from bot.records import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Lineage,
)
from bot.watch.lineage import LineageState
from bot.watch.lineage import pack as packed
from bot.watch.storm import storm_lineage
from bot.watch.transitions import look
from providers.errors import Unavailable
from tests.bot.commands.room import (
    FAILED,
    KIM,
    LEE,
    RELEASE,
    Room,
    breaks,
    broken,
    cards,
    is_problem,
    muted,
)
from tests.fakes.provider import NOON, make_run


async def test_ack_is_said_on_the_card_and_in_its_thread_and_is_taken_back(
    room: Room,
) -> None:
    incident = await broken(room, await room.watch("watch release"))

    wrote = await room.wrote(f"ack {incident.id}")

    assert wrote.sentence == "You are on it: release (ci). The card says so."
    assert wrote.public is not None
    assert (wrote.public.thread, wrote.public.did) == (
        incident.ts,
        "is on it: release (ci).",
    )
    assert [card.acked_by for card in await cards(room)] == ["U0KIM"]
    assert (await room.wrote(f"ack {incident.id}")).public is None

    await room.wrote(wrote.undo or "")
    assert [card.acked_by for card in await cards(room)] == ["U0KIM", None]
    async with room.store.read() as tx:
        kept = await tx.incidents.get(incident.id)
    assert kept == incident


@pytest.mark.parametrize("state", DeliveryState)
async def test_ack_is_said_on_a_card_that_is_on_its_way_and_on_none_that_never_comes(
    room: Room, state: DeliveryState
) -> None:
    """Nobody has pressed it yet, but the command can be typed before it is there."""
    incident = await broken(room, await room.watch("watch release"))
    async with room.store.write() as tx:
        await tx.incidents.save(replace(incident, ts=None))
        [told] = await tx.outbox.of_incidents([incident.id])
        card = replace(told, key="d2", state=DeliveryState.PENDING, ts=None, tries=0)
        await tx.outbox.add([card])
        [row] = await tx.outbox.waiting("C0CI", 9)
        await tx.outbox.settle(row.id, state)
    is_coming = state in {DeliveryState.PENDING, DeliveryState.TRYING}

    wrote = await room.wrote(f"ack {incident.id}")

    assert ("The card says so." in wrote.sentence) == is_coming
    acked = [card.acked_by for card in await cards(room)]
    assert acked == ([None, "U0KIM"] if is_coming else [])


@pytest.mark.parametrize("how", ["ack release", "ack ci:*", "ack"])
async def test_an_alert_is_meant_by_its_pipeline_or_its_thread(
    room: Room, how: str
) -> None:
    incident = await broken(room, await room.watch("watch release"))
    in_thread = replace(KIM, thread=incident.ts)

    assert (await room.wrote(how, in_thread)).sentence.startswith("You are on it")


async def test_without_an_alert_there_is_nothing_to_be_on(room: Room) -> None:
    is_problem(await room.ask("ack"), "ack is about one alert.")
    is_problem(await room.ask("ack release"), "No open alert here is of “release”.")


async def test_an_alert_of_another_channel_is_not_acked_from_here(room: Room) -> None:
    incident = await broken(room, await room.watch("watch release"))

    is_problem(await room.ask(f"ack {incident.id}", LEE), "No pipeline fits")


async def test_a_mute_says_until_when_by_the_clock_of_who_asks(room: Room) -> None:
    await room.watch("watch release")

    wrote = await room.wrote("mute release until tomorrow")

    assert "about release (ci) until Thu 2024-05-02 09:00 KST." in wrote.sentence
    async with room.store.read() as tx:
        [kept] = await tx.mutes.in_channel("C0CI", room.clock.now())
    assert kept.target == "ci:release"
    assert kept.until == datetime.fromisoformat("2024-05-02T00:00:00Z")
    assert kept.by == "U0KIM"


async def test_a_mute_that_nobody_bounds_lasts_a_day(room: Room) -> None:
    await room.wrote("mute release")

    async with room.store.read() as tx:
        [kept] = await tx.mutes.in_channel("C0CI", room.clock.now())
    assert kept.until == room.clock.now() + timedelta(days=1)


async def test_a_second_mute_of_the_same_takes_the_place_of_the_first(
    room: Room,
) -> None:
    await breaks(room)
    await room.wrote("mute release for 1h")
    wrote = await room.wrote("mute ci:release until fixed")

    assert await muted(room) == ["release (ci) until it is fixed"]
    assert wrote.notes[0].startswith("It takes the place of silence until Wed ")


async def test_undo_of_a_mute_gives_back_the_one_whose_place_it_took(
    room: Room,
) -> None:
    await breaks(room)
    await room.wrote("mute release for 90s")
    before = await muted(room)
    for text in ("mute release until fixed", "mute release for 2d"):
        wrote = await room.wrote(text)
        assert await muted(room) != before
        await room.wrote(wrote.undo or "")
        [kept] = await muted(room)
        # A command says whole minutes: 22:02:30 is 22:03.
        assert kept == "release (ci) until Wed 2024-05-01 22:03 KST"

    last = await room.wrote("mute nightly")
    await room.wrote(last.undo or "")
    assert len(await muted(room)) == 1


@pytest.mark.parametrize("what", ["release", "ci:*", "{watch}"])
async def test_what_is_not_broken_is_not_muted_until_it_is_fixed(
    room: Room, what: str
) -> None:
    kept = await room.watch("watch release")
    asked = what.format(watch=kept.id)

    problem = await room.ask(f"mute {asked} until fixed in C0CI")

    assert isinstance(problem, Problem)
    assert (
        "broken: there is no fix to wait for, and nothing has changed." in problem.what
    )
    assert [offer.command for offer in problem.instead] == [
        f"mute {asked} for 1d in C0CI"
    ]
    assert await muted(room) == []
    await breaks(room)
    wrote = await room.wrote(f"mute {asked} until fixed")
    assert len(await muted(room)) == 1
    others = "New failures of the others are not rung either, until the first fix."
    assert wrote.notes == ((others,) if what == "ci:*" else ())


async def test_what_was_seen_to_break_is_muted_until_it_is_fixed(room: Room) -> None:
    run = make_run(RELEASE, 4, FAILED)
    state = look(LineageState(), [run], NOON).state
    async with room.store.write() as tx:
        await tx.lineages.save({Lineage(RELEASE, "branch:main"): packed(state)}, NOON)

    await room.wrote("mute release until fixed")

    assert await muted(room) == ["release (ci) until it is fixed"]


async def test_where_nobody_knows_whether_it_is_broken_a_mute_says_so(
    room: Room,
) -> None:
    room.ci.broken["release"] = Unavailable("?", connection="ci", operation="x")

    wrote = await room.wrote("mute release until fixed")

    assert wrote.notes[-1].startswith("Whether it is broken is not known now:")


async def test_unmute_and_its_undo_leave_what_was_there(room: Room) -> None:
    await room.wrote("mute release until mon 09:00")
    async with room.store.read() as tx:
        [before] = await tx.mutes.in_channel("C0CI", room.clock.now())

    wrote = await room.wrote("unmute release")
    found = await room.ask("mutes")
    assert isinstance(found, Mutes)
    assert found.rows == ()
    await room.wrote(wrote.undo or "")

    async with room.store.read() as tx:
        [after] = await tx.mutes.in_channel("C0CI", room.clock.now())
    assert replace(after, id=before.id) == before


async def test_an_alert_is_muted_and_unmuted_by_its_buttons(room: Room) -> None:
    incident = await broken(room, await room.watch("watch release"))

    muted = await room.wrote(f"mute {incident.id} until fixed")

    assert muted.public is not None
    assert muted.public.thread == incident.ts
    assert [card.muted_by for card in await cards(room)] == ["U0KIM"]
    await room.wrote(f"unmute {incident.id}")
    assert [card.muted_by for card in await cards(room)] == ["U0KIM", None]


@pytest.mark.parametrize("end", ["until 2020-01-01", "for 99w", "until 2999-01-01"])
async def test_a_mute_that_would_never_be_or_never_end_is_refused(
    room: Room, end: str
) -> None:
    is_problem(await room.ask(f"mute release {end}"), f"“{end}” is past, or more")


async def test_what_is_not_muted_is_not_said_to_be_unmuted(room: Room) -> None:
    is_problem(await room.ask("unmute release"), "Nothing of “release” is muted here.")
    is_problem(await room.ask("unmute"), "What is to be heard again?")
    is_problem(await room.ask("mute"), "What is to be silent?")


async def test_somebody_can_be_on_a_storm_as_a_whole(room: Room) -> None:
    incident = await broken(room, await room.watch("watch release"))
    storm = replace(incident, id="storm", lineage=storm_lineage("ci"), ts="2.2")
    message = Delivery(
        key="d2",
        channel=storm.channel,
        kind=DeliveryKind.STORM,
        payload=pack(Storm(lines=(), count=6, connection="ci", incident=storm.id)),
        incident=storm.id,
        created_at=NOON,
    )
    async with room.store.write() as tx:
        await tx.incidents.save(storm)
        await tx.outbox.add([message])

    in_storm = replace(KIM, thread=storm.ts)
    wrote = await room.wrote("ack", in_storm)
    assert wrote.sentence == "You are on it: the storm in ci. The card says so."
    await room.wrote(f"unack {storm.id}", KIM)

    async with room.store.read() as tx:
        said = [unpack(d.payload) for d in await tx.outbox.of_incidents([storm.id])]
    assert [s.acked_by for s in said if isinstance(s, Storm)] == [None, "U0KIM", None]
    is_problem(await room.ask("mute for 1h", in_storm), "What is to be silent?")


async def test_nobody_is_asked_whether_they_mean_a_card_of_nothing_red(
    room: Room,
) -> None:
    incident = await broken(room, await room.watch("watch release"))
    lines = ("storm", "follow:U0KIM:3", "overdue:slow:h9")
    async with room.store.write() as tx:
        for number, line in enumerate(lines):
            of_no_failure = replace(
                incident, id=f"x{number}", lineage=Lineage(RELEASE, line), ts=None
            )
            await tx.incidents.save(of_no_failure)

    problem = is_problem(await room.ask("ack"), "ack is about one alert.")

    assert [offer.command for offer in problem.instead] == [f"ack {incident.id}"]


async def test_a_card_that_cannot_be_read_any_more_is_acknowledged_all_the_same(
    room: Room,
) -> None:
    incident = await broken(room, await room.watch("watch release"))
    async with room.store.write() as tx:
        await tx.outbox.add(
            [
                Delivery(
                    key="newer",
                    channel=incident.channel,
                    kind=DeliveryKind.UPDATE,
                    payload="hologram {}",
                    incident=incident.id,
                    created_at=NOON,
                )
            ]
        )

    await room.wrote(f"ack {incident.id}")

    async with room.store.read() as tx:
        kept = await tx.incidents.get(incident.id)
    assert kept is not None
    assert kept.acked_by == "U0KIM"
