"""The watches that stand in the file, where changes to them can be reviewed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from bot.records import DEFAULT_EVENTS, Event, Style
from bot.settings.parts import ChannelId, Part
from bot.terms import EVENTS, LONGEST_LENGTH, Key, Term, length, read_term
from bot.tokens import Token, tokens

NO_BOTS = "-actor:*[bot]"
"""The filters of a watch that names none: what bots set off rings nobody."""

_MENTIONED = re.compile(r"[UWS][A-Z0-9]{5,20}")

LONGEST = 4000
"""Characters of a target, and of filters: as many as can be typed in Slack."""

NARROWING = frozenset({Key.BRANCH, Key.ACTOR, Key.TRIGGER, Key.NAME, Key.CONNECTION})
"""The filters that say which runs count."""

NOT_NARROWING: Mapping[Key, str] = {
    Key.STATE: "`on` says what to ring on",
    Key.SINCE: "a watch begins when it is made",
    Key.PAGE: "a watch has no pages",
}
"""Why others mean nothing in a watch; the rest are settings of their own."""

_MENTIONED = re.compile(r"[UWS][A-Z0-9]{5,20}")


def _mentioned(text: str) -> str | None:
    if text.casefold() == "none":
        return None
    if not _MENTIONED.fullmatch(text):
        msg = (
            f"{text[:60]!r} is no id of a person or group; write one such as "
            "U0123456789 or S0123456789, or none"
        )
        raise ValueError(msg)
    return text


def _filters(text: str) -> str:
    """Return filters as the watch keeps them: in one spelling."""
    return " ".join(str(_term(token)) for token in tokens(text))


def _term(token: Token) -> Term:
    found = read_term(token)
    if isinstance(found, Term) and found.key in NARROWING:
        return found
    if isinstance(found, Term):
        why = NOT_NARROWING.get(found.key, f"write `{found.key}` beside `filters`")
        msg = f"{found} does not say which runs count; delete it: {why}"
    elif found is not None:
        msg = f"{found.wrong}; write one such as {found.instead[0]}"
    else:
        msg = f"{token.text[:60]!r} is no filter; write one such as branch:main"
    raise ValueError(msg)


def _events(value: object) -> object:
    """Return the events of a list, or of a text with commas as it would be typed."""
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list | tuple | set | frozenset) or not words:
        msg = f"this names no event; write one or more of: {', '.join(Event)}"
        raise ValueError(msg)
    names = [str(word).strip().casefold() for word in words]
    if unknown := [name for name in names if name not in EVENTS]:
        msg = (
            f"{unknown[0][:60]!r} is nothing to ring on; "
            f"write one or more of: {', '.join(Event)}"
        )
        raise ValueError(msg)
    return frozenset(EVENTS[name] for name in names)


def _length(value: object) -> object:
    found = length(value) if isinstance(value, str) else None
    if not found:
        msg = "this is no length of time; write one such as 30m, 2h or 1d"
        raise ValueError(msg)
    if found > LONGEST_LENGTH:
        msg = f"this is too long; write at most {LONGEST_LENGTH.days}d"
        raise ValueError(msg)
    return found


Length = Annotated[timedelta, BeforeValidator(_length)]


class FiledWatch(Part):
    """A watch as it stands in the file."""

    target: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    """What to watch: as it would be typed after `watch`."""

    channel: ChannelId = Field(alias="in")
    """Slack's id of the channel to ring in, or of a person for direct messages."""

    filters: Annotated[str, Field(max_length=LONGEST), AfterValidator(_filters)] = (
        NO_BOTS
    )
    """Which runs count, as it would be typed; empty for all."""

    default_branch_only: bool = True
    """Where the filters name no branch: only the default one, where it is known."""

    on: Annotated[frozenset[Event], BeforeValidator(_events)] = DEFAULT_EVENTS
    """What to ring on."""

    after: int = Field(default=1, ge=1, le=99)
    """How many failures in a row make it broken."""

    queued: Length | None = None
    """Stuck means queued for longer than this; half an hour where it is left out."""

    longer: Length | None = None
    """Slow means running for longer than this; by the pipeline's own p95 without."""

    mention: Annotated[str, AfterValidator(_mentioned)] | None = None
    """Slack's id of the person or group to mention when it breaks."""

    style: Style = Style.BOTH
    """Whether the message is edited, its thread goes on, or both."""

    owner: Annotated[str, AfterValidator(_mentioned)] | None = None
    """Slack's id of the person who is told where the channel cannot be posted to."""


def repeated(watches: Iterable[FiledWatch]) -> list[tuple[int, int]]:
    """Return the positions of watches that say what another one says, and of that."""
    first: dict[FiledWatch, int] = {}
    return [
        (position, first[watch])
        for position, watch in enumerate(watches)
        if first.setdefault(watch, position) != position
    ]
