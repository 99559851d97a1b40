"""The card of an incident, drawn anew when a person has acted on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.alerts import Card, Storm, readable
from bot.alerts import pack as packed
from bot.records import CARDS, UNSETTLED, Delivery, DeliveryKind, Incident
from bot.watch.keys import key_of

if TYPE_CHECKING:
    from bot.store import Tx

_FACES = CARDS | {DeliveryKind.UPDATE}
"""What says how a card looks."""


async def redraw(tx: Tx, incident: Incident, now: datetime, **changes: Any) -> bool:
    """Have the card edited so that it shows what a person did; return whether it will.

    One that is on its way is edited once it is there. One that a storm told of instead
    is not made for this.
    """
    rows = await tx.outbox.of_incidents([incident.id])
    cards = [row for row in rows if row.kind in _FACES]
    card = readable(cards[-1].payload) if cards else None
    is_coming = any(row.kind in CARDS and row.state in UNSETTLED for row in rows)
    has_card = incident.ts is not None or is_coming
    if not has_card or not isinstance(card, Card | Storm):
        return False
    await tx.outbox.add(
        [
            Delivery(
                key=key_of(incident.channel, incident.id, "acted", str(rows[-1].id)),
                channel=incident.channel,
                kind=DeliveryKind.UPDATE,
                payload=packed(replace(card, **changes)),
                incident=incident.id,
                created_at=now,
            )
        ]
    )
    return True
