"""What stands behind the verb: pasted addresses, numbers of runs, and choices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answers import Answer, Problem, RunList, Show, Status
from bot.catalog import Words
from bot.commands.answering import answer
from bot.commands.gather import Desk
from bot.reader import Reader
from providers.errors import Forbidden, Unauthorized
from providers.model import State
from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider

PASSED, FAILED = State.SUCCEEDED, State.FAILED
PAGE = "https://fake.example"


class Room:
    """Two connections of one vendor's site, and somebody who asks."""

    def __init__(self) -> None:
        self.ci = FakeProvider("ci", {"release": [PASSED, FAILED], "web": [PASSED]})
        self.ml = FakeProvider("ml", {"train": [PASSED, PASSED], "web": [FAILED]})
        clock = FakeClock()
        self.desk = Desk(
            reader=Reader({"ci": self.ci, "ml": self.ml}, clock=clock),
            words=Words(
                groups={"pages": (f"{PAGE}/release/1", "ml:train"), "old": ("ci:x",)},
                aliases={"rel": f"{PAGE}/release", "lost": "https://x.example/1"},
            ),
            clock=clock,
            command="/runs",
        )

    async def ask(self, text: str) -> Answer:
        return await answer(self.desk, text)

    async def problem(self, text: str) -> Problem:
        found = await self.ask(text)
        assert isinstance(found, Problem)
        return found


@pytest.fixture
def room() -> Room:
    return Room()


def shown(status: Answer) -> list[str]:
    assert isinstance(status, Status)
    return [str(row.pipeline.ref) for part in status.parts for row in part.rows]


def offered(problem: Problem) -> list[tuple[str, str]]:
    return [(offer.label, offer.command) for offer in problem.instead]


@pytest.mark.parametrize(
    ("target", "pipelines"),
    [
        (f"{PAGE}/release", ["ci:release"]),
        (f"{PAGE}/release/1", ["ci:release"]),
        ("rel", ["ci:release"]),
        ("pages", ["ci:release", "ml:train"]),
    ],
)
async def test_the_status_of_an_address_is_that_of_its_pipeline(
    room: Room, target: str, pipelines: list[str]
) -> None:
    assert shown(await room.ask(f"status {target}")) == pipelines


async def test_only_the_connections_of_an_address_are_asked(room: Room) -> None:
    await room.ask(f"status {PAGE}/release")
    await room.ask("status https://x.example/1")

    assert room.ml.asked == []


async def test_the_runs_of_an_address_are_those_of_its_pipeline(room: Room) -> None:
    runs = await room.ask(f"list {PAGE}/release/1")

    assert isinstance(runs, RunList)
    assert [entry.run.number for entry in runs.entries] == [2, 1]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (f"{PAGE}/release/1", 1),
        (f"show {PAGE}/release", 2),
        (f"show {PAGE}/release 1", 1),
        (f"show {PAGE}/release/1 #2", 2),
        ("show rel", 2),
        ("show rel 1", 1),
    ],
)
async def test_an_address_shows_its_run_or_the_one_of_the_number_behind_it(
    room: Room, text: str, number: int
) -> None:
    show = await room.ask(text)

    assert isinstance(show, Show)
    assert (show.pipeline.name, show.run.number) == ("release", number)


async def test_a_run_is_shown_though_its_pipelines_cannot_be_listed(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(search: str = "", *, limit: int = 500) -> None:
        raise Forbidden("HTTP 403", connection="ci", operation="list_pipelines")

    monkeypatch.setattr(room.ci, "list_pipelines", refuse)

    show = await room.ask(f"{PAGE}/release/1")
    status = await room.ask(f"status {PAGE}/release")

    assert isinstance(show, Show)
    assert show.run.number == 1
    assert shown(status) == ["ci:release"]


async def test_an_address_that_two_connections_know_is_a_choice(room: Room) -> None:
    problem = await room.problem(f"list {PAGE}/web is:red")

    assert offered(problem) == [
        ("web · shop · ci", "list ci:web state:red"),
        ("web · shop · ml", "list ml:web state:red"),
    ]


@pytest.mark.parametrize("verb", ["status", "list", "show", "log"])
async def test_an_address_of_none_of_the_connections_is_a_problem(
    room: Room, verb: str
) -> None:
    pasted = await room.problem(f"{verb} https://x.example/1")
    word = await room.problem(f"{verb} lost")

    what = "That address belongs to none of my connections."
    assert pasted.what == what
    assert word.what == f"{what} “lost” stands for it."


async def test_a_word_that_stands_for_what_is_gone_says_so(room: Room) -> None:
    problem = await room.problem("status old")

    assert problem.what == "No pipeline fits “ci:x”. “old” stands for it."


async def test_a_number_alone_is_asked_back_with_the_pipelines_it_may_be_of(
    room: Room,
) -> None:
    alone = await room.problem("show 1234")
    assert alone.hint == "The number of a run goes behind its pipeline: release 1234."
    [(_, command)] = offered(alone)
    assert command == "show #1234"

    asked = await room.problem("show #1")
    assert ("release · shop · ci", "show ci:release #1") in offered(asked)
    for _, command in offered(asked):
        assert isinstance(await room.ask(command), Show)


async def test_every_choice_is_answered_as_it_is_offered(room: Room) -> None:
    odd = ['a "quoted" name', "a#1", "a branch:main", "a&amp;b", "a\\", "a <b>"]
    provider = FakeProvider("odd", {name: [PASSED] for name in odd[:5]})
    room.desk = replace(
        room.desk, reader=Reader({"odd": provider}, clock=room.desk.clock)
    )

    problem = await room.problem("show")

    assert len(problem.instead) == 5
    for offer, name in zip(problem.instead, odd, strict=False):
        show = await room.ask(offer.command)
        assert isinstance(show, Show)
        assert show.pipeline.ref.id == name


async def test_what_cannot_be_searched_is_said_with_what_was_not_found(
    room: Room,
) -> None:
    room.ml.failure = Unauthorized("HTTP 401", connection="ml", operation="x")

    problem = await room.problem("show 1234")

    assert [part.connection for part in problem.parts] == ["ml"]


async def test_a_text_that_begins_with_the_slash_command_is_understood(
    room: Room,
) -> None:
    assert shown(await room.ask("/runs status rel")) == ["ci:release"]
    assert shown(await room.ask("`/runs status rel`")) == ["ci:release"]
