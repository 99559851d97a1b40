"""Two ledgers as plain values: what truly happened, and what Slack accepted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class News(StrEnum):
    """What a channel is to hear of a pipeline."""

    BROKEN = "broken"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class End:
    """How a run truly ended, and when."""

    pipeline: str
    number: int
    is_good: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A pipeline truly broke or was fixed."""

    pipeline: str
    news: News
    number: int
    """Of the run that did it."""
    at: datetime


def changes(ends: Iterable[End]) -> list[Change]:
    """Return what truly changed; every pipeline was good before its first end here."""
    found: list[Change] = []
    good: dict[str, bool] = {}
    for end in sorted(ends, key=lambda end: (end.at, end.number)):
        if end.is_good != good.get(end.pipeline, True):
            news = News.FIXED if end.is_good else News.BROKEN
            found.append(Change(end.pipeline, news, end.number, end.at))
        good[end.pipeline] = end.is_good
    return found


class Form(StrEnum):
    """How something was said."""

    POST = "post"
    """A message of its own in the channel."""
    REPLY = "reply"
    """In the thread of a message."""
    LOG = "log"
    """In the thread of a message that broke: the end of its log."""
    LIST = "list"
    """One line of a message that stands for many; empty where it names none."""
    EDIT = "edit"
    """A message that stood there says this now."""
    NOTICE = "notice"
    """About the watching itself."""
    STRANGE = "strange"
    """Nobody knows what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something that Slack accepted."""

    channel: str
    ts: str
    """Of the message that says it."""
    at: datetime | None
    """When it was accepted; `None` for an edit, of which only the order is known."""
    form: Form
    pipeline: str = ""
    number: int = 0
    news: News | None = None
    """`None` where it is neither, such as that it is still red."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Ledgers:
    """All there is to compare; `channels` says which one hears of which pipeline."""

    ends: Sequence[End]
    said: Sequence[Said]
    """In the order of acceptance; the edits of a message behind it, in their order."""
    channels: dict[str, str]
    """By pipeline."""
