"""Many failures at once: one message with the list, and one when it is over; pure.

A storm is an incident of a whole connection. It is kept like any other, under a lineage
of its own, and its card lists the cards it swallowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.alerts import (
    Card,
    Storm,
    StormLine,
    in_short,
    most_telling,
    pack,
    readable,
)
from bot.records import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Event,
    Incident,
    Lineage,
    Style,
)
from bot.watch.incident import FOLLOWED
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
            alert = readable(delivery.payload)
            if isinstance(alert, Card):
                return StormLine(
                    pipeline=alert.pipeline,
                    run=in_short(alert.run),
                    event=alert.event,
                    incident=self.incident.id,
                    red_since=alert.red_since,
                    streak=alert.streak,
                )
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


def shown(deliveries: Iterable[Delivery]) -> Storm | None:
    """Return what a storm's message says, by its deliveries, the newest last."""
    alerts = [readable(delivery.payload) for delivery in deliveries]
    lists = [a for a in alerts if isinstance(a, Storm) and a.lines]
    return lists[-1] if lists else None


def caught_up(
    storm: Incident, said: Storm, members: Sequence[Member], now: datetime
) -> Delivery | None:
    """Return the edit by which a storm that is over shows what was fixed since then.

    `said` is what its message says. The fixes themselves have messages of their own.
    """
    red = {line.incident for line in said.lines if line.event is not Event.FIXED}
    fixed = {
        line.incident: line
        for member in members
        if (line := member.line) and line.event is Event.FIXED and line.incident in red
    }
    if not fixed:
        return None
    lines = tuple(fixed.get(line.incident, line) for line in said.lines)
    now_red = max(said.red - len(fixed), 0)
    return Delivery(
        key=key_of(storm.id, "caught up", *sorted(fixed)),
        channel=storm.channel,
        kind=DeliveryKind.UPDATE,
        payload=pack(replace(said, lines=lines, red=now_red)),
        incident=storm.id,
        created_at=now,
    )


def gather_storm(
    channel: str,
    connection: str,
    members: Sequence[Member],
    storm: Incident | None,
    now: datetime,
    gale: Gale = USUAL,
    *,
    before: Sequence[StormLine] = (),
    style: Style = Style.BOTH,
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
        before: what the storm's message lists (`shown`): who was in it stays in it,
            fixed or not.
        style: how its end is told: that of the storm's watch.

    While there is a storm, what happens to members that have no card of their own is
    told by the storm's. Of those that are red when it is over, the fix has a message of
    its own.

    """
    recent = [m for m in members if now - m.incident.opened_at <= gale.within]
    untold = [member for member in members if member.untold]
    if storm is None:
        fresh = [member for member in recent if member in untold]
        if len(recent) < gale.enough or not fresh:
            return Gathered()
        return _begun(channel, connection, fresh, now)
    if untold:
        return _grown(storm, before, untold, now)
    if any(member.incident.closed_at is None for member in recent):
        return Gathered()
    return _over(storm, before, _red(storm, members, gale), style, now)


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
    lines = _lines((), untold)
    sent = _delivery(storm, DeliveryKind.STORM, lines, swallowed, now)
    return Gathered(storm, (sent,), swallowed)


def _grown(
    storm: Incident,
    before: Sequence[StormLine],
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
    lines = _lines(before, untold)
    sent = _delivery(storm, DeliveryKind.UPDATE, lines, swallowed, now)
    return Gathered(storm, (sent,), swallowed)


def _over(
    storm: Incident,
    before: Sequence[StormLine],
    red: int,
    style: Style,
    now: datetime,
) -> Gathered:
    """End a storm: its message keeps the list, which is not repeated beside it."""
    storm = replace(storm, closed_at=now)
    kinds = FOLLOWED[style]
    lines: Mapping[DeliveryKind, Sequence[StormLine]] = {
        kind: before if kind is kinds[0] else () for kind in kinds
    }
    sent = tuple(
        _delivery(storm, kind, lines[kind], (), now, red=red) for kind in kinds
    )
    return Gathered(storm, sent)


def _red(storm: Incident, members: Sequence[Member], gale: Gale) -> int:
    """Return how many members are red that the storm alone has told of."""
    return sum(
        member.incident.closed_at is None
        and member.incident.ts is None
        and member.incident.opened_at >= storm.opened_at - gale.within
        and all(
            delivery.state in {DeliveryState.PENDING, DeliveryState.SWALLOWED}
            for delivery in member.deliveries
        )
        for member in members
    )


def _lines(
    before: Sequence[StormLine], members: Sequence[Member]
) -> tuple[StormLine, ...]:
    """Return the list with what these members have to say now."""
    lines = {line.incident: line for line in before}
    for member in members:
        if (line := member.line) is not None:
            lines[line.incident] = line
    return tuple(lines.values())


def _waiting(members: Sequence[Member]) -> tuple[Delivery, ...]:
    return tuple(delivery for member in members for delivery in member.untold)


def _delivery(
    storm: Incident,
    kind: DeliveryKind,
    lines: Sequence[StormLine],
    swallowed: Sequence[Delivery],
    now: datetime,
    *,
    red: int = 0,
) -> Delivery:
    is_over = storm.closed_at is not None
    count = max(storm.streak, len(lines))
    alert = Storm(
        lines=most_telling(lines, MOST_LINES),
        count=count,
        red=min(red, count),
        incident=storm.id,
        acked_by=storm.acked_by,
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
