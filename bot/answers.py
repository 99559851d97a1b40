"""What the bot has to say, before anybody decides how it looks.

Verbs make answers, `render` turns them into messages; neither knows of Slack here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from providers.contract import Filter
from providers.errors import ProviderError
from providers.model import Identity, LogTail, Pipeline, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why something could not be read, in words for a person."""

    what: str
    detail: str
    advice: str
    since: datetime | None = None
    """When it began, where the same trouble was met before."""
    code: str | None = None
    request_id: str | None = None

    @classmethod
    def of(cls, error: ProviderError, since: datetime | None = None) -> Trouble:
        """Return what an error of a provider means for a person."""
        return cls(
            what=error.what,
            detail=error.detail,
            advice=error.advice,
            since=since,
            code=error.code,
            request_id=error.request_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A pipeline and its latest run; both `None` where it has never run."""

    pipeline: Pipeline
    run: Run | None = None
    trouble: Trouble | None = None
    """Why this one pipeline could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one connection contributes to an answer."""

    connection: str
    title: str
    """The vendor's product."""
    rows: tuple[Row, ...] = ()
    trouble: Trouble | None = None
    """Why this connection could not be read; the rows are then the last known ones."""
    as_of: datetime | None = None
    """When what is shown was read, where nothing newer could be."""
    more: bool = False
    """The connection has more pipelines than were looked at."""
    left_out: int = 0
    """How many entries of its list of pipelines could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The latest run of each pipeline."""

    asked: str | None
    """The target and filters as they were typed; `None` for everything."""
    parts: tuple[Part, ...]
    only_attention: bool = False
    """Only what is red, running or waiting is to be shown; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A run in a list, with the pipeline it is of."""

    pipeline: Pipeline
    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class RunList:
    """Recent runs, newest first."""

    asked: str | None
    entries: tuple[Entry, ...]
    pipelines: int
    """How many pipelines the runs are of."""
    latest_only: bool = False
    """Only the latest run of each pipeline was read, since there are many."""
    more: bool = False
    """There are older runs."""
    filtered_here: frozenset[Filter] = frozenset()
    left_out: int = 0
    """How many entries of the vendors' lists could not be read."""
    unread: tuple[Row, ...] = ()
    """The pipelines whose runs could not be read just now."""
    parts: tuple[Part, ...] = ()
    """The connections in trouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """One run in full."""

    pipeline: Pipeline
    run: Run
    trouble: Trouble | None = None
    """Why it could not be read just now; the run is then the last known one."""
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The end of a task's log."""

    pipeline: Pipeline
    run: Run
    task: str
    """The names of the stages, jobs and steps down to the task."""
    tail: LogTail


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """How a connection is."""

    connection: str
    title: str
    identity: Identity | None = None
    trouble: Trouble | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How every connection is."""

    pulses: tuple[Pulse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """How to ask."""

    command: str
    connections: tuple[str, ...]
    groups: tuple[str, ...]
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A question that could not be answered as it was put."""

    what: str
    """What was understood and what is wrong with it."""
    instead: tuple[str, ...] = ()
    """Commands to try instead, as they would be typed."""
    hint: str | None = None
    parts: tuple[Part, ...] = ()
    """Connections that could not be searched."""


Answer = Status | RunList | Show | Log | Health | Help | Problem
