"""Asking for watches: what is understood, kept, said, undone; on a real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from bot.alerts import Card, Storm, pack, unpack
from bot.answers import (
    Answer,
    Dialog,
    Form,
    Help,
    Mutes,
    Pending,
    Problem,
    Rehearsal,
    Said,
    Watches,
    Why,
    Wrote,
)
from bot.catalog import Words
from bot.commands.answering import answer, answers
from bot.commands.asker import Asker
from bot.commands.gather import Desk
from bot.commands.grammar import WRITING, Command, Verb, parse
from bot.reader import Reader
from bot.records import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Event,
    Happening,
    Incident,
    Lane,
    Lineage,
    Origin,
    Ruling,
    Style,
    Unreadable,
    Verdict,
    Watch,
)
from bot.render.rendering import words_of
from bot.render.usage import USAGES
from bot.store import Store, open_store
from bot.watch.lineage import LineageState
from bot.watch.lineage import pack as packed
from bot.watch.past import past_of
from bot.watch.storm import storm_lineage
from bot.watch.transitions import look
from providers.errors import Unavailable
from providers.model import Pipeline, PipelineRef, Reason, RunRef, State
from tests.fakes.clock import FakeClock
from tests.fakes.provider import NOON, FakeProvider, make_run

PASSED, FAILED = State.SUCCEEDED, State.FAILED
RELEASE = PipelineRef("ci", "release")
KIM = Asker(user="U0KIM", channel="C0CI", zone=ZoneInfo("Asia/Seoul"))
LEE = Asker(user="U0LEE", channel="C0OTHER")
ALONE = Asker(user="U0KIM", channel="D0KIM", is_direct=True)


class Room:
    """Two connections, a store, and people who ask."""

    def __init__(self, store: Store) -> None:
        self.ci = FakeProvider(
            "ci", {"release": [PASSED, FAILED, FAILED, PASSED], "nightly": [PASSED]}
        )
        self.ml = FakeProvider("ml", {"train": [State.RUNNING]})
        self.clock = FakeClock(NOON + timedelta(hours=1))
        self.store = store
        providers = {"ci": self.ci, "ml": self.ml}
        self.desk = Desk(
            reader=Reader(providers, clock=self.clock),
            words=Words(groups={"all-ci": ("ci",)}, aliases={}),
            clock=self.clock,
            command="/runs",
            store=store,
            random=Random(7),  # noqa: S311 - ids, not secrets
        )

    async def ask(self, text: str, asker: Asker | None = KIM) -> Answer:
        return await answer(self.desk, text, asker)

    async def wrote(self, text: str, asker: Asker | None = KIM) -> Wrote:
        found = await self.ask(text, asker)
        assert isinstance(found, Wrote), found
        return found

    async def watches(self, channel: str = "C0CI") -> list[Watch]:
        async with self.store.read() as tx:
            return await tx.watches.in_channel(channel)

    async def watch(self, text: str, asker: Asker = KIM) -> Watch:
        before = await self.watches(asker.place)
        await self.wrote(text, asker)
        [made] = [w for w in await self.watches(asker.place) if w not in before]
        return made


class Members:
    """Knows who is in which channel, and of which it is asked."""

    def __init__(self, *known: tuple[str, str], says: bool | None = False) -> None:
        self.known = known
        self.says = says
        self.asked: list[str] = []

    async def __call__(self, user: str, channel: str) -> bool | None:
        self.asked.append(channel)
        return True if (user, channel) in self.known else self.says


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_store(f"sqlite:///{tmp_path}/runbell.db", clock=FakeClock()) as it:
        yield Room(it)


def is_problem(found: Answer, what: str) -> Problem:
    assert isinstance(found, Problem), found
    assert found.what.startswith(what)
    return found


# --- watch --------------------------------------------------------------------------


async def test_where_a_vendor_does_not_say_how_runs_end_the_watch_says_so(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room.ml, "tells_outcome", False, raising=False)

    silent = await room.wrote("watch train")
    heard = await room.wrote("watch train on:done")
    elsewhere = await room.wrote("watch release")

    told = "says that a run ended, and not how: of ml this watch will say nothing."
    assert told in silent.notes[0]
    assert not any(told in note for note in (*heard.notes, *elsewhere.notes))


async def test_what_somebody_begins_to_wait_for_is_looked_at_soon(room: Room) -> None:
    hastened: list[str] = []

    async def look_now(connection: str) -> None:
        hastened.append(connection)

    room.desk = replace(room.desk, look_now=look_now)

    await room.wrote("watch release")
    await room.wrote("follow train")

    assert hastened == ["ci", "ml"]


async def test_a_watch_is_kept_with_its_defaults_and_all_of_them_are_said(
    room: Room,
) -> None:
    wrote = await room.wrote("watch release")

    [kept] = await room.watches()
    assert kept.target == "ci:release"
    assert kept.filters == "-actor:*[bot]"
    assert kept.on == {Event.BROKEN, Event.FIXED}
    assert (kept.after, kept.mention, kept.style) == (1, None, Style.BOTH)
    assert (kept.owner, kept.channel, kept.origin) == ("U0KIM", "C0CI", Origin.SLACK)
    assert kept.default_branch_only
    assert wrote.sentence == (
        f"I watch release (ci), as {kept.id}: when it breaks or is fixed; "
        "on every branch, since its vendor names no default one; "
        "nothing that bots set off; mentioning nobody; "
        "on one message that is edited, and in its thread."
    )
    assert wrote.typed == (
        "watch ci:release -actor:*[bot] on:broken,fixed mention:none style:both in C0CI"
    )
    assert wrote.undo == f"unwatch {kept.id}"


async def test_everybody_is_told_in_one_line_who_watches_what(room: Room) -> None:
    wrote = await room.wrote("watch release")

    assert wrote.public is not None
    assert wrote.public.by == "U0KIM"
    assert wrote.public.channel == "C0CI"
    assert wrote.public.did.startswith("watches release (ci) here, as w")


async def test_the_confirmation_says_how_often_it_would_have_rung(room: Room) -> None:
    wrote = await room.wrote("watch release")
    quiet = await room.wrote("watch nightly")

    assert "In the last 7 days it would have rung 2 times." in wrote.notes
    assert "In the last 7 days it would not have rung at all." in quiet.notes


async def test_the_confirmation_says_what_cannot_be_seen_and_since_when(
    room: Room,
) -> None:
    since = room.clock.now() - timedelta(minutes=30)
    lane = Lane(connection="ci", due_at=since, blind_since=since, blind_reason="down.")
    nightly = Unreadable(
        pipeline=PipelineRef("ml", "train"), name="train", since=since, reason="gone."
    )
    async with room.store.write() as tx:
        await tx.lanes.save(lane)
        await tx.unreadable.save([nightly])

    blind = await room.wrote("watch release")
    single = await room.wrote("watch ml:train")
    changed = await room.wrote(f"watch {_made(blind)} on:done")

    assert "I cannot see ci since Wed 2024-05-01 21:30 KST: down." in blind.notes[0]
    assert "I cannot see train of ml since" in single.notes[0]
    assert "I cannot see ci since" in changed.notes[0]


def _made(wrote: Wrote) -> str:
    """Return the id of the watch that was made."""
    return (wrote.undo or "").split()[-1]


async def test_what_was_typed_last_word_for_word_makes_the_same_watch(
    room: Room,
) -> None:
    first = await room.wrote("watch release on:broken branch:main,release/* after:2")
    again = await room.wrote(first.typed or "")

    [kept] = await room.watches()
    assert again.sentence.startswith(f"I watch that already, as {kept.id}:")
    assert again.public is None
    assert again.undo is None


async def test_all_that_a_watch_can_say_is_kept(room: Room) -> None:
    kept = await room.watch(
        "watch release on:every-failure branch:main actor:kim after:3 queued:>45m "
        "longer:1h mention:<!subteam^S0123|@ops> style:thread in <#C0DEV|dev>",
        replace(KIM, channel="C0DEV"),
    )

    assert kept.channel == "C0DEV"
    assert kept.filters == "branch:main actor:kim"
    assert kept.on == {Event.EVERY_FAILURE, Event.STUCK, Event.SLOW}
    assert (kept.queued, kept.longer) == (timedelta(minutes=45), timedelta(hours=1))
    assert (kept.after, kept.mention, kept.style) == (3, "S0123", Style.THREAD)
    assert not kept.default_branch_only


async def test_several_pipelines_are_watched_as_they_were_typed(room: Room) -> None:
    by_glob = await room.watch("watch ci:*")
    by_group = await room.watch("watch all-ci on:broken")

    assert (by_glob.target, by_group.target) == ("ci:*", "all-ci")


async def test_what_fits_several_is_asked_back_with_everything_else_kept(
    room: Room,
) -> None:
    room.desk.reader.providers = {
        "ci": FakeProvider("ci", {"a/import": [PASSED], "b/import": [PASSED]})
    }

    problem = is_problem(
        await room.ask("watch import on:broken in C0DEV"), "“import” fits 2 pipelines."
    )

    assert [offer.command for offer in problem.instead] == [
        "watch ci:a/import on:broken in C0DEV",
        "watch ci:b/import on:broken in C0DEV",
    ]
    assert await room.watches("C0DEV") == []


async def test_in_a_direct_message_a_watch_is_for_the_person_and_nobody_is_told(
    room: Room,
) -> None:
    wrote = await room.wrote("watch release", ALONE)

    [kept] = await room.watches("U0KIM")
    assert kept.channel == "U0KIM"
    assert wrote.public is None
    assert (await room.wrote(f"unwatch {kept.id}", ALONE)).undo == wrote.typed
    assert (await room.wrote(wrote.typed or "", ALONE)).undo is not None


async def test_nobody_is_made_to_hear_of_it_in_direct_messages(room: Room) -> None:
    is_problem(await room.ask("watch release in U0LEE"), "I do that for channels")
    is_problem(await room.ask("watch release in D0LEE"), "I do that for channels")


async def test_a_terminal_has_to_name_the_channel(room: Room) -> None:
    is_problem(await room.ask("watch release", None), "That is about a channel")
    wrote = await room.wrote("watch release in C0123", None)

    assert wrote.public is None
    [kept] = await room.watches("C0123")
    assert kept.owner == ""


async def test_without_a_store_it_says_how_else_to_watch(room: Room) -> None:
    room.desk = replace(room.desk, store=None)

    problem = is_problem(await room.ask("watch release"), "watch needs the bot")
    assert problem.hint is not None
    assert "runbell.yml" in problem.hint


async def test_a_watch_without_a_target_is_a_form_to_fill_in(room: Room) -> None:
    found = await room.ask("watch in C0OTHER")

    assert isinstance(found, Dialog)
    assert found.form == Form(channel="C0OTHER")
    assert found.opens.command == "watch in C0OTHER"
    assert found.hint is not None
    assert found.hint.startswith("For example: watch release, ")
    assert await room.watches() == []


async def test_a_watch_named_alone_is_a_form_with_what_it_says(room: Room) -> None:
    kept = await room.watch("watch release on:broken,done branch:main style:edit")

    found = await room.ask(f"watch {kept.id}")

    assert isinstance(found, Dialog)
    assert found.form == Form(
        watch=kept.id,
        target="ci:release",
        name="release (ci)",
        on=frozenset({Event.BROKEN, Event.DONE}),
        branch="main",
        style=Style.EDIT,
    )
    assert found.opens.command == f"watch {kept.id}"


async def test_while_its_provider_fails_a_known_pipeline_is_watched_all_the_same(
    room: Room,
) -> None:
    await room.ask("status")
    room.clock.move(timedelta(minutes=30))
    room.ci.failure = Unavailable("down", connection="ci", operation="list_pipelines")

    wrote = await room.wrote("watch release")

    assert "How often it would have rung is not known." in wrote.notes
    assert [part.connection for part in wrote.parts] == ["ci"]
    assert len(await room.watches()) == 1


async def test_a_watch_is_changed_by_naming_it_and_that_is_undone(room: Room) -> None:
    kept = await room.watch("watch release after:2")

    changed = await room.wrote(f"watch {kept.id} on:broken mention:<@U0LEE|lee>")

    [now] = await room.watches()
    assert (now.id, now.target, now.created_at) == (
        kept.id,
        kept.target,
        kept.created_at,
    )
    assert now.on == {Event.BROKEN}
    assert (now.mention, now.after) == ("U0LEE", 1)
    assert changed.public is not None
    await room.wrote(changed.undo or "")
    assert await room.watches() == [kept]


async def test_a_watch_that_is_only_named_is_shown_as_it_would_be_typed(
    room: Room,
) -> None:
    kept = await room.watch("watch release")

    dialog = await room.ask(f"watch {kept.id}")
    assert isinstance(dialog, Dialog)
    assert dialog.what.startswith(f"{kept.id} watches")
    [offer] = dialog.instead
    assert offer.command.startswith(f"watch {kept.id} -actor:*[bot] on:broken,fixed")


async def test_a_watch_of_the_file_is_changed_in_the_file(room: Room) -> None:
    filed = replace(await room.watch("watch release"), id="f1", origin=Origin.FILE)
    async with room.store.write() as tx:
        await tx.watches.add(filed)

    is_problem(
        await room.ask("watch f1 on:broken"),
        "f1 watches release (ci). It is written in",
    )
    is_problem(
        await room.ask("unwatch f1"), "f1 watches release (ci). It is written in"
    )


async def test_what_another_channel_watches_is_not_named_from_here(room: Room) -> None:
    kept = await room.watch("watch release")

    is_problem(await room.ask(f"unwatch {kept.id}", LEE), "No watch here is of")
    assert await room.watches() == [kept]


async def test_many_pipelines_are_rehearsed_by_what_is_known_of_them(
    room: Room,
) -> None:
    many = FakeProvider("ci", {f"job-{n}": [PASSED, FAILED] for n in range(7)})
    room.desk.reader.providers = {"ci": many}
    async with room.store.write() as tx:
        for runs in many.runs.values():
            await tx.runs.add(past_of(run, room.clock.now()) for run in runs)

    wrote = await room.wrote("watch ci:job-*")

    assert "In the last 7 days it would have rung at least 7 times." in wrote.notes
    assert "It means 7 pipelines: only what I have seen of them counts." in wrote.notes
    assert "list_runs" not in many.asked


async def test_a_change_says_what_is_no_longer_so_and_what_is_new(room: Room) -> None:
    kept = await room.watch("watch release on:broken,slow longer:1h after:2")

    changed = await room.wrote(f"watch {kept.id} style:edit")
    same = await room.wrote(f"watch {kept.id} style:edit")

    assert changed.notes[:2] == (
        "No longer: on:slow, after:2, longer:1h, style:both.",
        "New: on:fixed, style:edit.",
    )
    assert same.notes[0] == "Nothing of it has changed."


async def test_what_the_file_watches_is_not_watched_twice(room: Room) -> None:
    made = await room.watch("watch release branch:main actor:kim")
    filed = replace(
        made,
        id="f1",
        origin=Origin.FILE,
        target="release",
        filters="actor:kim branch:main",
        default_branch_only=True,
        owner="",
    )
    await room.wrote(f"unwatch {made.id}")
    async with room.store.write() as tx:
        await tx.watches.add(filed)

    wrote = await room.wrote("watch release branch:main actor:kim")
    other = await room.watch("watch release branch:main actor:lee")

    assert wrote.sentence.startswith("I watch that already, as f1: when it breaks")
    assert wrote.sentence.endswith("It is written in runbell.yml, and changed there.")
    assert wrote.public is None
    assert {watch.id for watch in await room.watches()} == {"f1", other.id}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "; nothing that bots set off; "),
        ("actor:-kim", "; not what kim set off; also what bots set off; "),
        ("-actor:kim", "; not what kim set off; also what bots set off; "),
        ("actor:*", "; only what * set off; also what bots set off; "),
        ("actor:kim,lee", "; only what kim or lee set off; mentioning nobody; "),
        ("-branch:dev/*", "; on every branch but dev/*; "),
        ("branch:main,release/*", "; on main or release/*; "),
        ("branch:r* -branch:r1", "; on r*, and on every branch but r1; "),
        ("trigger:cron -trigger:pr", "; only runs by schedule; no runs by change; "),
        ("name:*e* connection:ci", "; only pipelines called *e*; only of ci; "),
    ],
)
async def test_filters_are_said_in_words(room: Room, words: str, said: str) -> None:
    wrote = await room.wrote(f"watch release {words}")

    assert said in wrote.sentence
    assert ":" not in wrote.sentence.partition(": ")[2]


async def test_where_a_vendor_shows_no_queue_the_watch_says_so(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeProvider, "tells_queue", False)

    silent = await room.wrote("watch train on:stuck")
    partly = await room.wrote("watch release queued:1m")
    heard = await room.wrote("watch release")
    changed = await room.wrote(f"watch {(await room.watches())[0].id} on:stuck")

    told = "Fake CI does not tell a run that is queued from one that runs: of "
    assert silent.notes[0].startswith(f"{told}ml this watch will say nothing.")
    assert partly.notes[0].startswith(f"{told}ci this watch never rings on stuck.")
    assert not any(note.startswith(told) for note in heard.notes)
    assert any(note.startswith(told) for note in changed.notes)


async def test_what_cannot_be_rehearsed_is_not_taken_as_silence(room: Room) -> None:
    slow = await room.wrote("watch release on:slow,stuck")
    both = await room.wrote("watch nightly on:slow,broken")

    assert "How often it would have rung is not known." in slow.notes
    assert "In the last 7 days it would not have rung at all." in both.notes


async def test_past_runs_that_do_not_say_how_they_ended_are_not_taken_as_silence(
    room: Room,
) -> None:
    ended = PipelineRef("ci", "nightly")
    room.ci.runs[ended] = [
        make_run(ended, number, PASSED, reason=Reason.UNVERIFIED) for number in (1, 2)
    ]

    wrote = await room.wrote("watch nightly")
    found = await room.ask("test nightly")
    done = await room.wrote("watch nightly on:done")

    told = "How they ended is not known of 2 of 2 past runs of nightly: these do not"
    assert "How often it would have rung is not known." in wrote.notes
    assert any(note.startswith(told) for note in wrote.notes)
    assert isinstance(found, Rehearsal)
    assert not found.is_known
    assert "In the last 7 days it would have rung 2 times." in done.notes


async def test_of_many_pipelines_that_were_not_watched_silence_is_not_known(
    room: Room,
) -> None:
    many = FakeProvider("ci", {f"job-{n}": [PASSED] for n in range(7)})
    room.desk.reader.providers = {"ci": many}
    before = await room.wrote("watch ci:job-*")
    long_ago = room.clock.now() - timedelta(days=8)
    async with room.store.write() as tx:
        for ref, runs in many.runs.items():
            state = look(LineageState(), runs, long_ago).state
            await tx.lineages.save({Lineage(ref, "branch:main"): packed(state)}, NOON)
            await tx.runs.add(past_of(run, long_ago) for run in runs)

    after = await room.wrote("watch ci:job-* on:broken")

    assert "How often it would have rung is not known." in before.notes
    assert "In the last 7 days it would not have rung at all." in after.notes


async def test_everything_is_called_by_its_name(room: Room) -> None:
    """No sentence, line, button or command to copy has what only a vendor reads."""
    ident = "p/0b7c9d2e/quick"
    ref = PipelineRef("ci", ident)
    room.ci.runs[ref] = [make_run(ref, 1, FAILED)]
    kept = await room.watch("watch quick")
    asked = (
        *("watch quick on:slow", f"watch {kept.id} on:broken", "watches", "unwatch"),
        *(
            "unwatch quick",
            "test",
            "mute quick",
            "mutes",
            "unmute nothing",
            "unmute quick",
        ),
        *(f"mute {kept.id} for 1h", "mutes", f"unmute {kept.id}", "ack", "ack other"),
        f"unwatch {kept.id}",
    )
    async with room.store.write() as tx:
        for line in ("branch:main", "branch:dev"):
            lineage = Lineage(ref, line)
            await tx.incidents.save(
                Incident(
                    id=f"i{line[-1]}",
                    channel="C0CI",
                    lineage=lineage,
                    watch=kept.id,
                    opened_at=NOON,
                    first_run=RunRef(ref, "1"),
                    latest_run=RunRef(ref, "1"),
                )
            )

    for text in asked:
        found = await room.ask(text)
        said: list[str] = [words_of(found, NOON).text]
        match found:
            case Wrote():
                said += [found.sentence, found.typed or "", *found.notes]
                said.append(found.public.did if found.public else "")
            case Problem():
                said += [offer.label for offer in found.instead]
                assert len({offer.label for offer in found.instead}) == len(
                    found.instead
                ), found
            case Mutes():
                said += [row.what for row in found.rows]
            case _:
                assert isinstance(found, Watches)
                said += [row.name for row in found.rows]
        assert not any("0b7c9d2e" in one for one in said), (text, said)


@pytest.mark.parametrize(
    ("text", "key", "instead"),
    [
        ("watch release colour:red", "colour", "help watch"),
        ("watch release brnch:main on:done in C0DEV", "brnch", None),
        ("mute release colour:red for 2h", "colour", "help mute"),
        ("list release colour:red", "colour", "help list"),
    ],
)
async def test_what_is_put_like_a_filter_and_is_none_is_named(
    room: Room, text: str, key: str, instead: str | None
) -> None:
    problem = await room.ask(text)

    assert isinstance(problem, Problem)
    assert problem.what == f"“{key}:” is neither a filter nor a connection."
    assert [offer.command for offer in problem.instead] == [
        instead or "watch release branch:main on:done in C0DEV"
    ]


@pytest.mark.parametrize(
    ("text", "verb"), [("help", None), ("help watch", "watch"), ("help 구독", "watch")]
)
async def test_a_verb_is_explained_by_its_name(
    room: Room, text: str, verb: str | None
) -> None:
    found = await room.ask(text)

    assert isinstance(found, Help)
    assert found.verb == verb


async def test_what_is_no_verb_cannot_be_explained(room: Room) -> None:
    problem = is_problem(await room.ask("help wacth"), "“wacth” is not something I can")

    assert problem.instead[0].command == "help watch"


@pytest.mark.parametrize("verb", Verb)
def test_each_example_of_the_help_is_understood(verb: Verb) -> None:
    for example in USAGES[verb].examples:
        parsed = parse(example.replace("#ci", "C0CI"))
        assert isinstance(parsed, Command)
        assert parsed.verb is verb


async def test_watches_of_the_same_are_told_apart_by_what_they_say(room: Room) -> None:
    first = await room.watch("watch release")
    room.clock.move(timedelta(minutes=1))
    second = await room.watch("watch release on:slow longer:1h branch:main")

    problem = is_problem(await room.ask("unwatch release"), "2 watches here are of")

    assert [offer.label for offer in problem.instead] == [
        f"{first.id} · release (ci) · on:broken,fixed",
        f"{second.id} · release (ci) · on:slow branch:main longer:1h",
    ]


# --- unwatch, watches, test ---------------------------------------------------------


@pytest.mark.parametrize("by", ["{id}", "release", "ci:release", "RELEASE"])
async def test_a_watch_is_ended_by_its_id_or_by_what_it_watches(
    room: Room, by: str
) -> None:
    kept = await room.watch("watch release after:2 on:broken")

    wrote = await room.wrote(f"unwatch {by.format(id=kept.id)}")

    assert await room.watches() == []
    assert wrote.public is not None
    assert wrote.public.did == f"ended {kept.id}, which watched release (ci)."
    back = await room.watch(wrote.undo or "")
    assert replace(back, id=kept.id, created_at=kept.created_at) == kept


async def test_of_several_watches_of_the_same_one_is_chosen(room: Room) -> None:
    first = await room.watch("watch release")
    room.clock.move(timedelta(minutes=1))
    second = await room.watch("watch release on:waiting")

    problem = is_problem(await room.ask("unwatch release"), "2 watches here are of")

    commands = [offer.command for offer in problem.instead]
    assert commands == [f"unwatch {first.id}", f"unwatch {second.id}"]


async def test_the_incidents_of_a_watch_that_ends_are_closed(room: Room) -> None:
    kept = await room.watch("watch release")
    await broken(room, kept)

    await room.wrote(f"unwatch {kept.id}")

    async with room.store.read() as tx:
        assert await tx.incidents.open_in("C0CI") == []


async def test_watches_are_those_of_here_of_mine_or_all(room: Room) -> None:
    here = await room.watch("watch release")
    there = await room.watch("watch nightly", replace(KIM, channel="C0DEV"))
    hers = await room.watch("watch train", LEE)

    async def listed(text: str) -> list[str]:
        found = await room.ask(text)
        assert isinstance(found, Watches)
        assert found.again == text
        return [row.watch.id for row in found.rows]

    assert await listed("watches") == [here.id]
    assert set(await listed("watches mine")) == {here.id, there.id}
    assert set(await listed("watches all")) == {here.id, there.id, hers.id}
    is_problem(await room.ask("watches theirs"), "“theirs” is none of")


async def test_a_row_offers_what_can_be_done_with_its_watch(room: Room) -> None:
    kept = await room.watch("watch release")
    await breaks(room)
    await room.wrote(f"mute {kept.id} until fixed")

    found = await room.ask("watches")

    assert isinstance(found, Watches)
    [row] = found.rows
    assert row.muted_until == "until it is fixed"
    assert [offer.label for offer in row.offers] == ["Edit", "Test", "Unmute", "Remove"]
    for offer in row.offers:
        assert not isinstance(await room.ask(offer.command), Pending)


async def test_watches_are_listed_by_name_where_that_is_known_and_nobody_waits(
    room: Room,
) -> None:
    await room.watch("watch release")
    await room.watch("watch ci:*")
    reader = Reader(room.desk.reader.providers, clock=room.clock)

    async def listed() -> list[str]:
        found = await room.ask("watches")
        assert isinstance(found, Watches)
        return sorted(row.name for row in found.rows)

    assert await listed() == ["ci:*", "release (ci)"]
    room.ci.gate = asyncio.Event()
    room.desk = replace(room.desk, reader=reader)
    assert await listed() == ["ci:*", "ci:release"]
    room.ci.gate.set()
    await reader.pipelines("ci")
    assert await listed() == ["ci:*", "release (ci)"]


async def test_long_lists_of_watches_have_pages(room: Room) -> None:
    for after in range(1, 13):
        await room.wrote(f"watch release after:{after}")

    first = await room.ask("watches")
    assert isinstance(first, Watches)
    assert (len(first.rows), first.count, first.next) == (10, 12, "watches page:2")
    second = await room.ask(first.next or "")

    assert isinstance(second, Watches)
    assert (len(second.rows), second.previous, second.next) == (2, "watches", None)
    is_problem(await room.ask("watches page:3"), "There is no page 3")


async def test_a_test_shows_what_a_watch_would_have_rung_for(room: Room) -> None:
    kept = await room.watch("watch release")

    found = await room.ask(f"test {kept.id}")

    assert isinstance(found, Rehearsal)
    told = [(one.event, one.run.number) for one in found.ringings]
    assert told == [(Event.FIXED, 4), (Event.BROKEN, 2)]


async def test_a_watch_can_be_tested_before_there_is_one(room: Room) -> None:
    found = await room.ask("test release on:every-failure,slow")

    assert isinstance(found, Rehearsal)
    told = [(one.event, one.run.number) for one in found.ringings]
    assert told == [(Event.EVERY_FAILURE, 3), (Event.EVERY_FAILURE, 2)]
    assert any(note.startswith("Not rehearsed: slow") for note in found.notes)
    assert await room.watches() == []
    is_problem(await room.ask("test"), "Which watch is to be tested?")


async def test_what_was_red_before_is_the_baseline_of_a_test(room: Room) -> None:
    start = room.clock.now() - timedelta(days=7)
    runs = [
        make_run(
            RELEASE,
            number,
            state,
            started_at=start + timedelta(hours=hours),
            finished_at=start + timedelta(hours=hours, minutes=1),
        )
        for number, (hours, state) in enumerate(
            [(-5, FAILED), (1, FAILED), (2, PASSED), (3, FAILED)], 1
        )
    ]
    room.ci.runs[RELEASE] = runs

    found = await room.ask("test release")

    assert isinstance(found, Rehearsal)
    assert [(one.event, one.run.number) for one in found.ringings] == [
        (Event.BROKEN, 4)
    ]


# --- mute, ack ----------------------------------------------------------------------


async def breaks(room: Room) -> None:
    """The next run of release fails, as its vendor says."""
    room.ci.runs[RELEASE].append(make_run(RELEASE, 5, FAILED))
    room.clock.move(timedelta(minutes=1))


async def muted(room: Room) -> list[str]:
    found = await room.ask("mutes")
    assert isinstance(found, Mutes)
    return [row.what for row in found.rows]


async def broken(room: Room, watch: Watch) -> Incident:
    """A card stands in the channel."""
    run = make_run(RELEASE, 3, FAILED)
    incident = Incident(
        id="a1b2c3d4e5f6",
        channel=watch.channel,
        lineage=Lineage(RELEASE, "branch:main"),
        watch=watch.id,
        opened_at=NOON,
        first_run=run.ref,
        latest_run=run.ref,
        ts="1714564800.000100",
    )
    card = Card(
        incident=incident.id,
        watch=watch.id,
        event=Event.BROKEN,
        pipeline=Pipeline(ref=RELEASE, name="release"),
        run=run,
    )
    happening = Happening(
        key="h1",
        lineage=incident.lineage,
        run=run.ref,
        event=Event.BROKEN,
        at=NOON,
        seen_at=NOON,
        reason="Run 3 failed.",
        streak=1,
        red_since=NOON,
    )
    verdict = Verdict(
        happening="h1",
        watch=watch.id,
        ruling=Ruling.RING,
        rule="asked-for",
        reason="This watch rings on broken.",
        at=NOON,
    )
    async with room.store.write() as tx:
        await tx.runs.add([past_of(run, NOON)])
        await tx.happenings.add([happening])
        await tx.watches.add(replace(watch, id="welse", channel="C0ELSE"))
        await tx.verdicts.add([verdict, replace(verdict, watch="welse")])
        await tx.incidents.save(incident)
        await tx.outbox.add(
            [
                Delivery(
                    key="d1",
                    channel=watch.channel,
                    kind=DeliveryKind.CARD,
                    payload=pack(card),
                    incident=incident.id,
                    created_at=NOON,
                )
            ]
        )
        [row] = await tx.outbox.waiting(watch.channel, 9)
        await tx.outbox.settle(row.id, DeliveryState.SENT, ts=incident.ts)
    return incident


async def cards(room: Room) -> list[Card]:
    async with room.store.read() as tx:
        found = [unpack(d.payload) for d in await tx.outbox.waiting("C0CI", 9)]
    return [alert for alert in found if isinstance(alert, Card)]


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


# --- follow, why --------------------------------------------------------------------


async def test_a_run_under_way_is_followed_and_not_any_more(room: Room) -> None:
    wrote = await room.wrote("follow train")

    assert wrote.sentence == "I tell you in a direct message when train #1 ends."
    assert wrote.public is None
    async with room.store.read() as tx:
        [kept] = await tx.follows.all()
    assert (kept.run, kept.user, kept.channel) == (
        RunRef(PipelineRef("ml", "train"), "1"),
        "U0KIM",
        None,
    )
    await room.wrote(wrote.undo or "")
    async with room.store.read() as tx:
        assert await tx.follows.all() == []
    is_problem(await room.ask("unfollow train"), "You do not follow train #1.")


async def test_a_run_is_followed_in_a_channel_that_is_named(room: Room) -> None:
    wrote = await room.wrote("follow train #1 in C0DEV")

    assert wrote.public is not None
    assert wrote.public.channel == "C0DEV"
    async with room.store.read() as tx:
        [kept] = await tx.follows.all()
    assert kept.channel == "C0DEV"


async def test_a_run_that_is_over_is_not_followed(room: Room) -> None:
    is_problem(
        await room.ask("follow release"),
        "There is nothing to wait for: release #4 is over.",
    )
    is_problem(await room.ask("follow train", None), "That is about a channel")


@pytest.mark.parametrize(
    "text",
    [
        "why ci:release #3",
        "why release",
        "why https://fake.example/release/3",
        "why https://acme.slack.com/archives/C0CI/p1714564800000100",
        "why https://acme.slack.com/archives/C0CI/p1714564800000100?thread_ts=1.2&cid=C",
        "why a1b2c3d4e5f6",
    ],
)
async def test_why_tells_which_rule_decided_and_leaves_other_channels_out(
    room: Room, text: str
) -> None:
    kept = await room.watch("watch release")
    await broken(room, kept)

    found = await room.ask(text)

    assert isinstance(found, Why), found
    assert found.about == "release #3"
    [reasoning] = found.reasonings
    assert reasoning.happening.reason == "Run 3 failed."
    assert [(v.watch, v.rule) for v in reasoning.verdicts] == [(kept.id, "asked-for")]
    assert found.elsewhere == 1


async def test_why_tells_of_watches_that_have_ended_and_takes_them_for_no_others(
    room: Room,
) -> None:
    ended = await room.watch("watch release")
    await broken(room, ended)
    await room.wrote(f"unwatch {ended.id}")

    found = await room.ask("why release")

    assert isinstance(found, Why), found
    assert found.elsewhere == 1
    assert [v.watch for v in found.reasonings[0].verdicts] == [ended.id]
    assert found.notes == (f"{ended.id} has ended since.",)


async def test_why_says_what_it_does_not_know(room: Room) -> None:
    room.ci.asked.clear()

    is_problem(await room.ask("why release #99"), "I have not seen release #99.")
    is_problem(await room.ask("why"), "why is about one run or alert.")
    is_problem(
        await room.ask("why https://acme.slack.com/archives/C0CI/p1714564800000999"),
        "That message is no alert of mine",
    )


# --- how it is answered -------------------------------------------------------------


async def test_what_takes_long_is_done_once_and_said_when_it_is_done(
    room: Room,
) -> None:
    room.ci.gate = asyncio.Event()
    words: list[Said] = []
    async for word in answers(
        room.desk, "watch ci:release", timedelta(milliseconds=20), KIM
    ):
        words.append(word)
        assert len(await room.watches()) == (1 if len(words) > 1 else 0)
        room.ci.gate.set()

    assert [type(word.answer) for word in words] == [Pending, Wrote]
    assert words[0].waiting_for == ("ci",)
    assert len(await room.watches()) == 1


async def test_a_store_that_fails_is_never_shown_as_success(
    room: Room, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_store(f"sqlite:///{tmp_path}/gone.db", clock=room.clock) as gone:
        async with gone.write() as tx:
            await tx.connection.exec_driver_sql("DROP TABLE watches")
        room.desk = replace(room.desk, store=gone)

        is_problem(await room.ask("watch release"), "I could not write that down")
        is_problem(await room.ask("watches"), "I cannot look that up just now.")
    assert "watches" in capsys.readouterr().out


WORDS = (
    *("", "release", "nothing-such", "ci:*", "ci", "all-ci", "w7k3f", "a1b2c3d4e5f6"),
    *('"in"', "#12", "release #3", "https://fake.example/release/3", "https://x.y/z"),
    *("here", "ML:", "release on:slow after:3", "release in C0DEV", "release in U0LEE"),
    *("release until fixed", "release for 2h", "* for 1h", "mention:U0LEE", "page:2"),
)


@pytest.mark.parametrize("asker", [KIM, replace(KIM, thread="1.2"), ALONE, None])
async def test_whatever_is_asked_and_by_whom_there_is_an_answer(
    room: Room, asker: Asker | None
) -> None:
    """Each answer that changes something says so, and what it offers can be asked."""
    for verb in (*WRITING, Verb.WATCHES, Verb.MUTES, Verb.TEST, Verb.WHY):
        for words in WORDS:
            found = await room.ask(f"{verb} {words}", asker)
            if isinstance(found, Wrote):
                assert found.sentence
                offered = [found.undo, found.typed, *(o.command for o in found.offers)]
                commands = [command for command in offered if command is not None]
            elif isinstance(found, Problem):
                assert found.what
                commands = [offer.command for offer in found.instead]
            else:
                commands = []
            for command in commands:
                assert isinstance(parse(command), Command), command


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


@pytest.mark.parametrize(
    "text",
    [
        "watch release in C0DEV",
        "watches in C0DEV",
        "mute release in C0DEV",
        "unmute release in C0DEV",
        "mutes in C0DEV",
        "ack release in C0DEV",
        "follow train #1 in C0DEV",
        "test release in C0DEV",
        "why https://acme.slack.com/archives/C0DEV/p1714564800123456",
    ],
)
async def test_a_channel_is_for_those_who_are_in_it(room: Room, text: str) -> None:
    room.desk = replace(room.desk, is_member=Members(("U0LEE", "C0DEV")))

    found = is_problem(await room.ask(text), "That channel is for those who are in it")

    assert found.hint == "Join it, or ask somebody who is there."
    assert await room.watches("C0DEV") == []
    among = await room.ask(text, LEE)
    assert not isinstance(among, Problem) or "for those" not in among.what


async def test_nobody_is_kept_out_where_it_is_not_known_who_is_in(room: Room) -> None:
    room.desk = replace(room.desk, is_member=Members(says=None))

    await room.wrote("watch release in C0DEV")

    assert len(await room.watches("C0DEV")) == 1


async def test_where_somebody_asks_they_are(room: Room) -> None:
    members = Members()
    room.desk = replace(room.desk, is_member=members)

    await room.wrote("watch release")
    await room.wrote("watch release in C0CI on:done")
    await room.wrote("watch release", ALONE)

    assert members.asked == []


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


async def test_all_watches_are_listed_channel_by_channel(room: Room) -> None:
    for text, asker in (
        ("watch release", KIM),
        ("watch nightly", LEE),
        ("watch nightly", KIM),
        ("watch release", LEE),
    ):
        await room.wrote(text, asker)

    found = await room.ask("watches all")

    assert isinstance(found, Watches)
    channels = [row.watch.channel for row in found.rows]
    assert channels == ["C0CI", "C0CI", "C0OTHER", "C0OTHER"]
