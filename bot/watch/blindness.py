"""What is said when nothing is seen of a connection, and when it is seen again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import structlog

from bot.alerts import Said, pack
from bot.records import Delivery, DeliveryKind
from bot.watch.keys import key_of
from bot.watch.schedule import Step
from providers.errors import ProviderError

log = structlog.get_logger(__name__)


def note(connection: str, error: Exception) -> None:
    """Log why a connection could not be looked at."""
    if isinstance(error, ProviderError):
        log.warning("nothing is seen of a connection", why=str(error))
    else:
        # A mistake of ours about one vendor must not stop the others' lanes.
        log.error("a lane failed", connection=connection, exc_info=error)


def notices(step: Step, channels: Iterable[str], now: datetime) -> list[Delivery]:
    """Return what each of these channels is told of a lane; mostly nothing."""
    lane, news = step.lane, step.news
    if news is None:
        return []
    what = (
        f"I can see {lane.connection} again."
        if news.is_over
        else f"I cannot see {lane.connection}: {news.reason}"
    )
    said = Said(what=what, since=news.since, is_over=news.is_over)
    episode = (lane.connection, news.since.isoformat(), str(news.is_over))
    return [
        Delivery(
            key=key_of("blind", channel, *episode),
            channel=channel,
            kind=DeliveryKind.NOTICE,
            payload=pack(said),
            is_loud=not news.is_over,
            created_at=now,
        )
        for channel in dict.fromkeys(channels)
    ]
