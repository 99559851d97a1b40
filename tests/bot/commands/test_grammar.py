"""Any text at all is a command, or comes back with what may have been meant."""

from __future__ import annotations

import string
from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.clauses import ENDING, PLACED
from bot.commands.grammar import (
    LONGEST,
    OF_ONE_RUN,
    Command,
    Unclear,
    Verb,
    keys_of,
    parse,
    typed,
)
from bot.commands.times import Until
from bot.filters import Filters
from bot.records import Event
from bot.terms import Key, Term
from tests.bot.test_tokens import ANY, escaped

NAME = ANY.filter(bool)
NUMBER = st.integers(1, 10**6).map(str)
HOURS = timedelta(hours=2)
PLAIN = st.text(string.ascii_letters + "_./*?[]()@", min_size=1, max_size=20)


def term(key: Key, *values: str, is_not: bool = False) -> Filters:
    return Filters((Term(key, values, is_not),))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", Command()),
        ("   \n ", Command()),
        ("is:red", Command(filters=term(Key.STATE, "red"))),
        ("status", Command(Verb.STATUS)),
        ("STATUS  flow:release ", Command(Verb.STATUS, "flow:release")),
        ("st release", Command(Verb.STATUS, "release")),
        ("list nightly build", Command(Verb.LIST, "nightly build")),
        ("ls “nightly build”", Command(Verb.LIST, "nightly build")),
        ('list flow:"nightly build"', Command(Verb.LIST, "flow:nightly build")),
        ("status flow：发布", Command(Verb.STATUS, "flow:发布")),
        ("status\u3000release—notes", Command(Verb.STATUS, "release-notes")),
        ('list "never closed', Command(Verb.LIST, "never closed")),
        ("help", Command(Verb.HELP)),
        ("?", Command(Verb.HELP)),
        ("show release", Command(Verb.SHOW, "release")),
        ("show release 12", Command(Verb.SHOW, "release", "12")),
        ("show release #12", Command(Verb.SHOW, "release", "12")),
        ("show release#12", Command(Verb.SHOW, "release", "12")),
        ("log nightly build 7", Command(Verb.LOG, "nightly build", "7")),
        ("show 1233", Command(Verb.SHOW, "1233")),
        ("list release 12", Command(Verb.LIST, "release 12")),
        ("show #12", Command(Verb.SHOW, run="12")),
        ("show release ＃１２", Command(Verb.SHOW, "release", "12")),
        ('show "release#12"', Command(Verb.SHOW, "release#12")),
        ('show "nightly build 7"', Command(Verb.SHOW, "nightly build 7")),
        ('show flow:"a#b" #7', Command(Verb.SHOW, "flow:a#b", "7")),
        ("show release <#C9|12>", Command(Verb.SHOW, "release", "12")),
        ("show https://x.example/1 7", Command(Verb.SHOW, "https://x.example/1", "7")),
        (
            "log https://x.example/1#a #7",
            Command(Verb.LOG, "https://x.example/1#a", "7"),
        ),
        ("status <http://deploy.sh|deploy.sh>", Command(Verb.STATUS, "deploy.sh")),
        ('status "branch:main"', Command(Verb.STATUS, "branch:main")),
        ("`status release`", Command(Verb.STATUS, "release")),
        ("ｓｔａｔｕｓ", Command(Verb.STATUS)),
        ("상태 release", Command(Verb.STATUS, "release")),
        ("\u1109\u1161\u11bc\u1110\u1162", Command(Verb.STATUS)),
        ("状态", Command(Verb.STATUS)),
        ("목록", Command(Verb.LIST)),
        ("列表 is:red", Command(Verb.LIST, filters=term(Key.STATE, "red"))),
        ("로그 release 7", Command(Verb.LOG, "release", "7")),
        ("日志 release", Command(Verb.LOG, "release")),
        ("도움말", Command(Verb.HELP)),
        ("帮助", Command(Verb.HELP)),
        (
            "show <https://flow.aliyun.com/pipelines/1/builds/2|the run>",
            Command(Verb.SHOW, "https://flow.aliyun.com/pipelines/1/builds/2"),
        ),
        (
            "https://flow.aliyun.com/pipelines/1/builds/2#x",
            Command(Verb.SHOW, "https://flow.aliyun.com/pipelines/1/builds/2#x"),
        ),
        ("status <#C123|deploys>", Command(Verb.STATUS, "#deploys")),
        ("status <@U123>", Command(Verb.STATUS, "@U123")),
        ("status a&amp;b", Command(Verb.STATUS, "a&b")),
        (
            "list branch:main,release/* web",
            Command(Verb.LIST, "web", filters=term(Key.BRANCH, "main", "release/*")),
        ),
        (
            "list -actor:*bot",
            Command(Verb.LIST, filters=term(Key.ACTOR, "*bot", is_not=True)),
        ),
        (
            "list –branch：main",
            Command(Verb.LIST, filters=term(Key.BRANCH, "main", is_not=True)),
        ),
        (
            'list name:"nightly build"',
            Command(Verb.LIST, filters=term(Key.NAME, "nightly build")),
        ),
        (
            'list name:"Install, Build, Test &amp; Lint",web',
            Command(
                Verb.LIST,
                filters=term(Key.NAME, "Install, Build, Test & Lint", "web"),
            ),
        ),
        (
            "list actor:<mailto:kim@x.example|kim@x.example>",
            Command(Verb.LIST, filters=term(Key.ACTOR, "kim@x.example")),
        ),
    ],
)
def test_a_text_is_read_as_this_command(text: str, command: Command) -> None:
    assert parse(text) == command


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("list state:faild web", "list web state:failed"),
        ("list -state:faild", "list -state:failed"),
        ("list -page:2", "list page:2"),
        ("list is:faild branch: web", "list web state:failed branch:release/*"),
        ("lits is:faild web", "list web state:failed"),
        ("is:faild", "state:failed"),
        ("list since:2x", "list since:2d"),
        ("list trigger:shedule", "list trigger:schedule"),
        ("list branch: web", "list web branch:release/*"),
    ],
)
def test_a_filter_that_cannot_be_keeps_the_rest_of_the_question(
    text: str, instead: str
) -> None:
    unclear = parse(text)

    assert isinstance(unclear, Unclear)
    assert instead in unclear.instead


