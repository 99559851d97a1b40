"""Any text at all is a command, or comes back with what may have been meant."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.grammar import OF_ONE_RUN, Command, Unclear, Verb, parse, tokens
from bot.filters import Filters, Key, Term

NAME = st.text(string.ascii_letters + "_./*?[]()@", min_size=1, max_size=20)


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
    ],
)
def test_a_text_is_read_as_this_command(text: str, command: Command) -> None:
    assert parse(text) == command


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("list state:faild web", "list state:failed web"),
        ("list since:2x", "list since:2d"),
        ("list trigger:shedule", "list trigger:schedule"),
        ("list branch: web", "list branch:release/* web"),
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


@given(st.text())
def test_any_text_at_all_gives_a_command_or_something_to_try_instead(text: str) -> None:
    result = parse(text)

    if isinstance(result, Unclear):
        assert result.what
        assert result.instead
        for instead in result.instead:
            assert isinstance(parse(instead), Command)


TERMS = st.builds(
    Term,
    st.sampled_from([Key.BRANCH, Key.ACTOR, Key.NAME]),
    st.lists(NAME, min_size=1, max_size=3).map(tuple),
    st.booleans(),
)


@given(
    verb=st.sampled_from(Verb),
    words=st.lists(NAME, max_size=3),
    run=st.none() | st.integers(1, 10**6).map(str),
    terms=st.lists(TERMS, max_size=3),
)
def test_what_is_printed_is_read_back(
    verb: Verb, words: list[str], run: str | None, terms: list[Term]
) -> None:
    target = " ".join(words) or None
    number = run if verb in OF_ONE_RUN and target else None
    command = Command(verb, target, number, Filters(tuple(terms)))

    assert parse(str(command)) == command


@given(st.text())
def test_no_token_holds_a_space_unless_it_was_quoted(text: str) -> None:
    if not set(text) & set('"“”„‟″＂&'):
        assert all(len(token.split()) <= 1 for token in tokens(text))
