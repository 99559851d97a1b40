"""Answers as messages: what they say, and that Slack would take every one of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SlackBlock

from bot.answers import (
    Answer,
    Dialog,
    Entry,
    Form,
    Health,
    Help,
    Log,
    MuteRow,
    Mutes,
    Offer,
    Part,
    Pending,
    Problem,
    PublicLine,
    Pulse,
    Reasoning,
    Rehearsal,
    Ringing,
    Row,
    RunList,
    Show,
    Standing,
    Status,
    Trouble,
    Watches,
    WatchRow,
    Why,
    Wrote,
)
from bot.demo.slack.blocks.check import check_blocks
from bot.records import (
    ChannelState,
    Event,
    Happening,
    Lane,
    Lineage,
    Mute,
    Origin,
    Ruling,
    Unreadable,
    Verdict,
    Watch,
)
from bot.render import words
from bot.render.actions import MOST_ELEMENTS, Press
from bot.render.data import data
from bot.render.message import MOST_BLOCKS, MOST_TEXT, Message, _weight, lines, plain
from bot.render.rendering import render
from bot.render.terminal import terminal
from bot.render.watching import public_line
from bot.terms import OF_WATCHES, Key
from bot.vocabulary import Verb
from providers.contract import Filter
from providers.model import (
    Commit,
    Fact,
    Identity,
    LogTail,
    Pipeline,
    PipelineRef,
    Reason,
    Run,
    RunRef,
    State,
    Task,
    TaskKind,
    Trigger,
)
from tests.fakes.provider import NOON, make_run

NOW = NOON + timedelta(hours=1)
RELEASE = Pipeline(
    ref=PipelineRef("ci", "release"), name="release", url="https://ci.example/release"
)
TROUBLE = Trouble(
    what="the credential was not accepted",
    detail="HTTP 401: expired",
    advice="Renew it.",
    since=NOON,
    code="E401",
    request_id="r-1",
)


def shown(answer: Answer) -> str:
    return terminal(render(answer, NOW), NOW).plain


def status_of(*rows: Row, **more: Any) -> Status:
    part = Part(connection="ci", title="Fake CI", rows=worst_first(*rows), **more)
    return Status(asked=None, parts=(part,))


def row(name: str, number: int, state: State, **more: Any) -> Row:
    pipeline = Pipeline(ref=PipelineRef("ci", name), name=name)
    run = make_run(pipeline.ref, number, state, **more)
    return Row(pipeline=pipeline, run=run, opens=f"show ci:{name} #{number}")


def worst_first(*rows: Row) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: row.rank))


def pressable(answer: Answer, *, is_private: bool = False) -> list[dict[str, Any]]:
    message = render(answer, NOW, is_private=is_private)
    blocks = [b["elements"] for b in message.blocks if b["type"] == "actions"]
    return [element for elements in blocks for element in elements]


def names(answer: Answer, *, is_private: bool = False) -> list[str]:
    return [e["action_id"] for e in pressable(answer, is_private=is_private)]


def test_a_run_reads_at_a_glance() -> None:
    run = make_run(RELEASE.ref, 12, State.FAILED, url="https://ci.example/release/12")

    text = shown(status_of(Row(pipeline=RELEASE, run=run)))

    assert "❌ failed  release #12 · main · kim · 1 min · 48 min ago" in text


def test_status_is_worst_first_and_counts_what_it_does_not_show() -> None:
    many = [row(f"ok-{n:02}", 1, State.SUCCEEDED) for n in range(20)]
    text = shown(
        status_of(*many, row("bad", 2, State.FAILED), row("now", 3, State.RUNNING))
    )

    lines = text.splitlines()
    assert lines[0] == "1 failed, 1 running, 20 passed"
    assert lines[3].startswith("❌ failed  bad #2")
    assert lines[4].startswith("🔄 running  now #3")
    assert lines[-1] == "… and 10 more: 10 passed"


def test_a_pipeline_that_never_ran_and_one_that_cannot_be_read_look_different() -> None:
    other = Pipeline(ref=PipelineRef("ci", "x"), name="x")
    text = shown(status_of(Row(pipeline=RELEASE), Row(pipeline=other, trouble=TROUBLE)))

    assert "⚪ never ran  release" in text
    assert "⚠️ not readable  x · HTTP 401: expired [E401]" in text


def test_trouble_says_what_since_when_and_what_to_do() -> None:
    text = shown(status_of(trouble=TROUBLE))

    assert "the credential was not accepted since 1 h ago" in text
    assert "HTTP 401: expired [E401] (request id r-1)" in text
    assert "Renew it." in text


def test_entries_that_could_not_be_read_are_not_passed_over_in_silence() -> None:
    text = shown(status_of(row("a", 1, State.SUCCEEDED), left_out=2))

    assert "2 entries of its list not readable" in text


def test_trouble_that_was_just_met_says_no_since() -> None:
    just_met = replace(TROUBLE, since=NOW - timedelta(seconds=2))

    text = shown(status_of(trouble=just_met))

    assert text.startswith("1 connection not readable\n")
    assert "the credential was not accepted\n" in text


def test_what_is_last_known_says_how_old_it_is() -> None:
    old = NOW - timedelta(minutes=7)
    text = shown(status_of(row("a", 1, State.SUCCEEDED), trouble=TROUBLE, as_of=old))

    assert "last known, read 7 min ago" in text


@pytest.mark.parametrize(
    ("state", "reason", "word"),
    [
        (State.SUCCEEDED, None, "passed"),
        (State.SUCCEEDED, Reason.UNVERIFIED, "completed"),
        (State.FAILED, Reason.QUALITY_GATE, "failed the quality gate"),
        (State.WAITING, Reason.APPROVAL, "waiting for approval"),
        (State.FAILED, Reason.CONFIGURATION, "failed"),
        (State.UNKNOWN, None, "unknown (ODD_WORD)"),
    ],
)
def test_the_word_says_no_more_than_the_vendor_did(
    state: State, reason: Reason | None, word: str
) -> None:
    assert words.state_word(state, reason, "ODD_WORD") == word


def test_every_state_has_a_mark_and_a_word() -> None:
    assert set(words.MARKS) == set(words.WORDS) == set(State)
    assert len(set(words.MARKS.values())) == len(State)


def test_a_list_says_how_it_was_made() -> None:
    run = make_run(RELEASE.ref, 3)
    answer = RunList(
        asked="release",
        entries=(Entry(pipeline=RELEASE, run=run),),
        pipelines=1,
        more=True,
        filtered_here=frozenset({Filter.BRANCH}),
        left_out=2,
        parts=(Part(connection="ml", title="Fake CI", trouble=TROUBLE),),
    )

    text = shown(answer)

    assert text.startswith("release: 1 run\n")
    assert "There are older runs." in text
    assert "cannot filter by branch" in text
    assert "2 entries could not be read" in text
    assert "the credential was not accepted" in text


def test_what_could_not_be_read_is_not_called_no_runs() -> None:
    unread = Row(pipeline=RELEASE, trouble=TROUBLE)
    text = shown(RunList(asked=None, entries=(), pipelines=1, unread=(unread,)))

    assert text.startswith("nothing readable\n")
    assert "⚠️ not readable  release" in text


def test_a_list_that_is_out_of_date_says_how_old_it_is() -> None:
    part = Part(connection="ci", title="CI", trouble=TROUBLE, as_of=NOON)
    run = make_run(RELEASE.ref, 3)
    entries = (Entry(pipeline=RELEASE, run=run),)

    text = shown(RunList(asked=None, entries=entries, pipelines=1, parts=(part,)))

    assert "last known, read 1 h ago" in text


@pytest.mark.parametrize(
    ("year", "zone"), [(9999, "Asia/Seoul"), (1, "America/New_York")]
)
def test_the_ends_of_the_calendar_are_no_crash(year: int, zone: str) -> None:
    edge = datetime(year, 12 if year > 1 else 1, 31 if year > 1 else 1, 23, tzinfo=UTC)
    answer = status_of(row("a", 1, State.QUEUED, started_at=edge))

    assert render(answer, NOW.astimezone(ZoneInfo(zone))).blocks


def test_what_does_not_print_reaches_nobody() -> None:
    evil = "main\x1b]0;pwned\x07\u202etxt.exe\ud800\nnext"
    text = shown(status_of(row("a", 1, State.FAILED, branch=evil)))

    assert "main]0;pwnedtxt.exe next" in text
    text.encode()


def test_a_list_of_latest_runs_says_so() -> None:
    entries = tuple(
        Entry(pipeline=RELEASE, run=make_run(RELEASE.ref, n)) for n in (2, 1)
    )
    text = shown(
        RunList(asked=None, entries=entries, pipelines=9, latest_only=True, more=True)
    )

    assert text.startswith("2 runs, newest first\n")
    assert "Only the latest run of each of 9 pipelines was read" in text


def test_an_empty_list_and_an_empty_status_say_so() -> None:
    assert "no runs" in shown(RunList(asked="x", entries=(), pipelines=1))
    assert "No connection has a pipeline yet." in shown(Status(asked=None, parts=()))
    assert "no pipelines" in shown(status_of())


def test_help_and_problems_show_commands_to_type() -> None:
    help_ = Help(command="/ci", connections=("a", "b"), groups=(), aliases=("x",))
    assert "/ci status [target] [filters]  the latest run of each" in shown(help_)
    assert "Connections: a, b" in shown(help_)
    near = Offer(label="release · shop", command="status ci:1")
    same = Offer(label="list a", command="list a")
    problem = Problem(what="No.", instead=(near, same), hint="Or not.", command="/runs")
    assert "• /runs status ci:1  release · shop\n" in shown(problem)
    assert "• /runs list a\n" in shown(problem)
    assert "Or not." in shown(problem)
    text = render(problem, NOW).text
    assert text == "No. Try: /runs status ci:1; /runs list a. "


def test_help_names_every_verb_and_every_event_and_stays_short() -> None:
    text = shown(Help(command="/ci", connections=(), groups=(), aliases=()))

    assert {f"/ci {verb}" for verb in Verb} == {
        " ".join(line.split()[:2])
        for line in text.splitlines()
        if line.startswith("/ci ") and line.split()[1] in set(Verb)
    }
    assert all(event in text for event in Event)
    assert "in the thread of an alert, @Runbell ack" in text
    assert len(text.splitlines()) <= 25


@pytest.mark.parametrize("verb", Verb)
def test_help_explains_each_verb_with_examples_that_can_be_asked(verb: Verb) -> None:
    help_ = Help(command="/ci", connections=(), groups=(), aliases=(), verb=verb)

    lines = shown(help_).splitlines()

    assert lines[0] == f"Help: {verb}"
    examples = [line for line in lines if line.startswith("For example /ci ")]
    assert len(examples) == 2
    check_limits(render(help_, NOW))


def test_help_of_watch_explains_its_words() -> None:
    text = shown(
        Help(command="/ci", connections=(), groups=(), aliases=(), verb=Verb.WATCH)
    )

    assert f"on: rings on one or more of {', '.join(Event)}" in text
    assert "after: broken means so many failures in a row: a number from 1 to" in text
    for key in (*OF_WATCHES, Key.BRANCH, Key.ACTOR, Key.LONGER):
        assert f"\n{key}: " in text


def test_the_text_alone_says_the_essential() -> None:
    bad = row("bad", 2, State.FAILED)
    message = render(status_of(bad, trouble=TROUBLE), NOW)

    assert message.text == (
        "1 failed, 1 connection not readable. Failed: bad #2. "
        "ci: the credential was not accepted."
    )


def test_text_from_outside_can_ring_nobody_and_hide_no_link() -> None:
    evil = "<!channel> <https://evil.example|your bank> *b* & `x`"
    pipeline = Pipeline(ref=PipelineRef("ci", "x"), name=evil, url="javascript:x")
    run = make_run(pipeline.ref, 1, State.FAILED, branch=evil)
    message = render(status_of(Row(pipeline=pipeline, run=run)), NOW)

    assert "<" not in message.text
    for block in message.blocks:
        assert block["type"] in {"rich_text", "header"}
    assert "javascript:" not in json.dumps(message.blocks)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (252, "4 min 12 s"),
        (3600, "1 h"),
        (3601, "1 h"),
        (90_061, "1 d 1 h"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(seconds: int, text: str) -> None:
    assert words.duration(timedelta(seconds=seconds)) == text


def test_an_answer_for_programs_is_plain_json() -> None:
    run = make_run(RELEASE.ref, 3, State.FAILED)
    answer = status_of(Row(pipeline=RELEASE, run=run), as_of=NOON)

    found = json.loads(json.dumps(data(answer)))

    assert found["answer"] == "status"
    [part] = found["parts"]
    assert part["as_of"] == "2024-05-01T12:00:00+00:00"
    assert part["rows"][0]["run"]["ref"] == "ci:release#3"
    assert part["rows"][0]["run"]["state"] == "failed"


def test_filters_are_in_json_too() -> None:
    answer = RunList(
        asked=None,
        entries=(),
        pipelines=1,
        filtered_here=frozenset({Filter.STATE, Filter.BRANCH}),
    )

    assert data(answer)["filtered_here"] == ["branch", "state"]


def test_more_than_slack_takes_is_cut_and_says_so() -> None:
    parts = tuple(Part(connection=f"c{n}", title="CI") for n in range(60))

    message = render(Status(asked=None, parts=parts), NOW)

    assert len(message.blocks) < MOST_BLOCKS
    text = terminal(message, NOW).plain
    assert "c45  CI" in text
    assert "… and 14 more sections: ask for less." in text


def test_what_one_message_cannot_hold_is_counted_by_lines_and_sections() -> None:
    block = lines([[plain("x" * 100)] for _ in range(40)])

    message = Message.of("x", [block] * 4)

    text = terminal(message, NOW).plain
    assert text.count("x" * 100) == MOST_TEXT // 100
    assert text.endswith("… and 10 more lines and 1 more sections: ask for less.\n")


# --- what can be pressed ------------------------------------------------------------


def test_a_status_can_be_refreshed_and_looked_into() -> None:
    answer = replace(status_of(row("bad", 2, State.FAILED)), again="status ci")

    menu, refresh = pressable(answer)

    [option] = menu["options"]
    assert option["value"] == "show ci:bad #2"
    assert option["text"]["text"] == "❌ bad #2 failed"
    assert refresh["value"] == "status ci"
    assert names(answer, is_private=True) == ["open", "refresh", "share"]


def test_only_what_is_shown_is_in_the_menu() -> None:
    many = [row(f"ok-{n:02}", 1, State.SUCCEEDED) for n in range(20)]
    never = Row(pipeline=RELEASE)

    menu = pressable(replace(status_of(*many, never), page=2))[0]

    values = [option["value"] for option in menu["options"]]
    assert values == [f"show ci:ok-{n:02} #1" for n in range(12, 20)]


def test_a_run_whose_address_does_not_fit_is_left_out_of_the_menu() -> None:
    long = replace(row("bad", 2, State.FAILED), opens="show " + "x" * 150)

    assert names(status_of(long)) == []


def test_a_later_page_shows_what_the_first_one_counted() -> None:
    many = [row(f"ok-{n:02}", 1, State.SUCCEEDED) for n in range(20)]
    other = Part(connection="ml", title="Fake ML", rows=(many[0],))
    first = status_of(*many, row("bad", 2, State.FAILED))
    second = replace(
        first,
        parts=(*first.parts, other),
        page=2,
        previous="status",
        again="status page:2",
    )

    text = shown(second)

    assert text.startswith("1 failed, 21 passed (page 2 of 2)\n")
    assert "ok-11 #1" in text
    assert "ok-10 #1" not in text
    assert "… and" not in text
    assert "ml  Fake ML" not in text
    assert names(second) == ["open", "refresh", "previous"]


def test_a_list_leads_to_its_other_pages() -> None:
    entry = Entry(pipeline=RELEASE, run=make_run(RELEASE.ref, 3), opens="show r #3")
    answer = RunList(
        asked="r",
        entries=(entry,),
        pipelines=1,
        page=2,
        again="list r page:2",
        previous="list r",
        next="list r page:3",
    )

    assert shown(answer).startswith("r: 1 run (page 2)\n")
    assert {e["action_id"]: e.get("value") for e in pressable(answer)} == {
        "open": None,
        "refresh": "list r page:2",
        "previous": "list r",
        "next": "list r page:3",
    }


def test_a_run_leads_to_its_log_and_to_where_it_runs() -> None:
    run = make_run(RELEASE.ref, 12, State.FAILED, url="https://ci.example/12")
    answer = Show(pipeline=RELEASE, run=run, log="log r #12", again="show r #12")

    log, refresh, link = pressable(answer)

    assert (log["action_id"], log["value"]) == ("log", "log r #12")
    assert refresh["value"] == "show r #12"
    assert (link["action_id"], link["url"]) == ("link", "https://ci.example/12")


def test_a_problem_offers_what_to_ask_instead_and_to_try_again() -> None:
    offers = tuple(Offer(label=f"pipe {n}", command=f"show {n}") for n in range(3))
    part = Part(connection="ml", title="CI", trouble=TROUBLE)
    problem = Problem(what="Which?", instead=offers, again="show x")

    choices = pressable(problem)

    assert [e["action_id"] for e in choices] == ["choice.0", "choice.1", "choice.2"]
    assert [e["text"]["text"] for e in choices] == ["pipe 0", "pipe 1", "pipe 2"]
    assert names(replace(problem, instead=(), parts=(part,))) == ["refresh"]
    assert names(problem, is_private=True) == ["choice.0", "choice.1", "choice.2"]


def test_the_bare_command_is_a_button_without_a_value() -> None:
    [refresh] = pressable(Health(pulses=(), again=""))

    assert refresh["action_id"] == "refresh"
    assert "value" not in refresh


def test_help_and_what_is_awaited_have_nothing_to_press() -> None:
    help_ = Help(command="/ci", connections=(), groups=(), aliases=())

    assert names(help_, is_private=True) == []
    assert names(Pending(connections=("ci",)), is_private=True) == []


# --- what is not known yet ----------------------------------------------------------

AWAITED = replace(TROUBLE, is_pending=True, since=None)


def test_a_connection_that_has_not_answered_is_no_failing_one() -> None:
    old = NOW - timedelta(minutes=7)
    text = shown(status_of(row("a", 1, State.SUCCEEDED), trouble=AWAITED, as_of=old))

    assert text.startswith("1 passed, 1 connection still asked\n")
    assert "⏳ still asking ci\n" in text
    assert "last known, read 7 min ago" in text
    for alarm in ("⚠️", "not readable", "since", AWAITED.what, AWAITED.advice):
        assert alarm not in text


def test_whatever_is_awaited_raises_no_alarm() -> None:
    unread = Row(pipeline=RELEASE, trouble=AWAITED)
    part = Part(connection="ci", title="CI", trouble=AWAITED)
    answers: tuple[Answer, ...] = (
        RunList(asked=None, entries=(), pipelines=1, unread=(unread,), parts=(part,)),
        Show(pipeline=RELEASE, run=make_run(RELEASE.ref, 1), trouble=AWAITED),
        Health(pulses=(Pulse(connection="ci", title="CI", trouble=AWAITED),)),
        status_of(unread),
        Pending(connections=("ci",)),
    )
    for answer in answers:
        message = render(answer, NOW)
        text = terminal(message, NOW).plain + message.text
        assert "still ask" in text.casefold(), answer
        for alarm in ("⚠️", "not readable", "nothing readable", AWAITED.what):
            assert alarm not in text, answer


def test_who_shared_an_answer_is_named_above_it() -> None:
    message = render(status_of(), NOW).shared_by("U123")

    [line] = message.blocks[0]["elements"]
    assert line["elements"][0]["text"] == "shared by "
    assert line["elements"][1] == {"type": "user", "user_id": "U123"}


def test_a_terminal_lets_nothing_vanish_that_it_cannot_draw() -> None:
    section = {"type": "rich_text_section", "elements": [{"type": "canvas"}]}
    message = Message(
        "x", ({"type": "map"}, {"type": "rich_text", "elements": [section]})
    )

    assert terminal(message, NOW).plain.splitlines() == ["[map]", "", "[canvas]"]


def test_a_moment_to_come_is_not_in_the_past() -> None:
    later = row("a", 1, State.QUEUED, started_at=NOW + timedelta(minutes=5))

    assert "in 5 min" in shown(status_of(later))


def tree(state: State = State.FAILED) -> tuple[Task, ...]:
    step = Task(kind=TaskKind.STEP, name="pytest", state=state, message="3 failed")
    job = Task(
        kind=TaskKind.JOB,
        name="unit",
        state=state,
        started_at=NOON,
        finished_at=NOON + timedelta(seconds=20),
        children=(step,),
    )
    build = Task(kind=TaskKind.STAGE, name="Build", state=State.SUCCEEDED)
    return (build, Task(kind=TaskKind.STAGE, name="Test", state=state, children=(job,)))


def test_a_run_in_full_says_what_failed_and_why() -> None:
    run = make_run(
        RELEASE.ref,
        12,
        State.FAILED,
        url="https://ci.example/release/12",
        title="Nightly",
        change="!7",
        commit=Commit(sha="fc93c34f906aeb1cc031", message="Fix totals\n\nAll of them."),
        tasks=tree(),
        facts=(Fact("Repository", "shop/store"),),
    )

    text = shown(Show(pipeline=RELEASE, run=run))

    assert text.startswith("❌ release #12 failed\n")
    assert "Open · main · !7 · kim · 1 min · 48 min ago" in text
    assert "Nightly" in text
    assert "fc93c34f · Fix totals\n" in text
    assert "Failed in Test / unit / pytest\n3 failed\n" in text
    assert "❌ unit · failed · 20 s" in text
    assert "Repository: shop/store" in text
    message = render(Show(pipeline=RELEASE, run=run), NOW)
    assert message.text == "release #12 failed in Test / unit / pytest: 3 failed"


def test_a_run_of_which_little_is_known_claims_nothing() -> None:
    ref = RunRef(RELEASE.ref, "1")
    run = Run(ref=ref, state=State.UNKNOWN, native="ODD")
    answer = Show(pipeline=RELEASE, run=run, trouble=TROUBLE, as_of=NOON)

    text = shown(answer)

    assert text.startswith("❔ release unknown (ODD)\n")
    assert "nothing more is known of it" in text
    assert "the credential was not accepted" in text
    assert "last known, read 1 h ago" in text


def test_of_many_tasks_the_rest_is_counted() -> None:
    steps = tuple(
        Task(kind=TaskKind.STEP, name=f"s{n}", state=State.SUCCEEDED) for n in range(40)
    )
    run = make_run(RELEASE.ref, 1, tasks=steps)

    assert "… and 15 more" in shown(Show(pipeline=RELEASE, run=run))


def test_a_log_is_shown_as_it_is_and_its_end_is_kept() -> None:
    run = make_run(RELEASE.ref, 12, State.FAILED)
    text = "\n".join(f"{n} <!channel> *x*" for n in range(500))
    tail = LogTail(text=text, cut=True, url="https://ci.example/log")
    answer = Log(pipeline=RELEASE, run=run, task="Test / unit", tail=tail)

    message = render(answer, NOW)
    drawn = terminal(message, NOW).plain

    assert "Log of Test / unit" in drawn
    assert "earlier lines are left out" in drawn
    assert "499 <!channel> *x*" in drawn
    assert "\n0 <!channel>" not in drawn
    assert "<" not in message.text
    check_limits(message)


def test_an_empty_log_says_so() -> None:
    run = make_run(RELEASE.ref, 12)
    answer = Log(pipeline=RELEASE, run=run, task="unit", tail=LogTail(text="\n"))

    assert "(the log is empty)" in shown(answer)


def test_health_is_a_line_a_connection() -> None:
    who = Identity(name="bot", detail="3 pipelines", expires_at=NOON)
    answer = Health(
        pulses=(
            Pulse(connection="ci", title="Fake CI", identity=who),
            Pulse(connection="ml", title="Fake ML", trouble=TROUBLE),
        )
    )

    text = shown(answer)

    assert text.startswith("1 of 2 connections well\n")
    assert "✅ ci · Fake CI · bot · 3 pipelines · credential until 2024-05-01" in text
    assert "ml  Fake ML\n⚠️ the credential was not accepted" in text
    assert "ml: the credential" in render(answer, NOW).text
    assert "no connections" in shown(Health(pulses=()))


def test_health_says_what_the_watch_cannot_see_and_where_it_cannot_post() -> None:
    at = NOW - timedelta(minutes=20)
    blind = Lane(
        connection="ci", due_at=NOW, blind_since=at, blind_reason="it is down."
    )
    parked = ChannelState(channel="C0GONE", parked="is_archived", parked_at=at)
    web = Unreadable(
        pipeline=PipelineRef("ci", "42"), name="web", since=at, reason="it is gone."
    )
    standing = Standing(
        blind=(blind,),
        unreadable=(web,) * 12,
        parked=(parked,),
        waiting=3,
        waiting_since=at,
        dead=1,
    )

    text = shown(Health(pulses=(), watch=standing))

    assert "⚠️ sees nothing of ci since 20 min ago: it is down." in text
    assert "⚠️ cannot read web (ci) since 20 min ago: it is gone." in text
    assert "⚠️ cannot read 2 pipelines more" in text
    assert "⚠️ cannot post to C0GONE since 20 min ago: it is archived" in text
    assert "⚠️ 1 message refused by Slack" in text
    assert "3 messages on the way to Slack, since 20 min ago" in text
    assert "reaches every channel" in shown(Health(pulses=(), watch=Standing()))
    alone = shown(Health(pulses=(), watch=Standing(unreadable=(web,))))
    assert "cannot read web (ci)" in alone
    assert "sees every connection" not in alone
    lost = Standing(trouble="the store did not answer")
    assert "⚠️ Watch  the store did not answer" in shown(Health(pulses=(), watch=lost))


def test_health_says_once_what_is_wrong_with_a_connection() -> None:
    at = NOW - timedelta(minutes=20)
    blind = Lane(connection="ci", due_at=NOW, blind_since=at, blind_reason="refused.")
    trouble = replace(TROUBLE, since=NOW - timedelta(minutes=2))
    pulse = Pulse(connection="ci", title="Fake CI", trouble=trouble)

    text = shown(Health(pulses=(pulse,), watch=Standing(blind=(blind,))))

    assert text.count("since") == 1
    assert "refused." not in text
    assert "Watch  sees nothing of 1 connection above\n" in text


def test_health_calls_nothing_well_of_which_the_watch_sees_nothing() -> None:
    at = NOW - timedelta(minutes=20)
    blind = Lane(
        connection="ci",
        due_at=NOW - timedelta(minutes=9),
        open_until=NOW + timedelta(minutes=8),
        blind_since=at,
        blind_reason="the credential was refused.",
    )
    pulses = tuple(
        Pulse(connection=name, title="CI", identity=Identity(name="bot"))
        for name in ("ci", "ml")
    )
    text = shown(Health(pulses=pulses, watch=Standing(blind=(blind,))))
    due = replace(blind, open_until=None)

    assert text.startswith("1 of 2 connections well\n")
    assert (
        "ci  CI\n"
        "⚠️ It answers you, but the watch has seen nothing of it since 20 min ago: "
        "the credential was refused.\n"
        "It looks again in 8 min.\n"
    ) in text
    again = shown(Health(pulses=pulses, watch=Standing(blind=(due,))))
    assert "It looks again now.\n" in again


def test_a_word_of_slacks_that_nobody_knows_is_shown_as_it_came() -> None:
    parked = ChannelState(channel="C0GONE", parked="new_word", parked_at=NOW)

    text = shown(Health(pulses=(), watch=Standing(parked=(parked,))))

    assert ": Slack says new_word" in text


def test_what_needs_no_attention_is_only_counted() -> None:
    rows_ = (row("bad", 1, State.FAILED), row("ok", 2, State.SUCCEEDED))
    part = Part(connection="ci", title="Fake CI", rows=rows_)
    fine = Part(connection="ml", title="Fake ML", rows=rows_[1:])

    text = shown(Status(asked=None, parts=(part, fine), only_attention=True))

    assert "❌ failed  bad #1" in text
    assert "ok #2" not in text
    assert "… and 1 more: 1 passed" in text
    assert "ml  Fake ML\n1 passed" in text


# --- about watching ---------------------------------------------------------------

NIGHTLY = Watch(id="w7k3f", channel="C0CI", target="ci:nightly", created_at=NOON)


def test_what_was_changed_is_repeated_and_can_be_undone() -> None:
    wrote = Wrote(
        sentence="I watch nightly (ci), as w7k3f: when it breaks.",
        typed="watch ci:nightly on:broken",
        notes=("In the last 7 days it would have rung once.",),
        undo="unwatch w7k3f",
        offers=(Offer(label="Show them", command="test w7k3f"),),
    )

    assert shown(wrote).splitlines() == [
        "I watch nightly (ci), as w7k3f: when it breaks.",
        "The same, typed: watch ci:nightly on:broken",
        "In the last 7 days it would have rung once.",
    ]
    undo, look = pressable(wrote, is_private=True)
    assert (undo["action_id"], undo["value"]) == ("choice.0", "unwatch w7k3f")
    assert (look["action_id"], look["value"]) == ("open.0", "test w7k3f")


def test_a_change_is_told_to_all_with_who_made_it_and_rings_nobody_else() -> None:
    line = PublicLine(by="U0KIM", did="muted <!channel> release.", channel="C0CI")
    message = public_line(line)

    [block] = message.blocks
    who, *rest = block["elements"][0]["elements"]
    assert who == {"type": "user", "user_id": "U0KIM"}
    assert "".join(e["text"] for e in rest) == " muted <!channel> release."
    assert message.text == "Somebody muted &lt;!channel&gt; release."
    check_limits(message)


def test_each_watch_has_a_menu_and_says_where_it_is_written() -> None:
    offers = (Offer(label="Remove", command="unwatch w7k3f"),)
    answer = Watches(
        scope="in all channels",
        rows=(
            WatchRow(
                watch=NIGHTLY, name="nightly (ci)", what="when it breaks", offers=offers
            ),
            WatchRow(
                watch=replace(NIGHTLY, id="f1", origin=Origin.FILE),
                name="ci:nightly",
                what="when it breaks",
                muted_until="until it is fixed",
            ),
        ),
        count=2,
    )

    assert shown(answer).splitlines() == [
        "2 watches in all channels",
        "",
        "In C0CI",
        "",
        "w7k3f · nightly (ci)",
        "when it breaks",
        "",
        "f1 · ci:nightly · in runbell.yml, and changed there · muted until it is fixed",
        "when it breaks",
    ]
    first, second = render(answer, NOW).blocks[2:]
    [option] = first["accessory"]["options"]
    assert (option["text"]["text"], option["value"]) == ("Remove", "unwatch w7k3f")
    assert "accessory" not in second


def test_a_rehearsal_lists_what_would_have_rung() -> None:
    ringing = Ringing(
        pipeline=RELEASE,
        run=make_run(RELEASE.ref, 12, State.FAILED),
        event=Event.BROKEN,
        at=NOON,
    )
    answer = Rehearsal(
        watch=NIGHTLY, what="when it breaks", ringings=(ringing,) * 11, since=NOON
    )

    text = shown(answer)
    assert text.startswith("w7k3f would have rung 11 times\n")
    assert "broken  ❌ failed  release #12 · main · kim" in text
    assert "… and 1 more before" in text
    nothing = replace(answer, ringings=())
    assert shown(nothing).startswith("w7k3f: silent\n")
    assert shown(replace(nothing, is_known=False)).startswith("w7k3f: not known\n")


def test_why_shows_each_rule_with_its_reason() -> None:
    happening = Happening(
        key="h",
        lineage=Lineage(RELEASE.ref, "branch:main"),
        run=RunRef(RELEASE.ref, "12"),
        event=Event.BROKEN,
        at=NOON,
        seen_at=NOON,
        reason="Run 12 failed.",
    )
    verdict = Verdict(
        happening="h",
        watch="w7k3f",
        ruling=Ruling.QUIET,
        rule="other-branch",
        reason="The run is of dev.",
        at=NOON,
    )
    muted = replace(
        verdict, ruling=Ruling.MUTED, rule="muted", reason="U0KIM muted release."
    )
    answer = Why(
        about="release #12",
        url=None,
        reasonings=(Reasoning(happening=happening, verdicts=(verdict, muted)),),
        elsewhere=2,
    )

    assert shown(answer).splitlines() == [
        "Why: release #12",
        "",
        "broken  Run 12 failed. 1 h ago",
        "· quiet  w7k3f  The run is of dev. Rule: other branch",
        "🔕 muted  w7k3f  U0KIM muted release. Rule: muted",
        "",
        "2 watches in other channels had a say as well.",
    ]
    said = json.dumps(render(answer, NOW).blocks)
    assert '{"type": "user", "user_id": "U0KIM"}' in said


def test_what_is_muted_can_be_heard_again_by_a_press() -> None:
    mute = Mute(
        id="m2p9q", channel="C0CI", target="ci:release", by="U0KIM", created_at=NOON
    )
    answer = Mutes(
        rows=(MuteRow(mute=mute, what="ci:release for ever", unmute="unmute m2p9q"),)
    )

    assert "m2p9q · ci:release for ever, by U0KIM" in shown(answer)
    [unmute] = pressable(answer)
    assert (unmute["action_id"], unmute["value"]) == ("unmute.0", "unmute m2p9q")


# --- Slack's limits, whatever is in the answer ------------------------------------

SIZES = [0, 1, 74, 149, 150, 151, 299, 300, 301, 2000, 3001]
TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(SIZES).map(lambda n: "x" * n),
    st.sampled_from(["<!here>", "&", "a|b>", "```", "\n\n", "“", "💥" * 80]),
)
MOMENT = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2040, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)
TROUBLES = st.builds(
    Trouble,
    what=TEXT,
    detail=TEXT,
    advice=TEXT,
    since=st.none() | MOMENT,
    code=TEXT,
    is_pending=st.booleans(),
)
COMMANDS = st.none() | TEXT
OFFERS = st.lists(st.builds(Offer, label=TEXT, command=TEXT), max_size=30).map(tuple)
PIPELINES = st.builds(
    Pipeline,
    ref=st.builds(PipelineRef, TEXT, TEXT),
    name=TEXT,
    url=st.none() | TEXT | TEXT.map(lambda t: f"https://ci.example/{t}"),
)


LEAVES = st.builds(
    Task,
    kind=st.sampled_from(TaskKind),
    name=TEXT,
    state=st.sampled_from(State),
    message=st.none() | TEXT,
    started_at=st.none() | MOMENT,
)
TASKS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        Task,
        kind=st.sampled_from(TaskKind),
        name=TEXT,
        state=st.sampled_from(State),
        children=st.lists(inner, max_size=4).map(tuple),
    ),
    max_leaves=30,
)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    pipeline = draw(PIPELINES)
    which = draw(st.sampled_from(["run", "trouble", "never"]))
    if which == "trouble":
        return Row(pipeline=pipeline, trouble=draw(TROUBLES))
    run = draw(runs(pipeline)) if which == "run" else None
    return Row(pipeline=pipeline, run=run, opens=draw(COMMANDS))


@st.composite
def runs(draw: st.DrawFn, pipeline: Pipeline) -> Run:
    return make_run(
        pipeline.ref,
        draw(st.integers(0, 10**6)),
        draw(st.sampled_from(State)),
        native=draw(TEXT),
        reason=draw(st.none() | st.sampled_from(Reason)),
        branch=draw(st.none() | TEXT),
        trigger=draw(st.none() | st.builds(Trigger, actor=st.none() | TEXT)),
        started_at=draw(st.none() | MOMENT),
        tasks=draw(st.none() | st.lists(TASKS, max_size=4).map(tuple)),
        facts=draw(st.lists(st.builds(Fact, TEXT, TEXT), max_size=12).map(tuple)),
        title=draw(st.none() | TEXT),
        commit=draw(st.none() | st.builds(Commit, sha=TEXT, message=TEXT)),
        url=draw(st.none() | TEXT.map(lambda t: f"https://ci.example/{t}")),
    )


PARTS = st.builds(
    Part,
    connection=TEXT,
    title=TEXT,
    rows=st.lists(rows(), max_size=15).map(tuple),
    trouble=st.none() | TROUBLES,
    as_of=st.none() | MOMENT,
    more=st.booleans(),
)
ENTRIES = PIPELINES.flatmap(
    lambda p: st.builds(Entry, pipeline=st.just(p), run=runs(p), opens=COMMANDS)
)
TEXTS = st.lists(TEXT, max_size=6).map(tuple)
PLACES = st.sampled_from(["C0123", "U0123", "D0123", "odd id"])
PEOPLE = st.sampled_from(["U0123", "W0123", ""])
WATCHES = st.builds(
    Watch,
    id=TEXT,
    channel=PLACES,
    target=TEXT,
    filters=TEXT,
    origin=st.sampled_from(Origin),
    created_at=MOMENT,
)
MUTES = st.builds(
    Mute, id=TEXT, channel=PLACES, target=TEXT, by=PEOPLE, created_at=MOMENT
)
RINGINGS = PIPELINES.flatmap(
    lambda p: st.builds(
        Ringing,
        pipeline=st.just(p),
        run=runs(p),
        event=st.sampled_from(Event),
        at=MOMENT,
    )
)
REASONINGS = st.builds(
    Reasoning,
    happening=st.builds(
        Happening,
        key=TEXT,
        lineage=st.just(Lineage(RELEASE.ref, "branch:main")),
        run=st.just(RunRef(RELEASE.ref, "1")),
        event=st.sampled_from(Event),
        at=MOMENT,
        seen_at=MOMENT,
        reason=TEXT,
    ),
    verdicts=st.lists(
        st.builds(
            Verdict,
            happening=TEXT,
            watch=TEXT,
            ruling=st.sampled_from(Ruling),
            rule=TEXT,
            reason=TEXT,
            at=MOMENT,
        ),
        max_size=9,
    ).map(tuple),
)
ANSWERS: st.SearchStrategy[Answer] = st.one_of(
    st.builds(
        Status,
        asked=st.none() | TEXT,
        parts=st.one_of(
            st.lists(PARTS, max_size=3),
            PARTS.flatmap(
                lambda part: st.sampled_from([48, 49, 50, 60]).map(lambda n: [part] * n)
            ),
        ).map(tuple),
        only_attention=st.booleans(),
        page=st.integers(1, 3),
        again=COMMANDS,
        previous=COMMANDS,
        next=COMMANDS,
    ),
    st.builds(
        RunList,
        asked=st.none() | TEXT,
        entries=st.lists(ENTRIES, max_size=10).map(tuple),
        pipelines=st.integers(0, 99),
        latest_only=st.booleans(),
        more=st.booleans(),
        filtered_here=st.frozensets(st.sampled_from(Filter)),
        left_out=st.integers(0, 3),
        unread=st.lists(rows(), max_size=40).map(tuple),
        parts=st.lists(PARTS, max_size=2).map(tuple),
        page=st.integers(1, 3),
        again=COMMANDS,
        previous=COMMANDS,
        next=COMMANDS,
    ),
    PIPELINES.flatmap(
        lambda p: st.builds(
            Show,
            pipeline=st.just(p),
            run=runs(p),
            trouble=st.none() | TROUBLES,
            log=COMMANDS,
            again=COMMANDS,
        )
    ),
    PIPELINES.flatmap(
        lambda p: st.builds(
            Log,
            pipeline=st.just(p),
            run=runs(p),
            task=TEXT,
            tail=st.builds(LogTail, text=TEXT, cut=st.booleans(), url=st.none() | TEXT),
            again=COMMANDS,
        )
    ),
    st.builds(
        Health,
        pulses=st.lists(
            st.builds(
                Pulse,
                connection=TEXT,
                title=TEXT,
                identity=st.none() | st.builds(Identity, name=st.none() | TEXT),
                trouble=st.none() | TROUBLES,
            ),
            max_size=60,
        ).map(tuple),
        again=COMMANDS,
    ),
    st.builds(
        Wrote,
        sentence=TEXT,
        typed=COMMANDS,
        notes=TEXTS,
        undo=COMMANDS,
        offers=OFFERS,
        parts=st.lists(PARTS, max_size=2).map(tuple),
    ),
    st.builds(
        Watches,
        scope=TEXT,
        rows=st.lists(
            st.builds(
                WatchRow,
                watch=WATCHES,
                name=TEXT,
                what=TEXT,
                muted_until=st.none() | TEXT,
                offers=OFFERS,
            ),
            max_size=10,
        ).map(tuple),
        count=st.integers(0, 99),
        page=st.integers(1, 3),
        again=COMMANDS,
        previous=COMMANDS,
        next=COMMANDS,
    ),
    st.builds(
        Mutes,
        rows=st.lists(
            st.builds(MuteRow, mute=MUTES, what=TEXT, unmute=TEXT), max_size=60
        ).map(tuple),
        again=COMMANDS,
    ),
    st.builds(
        Rehearsal,
        watch=WATCHES,
        what=TEXT,
        ringings=st.lists(RINGINGS, max_size=15).map(tuple),
        since=MOMENT,
        notes=TEXTS,
        parts=st.lists(PARTS, max_size=2).map(tuple),
        again=COMMANDS,
    ),
    st.builds(
        Why,
        about=TEXT,
        url=COMMANDS,
        reasonings=st.lists(REASONINGS, max_size=10).map(tuple),
        elsewhere=st.integers(0, 3),
        notes=TEXTS,
        again=COMMANDS,
    ),
    st.builds(Pending, connections=TEXTS),
    st.builds(Help, command=TEXT, connections=TEXTS, groups=TEXTS, aliases=TEXTS),
    st.builds(
        Problem,
        what=TEXT,
        instead=OFFERS,
        hint=st.none() | TEXT,
        parts=st.lists(PARTS, max_size=2).map(tuple),
        command=TEXT,
        again=COMMANDS,
    ),
    st.builds(
        Dialog,
        what=TEXT,
        form=st.just(Form()),
        opens=st.builds(Offer, label=TEXT, command=TEXT),
        instead=OFFERS,
        hint=st.none() | TEXT,
        command=TEXT,
    ),
)


def test_every_sort_of_answer_is_among_those_tried() -> None:
    assert set(get_args(Answer)) == {
        Status, RunList, Show, Log, Health, Help, Problem, Dialog, Pending,
        Wrote, Watches, Mutes, Rehearsal, Why,
    }  # fmt: skip


@given(ANSWERS, st.booleans())
@settings(max_examples=200, deadline=None)
def test_slack_would_take_every_message(
    answer: Answer,
    is_private: bool,  # noqa: FBT001 - drawn
) -> None:
    message = render(answer, NOW, is_private=is_private)

    for sent in (message, message.shared_by("U123")):
        check_limits(sent)
        check_actions(sent)
    assert len(message.plainly().text) <= 4000
    assert terminal(message, NOW).plain
    json.dumps(data(answer))


def check_limits(message: Message) -> None:
    """Hold a message against Slack's limits, by its own models and beyond them."""
    assert 1 <= len(message.text) <= 4000
    assert 1 <= len(message.blocks) <= MOST_BLOCKS
    said = [block for block in message.blocks if block["type"] != "actions"]
    assert _weight(said) <= MOST_TEXT + 200
    # The local Slack has rules that Slack's own models lack.
    assert check_blocks(list(message.blocks)) == []
    for block in message.blocks:
        parsed = SlackBlock.parse(block)
        assert parsed is not None
        parsed.validate_json()
        # Slack's models drop what they do not know: nothing of ours may be dropped.
        assert parsed.to_dict() == block
        assert all(text for text in _texts(block))