def test_an_unknown_verb_comes_back_with_the_nearest_ones() -> None:
    unclear = parse("lits release")

    assert isinstance(unclear, Unclear)
    assert "list release" in unclear.instead


def test_a_target_without_a_verb_comes_back_as_a_question_for_its_status() -> None:
    unclear = parse("payments-release")

    assert isinstance(unclear, Unclear)
    assert unclear.instead == ("status payments-release",)


def test_what_is_too_long_is_not_answered_in_part() -> None:
    assert isinstance(parse("status " + "a" * (LONGEST - len("status "))), Command)
    unclear = parse("status " + "a" * LONGEST)

    assert isinstance(unclear, Unclear)
    assert "longer than 1000 characters" in unclear.what


@pytest.mark.parametrize(
    "text", ["/runs status web", " `/runs status web`", "/RUNS  status web"]
)
def test_a_text_may_begin_with_the_name_of_the_slash_command(text: str) -> None:
    assert parse(text, "/runs") == Command(Verb.STATUS, "web")


def test_the_name_of_the_slash_command_alone_asks_what_needs_attention() -> None:
    assert parse("/runs", "/runs") == Command()
    assert isinstance(parse("/ci", "/runs"), Unclear)


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["nightly build"], Command(Verb.SHOW, "nightly build")),
        (["nightly build", "7"], Command(Verb.SHOW, "nightly build", "7")),
        (["release#7"], Command(Verb.SHOW, "release", "7")),
        (['a "b"'], Command(Verb.SHOW, 'a "b"')),
        (["a&amp;b"], Command(Verb.SHOW, "a&amp;b")),
        (
            ["name:nightly build,web"],
            Command(Verb.SHOW, filters=term(Key.NAME, "nightly build", "web")),
        ),
        (
            ["−branch:main"],
            Command(Verb.SHOW, filters=term(Key.BRANCH, "main", is_not=True)),
        ),
        (
            ["https://x.example/?a=1&b=2#c"],
            Command(Verb.SHOW, "https://x.example/?a=1&b=2#c"),
        ),
    ],
)
def test_the_words_of_a_shell_are_taken_as_the_shell_made_them(
    words: list[str], command: Command
) -> None:
    assert parse(typed(Verb.SHOW, words)) == command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("watch release", Command(Verb.WATCH, "release")),
        ("subscribe release", Command(Verb.WATCH, "release")),
        ("snooze release", Command(Verb.MUTE, "release")),
        ("unsubscribe w7k3f", Command(Verb.UNWATCH, "w7k3f")),
        (
            "watch release in <#C0123|ci-alerts>",
            Command(Verb.WATCH, "release", channel="C0123"),
        ),
        ("watch release in <#C0123|>", Command(Verb.WATCH, "release", channel="C0123")),
        ("watch release in <#C0123>", Command(Verb.WATCH, "release", channel="C0123")),
        ("watch release in C0123", Command(Verb.WATCH, "release", channel="C0123")),
        ("watch built in house", Command(Verb.WATCH, "built in house")),
        ('watch "built in C0123"', Command(Verb.WATCH, "built in C0123")),
        ("status built in C0123", Command(Verb.STATUS, "built in C0123")),
        (
            "watch web on:red,Fixed",
            Command(Verb.WATCH, "web", filters=term(Key.ON, "broken", "fixed")),
        ),
        (
            "watch web mention:<@U0123|kim>",
            Command(Verb.WATCH, "web", filters=term(Key.MENTION, "U0123")),
        ),
        (
            "watch web mention:<!subteam^S0123|@ops>",
            Command(Verb.WATCH, "web", filters=term(Key.MENTION, "S0123")),
        ),
        (
            "watch web queued:&gt;30m",
            Command(Verb.WATCH, "web", filters=term(Key.QUEUED, "30m")),
        ),
        (
            "mute web for 2h",
            Command(Verb.MUTE, "web", until=Until(span=timedelta(hours=2))),
        ),
        (
            "mute a1b2c3 until fixed",
            Command(Verb.MUTE, "a1b2c3", until=Until(is_fixed=True)),
        ),
        (
            "mute web until Monday 9:00 in <#C1|ci>",
            Command(
                Verb.MUTE, "web", channel="C1", until=Until(day="mon", clock=time(9))
            ),
        ),
        (
            "mute web until 17：30",
            Command(Verb.MUTE, "web", until=Until(clock=time(17, 30))),
        ),
        ('mute "wait for it"', Command(Verb.MUTE, "wait for it")),
        ('mute "quick 2h"', Command(Verb.MUTE, "quick 2h")),
        (
            "mute web for 2h for 2h in C1 in C1",
            Command(Verb.MUTE, "web", channel="C1", until=Until(span=HOURS)),
        ),
        (
            "watch web branch:-dev/*,-x",
            Command(
                Verb.WATCH, "web", filters=term(Key.BRANCH, "dev/*", "x", is_not=True)
            ),
        ),
        (
            'watch web actor:"-kim"',
            Command(Verb.WATCH, "web", filters=term(Key.ACTOR, "-kim")),
        ),
        (
            'mute "until" until tomorrow',
            Command(Verb.MUTE, "until", until=Until(day="tomorrow")),
        ),
        ("why release #12", Command(Verb.WHY, "release", "12")),
    ],
)
def test_what_is_asked_of_the_watch_is_read_as_this_command(
    text: str, command: Command
) -> None:
    assert parse(text) == command


