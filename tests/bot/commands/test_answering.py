"""Questions asked of scripted providers: true answers, and honest ones in trouble."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.answers import (
    ROWS_A_PAGE,
    Answer,
    Dialog,
    Health,
    Help,
    Log,
    Pending,
    Problem,
    RunList,
    Said,
    Show,
    Status,
    Wrote,
)
from bot.catalog import Words
from bot.commands.answering import answer, answers
from bot.commands.gather import Desk
from bot.reader import Reader
from providers.contract import Capability
from providers.errors import BadAnswer, NotFound, Unauthorized, Unavailable
from providers.model import (
    Identity,
    LogTail,
    PipelineRef,
    RunRef,
    State,
    Task,
    TaskKind,
)
from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider

PASSED, FAILED = State.SUCCEEDED, State.FAILED


class Room:
    """Two connections, and somebody who asks."""

    def __init__(self) -> None:
        self.ci = FakeProvider(
            "ci", {"release": [PASSED, FAILED], "nightly": [PASSED], "idle": []}
        )
        self.ml = FakeProvider("ml", {"train": [State.RUNNING]})
        self.clock = FakeClock()
        providers = {"ci": self.ci, "ml": self.ml}
        self.desk = Desk(
            reader=Reader(providers, clock=self.clock),
            words=Words(groups={"all-ci": ("ci",)}, aliases={"rel": "ci:release"}),
            clock=self.clock,
            command="/runs",
        )

    async def ask(self, text: str) -> Answer:
        return await answer(self.desk, text)


@pytest.fixture
def room() -> Room:
    return Room()


def refused(connection: str) -> Unauthorized:
    return Unauthorized("HTTP 401", connection=connection, operation="latest_runs")


async def test_status_shows_the_latest_run_of_every_pipeline(room: Room) -> None:
    status = await room.ask("status")

    assert isinstance(status, Status)
    shown = {
        (part.connection, row.pipeline.name): row.run.state if row.run else None
        for part in status.parts
        for row in part.rows
    }
    assert shown == {
        ("ci", "release"): FAILED,
        ("ci", "nightly"): PASSED,
        ("ci", "idle"): None,
        ("ml", "train"): State.RUNNING,
    }


async def test_a_target_is_asked_of_its_own_connection_only(room: Room) -> None:
    status = await room.ask("status rel")

    assert isinstance(status, Status)
    assert [part.connection for part in status.parts] == ["ci"]
    assert room.ml.asked == []
    assert room.ci.asked == ["list_pipelines", "latest_runs"]


async def test_one_connection_failing_does_not_hide_the_others(room: Room) -> None:
    room.ci.failure = refused("ci")

    status = await room.ask("status")

    assert isinstance(status, Status)
    parts = {part.connection: part for part in status.parts}
    assert [row.pipeline.name for row in parts["ml"].rows] == ["train"]
    trouble = parts["ci"].trouble
    assert trouble is not None
    assert trouble.what == "the credential was not accepted"
    assert "credential" in trouble.advice
    assert trouble.since == room.clock.now()


async def test_a_failing_connection_shows_its_last_known_state_with_its_age(
    room: Room,
) -> None:
    await room.ask("status")
    read_at = room.clock.now()
    room.clock.move(room.desk.reader._ages.latest * 2)
    room.ci.failure = refused("ci")

    status = await room.ask("status ci")

    assert isinstance(status, Status)
    [part] = status.parts
    assert part.trouble
    assert part.as_of == read_at
    assert {row.run.state for row in part.rows if row.run} == {FAILED, PASSED}


async def test_without_a_last_known_state_nothing_looks_as_if_it_had_never_run(
    room: Room,
) -> None:
    await room.desk.reader.pipelines("ci")
    room.ci.failure = refused("ci")

    status = await room.ask("status ci")

    assert isinstance(status, Status)
    [part] = status.parts
    assert part.trouble
    assert part.rows == ()


async def test_one_pipeline_that_cannot_be_read_says_so_in_its_row(room: Room) -> None:
    gone = NotFound("HTTP 404", connection="ci", operation="latest_runs")
    room.ci.broken["release"] = gone

    status = await room.ask("status ci")

    assert isinstance(status, Status)
    rows = {row.pipeline.name: row for row in status.parts[0].rows}
    assert rows["release"].trouble
    assert rows["release"].run is None
    assert rows["nightly"].run


async def test_list_shows_the_runs_newest_first(room: Room) -> None:
    runs = await room.ask("list rel")

    assert isinstance(runs, RunList)
    assert [entry.run.number for entry in runs.entries] == [2, 1]
    assert not runs.more
    assert not runs.latest_only


async def test_list_merges_the_runs_of_several_pipelines(room: Room) -> None:
    runs = await room.ask("list ci")

    assert isinstance(runs, RunList)
    names = [(entry.pipeline.name, entry.run.number) for entry in runs.entries]
    assert names == [("release", 2), ("release", 1), ("nightly", 1)]
    assert runs.pipelines == 3


async def test_list_shows_ten_and_says_that_there_are_more(room: Room) -> None:
    room.ml = FakeProvider("ml", {"train": [PASSED] * 12})
    room.desk.reader.providers = {"ml": room.ml}

    runs = await room.ask("list train")

    assert isinstance(runs, RunList)
    assert [e.run.number for e in runs.entries] == list(range(12, 2, -1))
    assert runs.more


async def test_of_many_pipelines_only_the_latest_run_is_read_and_it_says_so(
    room: Room,
) -> None:
    many = FakeProvider("ml", {f"job-{n}": [PASSED] * n for n in range(12)})
    room.desk.reader.providers = {"ml": many}

    runs = await room.ask("list")

    assert isinstance(runs, RunList)
    assert runs.latest_only
    assert runs.more
    assert len(runs.entries) == 10
    assert many.asked == ["list_pipelines", "latest_runs"]


async def test_of_many_pipelines_a_failing_connection_is_named(room: Room) -> None:
    many = FakeProvider("ml", {f"job-{n}": [PASSED] for n in range(12)})
    room.desk.reader.providers = {"ml": many}
    await room.ask("list")
    many.failure = refused("ml")
    room.clock.move(room.desk.reader._ages.latest * 2)

    runs = await room.ask("list")

    assert isinstance(runs, RunList)
    assert len(runs.entries) == 10
    assert runs.parts[0].trouble


async def test_list_names_a_pipeline_whose_runs_cannot_be_read(room: Room) -> None:
    gone = NotFound("HTTP 404", connection="ci", operation="list_runs")
    room.ci.broken["release"] = gone

    runs = await room.ask("list ci")

    assert isinstance(runs, RunList)
    assert [entry.pipeline.name for entry in runs.entries] == ["nightly"]
    [unread] = runs.unread
    assert unread.pipeline.name == "release"
    assert unread.trouble is not None
    assert unread.trouble.detail == "HTTP 404"


async def test_of_many_pipelines_one_that_cannot_be_read_is_named_too(
    room: Room,
) -> None:
    many = FakeProvider("ml", {f"job-{n}": [PASSED] for n in range(7)})
    many.broken["job-3"] = NotFound("HTTP 404", connection="ml", operation="x")
    room.desk.reader.providers = {"ml": many}

    runs = await room.ask("list")

    assert isinstance(runs, RunList)
    assert len(runs.entries) == 6
    assert [row.pipeline.name for row in runs.unread] == ["job-3"]


async def test_runs_that_a_filter_drops_are_no_older_runs(room: Room) -> None:
    runs = await room.ask("list release -is:red")

    assert isinstance(runs, RunList)
    assert [entry.run.number for entry in runs.entries] == [1]
    assert not runs.more


async def test_a_group_is_answered_though_one_of_its_connections_is_down(
    room: Room,
) -> None:
    room.desk = replace(
        room.desk, words=Words(groups={"all": ("ci:release", "ml:train")}, aliases={})
    )
    room.ml.failure = refused("ml")

    status = await room.ask("status all")

    assert isinstance(status, Status)
    parts = {part.connection: part for part in status.parts}
    assert [row.pipeline.name for row in parts["ci"].rows] == ["release"]
    assert parts["ml"].trouble


async def test_a_connection_that_was_never_reached_is_known_all_the_same(
    room: Room,
) -> None:
    room.ml.failure = refused("ml")

    status = await room.ask("status ml")

    assert isinstance(status, Status)
    [part] = status.parts
    assert part.connection == "ml"
    assert part.trouble


async def test_a_connection_without_pipelines_is_an_answer_too(room: Room) -> None:
    room.desk.reader.providers = {"ci": room.ci, "new": FakeProvider("new", {})}

    everything = await room.ask("status")
    new = await room.ask("status new")

    assert isinstance(everything, Status)
    assert [part.connection for part in everything.parts] == ["ci", "new"]
    assert isinstance(new, Status)
    assert [part.connection for part in new.parts] == ["new"]


async def test_what_is_last_known_does_not_depend_on_who_asked_for_what(
    room: Room,
) -> None:
    await room.ask("status")
    room.clock.move(room.desk.reader._ages.latest * 2)
    room.ci.failure = refused("ci")

    status = await room.ask("status ci:release")

    assert isinstance(status, Status)
    [part] = status.parts
    assert part.trouble
    assert [row.run.number for row in part.rows if row.run] == [2]


async def test_a_mistake_of_ours_about_one_provider_leaves_the_others_answers(
    room: Room, capsys: pytest.CaptureFixture[str]
) -> None:
    room.ml.runs = {}
    await room.desk.reader.pipelines("ml")
    train = PipelineRef("ml", "train")
    reading = await room.desk.reader.latest("ml", [train])

    assert isinstance(reading.error, BadAnswer)
    assert "KeyError" in capsys.readouterr().out
    status = await room.ask("status ci")
    assert isinstance(status, Status)
    assert status.parts[0].rows


async def test_show_says_that_there_may_be_a_newer_run(room: Room) -> None:
    await room.ask("show release")
    room.clock.move(room.desk.reader._ages.runs * 2)
    gone = Unavailable("down", connection="ci", operation="list_runs")
    room.ci.broken["release"] = gone

    show = await room.ask("show release")

    assert isinstance(show, Show)
    assert show.trouble


async def test_a_target_that_fits_several_is_asked_back(room: Room) -> None:
    room.ci = FakeProvider("ci", {"a/import": [PASSED], "b/import": [PASSED]})
    room.desk.reader.providers = {"ci": room.ci}

    problem = await room.ask("list import")

    assert isinstance(problem, Problem)
    assert [offer.command for offer in problem.instead] == [
        "list ci:a/import",
        "list ci:b/import",
    ]
    assert problem.command == "/runs"
    assert "list_runs" not in room.ci.asked


async def test_a_target_that_fits_nothing_suggests_the_nearest(room: Room) -> None:
    problem = await room.ask("status relaese")

    assert isinstance(problem, Problem)
    assert problem.instead[0].command == "status ci:release"


async def test_not_finding_a_target_names_the_connections_not_searched(
    room: Room,
) -> None:
    room.ml.failure = refused("ml")

    problem = await room.ask("status train")

    assert isinstance(problem, Problem)
    assert [part.connection for part in problem.parts] == ["ml"]


async def test_an_unknown_verb_is_a_problem_with_commands_to_try(room: Room) -> None:
    problem = await room.ask("statsu release")

    assert isinstance(problem, Problem)
    assert "status release" in [offer.command for offer in problem.instead]


async def test_help_names_what_there_is(room: Room) -> None:
    help_ = await room.ask("help")

    assert help_ == Help(
        command="/runs",
        connections=("ci", "ml"),
        groups=("all-ci",),
        aliases=("rel",),
    )


# --- one run ------------------------------------------------------------------------


async def test_nothing_typed_shows_what_needs_attention(room: Room) -> None:
    status = await room.ask("")

    assert isinstance(status, Status)
    assert status.only_attention
    assert len(status.parts) == 2


async def test_what_is_worst_stands_on_top_wherever_it_runs(room: Room) -> None:
    room.ci = FakeProvider("ci", {"release": [PASSED]})
    room.ml = FakeProvider("ml", {"train": [State.RUNNING]})
    room.desk = replace(
        room.desk,
        reader=Reader({"ci": room.ci, "ml": room.ml}, clock=room.clock),
    )

    worst_first, as_configured = await room.ask(""), await room.ask("status")

    assert isinstance(worst_first, Status)
    assert [part.connection for part in worst_first.parts] == ["ml", "ci"]
    assert isinstance(as_configured, Status)
    assert [part.connection for part in as_configured.parts] == ["ci", "ml"]


async def test_filters_narrow_status_and_list(room: Room) -> None:
    red = await room.ask("status is:red")
    assert isinstance(red, Status)
    assert [r.pipeline.name for p in red.parts for r in p.rows] == ["release"]
    assert red.asked == "state:red"

    runs = await room.ask("list ci -is:red name:release")
    assert isinstance(runs, RunList)
    assert [(e.pipeline.name, e.run.number) for e in runs.entries] == [("release", 1)]


async def test_what_cannot_be_read_is_not_filtered_away(room: Room) -> None:
    gone = NotFound("HTTP 404", connection="ci", operation="latest_runs")
    room.ci.broken["release"] = gone

    status = await room.ask("status ci is:green")

    assert isinstance(status, Status)
    rows = [row.pipeline.name for row in status.parts[0].rows]
    assert rows == ["release", "nightly"]


async def test_show_is_about_the_latest_run_or_the_one_of_that_number(
    room: Room,
) -> None:
    latest = await room.ask("show release")
    first = await room.ask("show release 1")

    assert isinstance(latest, Show)
    assert isinstance(first, Show)
    assert (latest.run.number, first.run.number) == (2, 1)
    assert latest.pipeline.name == "release"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("show release 99", "release has no run #99 among its latest 2."),
        ("show idle", "idle has never run."),
        ("show ci", "show is about one run. Which pipeline do you mean?"),
        ("show", "show is about one run. Which pipeline do you mean?"),
        ("log release", "Fake CI has no logs to read."),
        ("show https://elsewhere.example/1", "That address belongs to none"),
        ("show name:nobody", "There is no such pipeline."),
    ],
)
async def test_a_question_about_one_run_that_has_no_answer(
    room: Room, text: str, what: str
) -> None:
    problem = await room.ask(text)

    assert isinstance(problem, Problem)
    assert problem.what.startswith(what)


async def test_a_pasted_address_is_the_run_it_is_about(room: Room) -> None:
    show = await room.ask("https://fake.example/release/1")
    latest = await room.ask("show https://fake.example/release")
    never = await room.ask("show https://fake.example/idle")

    assert isinstance(show, Show)
    assert isinstance(latest, Show)
    assert (show.run.number, latest.run.number) == (1, 2)
    assert isinstance(never, Problem)


async def test_a_run_that_cannot_be_read_is_a_problem_with_its_reason(
    room: Room,
) -> None:
    await room.ask("status ci")
    room.ci.failure = refused("ci")

    problem = await room.ask("show release")
    pasted = await room.ask("show https://fake.example/release/1")

    for found in (problem, pasted):
        assert isinstance(found, Problem)
        assert found.parts[0].trouble


async def test_a_run_shown_while_its_provider_fails_says_how_old_it_is(
    room: Room,
) -> None:
    await room.ask("show https://fake.example/release/1")
    room.clock.move(room.desk.reader._ages.run * 2)
    room.ci.failure = refused("ci")

    show = await room.ask("show https://fake.example/release/1")

    assert isinstance(show, Show)
    assert show.trouble
    assert show.as_of


async def test_health_tells_of_every_connection(room: Room) -> None:
    room.ml.failure = refused("ml")

    health = await room.ask("health")

    assert isinstance(health, Health)
    ci, ml = health.pulses
    assert (ci.identity, ci.trouble) == (Identity(name="fake"), None)
    assert ml.trouble is not None


# --- what can be pressed ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("", ""),
        ("is:red", "state:red"),
        ("st rel -is:green", "status rel -state:green"),
        ("list ci page:1", "list ci page:1"),
        ("health", "health"),
        # A run stays the same run, whatever has begun since.
        ("show release", "show ci:release #2"),
        ("show release 1", "show ci:release #1"),
        # It may be too old to be found in a list.
        ("https://fake.example/release/1", "show https://fake.example/release/1"),
        ("list nothing-like-it", "list nothing-like-it"),
    ],
)
async def test_every_answer_knows_how_it_is_asked_for_again(
    room: Room, text: str, again: str
) -> None:
    found = await room.ask(text)

    assert not isinstance(found, Dialog | Help | Pending | Wrote)
    assert found.again == again
    assert type(await room.ask(again)) is type(found)


async def test_what_was_not_understood_is_not_asked_again(room: Room) -> None:
    problem = await room.ask("statsu release")

    assert isinstance(problem, Problem)
    assert problem.again is None


async def test_what_a_row_opens_is_the_run_it_shows(room: Room) -> None:
    room.ci = FakeProvider("ci", {'odd "name" is:red': [PASSED], "plain": [FAILED]})
    room.desk.reader.providers = {"ci": room.ci}
    status = await room.ask("status")
    listed = await room.ask("list")

    assert isinstance(status, Status)
    assert isinstance(listed, RunList)
    found = [(row.run, row.opens) for part in status.parts for row in part.rows]
    found += [(entry.run, entry.opens) for entry in listed.entries]
    assert len(found) == 4
    for run, opens in found:
        assert opens is not None
        show = await room.ask(opens)
        assert isinstance(show, Show)
        assert show.run == run


async def test_all_that_is_offered_instead_is_a_question_with_an_answer(
    room: Room,
) -> None:
    for text in (
        "status relaese",
        "show x",
        "show release 99",
        "list x",
        "list ci page:7",
    ):
        problem = await room.ask(text)
        assert isinstance(problem, Problem)
        assert problem.instead, text
        for offer in problem.instead:
            assert offer.label
            assert not isinstance(await room.ask(offer.command), Problem), offer


async def test_a_run_offers_its_log_only_where_there_is_one_to_read(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = Task(kind=TaskKind.STEP, name="unit", state=FAILED, log="l1")
    stage = Task(kind=TaskKind.STAGE, name="Test", state=FAILED, children=(logged,))
    release = PipelineRef("ci", "release")
    room.ci.runs[release][-1] = replace(room.ci.runs[release][-1], tasks=(stage,))

    async def read_log(ref: RunRef, log: str, *, lines: int = 50) -> LogTail:
        return LogTail(text="3 failed")

    cannot = await room.ask("show release")
    monkeypatch.setattr(FakeProvider, "can", frozenset({Capability.READ_LOG}))
    monkeypatch.setattr(room.ci, "read_log", read_log)
    can = await room.ask("show release")
    never_logged = await room.ask("show nightly")

    assert isinstance(cannot, Show)
    assert isinstance(can, Show)
    assert isinstance(never_logged, Show)
    assert (cannot.log, never_logged.log) == (None, None)
    assert can.log == "log ci:release #2"
    log = await room.ask(can.log)
    assert isinstance(log, Log)
    assert log.again == can.log


# --- pages --------------------------------------------------------------------------


async def test_a_history_is_paged_and_read_only_as_far_as_needed(room: Room) -> None:
    room.ml = FakeProvider("ml", {"train": [PASSED] * 25})
    room.desk.reader.providers = {"ml": room.ml}
    seen: list[int | None] = []
    text: str | None = "list train"
    pages = 0
    while text is not None:
        runs = await room.ask(text)
        assert isinstance(runs, RunList)
        pages += 1
        assert runs.page == pages
        assert (runs.previous is None) == (pages == 1)
        seen += [entry.run.number for entry in runs.entries]
        text = runs.next

    assert seen == list(range(25, 0, -1))
    assert pages == 3
    back = await room.ask("list train page:2")
    assert isinstance(back, RunList)
    assert (back.previous, back.next) == ("list train", "list train page:3")


async def test_what_is_sifted_here_fills_its_pages_too(room: Room) -> None:
    states = [FAILED if n % 3 else PASSED for n in range(60)]
    room.ml = FakeProvider("ml", {"train": states})
    room.desk.reader.providers = {"ml": room.ml}

    first = await room.ask("list train -is:red")
    second = await room.ask("list train -is:red page:2")

    assert isinstance(first, RunList)
    assert isinstance(second, RunList)
    numbers = [e.run.number for page in (first, second) for e in page.entries]
    assert numbers == [n + 1 for n in range(59, -1, -1) if n % 3 == 0]
    assert (first.next, second.next) == ("list train -state:red page:2", None)


async def test_many_pipelines_latest_runs_are_paged(room: Room) -> None:
    many = FakeProvider("ml", {f"job-{n}": [PASSED] * n for n in range(24)})
    room.desk.reader.providers = {"ml": many}

    second = await room.ask("list page:2")
    third = await room.ask("list page:3")

    assert isinstance(second, RunList)
    assert isinstance(third, RunList)
    assert [e.run.number for e in second.entries] == list(range(13, 3, -1))
    assert [e.run.number for e in third.entries] == [3, 2, 1]
    assert (second.next, third.next) == ("list page:3", None)
    assert many.asked == ["list_pipelines", "latest_runs"]


async def test_pages_of_a_status_are_worst_first(room: Room) -> None:
    states = {f"job-{n:02}": [FAILED if n > 20 else PASSED] for n in range(30)}
    room.desk.reader.providers = {"ml": FakeProvider("ml", states), "ci": room.ci}
    shown: list[str] = []
    text: str | None = "status"
    while text is not None:
        status = await room.ask(text)
        assert isinstance(status, Status)
        for part in status.parts:
            rows = status.shown(part)
            assert len(rows) <= ROWS_A_PAGE
            shown += [row.pipeline.name for row in rows if part.connection == "ml"]
        text = status.next

    failed = [f"job-{n:02}" for n in range(21, 30)]
    assert shown == failed + [f"job-{n:02}" for n in range(21)]


async def test_the_bare_command_pages_what_needs_attention(room: Room) -> None:
    states = {f"job-{n:02}": [FAILED if n % 2 else PASSED] for n in range(30)}
    room.desk.reader.providers = {"ml": FakeProvider("ml", states)}

    first = await room.ask("")
    assert isinstance(first, Status)
    assert first.next == "page:2"
    second = await room.ask(first.next)

    assert isinstance(second, Status)
    assert second.only_attention
    assert len(second.shown(second.parts[0])) == 3
    assert (second.previous, second.next) == ("", None)


@pytest.mark.parametrize(
    ("text", "what", "instead"),
    [
        ("status page:3", "There is no page 3: this answer has 1 page.", "status"),
        (
            "list rel page:3",
            "There is nothing on page 3: I found 2 runs in all.",
            "list rel",
        ),
        (
            "list rel page:11",
            "I look at most 100 runs back, 10 on a page.",
            "list rel page:10",
        ),
    ],
)
async def test_a_page_past_the_end_leads_back(
    room: Room, text: str, what: str, instead: str
) -> None:
    problem = await room.ask(text)

    assert isinstance(problem, Problem)
    assert problem.what == what
    assert [offer.command for offer in problem.instead] == [instead]


async def test_a_page_is_no_part_of_what_was_asked_about(room: Room) -> None:
    room.desk.reader.providers = {"ml": FakeProvider("ml", {"train": [PASSED] * 12})}

    runs = await room.ask("list train is:green page:2")

    assert isinstance(runs, RunList)
    assert runs.asked == "train state:green"


# --- what is not ready at once ------------------------------------------------------

SOON = timedelta(milliseconds=20)


async def said(room: Room, text: str, gate: asyncio.Event) -> list[Said]:
    """Return all that is said, with the gate opened after the first word."""
    words = []
    async for word in answers(room.desk, text, SOON):
        words.append(word)
        gate.set()
    return words


async def test_what_is_ready_at_once_is_said_once(room: Room) -> None:
    [word] = await said(room, "status", asyncio.Event())

    assert word.waiting_for == ()
    assert word.answer == await room.ask("status")


async def test_who_has_answered_is_shown_while_the_others_are_waited_for(
    room: Room,
) -> None:
    room.ml.gate = asyncio.Event()

    first, last = await said(room, "status", room.ml.gate)

    assert first.waiting_for == ("ml",)
    assert isinstance(first.answer, Status)
    parts = {part.connection: part for part in first.answer.parts}
    assert parts["ci"].trouble is None
    trouble = parts["ml"].trouble
    assert trouble is not None
    assert trouble.is_pending
    assert trouble.since is None
    assert last.waiting_for == ()
    assert last.answer == await room.ask("status")
    # Asking a second time asks nobody a second time.
    assert room.ci.asked == ["list_pipelines", "latest_runs"]
    assert room.ml.asked == ["list_pipelines", "latest_runs"]


async def test_while_it_is_waited_for_the_last_known_is_shown(room: Room) -> None:
    await room.ask("status")
    read_at = room.clock.now()
    room.clock.move(timedelta(minutes=1))
    room.ml.gate = asyncio.Event()

    first, last = await said(room, "status ml", room.ml.gate)

    assert isinstance(first.answer, Status)
    [part] = first.answer.parts
    assert part.trouble is not None
    assert part.trouble.is_pending
    assert part.as_of == read_at
    assert [row.pipeline.name for row in part.rows] == ["train"]
    assert isinstance(last.answer, Status)
    assert last.answer.parts[0].trouble is None


async def test_a_connection_that_fails_at_once_is_not_asked_again_meanwhile(
    room: Room,
) -> None:
    room.ci.failure = refused("ci")
    room.ml.gate = asyncio.Event()

    first, last = await said(room, "status", room.ml.gate)

    assert room.ci.asked == ["list_pipelines"]
    for word in (first, last):
        assert isinstance(word.answer, Status)
        parts = {part.connection: part for part in word.answer.parts}
        assert parts["ci"].trouble is not None
        assert not parts["ci"].trouble.is_pending


async def test_what_is_there_in_time_after_all_is_said_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list may take longer than its share, and the answer still be in time."""
    room.ml.gate = gate = asyncio.Event()
    patiently = Reader.patiently

    def meanwhile(reader: Reader) -> Reader:
        assert reader.waiting_for == ("ml",)
        gate.set()
        return patiently(reader)

    monkeypatch.setattr(Reader, "patiently", meanwhile)
    haste = timedelta(milliseconds=400)

    [word] = [word async for word in answers(room.desk, "status", haste)]

    assert word.waiting_for == ()
    assert word.answer == await room.ask("status")


@pytest.mark.parametrize("text", ["show train", "list nothing", "log train", "list 2"])
async def test_nothing_is_called_wrong_before_all_have_answered(
    room: Room, text: str
) -> None:
    room.ml.gate = asyncio.Event()

    first, last = await said(room, text, room.ml.gate)

    assert first.answer == Pending(connections=("ml",))
    assert last.answer == await room.ask(text)


async def test_health_waits_for_nobody_to_tell_of_the_others(room: Room) -> None:
    room.ml.gate = asyncio.Event()

    first, last = await said(room, "health", room.ml.gate)

    assert isinstance(first.answer, Health)
    ci, ml = first.answer.pulses
    assert ci.identity is not None
    assert ml.trouble is not None
    assert ml.trouble.is_pending
    assert isinstance(last.answer, Health)
    assert all(pulse.identity for pulse in last.answer.pulses)
