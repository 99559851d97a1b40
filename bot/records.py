"""What the watch remembers: the records that `watch` decides by and `store` keeps.

Everything is frozen, and knows neither SQL nor Slack. A record holds no secret. Times
are aware and in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from typing_extensions import override

from providers.refs import PipelineRef, RunRef


class Event(StrEnum):
    """What a watch can ring on, in the words that people type after `on:`."""

    BROKEN = "broken"
    FIXED = "fixed"
    STILL_BROKEN = "still-broken"
    EVERY_FAILURE = "every-failure"
    WAITING = "waiting"
    STUCK = "stuck"
    SLOW = "slow"
    CANCELED = "canceled"
    DONE = "done"


FAILURES = frozenset({Event.BROKEN, Event.STILL_BROKEN, Event.EVERY_FAILURE})
"""The events that say that something failed."""

DEFAULT_EVENTS = frozenset({Event.BROKEN, Event.FIXED})
"""What a watch rings on that says nothing of it."""


class Style(StrEnum):
    """How an incident is told as it develops."""

    EDIT = "edit"
    """The one message is edited in place."""
    THREAD = "thread"
    """What follows is said in its thread; the message stays as it was."""
    BOTH = "both"


class Origin(StrEnum):
    """Where a watch was written down."""

    SLACK = "slack"
    FILE = "file"
    """In runbell.yml; it is changed there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A channel, a target, filters, and what to ring on."""

    id: str
    """Short and unique, such as `w7k3f`; people type it."""
    channel: str
    """Slack's id of the channel, or of a person for direct messages."""
    target: str
    """As it was typed; resolved anew at every look, so that new pipelines are found."""
    filters: str = ""
    """As they would be typed, defaults included: nothing applies that is not shown."""
    on: frozenset[Event] = DEFAULT_EVENTS
    after: int = 1
    """How many failures in a row make it broken."""
    queued: timedelta | None = None
    """Stuck means queued for longer than this."""
    longer: timedelta | None = None
    """Slow means running for longer; `None` goes by the pipeline's own p95."""
    default_branch_only: bool = True
    """Where no branch is named: only the default branch, where the vendor tells it."""
    mention: str | None = None
    """Slack's id of the person (`U…`) or group (`S…`) to mention when it breaks."""
    style: Style = Style.BOTH
    owner: str = ""
    """Slack's id of who made it; told by direct message when the channel is gone."""
    origin: Origin = Origin.SLACK
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Lineage:
    """The runs that are compared with each other: of a branch, or of a trigger kind."""

    pipeline: PipelineRef
    line: str
    """`branch:main`, or `trigger:schedule` where there is no branch; may be empty."""

    @override
    def __str__(self) -> str:
        return f"{self.pipeline} {self.line}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A transition of a lineage or a run: what happened, when, and why we say so."""

    key: str
    """Made of lineage, run, attempt and event alone: seen twice, it is the same."""
    lineage: Lineage
    run: RunRef
    event: Event
    at: datetime
    """When it happened, by the vendor where it says, else when it was seen."""
    seen_at: datetime
    reason: str
    """Why this is that event, in a sentence for a person."""
    streak: int = 0
    """How many failures in a row it is by now, or has been."""
    red_since: datetime | None = None
    """When the lineage broke: of broken, still-broken and fixed."""


class Ruling(StrEnum):
    """What became of a happening for one watch."""

    RING = "ring"
    QUIET = "quiet"
    MUTED = "muted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided for one watch, by which rule, and why."""

    happening: str
    """The key of the happening."""
    watch: str
    ruling: Ruling
    rule: str
    """The rule's short name, such as `not-asked-for`, `other-branch`, `broken`."""
    reason: str
    """A sentence for a person."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """A target or a watch that is to stay silent for a while, in one channel."""

    id: str
    channel: str
    target: str | None = None
    """As it was typed; `None` with `watch`."""
    watch: str | None = None
    until: datetime | None = None
    until_fixed: bool = False
    by: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A lineage that is red, as one channel is told of it: one card, one thread."""

    id: str
    channel: str
    lineage: Lineage
    watch: str
    """The watch whose style and mention it follows."""
    opened_at: datetime
    first_run: RunRef
    latest_run: RunRef
    streak: int = 1
    acked_by: str | None = None
    acked_at: datetime | None = None
    closed_at: datetime | None = None
    ts: str | None = None
    """Slack's id of the card, once it was accepted."""


