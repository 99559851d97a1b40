"""Which names connections, groups and aliases may have, and what words may stand for.

What is typed is read in this order: a verb, a filter, an alias or group, a connection.
A word that is two of these could never mean one of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from bot.settings.problems import Loc, did_you_mean, shown
from bot.terms import SPELLINGS
from bot.tokens import is_url
from bot.vocabulary import SYNONYMS, VERBS

if TYPE_CHECKING:
    from bot.settings.document import Document

MARKS = frozenset({"http", "https", "file"})
"""What stands before a colon with a meaning of its own."""

_CONNECTION = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_WORD = re.compile(r"[^\W_][\w.-]{0,39}")


def check_connection_name(document: Document, loc: Loc, name: str) -> None:
    """Note what is wrong with a connection's name."""
    if name in MARKS:
        what = f"{name} cannot name a connection, since `{name}:` has its own meaning"
        document.remark(loc, what, f"write another name, such as my-{name}")
    elif taken := _meaning(name):
        what = f"{name} cannot name a connection, since it {taken}"
        document.remark(loc, what, f"write another name, such as my-{name}")
    elif not _CONNECTION.fullmatch(name):
        what = f"{shown(name)} cannot name a connection"
        instead = (
            "write at most 40 lower-case letters, digits, - and _, "
            "beginning with a letter or digit"
        )
        document.remark(loc, what, instead)


def check_words(document: Document, connections: Collection[str]) -> None:
    """Note what is wrong with the groups and aliases."""
    words = {
        section: set(value) if isinstance(value, dict) else set()
        for section in ("groups", "aliases")
        for value in [document.data.get(section)]
    }
    for section, names in words.items():
        for name in sorted(names):
            loc: Loc = (section, name)
            _check_word(document, loc, name, connections)
            if section == "aliases" and name in words["groups"]:
                what = f"{name} is a group already"
                document.remark(loc, what, "write another word")
    every = words["groups"] | words["aliases"]
    for loc, target in _targets(document.data):
        _check_target(document, loc, target, connections, every)


def check_watched(document: Document, connections: Collection[str]) -> None:
    """Note what is wrong with the targets of watches, which may be words as well."""
    watches = document.data.get("watches")
    for position, watch in enumerate(watches if isinstance(watches, list) else ()):
        if isinstance(watch, dict):
            loc: Loc = ("watches", position, "target")
            _check_target(document, loc, watch.get("target"), connections, ())


def _check_word(
    document: Document, loc: Loc, name: str, connections: Collection[str]
) -> None:
    if taken := _meaning(name):
        what = f"{name} {taken}"
        document.remark(loc, what, f"write another word, such as {name}-all")
    elif name in connections:
        what = f"{name} is a connection already"
        document.remark(loc, what, "write another word, or rename the connection")
    elif not _WORD.fullmatch(name) or name != name.casefold():
        what = f"{shown(name)} cannot be a word of the command"
        instead = (
            "write at most 40 lower-case letters, digits, -, _ and ., "
            "beginning with a letter or digit"
        )
        document.remark(loc, what, instead)


def _meaning(name: str) -> str | None:
    """Return what a name means already to those who ask; `None` where nothing."""
    word = name.casefold()
    if word in VERBS:
        return "is a verb of the command"
    if word in SYNONYMS:
        return f"is another word for the verb {SYNONYMS[word]}"
    if word in SPELLINGS:
        return f"begins a filter, as in {word}:…"
    return None


def _targets(data: dict[str, Any]) -> Iterator[tuple[Loc, str]]:
    """Return every target that a word stands for, and its place."""
    groups, aliases = data.get("groups"), data.get("aliases")
    for name, targets in groups.items() if isinstance(groups, dict) else ():
        if isinstance(targets, list):
            for position, target in enumerate(targets):
                yield ("groups", name, position), target
    for name, target in aliases.items() if isinstance(aliases, dict) else ():
        yield ("aliases", name), target


def _check_target(
    document: Document,
    loc: Loc,
    target: object,
    connections: Collection[str],
    words: Collection[str],
) -> None:
    if not isinstance(target, str) or document.is_broken(loc):
        return
    name, colon, _ = target.strip().partition(":")
    if not colon and name.casefold() in set(words) - set(connections):
        what = f"{shown(name)} is a group or alias itself, and words do not nest"
        instead = "write the targets it stands for, such as connection:pipeline"
        document.report(loc, what, instead)
    elif colon and name.casefold() not in connections and not is_url(target.strip()):
        instead = did_you_mean(name, connections) or "add it under connections"
        # Never the value of a variable: the text as it stands in the file.
        written = document.written[loc].text or name
        what = f"{shown(written)} names no connection before its colon"
        document.report(loc, what, instead)