def check_actions(message: Message) -> None:
    """Hold what can be pressed against Slack's limits, and against what we listen to.

    https://docs.slack.dev/reference/block-kit/block-elements
    """
    beside = [b["accessory"] for b in message.blocks if "accessory" in b]
    assert {element["action_id"] for element in beside} <= set(Press)
    blocks = [block for block in message.blocks if block["type"] == "actions"]
    assert len(blocks) <= 1
    elements = [element for block in blocks for element in block["elements"]]
    assert len(elements) <= MOST_ELEMENTS
    ids = [element["action_id"] for element in elements]
    assert len(set(ids)) == len(ids)
    assert {name.partition(".")[0] for name in ids} <= set(Press)
    for element in elements:
        assert len(element.get("value", "x")) in range(1, 2001)
        assert len(element.get("url", "")) <= 3000
        label = element.get("text") or element["placeholder"]
        assert len(label["text"]) in range(1, 76)
        options = element.get("options", [])
        assert len(options) <= 100
        values = [option["value"] for option in options]
        assert len(set(values)) == len(values)
        for option in options:
            assert len(option["value"]) in range(1, 151)
            assert len(option["text"]["text"]) in range(1, 76)


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [v for k, v in value.items() if k == "text" and isinstance(v, str)]
        return own + [t for v in value.values() for t in _texts(v)]
    if isinstance(value, list):
        return [t for v in value for t in _texts(v)]
    return []