class DeliveryKind(StrEnum):
    """What is to be done at Slack."""

    CARD = "card"
    """Post the card of an incident."""
    UPDATE = "update"
    """Edit the card; of several that wait, only the newest is sent."""
    REPLY = "reply"
    """Say something in the card's thread."""
    NOTICE = "notice"
    """Say something in the channel that belongs to no incident."""
    STORM = "storm"
    """One message for many, with the list of what it swallowed."""


CARDS = frozenset({DeliveryKind.CARD, DeliveryKind.STORM})
"""What the later updates of an incident are edits of."""


class DeliveryState(StrEnum):
    """How far a delivery is."""

    PENDING = "pending"
    TRYING = "trying"
    """Handed to Slack; the outcome is not known unless it is settled."""
    SENT = "sent"
    SWALLOWED = "swallowed"
    """Told by a storm, or overtaken by a newer update."""
    DEAD = "dead"
    """Slack refuses it for good; shown in `health`."""


UNSETTLED = frozenset({DeliveryState.PENDING, DeliveryState.TRYING})
"""What is still on its way; all else stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message on its way to Slack: a row of the outbox."""

    key: str
    """Unique; made of no clock and no text."""
    channel: str
    kind: DeliveryKind
    payload: str
    """What it says, as the JSON of a `bot.alerts` class; drawn when it is sent."""
    incident: str | None = None
    is_loud: bool = False
    """Failures go before digests and progress."""
    created_at: datetime
    id: int = 0
    """Its place in the outbox; given by the store."""
    state: DeliveryState = DeliveryState.PENDING
    tries: int = 0
    tried_at: datetime | None = None
    ts: str | None = None
    error: str | None = None
    degraded: int = 0
    """0 as designed, 1 without metadata, 2 plain text, 3 cut short."""


WORKSPACE = "*"
"""Where it is noted that Slack refuses the bot as such; no channel is called so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """What is known of a channel as a place to post to."""

    channel: str
    parked: str | None = None
    """Slack's word for why nothing can be posted, such as `is_archived`."""
    parked_at: datetime | None = None
    told: bool = False
    """Whether the owner was told that it is parked."""
    resume_at: datetime | None = None
    """Not before this, by Slack's Retry-After."""
    last_ts: str | None = None
    """Of our last confirmed post there: where a look-up begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A connection as something that is asked at a rhythm."""

    connection: str
    due_at: datetime
    allowance: float | None = None
    """Calls a minute that the vendor has borne lately; `None` where never limited."""
    failures: int = 0
    """In a row."""
    open_until: datetime | None = None
    """The breaker: nothing is asked before this."""
    blind_since: datetime | None = None
    blind_reason: str | None = None
    blind_told: bool = False
    looked_at: datetime | None = None
    refused: str | None = None
    """The fingerprint of the credential that was refused, while the breaker is open
    for that; `None` where it is open for something else, or closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A watched pipeline that cannot be read, while others of its connection can."""

    pipeline: PipelineRef
    name: str
    since: datetime
    reason: str
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """A person who wants to hear when a run ends."""

    run: RunRef
    user: str
    channel: str | None = None
    """Where its living card stands; `None` for a direct message alone."""
    ts: str | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """What is kept of a run that was seen: enough to compare, to time and to replay."""

    ref: RunRef
    line: str
    state: str
    reason: str | None = None
    native: str | None = None
    number: int | None = None
    branch: str | None = None
    actor: str | None = None
    trigger: str | None = None
    title: str | None = None
    url: str | None = None
    moment: datetime | None = None
    """`Run.moment`: when it started, else when it appeared."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    seen_at: datetime
