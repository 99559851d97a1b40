"""Names and words are such that what is typed can only mean one thing."""

from __future__ import annotations

import pytest

from bot.terms import SPELLINGS
from bot.vocabulary import SYNONYMS, VERBS
from tests.bot.settings.reading import SHOP, Reader


@pytest.mark.parametrize("name", ["shop", "a", "1", "a-b_c", "n" * 40])
def test_connections_may_have_such_names(reader: Reader, name: str) -> None:
    assert set(reader.load(SHOP.replace("shop:", f"{name}:")).connections) == {name}


@pytest.mark.parametrize(
    "name", ["Shop", "-a", "_a", "a.b", "a b", "a:b", "가게", '""', "n" * 41]
)
def test_connections_may_not_have_other_names(reader: Reader, name: str) -> None:
    (problem,) = reader.problems(SHOP.replace("shop:", f"{name}:"))
    assert "cannot name a connection; write at most 40 lower-case letters" in problem


@pytest.mark.parametrize("name", ["file", "http", "https"])
def test_what_means_something_else_before_a_colon_is_no_name(
    reader: Reader, name: str
) -> None:
    (problem,) = reader.problems(SHOP.replace("shop:", f"{name}:"))
    assert problem.endswith(
        f"has its own meaning; write another name, such as my-{name}"
    )


@pytest.mark.parametrize("word", ["pay", "결제", "v1.2", "a-b_c", "1"])
def test_words_may_be_of_any_script(reader: Reader, word: str) -> None:
    settings = reader.load(f"groups: {{{word}: [shop]}}\n{SHOP}")
    assert settings.groups == {word: ("shop",)}


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("status", "status is a verb of the command; write another word, such as stat"),
        ("Help", "Help is a verb of the command; write another word"),
        ("shop", "shop is a connection already; write another word, or rename"),
        ("Pay", "'Pay' cannot be a word of the command; write at most 40"),
        ("a b", "'a b' cannot be a word of the command"),
        ("a/b", "'a/b' cannot be a word of the command"),
        ("-a", "'-a' cannot be a word of the command"),
        ("a*", "'a*' cannot be a word of the command"),
    ],
)
@pytest.mark.parametrize("section", ["groups: {%s: [shop]}", "aliases: {%s: shop}"])
def test_a_word_that_could_be_something_else_is_a_problem(
    reader: Reader, section: str, word: str, told: str
) -> None:
    (problem,) = reader.problems(section % word + SHOP)
    assert told in problem


def test_a_word_cannot_be_both_a_group_and_an_alias(reader: Reader) -> None:
    text = f"groups:\n  pay: [shop]\naliases:\n  pay: shop\n{SHOP}"
    (problem,) = reader.problems(text)
    assert problem == (
        "runbell.yml:4: aliases.pay: pay is a group already; write another word"
    )


@pytest.mark.parametrize(
    "target",
    ["shop", "shop:a", "Shop:a", "shop:*", "release", "api/*", "https://x/y", "a b"],
)
def test_a_target_may_be_anything_that_can_be_found_later(
    reader: Reader, target: str
) -> None:
    settings = reader.load(f"groups: {{pay: ['{target}']}}\n{SHOP}")
    assert settings.groups == {"pay": (target,)}


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("shpo:a", "'shpo:a' names no connection before its colon; did you mean shop?"),
        ("*:a", "'*:a' names no connection before its colon; write one of: shop"),
        (":a", "':a' names no connection before its colon; write one of: shop"),
        ("pay", "'pay' is a group or alias itself, and words do not nest; write"),
        ("https:x/y", "'https:x/y' names no connection before its colon; write one of"),
        ("''", "the text is empty; write a value or delete the line"),
    ],
)
def test_a_target_that_can_never_be_found_is_a_problem(
    reader: Reader, target: str, told: str
) -> None:
    text = f"groups:\n  pay:\n    - shop\n    - {target!r}\n{SHOP}"
    (problem,) = reader.problems(text.replace("\"''\"", "''"))
    assert problem.startswith(f"runbell.yml:4: groups.pay[1]: {told}")


@pytest.mark.parametrize("word", sorted({*VERBS, *SYNONYMS, *SPELLINGS} - {"?"}))
@pytest.mark.parametrize("section", ["groups: {%s: [shop]}", "aliases: {%s: shop}"])
def test_no_word_is_one_that_the_command_has_a_meaning_for(
    reader: Reader, section: str, word: str
) -> None:
    (problem,) = reader.problems(section % word + SHOP)
    assert problem.startswith("runbell.yml:1: ")
    assert problem.endswith(f"; write another word, such as {word}-all")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("status", "it is a verb of the command"),
        ("rerun", "it is a verb of the command"),
        ("runs", "it is another word for the verb list"),
        ("branch", "it begins a filter, as in branch:…"),
    ],
)
def test_no_connection_is_called_what_the_command_has_a_meaning_for(
    reader: Reader, name: str, told: str
) -> None:
    (problem,) = reader.problems(SHOP.replace("shop:", f"{name}:"))
    assert problem == (
        f"runbell.yml:3: connections.{name}: {name} cannot name a connection, since "
        f"{told}; write another name, such as my-{name}"
    )


def test_a_word_may_hold_what_is_reserved(reader: Reader) -> None:
    text = f"groups: {{test-all: [shop], branches: [shop]}}\n{SHOP}"
    assert set(reader.load(text).groups) == {"test-all", "branches"}
