"""What becomes of a watch's open incidents when it is removed.

Another watch of the channel that means the same pipeline goes on with them. Those that
none goes on with are closed, and their threads say so: a card must not stay red for
ever because nobody looks any more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.alerts import Card, Said, pack, readable
from bot.records import Delivery, DeliveryKind, Incident, Watch
from bot.store import Tx
from bot.watch.keys import key_of
from bot.watch.overdue import is_overdue
from bot.watch.storm import is_storm
from bot.watch.targets import Targets, Watched
from providers.model import Pipeline


async def let_go(
    tx: Tx, watch: Watch, targets: Targets, now: datetime
) -> frozenset[str]:
    """Close or hand on the open incidents of a watch that was just removed.

    Call it in the transaction that removes the watch, after removing it.

    Returns:
        the channels that have something to say; they are to be drained after the
        commit, or the sweep does it.

    """
    others = [w for w in await tx.watches.in_channel(watch.channel) if w != watch]
    told: set[str] = set()
    for incident in await tx.incidents.open_of_watch(watch.id):
        if is_storm(incident):
            continue  # it is over by itself
        pipeline = await _pipeline(tx, incident)
        heir = next(
            (w for w in others if targets.means(w.target, Watched(pipeline, ()))), None
        )
        if heir is not None:
            await tx.incidents.save(replace(incident, watch=heir.id))
            continue
        await tx.incidents.save(replace(incident, closed_at=now))
        if await tx.outbox.add([_farewell(incident, now)]):
            told.add(incident.channel)
    return frozenset(told)


async def _pipeline(tx: Tx, incident: Incident) -> Pipeline:
    """Return the pipeline as its card names it; nobody need ask its vendor."""
    for delivery in reversed(await tx.outbox.of_incidents([incident.id])):
        alert = readable(delivery.payload)
        if isinstance(alert, Card):
            return alert.pipeline
    ref = incident.lineage.pipeline
    return Pipeline(ref=ref, name=ref.id)


def _farewell(incident: Incident, now: datetime) -> Delivery:
    until = "ends" if is_overdue(incident) else "is fixed"
    what = f"Nobody watches this any more, so I shall not say when it {until}."
    return Delivery(
        key=key_of(incident.id, "let go"),
        channel=incident.channel,
        kind=DeliveryKind.REPLY,
        payload=pack(Said(what=what)),
        incident=incident.id,
        created_at=now,
    )
