"""Terms: one `key:value`, typed by anybody → a key and its values, checked; pure.

A comma means *or*, a leading `-` means *not*. `page:2` is written like a filter and
narrows nothing: it says which part of a long answer is wanted. Nor does what only a
watch has: `on:`, `after:`, `queued:`, `mention:`, `style:` say when and how it rings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum

from typing_extensions import override

from bot.records import Event, Style
from bot.tokens import Token, literal, plain, quoted
from providers.model import State, TriggerKind


class Key(StrEnum):
    """What can be filtered by."""

    STATE = "state"
    BRANCH = "branch"
    ACTOR = "actor"
    TRIGGER = "trigger"
    SINCE = "since"
    LONGER = "longer"
    NAME = "name"
    CONNECTION = "connection"
    PAGE = "page"
    ON = "on"
    AFTER = "after"
    QUEUED = "queued"
    MENTION = "mention"
    STYLE = "style"


OF_WATCHES = frozenset({Key.ON, Key.AFTER, Key.QUEUED, Key.MENTION, Key.STYLE})
"""What only a watch has."""


SPELLINGS: Mapping[str, Key] = {
    **{key.value: key for key in Key},
    "is": Key.STATE,
    "status": Key.STATE,
    "event": Key.TRIGGER,
    "by": Key.ACTOR,
    "when": Key.ON,
}
"""The keys, and what users of other bots type for them."""

STATES: Mapping[str, frozenset[State]] = {
    **{state.value: frozenset({state}) for state in State},
    "red": frozenset({State.FAILED}),
    "broken": frozenset({State.FAILED}),
    "green": frozenset({State.SUCCEEDED}),
    "passed": frozenset({State.SUCCEEDED}),
    "success": frozenset({State.SUCCEEDED}),
    "failure": frozenset({State.FAILED}),
    "cancelled": frozenset({State.CANCELED}),
    "active": frozenset(state for state in State if state.is_under_way),
    "over": frozenset(state for state in State if state.is_over),
}
"""The states, and what people call them."""

TRIGGERS: Mapping[str, TriggerKind] = {
    **{kind.value: kind for kind in TriggerKind},
    "pr": TriggerKind.CHANGE,
    "mr": TriggerKind.CHANGE,
    "cron": TriggerKind.SCHEDULE,
    "hand": TriggerKind.MANUAL,
}
"""What sets a run off, and what people call it."""

EVENTS: Mapping[str, Event] = {
    **{event.value: event for event in Event},
    "failed": Event.BROKEN,
    "failure": Event.BROKEN,
    "red": Event.BROKEN,
    "passed": Event.FIXED,
    "success": Event.FIXED,
    "green": Event.FIXED,
    "recovered": Event.FIXED,
    "still-red": Event.STILL_BROKEN,
    "all-failures": Event.EVERY_FAILURE,
    "cancelled": Event.CANCELED,
    "finished": Event.DONE,
}
"""What a watch can ring on, and what people call it."""

NOBODY = "none"
"""The word for no mention."""

LONGEST_LENGTH = timedelta(days=366)
"""The longest length of time that anything is asked for."""

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LENGTH = re.compile(r"(\d{1,6})(s|min|m|h|d|w)")
_PAGE = re.compile(r"0*[1-9][0-9]{0,3}")
_AFTER = re.compile(r"0*[1-9][0-9]?")
# People, also of an Enterprise Grid, and groups:
# https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
_MENTION = re.compile(r"(?:@|!subteam\^)?([USW](?=[A-Z]*[0-9])[A-Z0-9]+)")


@dataclass(frozen=True, slots=True)
class Term:
    """One filter, as it was typed; the values are alternatives."""

    key: Key
    values: tuple[str, ...]
    is_not: bool = False

    @override
    def __str__(self) -> str:
        """Return the filter as it would be typed."""
        # A - in front of a value would be read as a not.
        values = ",".join(
            quoted(value) if value.startswith("-") else literal(value)
            for value in self.values
        )
        return f"{'-' if self.is_not else ''}{self.key.value}:{values}"


@dataclass(frozen=True, slots=True)
class Bad:
    """A filter that cannot be understood, and what could be written instead."""

    wrong: str
    """What is wrong with it."""
    takes: str
    """What can stand there."""
    instead: tuple[str, ...] = ()
    is_near: bool = False
    """Whether one of `instead` may be what was meant; else they are examples."""

    @property
    def what(self) -> str:
        """What is wrong, and what would be right."""
        return f"{self.wrong}: it takes {self.takes}."


def read_term(typed: Token | str) -> Term | Bad | None:
    """Return the filter in a word; `None` where it is not put like one.

    What stood in quotes is taken as it is: a colon or comma there divides nothing.
    """
    token = plain(typed) if isinstance(typed, str) else typed
    word = token.text
    is_not = token.bare.startswith("-")
    name, colon, _ = token.bare.removeprefix("-").partition(":")
    key = SPELLINGS.get(name.casefold())
    if not colon or key is None:
        return None
    parts = token.cut(token.bare.index(":") + 1).split(",")
    parts = tuple(part for part in parts if part.text)
    if key in _NEGATED and parts and parts[0].bare.startswith("-"):
        # `branch:-dev` can only mean that, whatever a person may be called.
        is_not, parts = True, tuple(map(_positive, parts))
    values = tuple(part.text for part in parts)
    example = (f"{name}:{EXAMPLES[key]}",)
    if not (values and all(values)):
        return Bad(f"“{word}” has no value", TAKES[key], example)
    if key in _SINGLE and (is_not or len(values) > 1):
        return Bad(f"“{word}” is {_SINGLE[key]}", TAKES[key], example)
    if key is Key.ON and is_not:
        return Bad(f"“{word}” is no list of events to ring on", TAKES[key], example)
    if key in _CLEANED:
        values = tuple(_CLEANED[key](value, token) for value in values)
    for value in values:
        if not _IS_VALUE[key](value):
            near = get_close_matches(value.casefold(), _known(key), n=3, cutoff=0.6)
            instead = tuple(f"{name}:{other}" for other in near)
            wrong = f"“{value}” is nothing that {name}: can be"
            return Bad(wrong, TAKES[key], instead or example, is_near=bool(near))
    return Term(key, values, is_not)


def _positive(part: Token) -> Token:
    return part.cut(1) if part.bare.startswith("-") else part


EXAMPLES: Mapping[Key, str] = {
    Key.STATE: "failed",
    Key.BRANCH: "release/*",
    Key.ACTOR: "kim",
    Key.TRIGGER: "schedule",
    Key.SINCE: "2d",
    Key.LONGER: "30m",
    Key.NAME: "*nightly*",
    Key.CONNECTION: "shop",
    Key.PAGE: "2",
    Key.ON: "broken,fixed",
    Key.AFTER: "2",
    Key.QUEUED: "30m",
    Key.MENTION: NOBODY,
    Key.STYLE: "both",
}

_SPAN = f"a length of time from 1s to {LONGEST_LENGTH.days}d, such as 30m"

TAKES: Mapping[Key, str] = {
    Key.STATE: f"one or more of {', '.join(State)}",
    Key.BRANCH: "names of branches, such as main or release/*",
    Key.ACTOR: "names of people, such as kim or k*",
    Key.TRIGGER: f"one or more of {', '.join(TriggerKind)}",
    Key.SINCE: _SPAN,
    Key.LONGER: _SPAN,
    Key.NAME: "names of pipelines, such as *nightly*",
    Key.CONNECTION: "names of connections",
    Key.PAGE: "a number from 1 to 9999",
    Key.ON: f"one or more of {', '.join(Event)}",
    Key.AFTER: "a number from 1 to 99",
    Key.QUEUED: _SPAN,
    Key.MENTION: "one person or group, picked from the list that opens as you type @, "
    "or none",
    Key.STYLE: f"one of {', '.join(Style)}",
}
"""What can stand behind a key, in words for a person."""

_NEGATED = frozenset(
    {Key.STATE, Key.BRANCH, Key.ACTOR, Key.TRIGGER, Key.NAME, Key.CONNECTION}
)
"""The keys whose values may have the - of a *not* in front of them."""

_SINGLE: Mapping[Key, str] = {
    Key.PAGE: "no page",
    Key.AFTER: "no count",
    Key.QUEUED: "no length of time",
    Key.MENTION: "nobody to mention",
    Key.STYLE: "no style",
}
"""What has one value and no opposite, and what is said of more."""


def _measure(value: str, _: Token) -> str:
    return value.removeprefix(">")


def _mentioned(value: str, token: Token) -> str:
    found = _MENTION.fullmatch(token.slack_id or value)
    return found[1] if found else value.casefold()


_CLEANED: Mapping[Key, Callable[[str, Token], str]] = {
    Key.QUEUED: _measure,
    Key.MENTION: _mentioned,
    Key.ON: lambda value, _: EVENTS.get(value.casefold(), value),
    Key.STYLE: lambda value, _: value.casefold(),
}
"""How a value is written, whatever way it was typed."""


def length(text: str) -> timedelta | None:
    """Return a length of time such as `30m` or `2d`; `None` where it is none."""
    found = _LENGTH.fullmatch(text.casefold())
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else None


def is_length(text: str) -> bool:
    """Return whether a text is a length of time that may be asked for."""
    found = length(text)
    return found is not None and timedelta() < found <= LONGEST_LENGTH


def _anything(_: str) -> bool:
    return True


_IS_VALUE: Mapping[Key, Callable[[str], bool]] = {
    Key.STATE: lambda v: v.casefold() in STATES,
    Key.TRIGGER: lambda v: v.casefold() in TRIGGERS,
    Key.SINCE: is_length,
    Key.LONGER: is_length,
    Key.BRANCH: _anything,
    Key.ACTOR: _anything,
    Key.NAME: _anything,
    Key.CONNECTION: _anything,
    Key.PAGE: lambda v: _PAGE.fullmatch(v) is not None,
    Key.ON: lambda v: v in set(Event),
    Key.AFTER: lambda v: _AFTER.fullmatch(v) is not None,
    Key.QUEUED: is_length,
    Key.MENTION: lambda v: v == NOBODY or _MENTION.fullmatch(v) is not None,
    Key.STYLE: lambda v: v in set(Style),
}

_KNOWN: Mapping[Key, Collection[str]] = {
    Key.STATE: STATES,
    Key.TRIGGER: TRIGGERS,
    Key.ON: EVENTS,
    Key.STYLE: tuple(Style),
}


def _known(key: Key) -> list[str]:
    return list(_KNOWN.get(key, ()))
