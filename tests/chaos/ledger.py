"""Two ledgers as plain values: what truly happened, and what Slack accepted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby


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
    is_hasty: bool = False
    """It was retried so soon that perhaps nobody saw it: by a machine, and by nobody
    who waited until the channel was told."""


@dataclass(frozen=True, slots=True)
class Change:
    """A pipeline truly broke or was fixed."""

    pipeline: str
    news: News
    number: int
    """Of the run that did it."""
    at: datetime
    runs: frozenset[int] = frozenset()
    """How many runs were red, of a fix; several where some may have gone unseen."""
    is_fleeting: bool = False
    """Broken and fixed by the same run, retried in haste: either both is told, or
    neither, since who was not there to look could not see it."""


def changes(ends: Iterable[End]) -> list[Change]:
    """Return what truly changed; every pipeline was good before its first end here.

    A run that is retried ends again under the same number.
    """
    by_pipeline: dict[str, list[End]] = defaultdict(list)
    for end in sorted(ends, key=lambda end: (end.at, end.number)):
        by_pipeline[end.pipeline].append(end)
    found = [change for some in by_pipeline.values() for change in _changes(some)]
    return sorted(found, key=lambda change: change.at)


def _changes(ends: Iterable[End]) -> Iterator[Change]:
    red: list[End] = []
    for is_good, same in groupby(ends, key=lambda end: end.is_good):
        first, *others = same
        if not is_good:
            red = [first, *others]
            continue
        yield from _broken_and_fixed(red, first)
        red = []
    yield from _broken_and_fixed(red, None)


def _broken_and_fixed(red: Sequence[End], fix: End | None) -> Iterator[Change]:
    if not red:
        return
    runs = {end.number for end in red}
    # A run's failures that were all retried in haste, until it was good.
    unseen = {fix.number} if fix else set()
    unseen -= {end.number for end in red if not end.is_hasty}
    is_fleeting = runs <= unseen
    first = red[0]
    yield Change(
        first.pipeline, News.BROKEN, first.number, first.at, is_fleeting=is_fleeting
    )
    if fix is not None:
        counts = frozenset({len(runs), len(runs - unseen)} - {0})
        yield Change(fix.pipeline, News.FIXED, fix.number, fix.at, counts, is_fleeting)


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
    OVER = "over"
    """One line of the message that many at once are over: what is still broken."""
    EDIT = "edit"
    """A message that stood there says this now."""
    NOTICE = "notice"
    """About the watching itself: a connection that is not seen, or is seen again."""
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
    thread: str = ""
    """The message in whose thread it is."""
    pipeline: str = ""
    """Or the connection, of a notice."""
    number: int = 0
    news: News | None = None
    """`None` where it is neither, such as that it is still red."""
    runs: int | None = None
    """How many runs it says were red, where it does."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Ledgers:
    """All there is to compare; `channels` says which one hears of which pipeline."""

    ends: Sequence[End]
    said: Sequence[Said]
    """In the order of acceptance; the edits of a message behind it, in their order."""
    channels: dict[str, str]
    """By pipeline; several may share one."""


def key(one: Change | Said) -> tuple[str, News | None, int]:
    """Return what is told, or is to be told, whoever says it and where."""
    return one.pipeline, one.news, one.number


def turn(one: Change | Said) -> tuple[int, bool]:
    """Return where it stands among the news of its pipeline.

    A run that is retried breaks it first and fixes it then.
    """
    return one.number, one.news is News.FIXED


def words(one: Change | Said) -> str:
    """Return it in words."""
    return f"{one.pipeline} #{one.number} {one.news or 'still red'}"
