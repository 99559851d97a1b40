"""The card of an incident, drawn anew when a person has acted on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.alerts import Card, unpack
from bot.alerts import pack as packed
from bot.records import Delivery, DeliveryKind, Incident
from bot.watch.keys import key_of

if TYPE_CHECKING:
    from bot.store import Tx

_CARDS = frozenset({DeliveryKind.CARD, DeliveryKind.UPDATE})


async def redraw(tx: Tx, incident: Incident, now: datetime, **changes: Any) -> bool:
    """Have the card edited so that it shows what a person did; return whether it will.

    A card that has not been posted yet is left alone: what is on its way is drawn
    before anybody can press it.
    """
    rows = await tx.outbox.of_incidents([incident.id])
    cards = [row for row in rows if row.kind in _CARDS]
    card = unpack(cards[-1].payload) if cards else None
    if incident.ts is None or not isinstance(card, Card):
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
