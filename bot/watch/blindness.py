"""What is said when something is not seen any more, and when it is seen again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.alerts import Said, pack
from bot.records import Delivery, DeliveryKind, Watch
from bot.watch.keys import key_of
from bot.watch.schedule import Step
from providers.errors import ProviderError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A time in which something is not seen."""

    key: str
    """What it is about: the same each time, and of nothing else."""
    what: str
    """The same in words, such as the name of a connection."""
    since: datetime
    reason: str
    is_over: bool = False


def note(connection: str, error: Exception) -> None:
    """Log why a connection could not be looked at."""
    if isinstance(error, ProviderError):
        log.warning("nothing is seen of a connection", why=str(error))
    else:
        # A mistake of ours about one vendor must not stop the others' lanes.
        log.error("a lane failed", connection=connection, exc_info=error)


def notices(step: Step, watches: Sequence[Watch], now: datetime) -> list[Delivery]:
    """Return what is said of a lane to the channels of these watches; mostly nothing.

    Who begins to watch while nothing is seen is told too: else the word that it is over
    would come out of nowhere. What a channel was told already has the same key again.
    """
    lane, news = step.lane, step.news
    if news is not None:
        since, reason, is_over = news.since, news.reason, news.is_over
    elif lane.blind_told and lane.blind_since is not None:
        since, reason, is_over = lane.blind_since, lane.blind_reason or "", False
        watches = [watch for watch in watches if watch.created_at > since]
    else:
        return []
    name = lane.connection
    episode = Episode(key=name, what=name, since=since, reason=reason, is_over=is_over)
    return notices_of(episode, (watch.channel for watch in watches), now)


def notices_of(
    episode: Episode, channels: Iterable[str], now: datetime
) -> list[Delivery]:
    """Return what each of these channels is told of something that is not seen."""
    what = (
        f"I can see {episode.what} again."
        if episode.is_over
        else f"I cannot see {episode.what}: {episode.reason}"
    )
    said = Said(what=what, since=episode.since, is_over=episode.is_over)
    about = (episode.key, episode.since.isoformat(), str(episode.is_over))
    return [
        Delivery(
            key=key_of("blind", channel, *about),
            channel=channel,
            kind=DeliveryKind.NOTICE,
            payload=pack(said),
            is_loud=not episode.is_over,
            created_at=now,
        )
        for channel in dict.fromkeys(channels)
    ]
