"""A watch in words, and as one would type it: there and back; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, TypedDict

from bot.commands.grammar import Command, Verb
from bot.commands.times import spelled
from bot.filters import Filters, read_filters
from bot.records import DEFAULT_EVENTS, FAILURES, Event, Style, Watch
from bot.render import words
from bot.terms import NOBODY, OF_WATCHES, TRIGGERS, Key, Term, length
from bot.watch.overdue import QUEUED
from providers.globs import MARKS

if TYPE_CHECKING:
    from bot.records import Mute
    from providers.contract import Provider
    from providers.model import Pipeline

NO_BOTS = Term(Key.ACTOR, ("*[bot]",), is_not=True)
"""The filter of a watch that says nothing of who sets runs off."""

OUTCOMES = FAILURES | {Event.FIXED}
"""What nobody can tell of a run that does not say how it ended."""

QUEUE = frozenset({Event.STUCK})
"""What nobody can tell of a vendor that shows no run before it has begun."""

NO_OUTCOME = "says that a run ended, and not how"
NO_QUEUE = "does not tell a run that is queued from one that runs"

MOST_NAMED = 3

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
    parts = (
        f"when it {_listed([_when(watch, e) for e in Event if e in watch.on])}",
        _branches(watch, filters, pipelines),
        *(_narrowed(term) for term in filters.terms if term.key in _NARROWED),
        _bots(filters),
        _mention(watch.mention),
        _HOW[watch.style],
    )
    return "; ".join(part for part in parts if part)


def in_short(watch: Watch) -> str:
    """Return the words of a watch that are no defaults: they tell it from others."""
    others = {NO_BOTS, Term(Key.MENTION, (NOBODY,)), Term(Key.STYLE, (Style.BOTH,))}
    terms = as_command(watch).filters.terms
    first = sorted(terms, key=lambda term: term.key is not Key.ON)
    return " ".join(str(term) for term in first if term not in others)


def changes(before: Watch, after: Watch) -> tuple[str, ...]:
    """Return what a watch says no longer, and what it says now, a sentence each."""
    old, new = _words_of(before), _words_of(after)
    lost = [word for word in old if word not in new]
    won = [word for word in new if word not in old]
    if not lost and not won:
        return ("Nothing of it has changed.",)
    said = (("No longer", lost), ("New", won))
    return tuple(f"{label}: {', '.join(words)}." for label, words in said if words)


def _words_of(watch: Watch) -> list[str]:
    """Return the words of a watch, each event by itself."""
    terms = as_command(watch).filters.terms
    return [
        str(one)
        for term in terms
        for one in (
            [Term(Key.ON, (value,)) for value in term.values]
            if term.key is Key.ON
            else [term]
        )
    ]


_NARROWED: Mapping[Key, tuple[str, str]] = {
    Key.ACTOR: ("only what {} set off", "not what {} set off"),
    Key.TRIGGER: ("only runs by {}", "no runs by {}"),
    Key.NAME: ("only pipelines called {}", "no pipelines called {}"),
    Key.CONNECTION: ("only of {}", "not of {}"),
}
"""How a filter is said: those that are wanted, and those that are not."""


def _narrowed(term: Term) -> str | None:
    if term == NO_BOTS:
        return None
    values = [
        TRIGGERS[value.casefold()].value if term.key is Key.TRIGGER else value
        for value in term.values
    ]
    return _NARROWED[term.key][term.is_not].format(_listed(values))


def _bots(filters: Filters) -> str | None:
    if NO_BOTS in filters.terms:
        return "nothing that bots set off"
    wanted = [t for t in filters.of(Key.ACTOR) if not t.is_not]
    # Who names people wants those alone; a glob may be a bot as well.
    is_people = any(not any(map(_may_be_a_bot, t.values)) for t in wanted)
    return None if is_people else "also what bots set off"


def _may_be_a_bot(value: str) -> bool:
    return value.casefold().endswith("[bot]") or bool(MARKS & set(value))


def _mention(mention: str | None) -> str:
    if mention is None:
        return "mentioning nobody"
    return f"mentioning one {'group' if mention.startswith('S') else 'person'}"


def _when(watch: Watch, event: Event) -> str:
    said = words.EVENTS[event]
    if event is Event.BROKEN and watch.after > 1:
        return f"{said} ({watch.after} failures in a row)"
    if event is Event.STUCK:
        return f"{said} for over {spelled(watch.queued or QUEUED)}"
    if event is Event.SLOW:
        measure = f"over {spelled(watch.longer)}" if watch.longer else "by its own p95"
        return f"{said} ({measure})"
    return said


def _branches(
    watch: Watch, filters: Filters, pipelines: Sequence[Pipeline] | None
) -> str:
    if terms := filters.of(Key.BRANCH):
        return ", and ".join(
            f"on {'every branch but ' if term.is_not else ''}{_listed(term.values)}"
            for term in terms
        )
    if not watch.default_branch_only:
        return "on every branch"
    mains = {p.default_branch for p in pipelines or ()}
    if pipelines and mains == {None}:
        return "on every branch, since its vendor names no default one"
    if len(mains) == 1 and None not in mains:
        return f"on its default branch, {mains.pop()}"
    return "on the default branch, where the vendor names one"


def _listed(some: Sequence[str]) -> str:
    *before, last = some
    return f"{', '.join(before)} or {last}" if before else last


def untold(provider: Provider, watch: Watch) -> Iterable[str]:
    """Yield what a watch can never hear of a connection, whose vendor does not tell."""
    unheard = [
        (why, watch.on & events)
        for is_told, events, why in (
            (provider.tells_outcome, OUTCOMES, NO_OUTCOME),
            (provider.tells_queue, QUEUE, NO_QUEUE),
        )
        if not is_told and watch.on & events
    ]
    lost = frozenset[Event]().union(*(events for _, events in unheard))
    for why, events in unheard:
        never = ", ".join(event for event in Event if event in events)
        what = (
            "this watch will say nothing"
            if lost == watch.on
            else f"this watch never rings on {never}"
        )
        instead = " With on:done it tells of every end." if why is NO_OUTCOME else ""
        yield f"{provider.title} {why}: of {provider.connection} {what}.{instead}"


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


def named(pipeline: Pipeline) -> str:
    """Return what a pipeline is called, and where it is."""
    return f"{pipeline.name} ({pipeline.ref.connection})"


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
