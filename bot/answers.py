"""What the bot has to say, before anybody decides how it looks.

Verbs make answers, `render` turns them into messages; neither knows of Slack here.
What can be pressed in an answer is a command in it, as it would be typed after the
bot's name: pressing is typing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.records import (
    ChannelState,
    Event,
    Happening,
    Lane,
    Mute,
    Style,
    Unreadable,
    Verdict,
    Watch,
)
from bot.vocabulary import Verb
from providers.contract import Filter
from providers.errors import ProviderError
from providers.model import Identity, LogTail, Pipeline, Run, State

ROWS_A_PAGE = 12
"""How many pipelines of each connection a page of `status` shows."""

WORST_FIRST = (
    State.FAILED,
    State.UNKNOWN,
    State.WAITING,
    State.RUNNING,
    State.QUEUED,
    State.CANCELED,
    State.SKIPPED,
    State.SUCCEEDED,
)
"""The order in which people want to hear of it."""

QUIET = frozenset({State.SUCCEEDED, State.SKIPPED, State.CANCELED})
"""What nobody has to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something to press: what it is for a person, and what it asks."""

    label: str
    command: str
    """As it would be typed, without the bot's name; empty for the bare command."""


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
    is_pending: bool = False
    """Nothing is wrong yet: the answer has not come, and is being waited for."""

    @classmethod
    def of(
        cls,
        error: ProviderError,
        since: datetime | None = None,
        *,
        is_pending: bool = False,
    ) -> Trouble:
        """Return what an error of a provider means for a person."""
        return cls(
            what=error.what,
            detail=error.detail,
            advice=error.advice,
            since=since,
            code=error.code,
            request_id=error.request_id,
            is_pending=is_pending,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A pipeline and its latest run; both `None` where it has never run."""

    pipeline: Pipeline
    run: Run | None = None
    trouble: Trouble | None = None
    """Why this one pipeline could not be read."""
    opens: str | None = None
    """The command that shows the run in full, where the row itself is shown."""

    @property
    def needs_attention(self) -> bool:
        """Whether somebody should look: it is not over, or it did not go well."""
        return self.trouble is not None or (
            self.run is not None and self.run.state not in QUIET
        )

    @property
    def rank(self) -> tuple[int, str]:
        """Where it stands among others: worst first, then by name."""
        if self.trouble is not None:
            return -1, self.pipeline.name
        if self.run is None:
            return len(WORST_FIRST), self.pipeline.name
        return WORST_FIRST.index(self.run.state), self.pipeline.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one connection contributes to an answer."""

    connection: str
    title: str
    """The vendor's product."""
    rows: tuple[Row, ...] = ()
    """Worst first."""
    trouble: Trouble | None = None
    """Why this connection could not be read; the rows are then the last known ones."""
    as_of: datetime | None = None
    """When what is shown was read, where nothing newer could be."""
    more: bool = False
    """The connection has more pipelines than were looked at."""
    left_out: int = 0
    """How many entries of its list of pipelines could not be read."""

    @property
    def rank(self) -> int:
        """Where it stands among others: worst first; the silent ones before all."""
        worst = min((row.rank[0] for row in self.rows), default=len(WORST_FIRST))
        return worst if self.trouble is None else -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What every answer knows: how it is asked for once more."""

    again: str | None = None
    """The command that gives this answer as it is then; `None` where none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged(Again):
    """An answer of which one page is shown."""

    page: int = 1
    previous: str | None = None
    """The command for the page before this one; `None` on the first."""
    next: str | None = None
    """The command for the page after this one; `None` on the last."""


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
class Choosable:
    """Something that can be watched."""

    target: str
    """Means this and nothing else; as it is, not as it is typed."""
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What can be watched of a connection, or the groups."""

    title: str
    choices: tuple[Choosable, ...] = ()
    note: str = ""
    """Why there may be more than that, where nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A watch, as it is filled in field by field."""

    watch: str | None = None
    """The id of the watch that is changed; `None` makes a new one."""
    target: str | None = None
    """What is watched; `None` where nothing has been chosen yet."""
    name: str = ""
    """What people call that."""
    on: frozenset[Event] = frozenset({Event.BROKEN, Event.FIXED})
    branch: str = ""
    """Names and globs between commas, all but these after a `-`; empty for the default
    branch."""
    mention: str | None = None
    """Slack's id of a person."""
    style: Style = Style.BOTH
    rest: str = ""
    """What the watch says besides, as it would be typed: it has no field, and stays."""
    channel: str | None = None
    """Slack's id of the channel that is told, where it is not the one asked in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """A form to fill in; and where it cannot be opened, how else to ask for it."""

    what: str
    form: Form
    opens: Offer
    """What asks for the same, as something to press."""
    instead: tuple[Offer, ...] = ()
    hint: str | None = None
    command: str = ""
    """The bot's name, which people type before a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Nothing can be said yet: these connections have not answered."""

    connections: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicLine:
    """What everybody is told of a change that one person made."""

    by: str
    """Slack's id of who made it."""
    did: str
    """What they did, behind their name: `watches release: …`."""
    channel: str
    thread: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote:
    """Something was changed: what was understood, and how it is undone."""

    sentence: str
    typed: str | None = None
    """The same as a command, with all that applies by default."""
    notes: tuple[str, ...] = ()
    """What is worth knowing of it, a sentence each."""
    public: PublicLine | None = None
    """`None` where it concerns only the one who asked, or nothing was changed."""
    undo: str | None = None
    """The command that takes it back."""
    offers: tuple[Offer, ...] = ()
    """What may be asked next."""
    parts: tuple[Part, ...] = ()
    """Connections that could not be searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRow:
    """A watch in a list."""

    watch: Watch
    name: str
    """What people call what it watches."""
    what: str
    """When it rings, and how, in words."""
    muted_until: str | None = None
    """Until when it is silent; `None` where it is not."""
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watches(Paged):
    """The watches of a channel, of a person, or all."""

    scope: str
    """Whose they are, in words: `here`, `of yours`."""
    rows: tuple[WatchRow, ...]
    """Those of this page."""
    count: int
    """How many there are in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteRow:
    """A mute in a list."""

    mute: Mute
    what: str
    unmute: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutes(Again):
    """What is silent in a channel."""

    rows: tuple[MuteRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """Something that a watch would have rung for."""

    pipeline: Pipeline
    run: Run
    event: Event
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal(Again):
    """What a watch would have rung for."""

    watch: Watch
    what: str
    ringings: tuple[Ringing, ...]
    """Newest first."""
    since: datetime
    notes: tuple[str, ...] = ()
    """What was not looked at, a sentence each."""
    is_known: bool = True
    """Whether that is all: else nothing that is not there may be taken as silence."""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoning:
    """Something that happened, and what was decided about it."""

    happening: Happening
    verdicts: tuple[Verdict, ...]
    """Of the watches of the channel where it is asked; what rang comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why(Again):
    """What was decided about a run, by which rule, and why."""

    about: str
    """The run, as people call it."""
    url: str | None
    reasonings: tuple[Reasoning, ...]
    """Oldest first."""
    elsewhere: int = 0
    """How many verdicts there are of watches in other channels."""
    notes: tuple[str, ...] = ()


Answer = (
    Status
    | RunList
    | Show
    | Log
    | Health
    | Help
    | Wrote
    | Watches
    | Mutes
    | Rehearsal
    | Why
    | Problem
    | Dialog
    | Pending
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer, as far as it is known."""

    answer: Answer
    waiting_for: tuple[str, ...] = ()
    """The connections that may still change it; none where it is the last word."""
