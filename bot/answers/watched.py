"""What is said of watches, mutes and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.answers.shared import Again, Offer, Paged, Part
from bot.records import DEFAULT_EVENTS, Event, Happening, Mute, Style, Verdict, Watch
from providers.model import Pipeline, Run


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
    on: frozenset[Event] = DEFAULT_EVENTS
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
    """How many watches in other channels had a say."""
    notes: tuple[str, ...] = ()
