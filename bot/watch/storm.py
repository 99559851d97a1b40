"""Many failures at once: one message with the list, and one when it is over; pure.

A storm is an incident of a whole connection. It is kept like any other, under a lineage
of its own, and its card lists the cards it swallowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.alerts import Alert, Card, Storm, StormLine, pack, unpack
from bot.records import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Event,
    Incident,
    Lineage,
)
from bot.watch.keys import key_of
from providers.refs import PipelineRef


@dataclass(frozen=True, slots=True)
class Gale:
    """When many failures are a storm."""

    enough: int = 5
    """So many cards of one connection in one channel…"""
    within: timedelta = timedelta(minutes=2)
    """…opened within this make a storm; it is over when none was opened for as long."""


USUAL = Gale()

MOST_LINES = 50
"""How many lines a storm message keeps; the others are counted."""

STORM_LINE = "storm"
"""The line that storms are kept on, of no pipeline in particular."""


@dataclass(frozen=True, slots=True)
class Member:
    """An incident of the connection, and its deliveries, the newest last."""

    incident: Incident
    deliveries: tuple[Delivery, ...]

    @property
    def untold(self) -> tuple[Delivery, ...]:
        """What is surely not at Slack, where its card is not either."""
        if self.incident.ts is not None:
            return ()
        waiting = (DeliveryState.PENDING, DeliveryState.SWALLOWED)
        if any(d.state not in waiting for d in self.deliveries):
            return ()
        return tuple(d for d in self.deliveries if d.state is DeliveryState.PENDING)

    @property
    def line(self) -> StormLine | None:
        """What the list says of it: the newest that was to be told."""
        for delivery in reversed(self.deliveries):
            alert = _alert(delivery)
            if isinstance(alert, Card):
                run = replace(alert.run, tasks=None, facts=(), commit=None)
                return StormLine(pipeline=alert.pipeline, run=run, event=alert.event)
        return None


def _alert(delivery: Delivery) -> Alert | None:
    """Return what a delivery says; one that cannot be read costs only its line."""
    try:
        return unpack(delivery.payload)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is to be kept, sent and not sent."""

    storm: Incident | None = None
    """The storm, as it is to be saved; `None` where there is nothing to save."""
    deliveries: tuple[Delivery, ...] = ()
    swallowed: tuple[Delivery, ...] = ()
    """To be marked as swallowed: the storm tells them."""


def storm_lineage(connection: str) -> Lineage:
    """Return the lineage under which the storms of a connection are kept."""
    return Lineage(PipelineRef(connection, "*"), STORM_LINE)


def is_storm(incident: Incident) -> bool:
    """Return whether an incident is a storm, and not one pipeline's."""
    return incident.lineage.line == STORM_LINE


def gather_storm(
    channel: str,
    connection: str,
    members: Sequence[Member],
    storm: Incident | None,
    now: datetime,
    gale: Gale = USUAL,
) -> Gathered:
    """Return what becomes of one connection's storm in one channel.

    Args:
        channel: the channel.
        connection: the connection.
        members: its incidents there: those that are open, and those that have
            deliveries waiting.
        storm: its open storm there (`open_of(channel, storm_lineage(connection))`).
        now: the time.
        gale: when many are a storm.

    While there is a storm, what happens to members that have no card of their own is
    told by the storm's. Those that are red when it is over stand in its last list, and
    their fix has a message of its own.

    """
    recent = [m for m in members if now - m.incident.opened_at <= gale.within]
    untold = [member for member in members if member.untold]
    if storm is None:
        fresh = [member for member in recent if member in untold]
        if len(recent) < gale.enough or not fresh:
            return Gathered()
        return _begun(channel, connection, fresh, now)
    if untold:
        return _grown(storm, members, untold, now)
    if any(member.incident.closed_at is None for member in recent):
        return Gathered()
    return _over(storm, members, now)


def _begun(
    channel: str, connection: str, untold: Sequence[Member], now: datetime
) -> Gathered:
    swallowed = _waiting(untold)
    first, last = untold[0].incident, untold[-1].incident
    storm = Incident(
        id=key_of("storm", channel, *sorted(d.key for d in swallowed))[:12],
        channel=channel,
        lineage=storm_lineage(connection),
        watch=first.watch,
        opened_at=now,
        first_run=first.first_run,
        latest_run=last.latest_run,
        streak=len(untold),
    )
    sent = _delivery(storm, DeliveryKind.STORM, untold, swallowed, now)
    return Gathered(storm, (sent,), swallowed)


def _grown(
    storm: Incident,
    members: Sequence[Member],
    untold: Sequence[Member],
    now: datetime,
) -> Gathered:
    swallowed = _waiting(untold)
    more = sum(d.kind is DeliveryKind.CARD for d in swallowed)
    storm = replace(
        storm,
        latest_run=untold[-1].incident.latest_run,
        streak=storm.streak + more,
    )
    sent = _delivery(storm, DeliveryKind.UPDATE, _told(members), swallowed, now)
    return Gathered(storm, (sent,), swallowed)


def _over(storm: Incident, members: Sequence[Member], now: datetime) -> Gathered:
    storm = replace(storm, closed_at=now)
    red = [m for m in _told(members) if m.incident.closed_at is None]
    kinds = (DeliveryKind.UPDATE, DeliveryKind.REPLY)
    sent = tuple(_delivery(storm, kind, red, (), now) for kind in kinds)
    return Gathered(storm, sent)


def _told(members: Sequence[Member]) -> list[Member]:
    """Return the members that the storm tells of: those without a card."""
    return [
        m
        for m in members
        if all(
            d.state in {DeliveryState.PENDING, DeliveryState.SWALLOWED}
            for d in m.deliveries
        )
    ]


def _waiting(members: Sequence[Member]) -> tuple[Delivery, ...]:
    return tuple(delivery for member in members for delivery in member.untold)


def _delivery(
    storm: Incident,
    kind: DeliveryKind,
    members: Sequence[Member],
    swallowed: Sequence[Delivery],
    now: datetime,
) -> Delivery:
    is_over = storm.closed_at is not None
    lines = [line for member in members if (line := member.line)]
    alert = Storm(
        lines=tuple(lines[:MOST_LINES]),
        count=storm.streak,
        connection=storm.lineage.pipeline.connection,
        is_over=is_over,
    )
    told = sorted(delivery.key for delivery in swallowed)
    return Delivery(
        key=key_of(storm.id, kind.value, "over" if is_over else "", *told),
        channel=storm.channel,
        kind=kind,
        payload=pack(alert),
        incident=storm.id,
        is_loud=any(line.event is not Event.FIXED for line in lines) and not is_over,
        created_at=now,
    )
