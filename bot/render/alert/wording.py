"""The words of alerts, and the lines that several of them have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.records import FAILURES, Event
from bot.render import words
from bot.render.message import Element, ago, bold, code, link, plain, row
from providers.model import Pipeline, Run, State

NOTES: Mapping[Event, str] = {Event.WAITING: "It goes on when somebody acts."}
"""What a run's own state does not say."""

_OVERDUE: Mapping[Event, str] = {
    Event.STUCK: "It has been queued for",
    Event.SLOW: "It has been running for",
}

SHORT: Mapping[Event, str] = {
    Event.BROKEN: "broke",
    Event.FIXED: "fixed",
    Event.STILL_BROKEN: "still red",
    Event.EVERY_FAILURE: "failed",
    Event.WAITING: "waits for somebody",
    Event.STUCK: "stuck in the queue",
    Event.SLOW: "slow",
    Event.CANCELED: "canceled",
    Event.DONE: "ended",
}
"""An event in the line of a list, and in a notification."""

MUTED_MARK = "🔕"
ACKED_MARK = "👀"
STORM_MARK = "🌩️"


def mark_of(event: Event, run: Run) -> str:
    """Return the mark of an event; never shown without its words."""
    if event is Event.FIXED:
        return words.MARKS[State.SUCCEEDED]
    return words.MARKS[State.FAILED if event in FAILURES else run.state]


def is_loud(event: Event, run: Run) -> bool:
    """Return whether it is a failure, and so has a heading."""
    return event in FAILURES or (event is Event.DONE and run.state is State.FAILED)


def run_facts(run: Run, now: datetime) -> list[Element | str | None]:
    """Return where, who, how long and how long ago."""
    took = run.took(now)
    return [
        code(run.branch) if run.branch else None,
        run.change,
        words.actor(run),
        words.duration(took) if took is not None else None,
        ago(run.moment, now) if run.moment else None,
    ]


def run_link(pipeline: Pipeline, run: Run) -> Element:
    """Return a run's name, with its address where it has one."""
    return link(words.run_name(pipeline, run), run.url or pipeline.url)


def event_line(
    event: Event, said: str, pipeline: Pipeline, run: Run, now: datetime
) -> list[Element]:
    """Return a line that says in these words what happened to which run."""
    head = [plain(f"{mark_of(event, run)} "), bold(said), plain("  ")]
    return [*head, *row(run_link(pipeline, run), *run_facts(run, now))]


def failing_lines(run: Run) -> list[list[Element]]:
    """Return which step failed, and what it says."""
    path = run.failing_path
    if not path:
        return []
    where = " / ".join(task.name for task in path)
    messages = [task.message for task in path if task.message]
    said = [[plain(messages[-1])]] if messages else []
    return [[plain("Failed in "), bold(where)], *said]


def red_for(red_since: datetime | None, until: datetime, streak: int) -> str:
    """Return `3 h, 4 runs`, or as much of it as is known."""
    length = None
    if red_since is not None:
        length = words.duration(max(until - red_since, timedelta()))
    runs = words.counted(streak, "run", "runs") if streak else None
    return ", ".join(part for part in (length, runs) if part)


def fixed_words(
    run: Run, red_since: datetime | None, now: datetime, streak: int
) -> str:
    """Return `fixed after 3 h 20 min, 4 runs`; it stays the same however late."""
    after = red_for(red_since, run.finished_at or run.moment or now, streak)
    return f"fixed after {after}" if after else "fixed"


def progress_words(
    event: Event, run: Run, red_since: datetime | None, now: datetime, streak: int
) -> str:
    """Return what happened in an incident, and how long it has been going on."""
    if event is Event.FIXED:
        return fixed_words(run, red_since, now, streak)
    if event is Event.STILL_BROKEN and (red := red_for(red_since, now, streak)):
        return f"{SHORT[event]}, for {red}"
    if event is Event.BROKEN and streak > 1:
        return f"{SHORT[event]}, {streak} failures in a row"
    return SHORT[event]


def overdue_words(event: Event, run: Run) -> str | None:
    """Return what became of a stuck or slow run; `None` while nothing has."""
    queued, started = run.queued_at or run.created_at, run.started_at
    is_stuck = run.state in {State.QUEUED, State.UNKNOWN}
    if event is Event.STUCK and not is_stuck and queued and started:
        return f"started after {words.duration(started - queued)} in the queue"
    if event not in _OVERDUE or not run.state.is_over:
        return None
    start = started or queued
    took = words.duration(run.finished_at - start) if start and run.finished_at else ""
    return f"ended{f' after {took}' if took else ''}: {words.run_word(run)}"


def note(
    event: Event, limit: timedelta | None, *, is_usual: bool, is_past: bool = False
) -> str | None:
    """Return what a run's own state does not say of an event."""
    if event not in _OVERDUE:
        return NOTES.get(event)
    said = "That is" if is_past else _OVERDUE[event]
    if limit is None:
        return f"{said} longer than it should."
    usual = "; 95 of 100 good runs take less" if is_usual else ""
    return f"{said} over {words.duration(limit)}{usual}."
