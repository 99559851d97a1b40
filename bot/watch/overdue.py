"""Runs that should have moved on by now: stuck in a queue, or slow; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.records import Event, Happening, Incident, Lineage, Watch
from bot.render import words
from bot.watch.keys import happening_key
from bot.watch.lineage import lineage_of
from providers.model import Run, RunRef, State

ENOUGH_RUNS = 20
"""Fewer good runs than this say nothing about how long one usually takes."""

TIMED = frozenset({Event.STUCK, Event.SLOW})
"""The events that only time brings."""

OVERDUE_LINES = "overdue:"
"""What the lines begin with on which such cards are kept."""

_USUAL = "usual"

QUEUED = timedelta(minutes=30)
"""Stuck means queued for longer than this, where the watch does not say."""


def overdue(
    run: Run, watch: Watch, now: datetime, p95: timedelta | None = None
) -> Happening | None:
    """Return that a run is stuck or slow, by the measure of one watch.

    Stuck is a run that has been queued for longer than `watch.queued`. Slow is one that
    has been running for longer than `watch.longer`, or else than `p95` of its pipeline
    and branch (see `usual_longest`). A run that waits for a person is neither, and one
    whose times are not known is never called so. The key is the same at every look.
    """
    event, began, most = _measure(run, watch, p95)
    if event is None or event not in watch.on or began is None or most is None:
        return None
    if now - began <= most:
        return None
    lineage = lineage_of(run)
    name = f"Run {run.number if run.number is not None else run.ref.id}"
    doing = "queued" if event is Event.STUCK else "running"
    is_asked_for = event is Event.STUCK or watch.longer
    usual = "" if is_asked_for else ": 95 of 100 good runs take less"
    return Happening(
        key=overdue_key(lineage, run.ref, event, watch),
        lineage=lineage,
        run=run.ref,
        event=event,
        at=began + most,
        seen_at=now,
        reason=f"{name} has been {doing} for more than {words.duration(most)}{usual}.",
    )


def overdue_key(lineage: Lineage, run: RunRef, event: Event, watch: Watch) -> str:
    """Return the key of a run being stuck or slow by the measure of this watch.

    Watches with the same measure share it. The p95 itself is no part of it: it moves
    with every run.
    """
    limit = watch.queued or QUEUED if event is Event.STUCK else watch.longer
    return happening_key(
        lineage, run, event, _USUAL if limit is None else _seconds(limit)
    )


def is_usual(happening: Happening) -> bool:
    """Return whether a run is slow by what is usual, and by nothing asked for."""
    ends = (happening.lineage, happening.run, Event.SLOW, _USUAL)
    return happening.key == happening_key(*ends)


def limit_of(happening: Happening, run: Run) -> timedelta | None:
    """Return what a stuck or slow run has exceeded; `None` of any other happening."""
    if happening.event not in TIMED:
        return None
    began = _queued_at(run) if happening.event is Event.STUCK else run.started_at
    return happening.at - began if began else None


def overdue_lineage(happening: Happening) -> Lineage:
    """Return the lineage under which the card of a stuck or slow run is kept."""
    line = f"{OVERDUE_LINES}{happening.event.value}:{happening.key}"
    return Lineage(happening.lineage.pipeline, line)


def is_overdue(incident: Incident) -> bool:
    """Return whether an incident is the card of a stuck or slow run, and not red."""
    return incident.lineage.line.startswith(OVERDUE_LINES)


def has_moved_on(event: Event, run: Run) -> bool:
    """Return whether a run that was stuck or slow is so no more."""
    if event is Event.STUCK:
        return run.state not in {State.QUEUED, State.UNKNOWN}
    return run.state.is_over


def usual_longest(durations: Sequence[timedelta]) -> timedelta | None:
    """Return what 95 of 100 runs do not exceed; `None` of fewer than 20 runs.

    By nearest rank: https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method
    """
    if len(durations) < ENOUGH_RUNS:
        return None
    rank = -(-95 * len(durations) // 100)
    return sorted(durations)[rank - 1]


def _measure(
    run: Run, watch: Watch, p95: timedelta | None
) -> tuple[Event | None, datetime | None, timedelta | None]:
    if run.state is State.QUEUED:
        return Event.STUCK, _queued_at(run), watch.queued or QUEUED
    if run.state is State.RUNNING:
        return Event.SLOW, run.started_at, watch.longer or p95
    return None, None, None


def _queued_at(run: Run) -> datetime | None:
    return run.queued_at or run.created_at


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
