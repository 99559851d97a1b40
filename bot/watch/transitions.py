"""What happened: a run that was observed → what it means for its lineage; pure.

Everything follows from the set of runs that are known, in their own order, and never
from the order in which they were observed. Runs of one outcome in a row are a streak;
canceled, skipped and undecided ones do not interrupt it. Each red streak is told once,
as `broken`, and each green one after it once, as `fixed`.

What is seen late is told as long as nothing newer has been told: then a message about
it would come out of order and say what is not so any more. Such happenings have a
`streak` of 0, and no `red_since`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from bot.records import Event, Happening
from bot.watch.lineage import (
    MOST_RUNS,
    LineageState,
    Outcome,
    Past,
    Seen,
    ended_at,
    taken_in,
)
from bot.watch.reasons import tell
from bot.watch.streaks import Due, Item, Streak, due_of, items_of, streaks_of
from providers.model import Run, State


@dataclass(frozen=True, slots=True)
class Step:
    """What an observation led to."""

    state: LineageState
    happenings: tuple[Happening, ...] = ()
    """In the order in which they are told. They may be about earlier runs too."""


def look(state: LineageState, runs: Iterable[Run], now: datetime) -> Step:
    """Take in all that one look at a lineage showed, whatever its order.

    The first look is a baseline: it leads to no happening.
    """
    ordered = sorted(runs, key=lambda run: _turn(run, now))
    if state.since is None:
        return Step(_baseline(state, ordered, now))
    happenings: list[Happening] = []
    for run in ordered:
        step = advance(state, run, now)
        state = step.state
        happenings += step.happenings
    return Step(state, tuple(happenings))


def advance(state: LineageState, run: Run, now: datetime) -> Step:
    """Take in one observation of a run of this lineage.

    Observing the same again leads to nothing. Runs observed in any order leave the
    lineage standing the same, with each red streak and each return to green told once.
    """
    if state.since is None:
        return look(state, [run], now)
    known = state.find(run.ref.id)
    is_old = _is_old(state, known, run, now)
    seen = taken_in(known, run, now, is_old=is_old)
    if seen == known and run.state is not State.WAITING:
        return Step(state)
    if known is None and state.past is not None and seen.place <= state.past.place:
        return Step(state)
    state = state.with_seen(seen)
    due = [*_waiting(seen, run), *_transitions(state), *_ends(seen)]
    due.sort(key=lambda due: due.seen.place)  # stable: a run's own keep their order
    return Step(
        _trimmed(_remembered(state, due)), tuple(tell(one, run, now) for one in due)
    )


def _turn(run: Run, now: datetime) -> tuple[object, ...]:
    seen = taken_in(None, run, now, is_old=False)
    return (seen.place, run.ref.attempt, *(ending.turn for ending in seen.endings))


def _baseline(
    state: LineageState, ordered: Sequence[Run], now: datetime
) -> LineageState:
    for run in ordered:
        known = state.find(run.ref.id)
        seen = taken_in(known, run, now, is_old=True)
        state = _remembered(state.with_seen(seen), _waiting(seen, run))
    first = state.seen[-1].place if state.seen else None
    return _trimmed(replace(state, since=now, first=first))


def _is_old(state: LineageState, known: Seen | None, run: Run, now: datetime) -> bool:
    """Return whether an end that is observed now was there before the first look.

    What began after that look's newest run is not, whatever the clocks say; nor is what
    was seen under way.
    """
    ended = ended_at(run)
    since = state.since or now
    if known is not None:
        was_over = any(ending.is_old for ending in known.endings)
        return was_over and ended is not None and ended <= since
    place = taken_in(None, run, now, is_old=False).place
    if state.first is not None and place > state.first:
        return False
    return (ended or place.moment) <= since


def _transitions(state: LineageState) -> Iterator[Due]:
    streaks = streaks_of(state.past, state.seen)
    newest_told = max((i for i, s in enumerate(streaks) if s.was_told), default=-1)
    for index, streak in enumerate(streaks):
        before = streaks[index - 1] if index else None
        is_over = index < newest_told
        if streak.is_red:
            yield from _of_red(streak, is_over=is_over)
        elif before and not streak.was_told:
            yield _of(streak.items[0], Event.FIXED, before, is_over=is_over)


def _of_red(streak: Streak, *, is_over: bool) -> Iterator[Due]:
    for index, item in enumerate(streak.items):
        if item.is_old:
            continue
        breaks = not (index or streak.was_told)
        event = Event.BROKEN if breaks else Event.STILL_BROKEN
        if not item.has_said(Event.BROKEN) and not item.has_said(event):
            yield _of(item, event, streak, is_over=is_over)
        if not item.has_said(Event.EVERY_FAILURE):
            yield _of(item, Event.EVERY_FAILURE, streak, is_over=is_over)


def _of(item: Item, event: Event, red: Streak, *, is_over: bool) -> Due:
    return due_of(item, event)._replace(
        streak=0 if is_over else red.length,
        red_since=None if is_over else red.since,
    )


def _waiting(seen: Seen, run: Run) -> Iterator[Due]:
    """Yield that a run waits, unless it is known to have ended since."""
    attempt = run.ref.attempt
    if run.state is not State.WAITING or attempt in seen.waited:
        return
    ends = [ending.at for ending in seen.endings if ending.attempt >= attempt]
    times = (run.updated_at, run.started_at, run.queued_at)
    latest = max((at for at in times if at), default=None)
    if all(at and latest and latest > at for at in ends):
        yield Due(seen, Event.WAITING, attempt, run.updated_at)


def _ends(seen: Seen) -> Iterator[Due]:
    """Yield that a run was canceled, and that it is done: each attempt by itself.

    An attempt whose outcome changed was retried, and is done once more.
    """
    decided = list(items_of(seen))
    for attempt, group in groupby(seen.endings, key=lambda ending: ending.attempt):
        endings = tuple(group)
        canceled = [e for e in endings if e.outcome is Outcome.CANCELED]
        if canceled:
            yield from _once(Item(seen, tuple(canceled), 0), Event.CANCELED)
        # What was not verified, and then was, ended once.
        vague = tuple(e for e in endings if not e.outcome.is_decided)
        ends = [item.endings for item in decided if item.first.attempt == attempt]
        first, *others = ends or [()]
        for turn, same in enumerate([(*first, *vague), *others]):
            yield from _once(Item(seen, same, turn), Event.DONE)


def _once(item: Item, event: Event) -> Iterator[Due]:
    if not item.is_old and not item.has_said(event):
        yield due_of(item, event)


def _remembered(state: LineageState, told: Iterable[Due]) -> LineageState:
    """Return the state with a mark on all that is told now."""
    for due in told:
        seen = next(seen for seen in state.seen if seen.place == due.seen.place)
        if due.ending is None:
            seen = seen._replace(waited=(*seen.waited, due.attempt))
        else:
            turn, word = due.ending.turn, due.event.value
            endings = (
                ending._replace(said=(*ending.said, word))
                if ending.turn == turn
                else ending
                for ending in seen.endings
            )
            seen = seen._replace(endings=tuple(endings))
        state = state.with_seen(seen)
    return state


def _trimmed(state: LineageState) -> LineageState:
    """Forget the oldest runs but for how they left the lineage."""
    for _ in range(len(state.seen) - MOST_RUNS):
        oldest, *rest = state.seen
        streaks = streaks_of(state.past, [oldest])
        last = streaks[-1] if streaks else Streak(is_red=False, items=())
        past = Past(
            oldest.place,
            is_red=last.is_red,
            red_since=last.since if last.is_red else None,
            streak=last.length if last.is_red else 0,
        )
        state = replace(state, seen=tuple(rest), past=past)
    return state
