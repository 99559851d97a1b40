"""What waits for a channel: what is overtaken, what becomes a storm, what goes first.

Pure. The rules, in the order in which `sort_out` applies them:

1. Of several updates of one card, only the newest is sent.
2. Progress of a card that never appeared is told to nobody; news of it, such as that it
   is fixed, is posted as a message of its own, and not said in its thread once more.
3. Where more than eight things wait to be posted, they become one storm message, since
   Slack takes about one a second in a channel; one such message becomes part of the
   next, where it could not be sent meanwhile.
   https://docs.slack.dev/apis/web-api/rate-limits
4. Failures go first, but no message overtakes an earlier one about the same pipeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.alerts import (
    Alert,
    Card,
    Storm,
    StormLine,
    Update,
    in_short,
    most_telling,
    pack,
)
from bot.records import CARDS, Delivery, DeliveryKind, DeliveryState, Event
from bot.watch.keys import key_of
from providers.refs import PipelineRef

MOST_WAITING = 8
"""More than this many things to post become a storm."""

MOST_LINES = 100
"""How much of a storm is kept; the rest is counted."""

PROGRESS = frozenset({Event.STILL_BROKEN, Event.STUCK, Event.SLOW})
"""What an edit of a card says that is no news to who has not seen the card."""

KEPT = timedelta(hours=72)
"""An alert that could not be delivered for so long is given up, and shown as dead."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the outbox, opened."""

    row: Delivery
    alert: Alert
    card: str | None = None
    """Slack's id of the card it belongs to, where that was posted."""

    @property
    def attempt(self) -> tuple[int, int]:
        """Which try of which row it is."""
        return self.row.id, self.row.tries

    @property
    def is_doubtful(self) -> bool:
        """Whether it was handed to Slack and nobody knows what became of it."""
        return self.row.state is DeliveryState.TRYING

    @property
    def is_edit(self) -> bool:
        """Whether it changes a message that stands, instead of posting one."""
        return self.row.kind is DeliveryKind.UPDATE and bool(self.card)

    @property
    def thread(self) -> str | None:
        """The message in whose thread it is said."""
        return self.card or None if self.row.kind is DeliveryKind.REPLY else None

    @property
    def becomes_card(self) -> bool:
        """Whether later updates of its incident are edits of this message."""
        return self.row.incident is not None and not self.card


@dataclass(frozen=True, slots=True)
class Sorted:
    """What is to be done with a backlog."""

    swallowed: tuple[int, ...]
    """Ids of rows that need not be sent any more."""
    storm: Delivery | None
    """The row that tells of those among them that were not told otherwise."""
    first: Waiting | None
    """Which of the others is to be sent first."""


def sort_out(waiting: Sequence[Waiting]) -> Sorted:
    """Return what a channel's backlog comes down to; `waiting` is in the order of ids.

    The cards of incidents must be filled in, where they were posted.
    """
    overtaken = {*_overtaken(waiting), *_progress_of_nothing(waiting)}
    overtaken |= {*_repeated([w for w in waiting if w.row.id not in overtaken])}
    rest = [w for w in waiting if w.row.id not in overtaken]
    members = _storm_members(rest)
    told = {w.row.id for w in members}
    left = [w for w in rest if w.row.id not in told]
    return Sorted(
        swallowed=tuple(sorted(overtaken | told)),
        storm=_storm(members) if members else None,
        first=_first(left),
    )


def is_too_old(row: Delivery, now: datetime) -> bool:
    """Return whether a row is given up; never one that may have arrived already."""
    return row.state is DeliveryState.PENDING and now - row.created_at > KEPT


def _overtaken(waiting: Sequence[Waiting]) -> Iterator[int]:
    newest: dict[str | None, int] = {
        w.row.incident: w.row.id
        for w in waiting
        if w.row.kind is DeliveryKind.UPDATE and w.row.incident
    }
    for w in waiting:
        is_update = w.row.kind is DeliveryKind.UPDATE and w.row.incident
        # One that was posted as a message, with its outcome unknown, is no edit.
        is_settled = w.is_edit or not w.is_doubtful
        if is_update and is_settled and newest[w.row.incident] != w.row.id:
            yield w.row.id


def _progress_of_nothing(waiting: Sequence[Waiting]) -> Iterator[int]:
    awaited = _awaited_cards(waiting)
    for w in waiting:
        is_cardless = w.becomes_card and w.row.incident not in awaited
        is_progress = isinstance(w.alert, Card) and w.alert.event in PROGRESS
        if (
            w.row.kind is DeliveryKind.UPDATE
            and is_cardless
            and is_progress
            and not w.row.is_loud
            and not w.is_doubtful
        ):
            yield w.row.id


