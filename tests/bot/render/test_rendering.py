"""Answers as messages: what they say, and that Slack would take every one of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.answers import (
    Answer,
    Entry,
    Health,
    Help,
    Log,
    Offer,
    Part,
    Pending,
    Problem,
    Pulse,
    Row,
    RunList,
    Show,
    Status,
)
from bot.records import (
    Event,
)
from bot.render import words
from bot.render.data import data
from bot.render.message import MOST_BLOCKS, MOST_TEXT, Message, lines, plain
from bot.render.rendering import render
from bot.render.terminal import terminal
from bot.terms import OF_WATCHES, Key
from bot.vocabulary import Verb
from providers.contract import Filter
from providers.model import (
    Commit,
    Fact,
    LogTail,
    Pipeline,
    PipelineRef,
    Reason,
    Run,
    RunRef,
    State,
    Task,
    TaskKind,
)
from tests.bot.render.anything import check_limits
from tests.bot.render.drawn import (
    NOW,
    RELEASE,
    TROUBLE,
    row,
    shown,
    status_of,
    tree,
)
from tests.fakes.provider import NOON, make_run


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


def test_what_needs_no_attention_is_only_counted() -> None:
    rows_ = (row("bad", 1, State.FAILED), row("ok", 2, State.SUCCEEDED))
    part = Part(connection="ci", title="Fake CI", rows=rows_)
    fine = Part(connection="ml", title="Fake ML", rows=rows_[1:])

    text = shown(Status(asked=None, parts=(part, fine), only_attention=True))

    assert "❌ failed  bad #1" in text
    assert "ok #2" not in text
    assert "… and 1 more: 1 passed" in text
    assert "ml  Fake ML\n1 passed" in text
