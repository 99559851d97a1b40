"""Runs of one outcome in a row: how a lineage stood, worked out from what is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from bot.records import Event
from bot.watch.lineage import Ending, LineageState, Outcome, Past, Seen


class Item(NamedTuple):
    """An outcome of a run that stands: of one attempt, until it changed."""

    seen: Seen
    endings: tuple[Ending, ...]
    """All of one outcome: the same end, as it was dated."""
    turn: int
    """How often this attempt had this outcome before: retried, and not counted."""

    @property
    def first(self) -> Ending:
        """The first of its endings, which stands for them all."""
        return self.endings[0]

    @property
    def is_old(self) -> bool:
        """Whether it was there at the first look."""
        return any(ending.is_old for ending in self.endings)

    def has_said(self, event: Event) -> bool:
        """Return whether this event of it was told."""
        return any(event.value in ending.said for ending in self.endings)


@dataclass(frozen=True, slots=True)
class Streak:
    """Runs of one outcome in a row; the first one may go on from the past."""

    is_red: bool
    items: tuple[Item, ...]
    past: Past | None = None

    @property
    def was_told(self) -> bool:
        """Whether it was told already, or is part of the baseline."""
        event = Event.BROKEN if self.is_red else Event.FIXED
        return bool(self.past) or any(i.is_old or i.has_said(event) for i in self.items)

    @property
    def length(self) -> int:
        """How many runs it has: a run that was retried counts once."""
        before = self.past.streak if self.past else 0
        return before + len({item.seen.place.id for item in self.items})

    @property
    def since(self) -> datetime | None:
        """When it began; `None` where that was before the first look."""
        if self.past:
            return self.past.red_since
        if any(item.is_old for item in self.items):
            return None
        first = self.items[0]
        return first.first.at or first.seen.place.moment


def items_of(seen: Seen) -> Iterator[Item]:
    """Yield the outcomes of a run, one after the other; only those that are decided."""
    decided = [ending for ending in seen.endings if ending.outcome.is_decided]
    turns: Counter[tuple[int, Outcome]] = Counter()
    for kind, group in groupby(decided, key=lambda end: (end.attempt, end.outcome)):
        yield Item(seen, tuple(group), turns[kind])
        turns[kind] += 1


def streaks_of(past: Past | None, runs: Iterable[Seen]) -> list[Streak]:
    """Return the streaks that runs make after the past; no two neighbours are alike."""
    items = [item for seen in runs for item in items_of(seen)]
    streaks = [
        Streak(outcome is Outcome.BAD, tuple(group))
        for outcome, group in groupby(items, key=lambda item: item.first.outcome)
    ]
    if past is None:
        return streaks
    if streaks and streaks[0].is_red == past.is_red:
        return [replace(streaks[0], past=past), *streaks[1:]]
    return [Streak(past.is_red, (), past), *streaks]


def is_red(state: LineageState) -> bool:
    """Return whether a lineage is broken, by all that is remembered of it."""
    streaks = streaks_of(state.past, state.seen)
    return bool(streaks) and streaks[-1].is_red


class Due(NamedTuple):
    """A happening that follows from what is known, whether or not it was told."""

    seen: Seen
    event: Event
    attempt: int
    at: datetime | None
    ending: Ending | None = None
    """What it is told of; `None` where a run has not ended."""
    turn: int = 0
    streak: int = 0
    red_since: datetime | None = None


def due_of(item: Item, event: Event) -> Due:
    """Return that something happened with an outcome, seen by itself."""
    first = item.first
    return Due(item.seen, event, first.attempt, first.at, first, item.turn)