@pytest.mark.parametrize(
    ("text", "what", "instead"),
    [
        ("watch web in #ci", "I was not told which channel #ci is", "help watch"),
        ("mute web until whenever", "“until whenever” does not say", "help mute"),
        (
            "mute web until",
            "“until” does not say until when: say until fi",
            "help mute",
        ),
        ("mute web for 0m", "“for 0m” does not say for how long: say for", "help mute"),
        ("mute web for banana", "“for banana” does not say for how long", "help mute"),
        ("mute web 2h", "“2h” lacks the word “for”", "mute web for 2h"),
        ("mute web mon 09:00", "“mon 09:00” lacks", "mute web until mon 09:00"),
        ("list web on:broken", "“on:” says when a watch rings", "list web"),
        ("watch web is:red", "“state:” is no part of a watch", "help watch"),
        ("mute web branch:main", "mute takes no “branch:”", "help mute"),
        (
            "watch web on:brokn",
            "“brokn” is nothing that on: can be: it takes one or more of broken, fixed",
            "watch web on:broken",
        ),
        ("watch web on:all", "“all” is nothing that on: can be", "help watch"),
        ("watch web mention:@kim", "“@kim” is nothing", "help watch"),
        ("watch web -on:fixed", "“-on:fixed” is no list of events", "help watch"),
        ("watch web after:1,2", "“after:1,2” is no count: it takes a nu", "help watch"),
        (
            "watch web after:99999",
            "“99999” is nothing that after: can be: it takes a number from 1 to 99",
            "help watch",
        ),
        (
            "watch web longer:999999d",
            "“999999d” is nothing that longer: can be: it takes a length of time",
            "help watch",
        ),
        ("watch web queued:0m", "“0m” is nothing that queued: can be", "help watch"),
        ("list since:9999w", "“9999w” is nothing that since: can be", "list since:2d"),
        ("wacth web", "“wacth” is not something I can do", "watch web"),
    ],
)
def test_what_cannot_be_meant_is_not_passed_over_in_silence(
    text: str, what: str, instead: str
) -> None:
    unclear = parse(text)

    assert isinstance(unclear, Unclear)
    assert unclear.what.startswith(what)
    assert instead in unclear.instead


