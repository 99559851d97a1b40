"""`watch`: a watch is made or changed, and repeated as it was understood."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.answers import (
    Dialog,
    Form,
    Help,
    Mutes,
    Problem,
    Rehearsal,
    Watches,
    Wrote,
)
from bot.commands.grammar import Command, Verb, parse
from bot.records import (
    Event,
    Incident,
    Lane,
    Lineage,
    Origin,
    Style,
    Unreadable,
)
from bot.render.rendering import words_of
from bot.render.usage import USAGES
from bot.watch.lineage import LineageState
from bot.watch.lineage import pack as packed
from bot.watch.past import past_of
from bot.watch.transitions import look
from providers.errors import Unavailable
from providers.model import PipelineRef, Reason, RunRef
from tests.bot.commands.room import (
    ALONE,
    FAILED,
    KIM,
    LEE,
    PASSED,
    Room,
    is_problem,
    made,
)
from tests.fakes.provider import NOON, FakeProvider, make_run


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
    changed = await room.wrote(f"watch {made(blind)} on:done")

    assert "I cannot see ci since Wed 2024-05-01 21:30 KST: down." in blind.notes[0]
    assert "I cannot see train of ml since" in single.notes[0]
    assert "I cannot see ci since" in changed.notes[0]


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
