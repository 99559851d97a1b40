"""What became of the card of an incident: was the channel told that it is red?"""

from __future__ import annotations

from enum import Enum, auto

from bot.records import DeliveryKind, DeliveryState, Incident
from bot.store import Tx
from bot.watch.storm import storm_lineage


class Fate(Enum):
    """What became of a card."""

    POSTED = auto()
    AWAITED = auto()
    IN_STORM = auto()
    """A storm tells of it, and of what becomes of it."""
    SWALLOWED = auto()
    """It was one line of a message for many, which nobody edits."""
    LOST = auto()
    """Slack never took it: nobody was told."""


NOTHING_TO_EDIT = frozenset({Fate.SWALLOWED, Fate.LOST})

_FATES = {
    DeliveryState.SENT: Fate.POSTED,
    DeliveryState.PENDING: Fate.AWAITED,
    DeliveryState.TRYING: Fate.AWAITED,
    DeliveryState.SWALLOWED: Fate.SWALLOWED,
    DeliveryState.DEAD: Fate.LOST,
}
"""Of several cards of one incident, the first of these counts."""


async def fate_of_card(tx: Tx, incident: Incident | None) -> Fate | None:
    """Return what became of an incident's card; `None` where it is not known."""
    if incident is None:
        return None
    if incident.ts:
        return Fate.POSTED
    rows = await tx.outbox.of_incidents([incident.id])
    states = {row.state for row in rows if row.kind is DeliveryKind.CARD}
    fate = next((fate for state, fate in _FATES.items() if state in states), None)
    if fate is Fate.SWALLOWED:
        connection = incident.lineage.pipeline.connection
        storm = await tx.incidents.open_of(incident.channel, storm_lineage(connection))
        return Fate.IN_STORM if storm else fate
    return fate
