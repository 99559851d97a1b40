"""What an alert says, before anybody decides how it looks.

The watch makes alerts, the outbox keeps them as JSON, `render` draws them when they are
sent. Like `bot.answers`, they know nothing of Slack but the ids of people and channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from bot.records import Event
from providers.model import Pipeline, Run, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An incident: one message, edited as it develops."""

    incident: str
    watch: str
    event: Event
    """What it is about now: broken, still-broken, fixed; or a one-off such as slow."""
    pipeline: Pipeline
    run: Run
    """The run that decided; in full where it could be read."""
    red_since: datetime | None = None
    first_run: Run | None = None
    """The run that broke it, where it is another one."""
    streak: int = 0
    """Failures in a row, by now or until it was fixed."""
    acked_by: str | None = None
    muted_by: str | None = None
    mention: str | None = None
    late_since: datetime | None = None
    """When it happened, where it is told much later than that."""
    limit: timedelta | None = None
    """What a stuck or slow run has exceeded."""
    is_usual: bool = False
    """Whether that is what 95 of 100 good runs take, and nothing that was asked for."""
    has_alert: bool = False
    """Whether the end of a stuck or slow run has an alert of its own here."""
    has_log: bool = True
    """Whether its run may have a log to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A sentence in the thread of a card; with the end of a log where there is one."""

    event: Event
    pipeline: Pipeline
    run: Run
    red_since: datetime | None = None
    streak: int = 0
    log: str | None = None
    limit: timedelta | None = None
    is_usual: bool = False
    """As of a card."""
    log_of: str | None = None
    """The names of the stages, jobs and steps down to the task whose log it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A notice about the watching itself: blind, seeing again, a watch in vain."""

    what: str
    channel: str | None = None
    """Slack's id of the channel it is about, where it is not said there."""
    advice: str | None = None
    since: datetime | None = None
    is_over: bool = False
    state: State | None = None
    """How a followed run stands, where that is what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StormLine:
    """One thing a storm message swallowed, as it stands now."""

    pipeline: Pipeline
    run: Run
    event: Event
    incident: str = ""
    red_since: datetime | None = None
    streak: int = 0


def in_short(run: Run) -> Run:
    """Return a run with what a line of a list may say of it, and no more."""
    return replace(run, tasks=None, facts=(), commit=None)


def most_telling(lines: Sequence[StormLine], most: int) -> tuple[StormLine, ...]:
    """Return at most so many lines, in their order: how everything stands by now.

    Where they are too many, those go first that a later line of the same pipeline and
    branch overtakes, and then what is fixed: what is red is named as long as it can be.
    """
    if len(lines) <= most:
        return tuple(lines)
    newest = {(one.pipeline.ref, one.run.branch): at for at, one in enumerate(lines)}
    kept = sorted(newest.values(), key=lambda at: (lines[at].event is Event.FIXED, at))
    return tuple(lines[at] for at in sorted(kept[:most]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """Many things at once, in one message."""

    lines: tuple[StormLine, ...]
    count: int
    """How many it stands for; more than `lines` where the list is cut."""
    red: int = 0
    """How many of them were still red when it was over."""
    incident: str = ""
    """Empty where it has nothing to be acknowledged by."""
    acked_by: str | None = None
    connection: str | None = None
    """The connection they are all of, where they are."""
    is_over: bool = False


Alert = Card | Update | Said | Storm

_KINDS = {kind.__name__: kind for kind in (Card, Update, Said, Storm)}
_ADAPTERS = {name: TypeAdapter[Alert](kind) for name, kind in _KINDS.items()}


def pack(alert: Alert) -> str:
    """Return an alert as the JSON that `unpack` reads back."""
    name = type(alert).__name__
    return f"{name} {_ADAPTERS[name].dump_json(alert).decode()}"


def unpack(payload: str) -> Alert:
    """Return the alert in a payload.

    Raises:
        ValueError: it is no payload that `pack` made.

    """
    name, _, body = payload.partition(" ")
    if name not in _ADAPTERS:
        msg = f"no alert: {name[:40]!r}"
        raise ValueError(msg)
    return _ADAPTERS[name].validate_json(body)


def readable(payload: str) -> Alert | None:
    """Return the alert in a payload; `None` where it is none that `pack` made."""
    try:
        return unpack(payload)
    except ValueError:
        return None