@pytest.mark.parametrize(
    ("text", "what", "instead"),
    [
        (
            "watch web in <#C1|ci> on:done in <#C2|deploys>",
            "Several channels are named, #ci and #deploys:",
            ("watch web on:done in C1", "watch web on:done in C2"),
        ),
        (
            "mute web until fixed for 2h",
            "Several ends are named, “until fixed” and “for 2h”:",
            ("mute web until fixed", "mute web for 2h"),
        ),
        (
            "watch web style:edit after:2 style:thread",
            "“style:edit” and “style:thread” are said both:",
            ("watch web after:2 style:edit", "watch web after:2 style:thread"),
        ),
    ],
)
def test_what_is_said_twice_and_differently_is_asked_back(
    text: str, what: str, instead: tuple[str, ...]
) -> None:
    unclear = parse(text)

    assert isinstance(unclear, Unclear)
    assert unclear.what.startswith(what)
    assert unclear.instead == instead


@given(
    st.sampled_from(["watch web", "mute web", "ack web", "unwatch web"]),
    st.sampled_from(
        [
            *(
                "on:xyz",
                "on:",
                "branch:",
                "after:0",
                "mention:@kim",
                "is:red",
                "for 0m",
            ),
            *(
                "until soon",
                "in #ci",
                "-style:edit",
                "longer:9999d",
                "page:0",
                "-on:done",
            ),
        ]
    ),
)
def test_a_change_that_cannot_be_understood_is_never_offered_as_another_one(
    change: str, wrong: str
) -> None:
    unclear = parse(f"{change} {wrong}")

    if isinstance(unclear, Unclear):
        assert unclear.instead == (f"help {change.split(maxsplit=1)[0]}",)
    else:
        assert unclear.target == f"web {wrong}"


TYPED = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *("list", "show", "lits", "web", "#7", "7", "is:faild", "branch:"),
                *("-page:2", "since:2x", '"', "<#C1|7>", "https://x.example/1#2"),
                *("watch", "mute", "wacth", "in", "#ci", "C0123", "for", "2h", "until"),
                *("mon", "09:00", "fixed", "on:broken", "on:brokn", "-style:edit"),
                *("mention:<@U1|kim>", "mention:@kim", "queued:>30m", "after:0"),
                *("C9", "branch:-x", 'actor:"-x"', "style:edit", "style:both"),
            ]
        ),
        ANY,
    ),
    max_size=6,
).map(" ".join)


@given(st.one_of(st.text(), TYPED))
def test_any_text_at_all_gives_a_command_or_something_to_try_instead(text: str) -> None:
    result = parse(text)

    if isinstance(result, Command):
        assert parse(str(result)) == result
        assert parse(escaped(str(result))) == result
        assert parse(f"/runs {result}", "/runs") == result
    else:
        assert result.what
        assert result.instead
        for instead in result.instead:
            assert isinstance(parse(instead), Command)


TERMS = st.one_of(
    st.builds(
        Term,
        st.sampled_from([Key.BRANCH, Key.ACTOR, Key.NAME]),
        st.lists(NAME, min_size=1, max_size=3).map(tuple),
        st.booleans(),
    ),
    st.builds(
        Term,
        st.just(Key.ON),
        st.lists(st.sampled_from(Event), min_size=1, unique=True).map(tuple),
    ),
    st.builds(Term, st.just(Key.AFTER), st.integers(1, 99).map(lambda n: (str(n),))),
    st.builds(Term, st.just(Key.MENTION), st.sampled_from([("none",), ("U0123",)])),
)
ENDS = st.one_of(
    st.just(Until(is_fixed=True)),
    st.integers(1, 10**6).map(lambda m: Until(span=timedelta(minutes=m))),
    st.builds(
        Until, clock=st.times().map(lambda t: t.replace(second=0, microsecond=0))
    ),
    st.builds(
        Until,
        day=st.sampled_from(["today", "tomorrow", "mon", "sun", "2026-12-24"]),
        clock=st.none() | st.just(time(9, 30)),
    ),
)


@given(
    verb=st.sampled_from(Verb),
    target=st.none() | NAME | st.lists(PLAIN, min_size=1, max_size=3).map(" ".join),
    run=st.none() | NUMBER | NAME,
    terms=st.lists(TERMS, max_size=2, unique_by=lambda term: term.key),
    channel=st.none() | st.sampled_from(["C0123ABC", "G9", "D7X", "U0123"]),
    until=st.none() | ENDS,
)
def test_what_is_printed_is_read_back(
    verb: Verb,
    target: str | None,
    run: str | None,
    terms: list[Term],
    channel: str | None,
    until: Until | None,
) -> None:
    command = Command(
        verb,
        target,
        run if verb in OF_ONE_RUN else None,
        Filters(tuple(term for term in terms if term.key in keys_of(verb))),
        channel if verb in PLACED else None,
        until if verb in ENDING else None,
    )

    assert parse(str(command)) == command
    assert parse(escaped(str(command))) == command