def _repeated(waiting: Sequence[Waiting]) -> Iterator[int]:
    """Yield replies to a message of its own that would say just what that one says.

    Only where it comes first of its incident: beside a card, an edit rings nobody.
    """
    firsts: dict[str | None, Waiting] = {}
    for w in waiting:
        firsts.setdefault(w.row.incident, w)
    awaited = _awaited_cards(waiting)
    for w in waiting:
        first = firsts[w.row.incident]
        if (
            w.row.kind is DeliveryKind.REPLY
            and first.row.kind is DeliveryKind.UPDATE
            and first.becomes_card
            and first.row.incident not in awaited
            and isinstance(first.alert, Card)
            and isinstance(w.alert, Update)
            and (w.alert.event, w.alert.run.ref)
            == (first.alert.event, first.alert.run.ref)
            and not w.is_doubtful
        ):
            yield w.row.id


def _awaited_cards(waiting: Sequence[Waiting]) -> frozenset[str | None]:
    """Return the incidents whose card, or storm, is still to be posted."""
    cards = (w.row for w in waiting if w.row.kind in CARDS)
    return frozenset(row.incident for row in cards)


def _storm_members(waiting: Sequence[Waiting]) -> list[Waiting]:
    """Return what a storm tells, or nothing where there is no need of one."""
    awaited = _awaited_cards(waiting)
    # A message in doubt, and what follows on it, cannot be told before that is settled.
    in_doubt = frozenset[PipelineRef | str]().union(
        *(_subjects(w) for w in waiting if w.is_doubtful)
    )
    posts = [
        w
        for w in waiting
        if _can_be_swallowed(w)
        and _posts(w, awaited)
        and in_doubt.isdisjoint(_subjects(w))
    ]
    subjects = {w.row.incident or w.row.id for w in posts}
    if len(subjects) <= MOST_WAITING:
        return []
    # What would be edited into a card that is swallowed has no card any more.
    uncarded = {w.row.incident for w in posts if w.row.kind is DeliveryKind.CARD}
    followers = [
        w
        for w in waiting
        if w.row.kind is DeliveryKind.UPDATE
        and w.row.incident in uncarded
        and _can_be_swallowed(w)
    ]
    ids = {w.row.id for w in (*posts, *followers)}
    return [w for w in waiting if w.row.id in ids]


def _can_be_swallowed(w: Waiting) -> bool:
    # A storm that has an incident is told on as that goes on, and so stays.
    is_of_a_backlog = isinstance(w.alert, Storm) and w.row.incident is None
    return isinstance(w.alert, Card | Update) or is_of_a_backlog


def _posts(w: Waiting, awaited: frozenset[str | None]) -> bool:
    """Return whether it would make a new message in the channel or a thread.

    The end of a log below a card that stands is no news: the card has told it.
    """
    if w.row.kind is DeliveryKind.UPDATE:
        return not w.card and w.row.incident not in awaited
    is_log = isinstance(w.alert, Update) and w.alert.log is not None
    return not (is_log and w.thread)


def _storm(members: Sequence[Waiting]) -> Delivery:
    """Return one row that stands for all of these, frozen as they are now."""
    lines: dict[object, StormLine] = {}
    untold = 0
    for w in members:
        untold += (
            w.alert.count - len(w.alert.lines) if isinstance(w.alert, Storm) else 0
        )
        for line in _lines(w.alert):
            lines.setdefault((line.run.ref, line.event), line)
    connections = {line.pipeline.ref.connection for line in lines.values()}
    storm = Storm(
        lines=most_telling([*lines.values()], MOST_LINES),
        count=len(lines) + untold,
        connection=connections.pop() if len(connections) == 1 else None,
    )
    rows = [w.row for w in members]
    return Delivery(
        key=key_of("storm", *sorted(row.key for row in rows)),
        channel=rows[0].channel,
        kind=DeliveryKind.STORM,
        payload=pack(storm),
        is_loud=any(row.is_loud for row in rows),
        created_at=min(row.created_at for row in rows),
    )


def _lines(alert: Alert) -> tuple[StormLine, ...]:
    """Return what a storm says of an alert that it swallows."""
    if isinstance(alert, Storm):
        return alert.lines
    if not isinstance(alert, Card | Update):
        return ()
    pipeline = replace(alert.pipeline, latest=None)
    return (StormLine(pipeline=pipeline, run=in_short(alert.run), event=alert.event),)


def _first(waiting: Sequence[Waiting]) -> Waiting | None:
    """Return what goes first: the doubtful, then failures and what they must not pass.

    What is in doubt was first once before, and so goes first again.
    """
    if not waiting:
        return None
    wanted = min(
        waiting, key=lambda w: (not w.is_doubtful, not w.row.is_loud, w.row.id)
    )
    if wanted.is_doubtful:
        return wanted
    about = set(_subjects(wanted))
    for w in reversed([w for w in waiting if w.row.id < wanted.row.id]):
        if not about.isdisjoint(subjects := _subjects(w)):
            wanted, about = w, about | subjects
    return wanted


def _subjects(w: Waiting) -> frozenset[PipelineRef | str]:
    """Return what a message is about: pipelines, and its incident."""
    incident = [w.row.incident] if w.row.incident else []
    if isinstance(w.alert, Card | Update):
        return frozenset([w.alert.pipeline.ref, *incident])
    if isinstance(w.alert, Storm):
        return frozenset(line.pipeline.ref for line in w.alert.lines)
    return frozenset(incident)
