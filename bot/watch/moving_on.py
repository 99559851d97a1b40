"""The cards of stuck and slow runs: what they say once the run has moved on.

An edit, which notifies nobody. Where the end is a failure that is told, that has a
message of its own, which does notify; the card then points to it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from bot.alerts import Card, pack, readable
from bot.records import Delivery, DeliveryKind, Incident
from bot.store import Tx
from bot.watch.keys import key_of
from bot.watch.lineage import lineage_of
from bot.watch.overdue import OVERDUE_LINES, has_moved_on
from providers.model import PipelineRef, Run, RunRef, State

LONGEST = timedelta(days=3)
"""A run that was not seen to end for so long will not be, and its card is let be."""


async def move_on(tx: Tx, runs: Collection[Run], now: datetime) -> frozenset[str]:
    """Let the cards of stuck and slow runs say that they have moved on.

    Call it in the transaction that keeps what was seen of these runs, after telling
    what happened to them.

    Returns:
        the channels that have something to say.

    """
    if not runs:
        return frozenset()
    newest = _newest(runs)
    channels: set[str] = set()
    for incident in await tx.incidents.open_under(OVERDUE_LINES):
        run = newest.get(_place(incident.first_run))
        if run is None or run.ref.attempt < incident.first_run.attempt:
            if now - incident.opened_at > LONGEST:
                await tx.incidents.save(replace(incident, closed_at=now))
            continue
        card = await _card(tx, incident)
        if card is not None and not has_moved_on(card.event, run):
            continue
        await tx.incidents.save(replace(incident, closed_at=now))
        if card is None:
            continue
        has_alert = await _has_alert(tx, incident.channel, run)
        edited = replace(card, run=run, has_alert=has_alert)
        if await tx.outbox.add([_edit(incident, edited, now)]):
            channels.add(incident.channel)
    return frozenset(channels)


def _newest(runs: Collection[Run]) -> dict[tuple[PipelineRef, str], Run]:
    """Return the last attempt of each run."""
    in_order = sorted(runs, key=lambda run: run.ref.attempt)
    return {_place(run.ref): run for run in in_order}


def _place(ref: RunRef) -> tuple[PipelineRef, str]:
    return ref.pipeline, ref.id


async def _card(tx: Tx, incident: Incident) -> Card | None:
    """Return what the card says; one that cannot be read is left as it is."""
    for delivery in reversed(await tx.outbox.of_incidents([incident.id])):
        alert = readable(delivery.payload)
        if alert is None or isinstance(alert, Card):
            return alert
    return None


async def _has_alert(tx: Tx, channel: str, run: Run) -> bool:
    """Return whether the channel is told of this failure by a card that is red."""
    red = await tx.incidents.open_of(channel, lineage_of(run))
    is_its = red is not None and red.latest_run == run.ref
    return run.state is State.FAILED and is_its


def _edit(incident: Incident, card: Card, now: datetime) -> Delivery:
    return Delivery(
        key=key_of(incident.id, "moved on"),
        channel=incident.channel,
        kind=DeliveryKind.UPDATE,
        payload=pack(card),
        incident=incident.id,
        created_at=now,
    )
