"""A watch in words, and as one would type it: there and back; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, TypedDict

from bot.commands.grammar import Command, Verb
from bot.commands.times import spelled
from bot.filters import (
    NOBODY,
    OF_WATCHES,
    Filters,
    Key,
    Term,
    length,
    read_filters,
)
from bot.records import Event, Style, Watch

if TYPE_CHECKING:
    from bot.records import Mute
    from providers.model import Pipeline

NO_BOTS = Term(Key.ACTOR, ("*[bot]",), is_not=True)
"""The filter of a watch that says nothing of who sets runs off."""

DEFAULT_EVENTS = frozenset({Event.BROKEN, Event.FIXED})

MOST_NAMED = 3

_WHEN: Mapping[Event, str] = {
    Event.BROKEN: "breaks",
    Event.FIXED: "is fixed",
    Event.STILL_BROKEN: "fails again while broken",
    Event.EVERY_FAILURE: "fails, every time",
    Event.WAITING: "waits for somebody",
    Event.STUCK: "is stuck in the queue",
    Event.SLOW: "is slow",
    Event.CANCELED: "is canceled",
    Event.DONE: "is done, however it ends",
}

_HOW: Mapping[Style, str] = {
    Style.EDIT: "on one message that is edited",
    Style.THREAD: "in the thread of one message",
    Style.BOTH: "on one message that is edited, and in its thread",
}


def in_words(watch: Watch, pipelines: Sequence[Pipeline] | None = None) -> str:
    """Return when a watch rings and how, defaults included.

    `pipelines` are those it means, where they are known: whether they have a default
    branch decides what is said of branches.
    """
    filters = read_filters(watch.filters)
    others = " ".join(str(term) for term in filters.terms if term != NO_BOTS)
    parts = (
        f"when it {_listed([_when(watch, e) for e in Event if e in watch.on])}",
        _branches(watch, filters, pipelines),
        f"only {others}" if others else None,
        "nothing that bots set off" if NO_BOTS in filters.terms else None,
        _mention(watch.mention),
        _HOW[watch.style],
    )
    return "; ".join(part for part in parts if part)


def _mention(mention: str | None) -> str:
    if mention is None:
        return "mentioning nobody"
    return f"mentioning one {'group' if mention.startswith('S') else 'person'}"


def _when(watch: Watch, event: Event) -> str:
    said = _WHEN[event]
    if event is Event.BROKEN and watch.after > 1:
        return f"{said} ({watch.after} failures in a row)"
    if event is Event.STUCK:
        return f"{said} for over {spelled(watch.queued or timedelta(minutes=30))}"
    if event is Event.SLOW:
        measure = f"over {spelled(watch.longer)}" if watch.longer else "by its own p95"
        return f"{said} ({measure})"
    return said


def _branches(
    watch: Watch, filters: Filters, pipelines: Sequence[Pipeline] | None
) -> str:
    if filters.of(Key.BRANCH):
        return "on the branches named"
    if not watch.default_branch_only:
        return "on every branch"
    mains = {p.default_branch for p in pipelines or ()}
    if pipelines and mains == {None}:
        return "on every branch, since its vendor names no default one"
    if len(mains) == 1 and None not in mains:
        return f"on its default branch, {mains.pop()}"
    return "on the default branch, where the vendor names one"


def _listed(words: Sequence[str]) -> str:
    *before, last = words
    return f"{', '.join(before)} or {last}" if before else last


class Choices(TypedDict):
    """What a watch says beside where and what it watches."""

    filters: str
    on: frozenset[Event]
    after: int
    queued: timedelta | None
    longer: timedelta | None
    default_branch_only: bool
    mention: str | None
    style: Style


def choices_of(filters: Filters) -> Choices:
    """Return what a watch says, by the filters that were typed and the defaults."""
    values = {key: filters.of(key)[-1].values for key in Key if filters.of(key)}
    on = frozenset(Event(v) for t in filters.of(Key.ON) for v in t.values)
    queued, longer = _length(values, Key.QUEUED), _length(values, Key.LONGER)
    on = on or DEFAULT_EVENTS
    # Who says how long is too long wants to hear of it.
    on |= {Event.STUCK} if queued else frozenset()
    on |= {Event.SLOW} if longer else frozenset()
    narrowing = filters.without(OF_WATCHES | {Key.LONGER})
    if not narrowing.of(Key.ACTOR):
        narrowing = Filters((*narrowing.terms, NO_BOTS))
    mention = values.get(Key.MENTION, (NOBODY,))[0]
    return {
        "filters": str(narrowing),
        "on": on,
        "after": int(values.get(Key.AFTER, ("1",))[0]),
        "queued": queued,
        "longer": longer,
        "default_branch_only": not narrowing.of(Key.BRANCH),
        "mention": None if mention == NOBODY else mention,
        "style": Style(values.get(Key.STYLE, (Style.BOTH.value,))[0]),
    }


def _length(values: dict[Key, tuple[str, ...]], key: Key) -> timedelta | None:
    return length(values[key][0]) if key in values else None


def as_command(watch: Watch) -> Command:
    """Return the command that makes this watch, defaults included."""
    on = tuple(event.value for event in Event if event in watch.on)
    terms = [*read_filters(watch.filters).terms, Term(Key.ON, on)]
    if watch.after > 1:
        terms.append(Term(Key.AFTER, (str(watch.after),)))
    if watch.queued is not None:
        terms.append(Term(Key.QUEUED, (spelled(watch.queued),)))
    if watch.longer is not None:
        terms.append(Term(Key.LONGER, (spelled(watch.longer),)))
    terms.append(Term(Key.MENTION, (watch.mention or NOBODY,)))
    terms.append(Term(Key.STYLE, (watch.style.value,)))
    return Command(
        Verb.WATCH, watch.target, filters=Filters(tuple(terms)), channel=watch.channel
    )


def names(pipelines: Sequence[Pipeline]) -> str:
    """Return what pipelines are called; of many, the first and how many more."""
    named = [pipeline.name for pipeline in pipelines[:MOST_NAMED]]
    more = len(pipelines) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def until_words(mute: Mute, zone: tzinfo) -> str:
    """Return until when something is muted, by the clocks of a zone."""
    if mute.until_fixed:
        return "until it is fixed"
    return f"until {moment_words(mute.until, zone)}" if mute.until else "until unmuted"


def moment_words(moment: datetime, zone: tzinfo) -> str:
    """Return a moment as people say it, with the zone it is said in."""
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"
