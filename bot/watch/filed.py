"""The watches of the file: what they are in the store, and what has to change there.

Each has an id made of its channel, target and filters, so that it stays the same watch,
with its open incidents, when something else about it is changed.
"""

from __future__ import annotations

from base64 import b32encode
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b

from bot.records import Origin, Watch
from bot.settings import FiledWatch
from bot.store import Tx

FILE = "runbell.yml"
"""Who removed a watch that the file no longer holds, or now holds itself."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What makes the store hold what the file says."""

    added: tuple[Watch, ...] = ()
    changed: tuple[Watch, ...] = ()
    """As they are from now on."""
    removed: tuple[Watch, ...] = ()
    """Of the file, and no longer in it."""
    taken_over: tuple[Watch, ...] = ()
    """Made in Slack, and now in the file word for word: both would ring."""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.taken_over)

    @property
    def gone(self) -> tuple[Watch, ...]:
        """The watches whose open incidents have to be closed or handed on."""
        return self.removed + self.taken_over


def records(filed: Iterable[FiledWatch], now: datetime) -> tuple[Watch, ...]:
    """Return the file's watches as the store keeps them.

    Several for the same channel, target and filters are told apart by their order.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for watch in filed:
        what = (watch.channel, watch.target, watch.filters)
        found.append(_record(watch, _id(*what, str(seen[what])), now))
        seen[what] += 1
    return tuple(found)


def compare(filed: Iterable[Watch], kept: Sequence[Watch]) -> Changes:
    """Return what has to change in the store; a watch stays as old as it is.

    Args:
        filed: what `records` made of the file.
        kept: every watch of the store.

    """
    theirs = {watch.id: watch for watch in kept if watch.origin is Origin.FILE}
    by_id = {
        watch.id: replace(watch, created_at=theirs[watch.id].created_at)
        if watch.id in theirs
        else watch
        for watch in filed
    }
    said = {_gist(watch) for watch in by_id.values()}
    return Changes(
        added=tuple(w for w in by_id.values() if w.id not in theirs),
        changed=tuple(
            w for w in by_id.values() if w.id in theirs and w != theirs[w.id]
        ),
        removed=tuple(w for w in theirs.values() if w.id not in by_id),
        taken_over=tuple(
            w for w in kept if w.origin is not Origin.FILE and _gist(w) in said
        ),
    )


async def reconcile(tx: Tx, filed: Iterable[FiledWatch], now: datetime) -> Changes:
    """Make the store hold the file's watches, and return what that changed.

    Replicas that start with the same file do this one after the other: the first one
    does it, and the others find nothing to change.

    Raises:
        StoreError: nothing of it was kept.

    """
    changes = compare(records(filed, now), await tx.watches.all())
    for watch in (*changes.added, *changes.changed):
        await tx.watches.replace(watch)
    for watch in changes.gone:
        await tx.watches.remove(watch.id, by=FILE, at=now)
    return changes


def _record(watch: FiledWatch, ident: str, now: datetime) -> Watch:
    return Watch(
        id=ident,
        channel=watch.channel,
        target=watch.target,
        filters=watch.filters,
        on=watch.on,
        after=watch.after,
        queued=watch.queued,
        longer=watch.longer,
        default_branch_only=watch.default_branch_only,
        mention=watch.mention,
        style=watch.style,
        owner=watch.owner or "",
        origin=Origin.FILE,
        created_at=now,
    )


def _id(*parts: str) -> str:
    # Values of the environment may hold half a pair, which is no UTF-8.
    digest = blake2b(
        "\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=5
    ).digest()
    return f"f{b32encode(digest).decode().lower()}"


def _gist(watch: Watch) -> Watch:
    """Return what a watch says, without who says it and since when."""
    return replace(watch, id="", owner="", origin=Origin.FILE, created_at=_NEVER)
