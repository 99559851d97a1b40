"""Following a run: a card that lives as long as it does, and a word at its end.

The card stands where it was asked for, or in the follower's direct messages. It is kept
like an incident, under a lineage of its own, so that the courier edits it in place. The
end is said by a new direct message, since an edit notifies nobody: once, and not at all
where a watch has said it there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.alerts import Alert, Card, Said, pack
from bot.records import (
    Delivery,
    DeliveryKind,
    Event,
    Follow,
    Incident,
    Lineage,
    Ruling,
)
from bot.store import Tx
from bot.watch.keys import key_of
from providers.model import Pipeline, Run, RunRef, State, Task

_LINE = "follow:"

_UNFINISHED = frozenset({State.RUNNING, State.WAITING})

_ENDS = frozenset({Event.BROKEN, Event.EVERY_FAILURE, Event.CANCELED, Event.DONE})
"""What, rung, is a new message about how a run ended."""

_DOING: Mapping[State, str] = {
    State.QUEUED: "is queued",
    State.RUNNING: "is running",
    State.WAITING: "waits for somebody",
}


@dataclass(frozen=True, slots=True)
class Followed:
    """What a look at a followed run showed."""

    follow: Follow
    pipeline: Pipeline
    run: Run | None
    """`None` where the vendor does not know it any more."""
    has_logs: bool = True
    """Whether its vendor gives out logs."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be kept and sent."""

    incident: Incident
    deliveries: tuple[Delivery, ...]

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to follow."""
        return self.incident.closed_at is not None


def is_followed(incident: Incident) -> bool:
    """Return whether an incident is the card of a followed run, and nothing is red."""
    return incident.lineage.line.startswith(_LINE)


def card_of(follow: Follow) -> str:
    """Return the id under which a follow's card is kept."""
    return key_of("follow", str(follow.run), follow.user)[:12]


def tell(
    found: Followed,
    incident: Incident | None,
    now: datetime,
    last: Delivery | None,
    *,
    is_heard: bool = False,
) -> Told:
    """Return what is said of a followed run; the same sight twice says it once.

    Args:
        found: what the look showed.
        incident: the follow's card; `None` where there is none yet.
        now: the time.
        last: what was last to be said on the card, if that is known.
        is_heard: whether the follower was told of the end by a watch.

    """
    follow, run = found.follow, found.run
    card = incident or _opened(follow, now)
    is_over = run is None or run.state.is_over
    is_here = card.channel == follow.user
    # A card that would be new in the direct messages is left to the word at the end.
    alert = None if is_over and is_here else _end(found)
    if not is_over:
        alert = _progress(found)
    elif incident is not None and is_here:
        alert = _is_over(found, is_told_below=not is_heard)
    deliveries = []
    if alert is not None and (last is None or last.payload != pack(alert)):
        # Not by what it says alone: a run may go back to where it was before.
        key = key_of("follow", card.id, str(last.id if last else ""))
        kind = DeliveryKind.UPDATE if incident else DeliveryKind.CARD
        deliveries.append(_delivery(key, card, card.channel, kind, alert, now))
    if is_over and not is_heard:
        key, notice = key_of(card.id, "end"), DeliveryKind.NOTICE
        deliveries.append(_delivery(key, None, follow.user, notice, _end(found), now))
    return Told(replace(card, closed_at=now if is_over else None), tuple(deliveries))


async def take_in(tx: Tx, found: Sequence[Followed], now: datetime) -> frozenset[str]:
    """Keep and tell what was seen of followed runs; return the channels told."""
    channels: set[str] = set()
    cards = [card_of(one.follow) for one in found]
    last = {d.incident: d for d in await tx.outbox.of_incidents(cards)}
    for one in found:
        known = await tx.incidents.get(card_of(one.follow))
        if known is not None and known.closed_at is not None:
            # Followed once more after its end: there is nothing left to tell.
            await tx.follows.remove(one.follow.run, one.follow.user)
            continue
        said = last.get(card_of(one.follow))
        told = tell(one, known, now, said, is_heard=await _has_heard(tx, one))
        if known is None or told.is_over:
            await tx.incidents.save(told.incident)
        if await tx.outbox.add(told.deliveries):
            channels.update(delivery.channel for delivery in told.deliveries)
        if told.is_over:
            await tx.follows.remove(one.follow.run, one.follow.user)
    return frozenset(channels)


async def _has_heard(tx: Tx, found: Followed) -> bool:
    """Return whether a watch has told the follower, in private, how the run ended."""
    run, user = found.run, found.follow.user
    if run is None or not run.state.is_over:
        return False
    ends = [h.key for h in await tx.happenings.of_run(run.ref) if h.event in _ENDS]
    if not ends:
        return False
    theirs = {watch.id for watch in await tx.watches.in_channel(user)}
    verdicts = await tx.verdicts.of(ends)
    return any(v.watch in theirs and v.ruling is Ruling.RING for v in verdicts)


async def unfollow(tx: Tx, run: RunRef, user: str, now: datetime) -> bool:
    """End a follow, and its card as it stands; `False` where there was none."""
    for follow in await tx.follows.of_user(user):
        if follow.run == run:
            card = await tx.incidents.get(card_of(follow))
            if card is not None and card.closed_at is None:
                await tx.incidents.save(replace(card, closed_at=now))
    return await tx.follows.remove(run, user)


def _opened(follow: Follow, now: datetime) -> Incident:
    run = follow.run
    return Incident(
        id=card_of(follow),
        channel=follow.channel or follow.user,
        lineage=Lineage(run.pipeline, f"{_LINE}{follow.user}:{run.id}"),
        watch="",
        opened_at=now,
        first_run=run,
        latest_run=run,
        ts=follow.ts,
    )


def _progress(found: Followed) -> Alert:
    run = found.run
    name = _name(found)
    if run is None or run.state not in _DOING:
        what = f"{name} is being followed; nobody knows how it stands"
        return Said(what=what, state=State.UNKNOWN)
    place = _place(run)
    where = f": {place}" if place else ""
    return Said(what=f"{name} {_DOING[run.state]}{where}", state=run.state)


def _end(found: Followed) -> Alert:
    if found.run is None:
        what = f"{_name(found)} is not there any more, so I cannot follow it"
        return Said(what=what, is_over=True)
    return Card(
        incident="",
        watch="",
        event=Event.DONE,
        pipeline=replace(found.pipeline, latest=None),
        run=found.run,
        has_log=found.has_logs,
    )


def _is_over(found: Followed, *, is_told_below: bool) -> Alert:
    """Return the last words of a card beside which the end is told in full."""
    run = found.run
    where = ": see below" if is_told_below else ""
    what = f"{_name(found)} is {'over' if run else 'gone'}{where}"
    return Said(what=what, state=run.state if run else State.UNKNOWN)


def _name(found: Followed) -> str:
    run = found.run
    number = run.number if run and run.number is not None else found.follow.run.id
    return f"{found.pipeline.name} #{number}"


def _place(run: Run) -> str:
    """Return the names of the stages, jobs and steps down to what is being done."""
    names: list[str] = []
    tasks: tuple[Task, ...] = run.tasks or ()
    while under_way := next((t for t in tasks if t.state in _UNFINISHED), None):
        names.append(under_way.name)
        tasks = under_way.children
    return " / ".join(names)


def _delivery(
    key: str,
    card: Incident | None,
    channel: str,
    kind: DeliveryKind,
    alert: Alert,
    now: datetime,
) -> Delivery:
    return Delivery(
        key=key,
        channel=channel,
        kind=kind,
        payload=pack(alert),
        incident=card.id if card else None,
        created_at=now,
    )
