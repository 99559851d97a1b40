"""Single pipelines that cannot be read, while others of their connection can.

Told as a blind connection is: once, when it has lasted; once, when it is over. What is
known of them is in the store, so that a restart or another replica tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.records import Delivery, Unreadable, Watch
from bot.store import Tx
from bot.watch.blindness import Episode, notices_of
from bot.watch.schedule import reason_of
from bot.watch.targets import Targets, Watched
from providers.errors import ProviderError, RateLimited
from providers.model import Pipeline, PipelineRef

MOST_SINGLY = 3
"""Of how many pipelines a channel is told at once by a message each."""

GONE = (
    "it is not in the list of pipelines any more. Was it deleted, renamed, or hidden "
    "from this connection's credential?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Which pipelines of a connection a look has shown, and which it has not."""

    watched: Mapping[PipelineRef, Watched] = field(default_factory=dict)
    """All that were looked at."""
    errors: Mapping[PipelineRef, ProviderError] = field(default_factory=dict)
    """Why some of them could not be read."""
    gone: Mapping[PipelineRef, Pipeline] = field(default_factory=dict)
    """Those that were watched, and are in the list no more."""


async def note(
    tx: Tx,
    sight: Sight,
    known: Sequence[Unreadable],
    watches: Sequence[Watch],
    targets: Targets,
    now: datetime,
    blind_after: timedelta,
) -> frozenset[str]:
    """Keep what cannot be read, and what can again; return the channels told of it.

    A limit says nothing of a single pipeline: the connection is told of as a whole.

    Args:
        tx: the transaction.
        sight: what the look has shown.
        known: what could not be read of the connection by the look before.
        watches: those that may mean a pipeline of the connection.
        targets: what is needed to read what they say.
        now: the time.
        blind_after: how long it may last unsaid.

    """
    if not known and not sight.errors and not sight.gone:
        return frozenset()
    before = {one.pipeline: one for one in known}
    unread = _unread(sight, before, now)
    kept: list[Unreadable] = []
    removed: list[PipelineRef] = []
    begins, late, ends = _Telling(), _Telling(), _Telling()
    for one in unread:
        watching = _watching(one, sight, watches, targets)
        if not watching:
            removed.append(one.pipeline)
        elif one.told:
            late.add(one, (w for w in watching if w.created_at > one.since))
            kept.append(one)
        else:
            is_told = now - one.since >= blind_after
            begins.add(one, watching if is_told else ())
            kept.append(replace(one, told=is_told))
    unread_refs = {one.pipeline for one in unread}
    for one in known:
        if one.pipeline in unread_refs or _is_limited(sight, one.pipeline):
            continue
        removed.append(one.pipeline)
        ends.add(one, _watching(one, sight, watches, targets) if one.told else ())
    await tx.unreadable.save(one for one in kept if one != before.get(one.pipeline))
    await tx.unreadable.remove(removed)
    said = [*begins.notices(now), *late.singly(now), *ends.notices(now, is_over=True)]
    new = await tx.outbox.add(said)
    return frozenset(delivery.channel for delivery in said if delivery.key in new)


class _Telling:
    """Which channels are told of which pipelines."""

    def __init__(self) -> None:
        self._by_channel: dict[str, list[Unreadable]] = {}

    def add(self, one: Unreadable, watching: Iterable[Watch]) -> None:
        for channel in dict.fromkeys(watch.channel for watch in watching):
            self._by_channel.setdefault(channel, []).append(one)

    def notices(self, now: datetime, *, is_over: bool = False) -> list[Delivery]:
        """Return what is said; of many pipelines in one message."""
        return [
            notice
            for channel, some in self._by_channel.items()
            for episode in _episodes(some)
            for notice in notices_of(replace(episode, is_over=is_over), [channel], now)
        ]

    def singly(self, now: datetime) -> list[Delivery]:
        """Return what is said of single pipelines, and nothing of many.

        The same at every look: what was said has the same key again, which a message
        about many would not have once one of them is over.
        """
        few = _Telling()
        few._by_channel = {
            channel: some
            for channel, some in self._by_channel.items()
            if len(some) <= MOST_SINGLY
        }
        return few.notices(now)


def _episodes(some: Sequence[Unreadable]) -> list[Episode]:
    if len(some) <= MOST_SINGLY:
        return [_episode(one) for one in some]
    first = min(some, key=lambda one: (one.since, str(one.pipeline)))
    names = ", ".join(one.name for one in some[:MOST_SINGLY])
    return [
        Episode(
            key="\n".join(sorted(f"{one.pipeline} {one.since}" for one in some)),
            what=(
                f"{len(some)} pipelines of {first.pipeline.connection} ({names} and "
                f"{len(some) - MOST_SINGLY} more)"
            ),
            since=first.since,
            reason=first.reason,
        )
    ]


def _unread(
    sight: Sight, before: Mapping[PipelineRef, Unreadable], now: datetime
) -> list[Unreadable]:
    """Return all that cannot be read now, as it is to be known."""
    names = {ref: watched.pipeline.name for ref, watched in sight.watched.items()}
    reasons = {
        ref: reason_of(error)
        for ref, error in sight.errors.items()
        if not isinstance(error, RateLimited)
    }
    names |= {ref: pipeline.name for ref, pipeline in sight.gone.items()}
    reasons |= dict.fromkeys(sight.gone, GONE)
    for ref, one in before.items():
        if ref not in sight.watched:
            names.setdefault(ref, one.name)
            reasons.setdefault(ref, GONE)
    return [
        replace(before[ref], reason=reason)
        if ref in before
        else Unreadable(pipeline=ref, name=names[ref], since=now, reason=reason)
        for ref, reason in reasons.items()
    ]


def _is_limited(sight: Sight, ref: PipelineRef) -> bool:
    return isinstance(sight.errors.get(ref), RateLimited)


def _watching(
    one: Unreadable, sight: Sight, watches: Sequence[Watch], targets: Targets
) -> Sequence[Watch]:
    """Return who watches a pipeline; of one that is not listed, who meant it."""
    watched = sight.watched.get(one.pipeline)
    if watched is not None:
        return watched.watches
    alone = Watched(Pipeline(ref=one.pipeline, name=one.name), ())
    return [watch for watch in watches if targets.means(watch.target, alone)]


def _episode(one: Unreadable) -> Episode:
    ref = one.pipeline
    what = f"{one.name} of {ref.connection}"
    return Episode(key=str(ref), what=what, since=one.since, reason=one.reason)
