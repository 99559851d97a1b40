"""What is said of pipelines, runs and connections to whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.answers.shared import ROWS_A_PAGE, Again, Offer, Paged, Part, Row, Trouble
from bot.records import ChannelState, Lane, Unreadable
from bot.vocabulary import Verb
from providers.contract import Filter
from providers.model import Identity, LogTail, Pipeline, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Paged):
    """The latest run of each pipeline."""

    asked: str | None
    """The target and filters as they were typed; `None` for everything."""
    parts: tuple[Part, ...]
    only_attention: bool = False
    """Only what is red, running or waiting is to be shown; the rest is counted."""

    @property
    def pages(self) -> int:
        """How many pages there are, by the connection with the most to show."""
        most = max((len(self._loud(part)) for part in self.parts), default=0)
        return max(1, -(-most // ROWS_A_PAGE))

    def shown(self, part: Part) -> tuple[Row, ...]:
        """Return what this page shows of a connection."""
        return self._loud(part)[self._before : self._before + ROWS_A_PAGE]

    def counted(self, part: Part) -> tuple[Row, ...]:
        """Return what this page only counts: later pages, and what is quiet."""
        later = self._loud(part)[self._before + ROWS_A_PAGE :]
        if not self.only_attention:
            return later
        return later + tuple(row for row in part.rows if not row.needs_attention)

    @property
    def _before(self) -> int:
        return (self.page - 1) * ROWS_A_PAGE

    def _loud(self, part: Part) -> tuple[Row, ...]:
        wanted = not self.only_attention
        return tuple(row for row in part.rows if wanted or row.needs_attention)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A run in a list, with the pipeline it is of."""

    pipeline: Pipeline
    run: Run
    opens: str | None = None
    """The command that shows the run in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunList(Paged):
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
class Show(Again):
    """One run in full."""

    pipeline: Pipeline
    run: Run
    trouble: Trouble | None = None
    """Why it could not be read just now; the run is then the last known one."""
    as_of: datetime | None = None
    log: str | None = None
    """The command for the end of its log; `None` where there is none to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log(Again):
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
class Standing:
    """How the watch stands, where there is one."""

    blind: tuple[Lane, ...] = ()
    """The connections of which nothing is seen."""
    unreadable: tuple[Unreadable, ...] = ()
    """The watched pipelines that cannot be read, while others can."""
    parked: tuple[ChannelState, ...] = ()
    """The channels that cannot be posted to."""
    waiting: int = 0
    """How many messages are on their way to Slack."""
    waiting_since: datetime | None = None
    dead: int = 0
    """How many messages Slack refuses for good, of those that are kept."""
    trouble: str | None = None
    """Why nobody knows: the store does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health(Again):
    """How every connection is, and how the watch stands."""

    pulses: tuple[Pulse, ...]
    watch: Standing | None = None
    """`None` where nothing is watched, as in a terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """How to ask."""

    command: str
    connections: tuple[str, ...]
    groups: tuple[str, ...]
    aliases: tuple[str, ...]
    verb: Verb | None = None
    """The verb that is explained; `None` for how to ask at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem(Again):
    """A question that could not be answered as it was put."""

    what: str
    """What was understood and what is wrong with it."""
    instead: tuple[Offer, ...] = ()
    """What to ask instead."""
    hint: str | None = None
    parts: tuple[Part, ...] = ()
    """Connections that could not be searched."""
    command: str = ""
    """The bot's name, which people type before a command; empty where they do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Nothing can be said yet: these connections have not answered."""

    connections: tuple[str, ...]
