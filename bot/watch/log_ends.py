"""The end of a failure's log, for the thread of its card; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.alerts import Update, pack
from bot.records import Delivery, DeliveryKind, Happening
from bot.watch.keys import key_of
from providers.model import Pipeline, Run


@dataclass(frozen=True, slots=True)
class LogEnd:
    """The end of the log that says most about a run."""

    text: str
    task: str
    """The names of the stages, jobs and steps down to the task whose log it is."""


def log_reply(
    deliveries: Sequence[Delivery],
    log: LogEnd | None,
    happening: Happening,
    run: Run,
    pipeline: Pipeline,
) -> tuple[Delivery, ...]:
    """Return the end of the log, for the thread of a card that is posted now."""
    cards = [d for d in deliveries if d.kind is DeliveryKind.CARD]
    if log is None or not cards:
        return ()
    [card] = cards
    update = Update(
        event=happening.event,
        pipeline=pipeline,
        run=run,
        red_since=happening.red_since,
        streak=happening.streak,
        log=log.text,
        log_of=log.task,
    )
    return (
        Delivery(
            key=key_of(card.key, "log"),
            channel=card.channel,
            kind=DeliveryKind.REPLY,
            payload=pack(update),
            incident=card.incident,
            created_at=card.created_at,
        ),
    )
