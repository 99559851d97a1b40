"""The vocabulary the tables of Block Kit are written in.

A rule looks at one JSON value and yields what is wrong with it, in Slack's words and
with Slack's JSON pointer: `must be less than 151 characters
[json-pointer:/blocks/0/text/text]`.
https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Rule = Callable[[Any, str], Iterator[str]]
"""(value, where it stands) → what is wrong with it."""

Fields = Mapping[str, Rule]


def problem(what: str, where: str) -> str:
    """Return one problem as Slack words it."""
    return f"{what} [json-pointer:{where}]"


def string(most: int | None = None, least: int = 1) -> Rule:
    """Return the rule of a string of `least` to `most` characters."""

    def rule(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield problem("must provide a string", where)
        elif len(value) < least:
            yield problem(f"must be more than {least - 1} characters", where)
        elif most is not None and len(value) > most:
            yield problem(f"must be less than {most + 1} characters", where)

    return rule


def integer(least: int, most: int | None = None) -> Rule:
    """Return the rule of a whole number."""

    def rule(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield problem("must provide an integer", where)
        elif value < least:
            yield problem(f"must be greater than {least - 1}", where)
        elif most is not None and value > most:
            yield problem(f"must be less than {most + 1}", where)

    return rule


def boolean(value: Any, where: str) -> Iterator[str]:
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool):
        yield problem("must provide a boolean", where)


def number(value: Any, where: str) -> Iterator[str]:
    """Refuse what is no number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield problem("must provide a number", where)


def one_of(*words: str) -> Rule:
    """Return the rule of a word from a closed list."""

    def rule(value: Any, where: str) -> Iterator[str]:
        if value not in words:
            yield problem(f"must be one of: {', '.join(words)}", where)

    return rule


def items(rule_of_item: Rule, *, most: int | None = None, least: int = 1) -> Rule:
    """Return the rule of an array."""

    def rule(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield problem("must provide an array", where)
            return
        if len(value) < least:
            yield problem(f"no fewer than {least} items allowed", where)
        if most is not None and len(value) > most:
            yield problem(f"no more than {most} items allowed", where)
            return
        for index, item in enumerate(value):
            yield from rule_of_item(item, f"{where}/{index}")

    return rule


def thing(
    required: Fields | None = None,
    optional: Fields | None = None,
    *,
    any_of: tuple[str, ...] = (),
    only_one_of: tuple[str, ...] = (),
) -> Rule:
    """Return the rule of an object: no key it does not name, none missing.

    `any_of` names keys of which at least one must be there, `only_one_of` keys of
    which exactly one must.
    """
    must = required or {}
    known = {**must, **(optional or {})}

    def rule(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must provide an object", where)
            return
        for key in must:
            if key not in value:
                yield problem(f"missing required field: {key}", where)
        for key, inner in value.items():
            if key in known:
                yield from known[key](inner, f"{where}/{key}")
            else:
                yield problem(f"invalid additional property: {key}", where)
        yield from _alternatives(value, where, any_of, only_one_of)

    return rule


def _alternatives(
    value: dict[str, Any],
    where: str,
    any_of: tuple[str, ...],
    only_one_of: tuple[str, ...],
) -> Iterator[str]:
    if any_of and not any(key in value for key in any_of):
        yield problem(f"missing required field: {any_of[0]}", where)
    if only_one_of and sum(key in value for key in only_one_of) != 1:
        yield problem(f"must provide one of: {', '.join(only_one_of)}", where)


def by_type(table: Mapping[str, Rule], *, else_: str = "unsupported type") -> Rule:
    """Return the rule of an object whose `type` says which rule holds for it."""

    def rule(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must provide an object", where)
        elif "type" not in value:
            yield problem("missing required field: type", where)
        elif not isinstance(value["type"], str) or value["type"] not in table:
            yield problem(f"{else_}: {value['type']}", f"{where}/type")
        else:
            yield from table[value["type"]](value, where)

    return rule


def kind(
    name: str,
    required: Fields | None = None,
    optional: Fields | None = None,
    *,
    any_of: tuple[str, ...] = (),
    only_one_of: tuple[str, ...] = (),
) -> tuple[str, Rule]:
    """Return one row of a table for `by_type`: its name, and its rule."""
    return name, thing(
        {"type": one_of(name), **(required or {})},
        optional,
        any_of=any_of,
        only_one_of=only_one_of,
    )


def both(*rules: Rule) -> Rule:
    """Return the rule that asks for all of these."""

    def rule(value: Any, where: str) -> Iterator[str]:
        for each in rules:
            yield from each(value, where)

    return rule
