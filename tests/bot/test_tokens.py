"""A text falls apart into the words that were meant, whoever typed or wrapped it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tokens import Token, folded, is_url, literal, plain, quoted, tokens

ODD = st.text(
    st.sampled_from('ab #,:-\\"“”„<>&;`＃：\u3000\u200b\nampltg|@!'), max_size=30
)
ANY = st.one_of(st.text(max_size=60), ODD)


def escaped(text: str) -> str:
    """Return a text as Slack hands it on.

    https://docs.slack.dev/messaging/formatting-message-text
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def texts(text: str) -> list[str]:
    return [token.text for token in tokens(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \n\t\u3000\u00a0", []),
        ("a  b", ["a", "b"]),
        ('"a b" c', ["a b", "c"]),
        ("“a b” „c d“", ["a b", "c d"]),
        ('a:"b c"d', ["a:b cd"]),
        ('"never closed', ["never closed"]),
        ('"" a', ["a"]),
        (r'"say \"hi\""', ['say "hi"']),
        (r'"C:\jobs\\x"', ["C:\\jobs\\x"]),
        (r"C:\jobs", ["C:\\jobs"]),
        (r"\“a\”", ["“a”"]),
        ("a—b ‘c’ ＃１２：x，y＊", ["a-b", "'c'", "#12:x,y*"]),
        ('"a—b：c，d"', ["a—b：c，d"]),
        ("`status release`", ["status", "release"]),
        ("sta\u200btus\ufeff", ["status"]),
        ("<https://x.example/a?b=1&amp;c=2>", ["https://x.example/a?b=1&c=2"]),
        ("<https://x.example/1|the run>", ["https://x.example/1"]),
        ("<http://deploy.sh|deploy.sh>", ["deploy.sh"]),
        ("actor:<mailto:kim@x.example|kim@x.example>", ["actor:kim@x.example"]),
        ('"<https://x.example/1|x>"', ["https://x.example/1"]),
        ("<#C123|deploys> <#C123>", ["#deploys", "#C123"]),
        ("<@U123|Kim Lee> <@U123>", ["@Kim Lee", "@U123"]),
        ("a&amp;b &lt;c&gt; &amp;lt;", ["a&b", "<c>", "&lt;"]),
        ("a<b", ["a<b"]),
        ("<>", ["<>"]),
    ],
)
def test_a_text_holds_these_words(text: str, words: list[str]) -> None:
    assert texts(text) == words


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("a#1", "a#1"),
        ('"a#1"', "   "),
        ('a:"b,c",d', "a:   ,d"),
        (r"a\"b", "a b"),
        ("<https://x/#1>", " " * 12),
        ("<#C1|12>", "#  "),
        ("<@U1|K L>", "    "),
        ("&amp;#", " #"),
    ],
)
def test_what_is_quoted_or_linked_has_no_other_meaning(text: str, bare: str) -> None:
    [token] = tokens(text)

    assert token.bare == bare


@given(ANY)
def test_any_text_in_quotes_is_one_word_and_all_of_it_as_it_is(text: str) -> None:
    for written in (quoted(text), escaped(quoted(text))):
        assert tokens(written) == ((Token(text, " " * len(text)),) if text else ())


@given(ANY)
def test_what_is_written_literally_is_read_back(text: str) -> None:
    for written in (literal(text), escaped(literal(text))):
        assert texts(written) == ([text] if text else [])


@given(ANY)
def test_a_word_is_printed_as_it_would_be_typed(text: str) -> None:
    words = tokens(text)
    again = " ".join(map(str, words))

    assert tokens(again) == words
    assert tokens(escaped(again)) == words


@given(ANY)
def test_a_word_holds_no_space_unless_that_is_taken_as_it_is(text: str) -> None:
    for token in tokens(text):
        assert token.text
        assert len(token) == len(token.bare)
        assert not any(c.isspace() for c in token.bare.replace(" ", ""))


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("release", "release"),
        ("nf:shop/web-1", "nf:shop/web-1"),
        ("发布", "发布"),
        (r"a\b", r'"a\\b"'),
        ("a b", '"a b"'),
        ('a"b', r'"a\"b"'),
        ("a&b", '"a&b"'),
        ("a&amp;b", '"a&""amp;b"'),
        ("release#1", '"release#1"'),
        ("发布：一", '"发布：一"'),
    ],
)
def test_quotes_are_written_only_where_they_are_needed(word: str, written: str) -> None:
    assert literal(word) == written


def test_a_word_of_a_shell_keeps_its_colons_and_commas() -> None:
    word = plain('name:nightly build,"x"')

    [read] = tokens(str(word))
    assert (read.text, read.bare) == (word.text, "name:nightly build, x ")


def test_a_word_is_split_where_nothing_was_quoted() -> None:
    [token] = tokens('a,"b,c",d')

    assert [part.text for part in token.split(",")] == ["a", "b,c", "d"]


def test_what_is_typed_alike_is_the_same() -> None:
    names = ("发布：Ａ 1", "发布:Ａ  １", "发布:ａ\u30001")

    assert len({folded(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        ("https://x.example", True),
        ("Http://x.example", True),
        ("https:x", False),
        ("release", False),
        ("", False),
    ],
)
def test_an_address_begins_with_its_scheme(
    word: str,
    is_one: bool,  # noqa: FBT001 - a table
) -> None:
    assert is_url(word) is is_one
