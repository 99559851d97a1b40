"""Any text at all is a command, or comes back with what may have been meant."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.grammar import Command, Unclear, Verb, parse, tokens

WORD = st.text(string.ascii_letters + string.digits + "-_./:*?[]()@#", min_size=1)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", Command(Verb.STATUS)),
        ("   \n ", Command(Verb.STATUS)),
        ("status", Command(Verb.STATUS)),
        ("STATUS  flow:release ", Command(Verb.STATUS, ("flow:release",))),
        ("st release", Command(Verb.STATUS, ("release",))),
        ("list nightly build", Command(Verb.LIST, ("nightly", "build"))),
        ("ls “nightly build”", Command(Verb.LIST, ("nightly build",))),
        ('list flow:"nightly build"', Command(Verb.LIST, ("flow:nightly build",))),
        ("status flow：发布", Command(Verb.STATUS, ("flow:发布",))),
        ("status\u3000release—notes", Command(Verb.STATUS, ("release-notes",))),
        ('list "never closed', Command(Verb.LIST, ("never closed",))),
        ("help", Command(Verb.HELP)),
        ("?", Command(Verb.HELP)),
        (
            "status <https://flow.aliyun.com/pipelines/1/current|the pipeline>",
            Command(Verb.STATUS, ("https://flow.aliyun.com/pipelines/1/current",)),
        ),
        ("status <#C123|deploys>", Command(Verb.STATUS, ("#deploys",))),
        ("status <@U123>", Command(Verb.STATUS, ("@U123",))),
        ("status a&amp;b", Command(Verb.STATUS, ("a&b",))),
    ],
)
def test_a_text_is_read_as_this_command(text: str, command: Command) -> None:
    assert parse(text) == command


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


@given(st.sampled_from(Verb), st.lists(WORD | st.just("two words")))
def test_what_is_printed_is_read_back(verb: Verb, targets: list[str]) -> None:
    command = Command(verb, tuple(targets))

    assert parse(str(command)) == command or len(str(command)) > 1000


@given(st.text())
def test_no_token_holds_a_space_unless_it_was_quoted(text: str) -> None:
    if not set(text) & set('"“”„‟″＂&'):
        assert all(len(token.split()) <= 1 for token in tokens(text))
