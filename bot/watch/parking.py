"""Places that cannot be posted to: closing them, telling whose alerts are held up.

A place is closed for a while (`resume_at`), or parked until it is given another try.
The workspace as a whole is kept as a place of its own, `WORKSPACE`, with both: nothing
is posted anywhere, but for one try every few minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.alerts import Said, pack
from bot.records import WORKSPACE, ChannelState, Delivery, DeliveryKind
from bot.watch.keys import key_of
from bot.watch.rooms import Tx

LONGEST_PAUSE = timedelta(hours=1)
PROBE_WORKSPACE = timedelta(minutes=5)
PROBE_CHANNEL = timedelta(hours=1)

# https://docs.slack.dev/reference/methods/chat.postMessage#errors
ADVICE: Mapping[str, str] = {
    "is_archived": "Unarchive it, or move its watches to another channel.",
    "not_in_channel": "Invite the bot there: /invite @Runbell.",
    "channel_not_found": (
        "It was deleted, or it is private and the bot was removed: invite it again."
    ),
}
OTHER_ADVICE = "Its admins decide who may post there."
KEPT_ADVICE = "What waits is kept for 72 hours."


def is_closed(state: ChannelState, now: datetime) -> bool:
    """Return whether nothing is to be posted to a place just now."""
    if state.resume_at is None:
        return state.parked is not None
    # A pause that nobody would have made: the clock was set back.
    return now < state.resume_at <= now + LONGEST_PAUSE


def paused(state: ChannelState, now: datetime, pause: timedelta) -> ChannelState:
    """Return a place to which nothing is to be posted for a while."""
    return replace(state, resume_at=now + min(pause, LONGEST_PAUSE))


async def park(
    tx: Tx, state: ChannelState, error: str, now: datetime, *, refused: Delivery
) -> None:
    """Park a channel, and tell the owners of its watches, unless they know."""
    await tx.channels.save(
        replace(state, parked=error, parked_at=now, resume_at=None, told=True)
    )
    if not state.told:
        advice = f"{ADVICE.get(error, OTHER_ADVICE)} {KEPT_ADVICE}"
        said = Said(
            what=f"Slack takes no alerts for a channel of yours ({error})",
            channel=state.channel,
            advice=advice,
        )
        await _tell_owners(tx, state.channel, said, now, refused)


async def park_workspace(tx: Tx, error: str, now: datetime) -> None:
    """Stop posting anywhere, but for one try every few minutes."""
    known = await tx.channels.get(WORKSPACE)
    since = (known.parked_at if known and known.parked else None) or now
    state = ChannelState(channel=WORKSPACE, parked=error, parked_at=since)
    await tx.channels.save(paused(state, now, PROBE_WORKSPACE))


async def reopen(
    tx: Tx, channel: str, now: datetime, *, taken: Delivery, ts: str | None
) -> None:
    """Note that a place took a message; tell those who were told that it did not.

    `ts` is the message's, unless it was an edit.
    """
    state = await tx.channels.get(channel) or ChannelState(channel=channel)
    await tx.channels.save(ChannelState(channel=channel, last_ts=ts or state.last_ts))
    workspace = await tx.channels.get(WORKSPACE)
    if workspace is not None and workspace.parked is not None:
        await tx.channels.save(ChannelState(channel=WORKSPACE))
    if state.told:
        said = Said(
            what="Slack takes alerts for a channel of yours again",
            channel=channel,
            since=state.parked_at,
            is_over=True,
        )
        await _tell_owners(tx, channel, said, now, taken)


async def give_another_try(tx: Tx, now: datetime) -> list[str]:
    """Open the channels that have been parked for an hour, and return them.

    Their owners stay told: parked again, they hear nothing; taken, that it is over.
    """
    opened = []
    for state in await tx.channels.parked():
        since = state.parked_at or now
        if state.channel != WORKSPACE and now - since >= PROBE_CHANNEL:
            await tx.channels.save(replace(state, parked=None, resume_at=None))
            opened.append(state.channel)
    return opened


async def _tell_owners(
    tx: Tx, channel: str, said: Said, now: datetime, about: Delivery
) -> None:
    owners = {watch.owner for watch in await tx.watches.in_channel(channel)}
    await tx.outbox.add(
        Delivery(
            key=key_of("owner", owner, str(said.is_over), about.key),
            channel=owner,
            kind=DeliveryKind.NOTICE,
            payload=pack(said),
            created_at=now,
        )
        for owner in sorted(owners - {"", channel})
    )
