"""Places that cannot be posted to: closing them, telling whose alerts are held up.

A place rests for a while (`resume_at`). One that is parked rests as well, and is given
another try when that is over; it stays parked until it takes a message. The workspace
as a whole is kept as a place of its own, `WORKSPACE`, and so are the two things that
Slack limits by the workspace and not by the channel: edits, and looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.alerts import Said, pack
from bot.records import WORKSPACE, ChannelState, Delivery, DeliveryKind
from bot.render import words
from bot.watch.backlog import KEPT
from bot.watch.keys import key_of
from bot.watch.rooms import Tx

LONGEST_PAUSE = timedelta(hours=1)
PROBE_WORKSPACE = timedelta(minutes=5)
PROBE_CHANNEL = timedelta(hours=1)

# Posting is limited by the channel, every other method by the workspace:
# https://docs.slack.dev/apis/web-api/rate-limits
EDITS, LOOKS = f"{WORKSPACE} edits", f"{WORKSPACE} looks"
"""Where it is noted until when Slack wants none of these, from any channel."""

# https://docs.slack.dev/reference/methods/chat.postMessage#errors
ADVICE: Mapping[str, str] = {
    "is_archived": "Unarchive it, or move its watches to another channel.",
    "not_in_channel": "Invite the bot there: /invite @Runbell.",
    "channel_not_found": (
        "It was deleted, or it is private and the bot was removed: invite it again."
    ),
}
OTHER_ADVICE = "Its admins decide who may post there."
KEPT_ADVICE = f"What waits is kept for {KEPT // timedelta(hours=1)} hours."


async def state_of(tx: Tx, place: str) -> ChannelState:
    """Return what is known of a place; of a new one, nothing."""
    return await tx.channels.get(place) or ChannelState(channel=place)


async def resting(tx: Tx, now: datetime, *places: str) -> datetime | None:
    """Return until when one of these places rests, if one does."""
    for place in places:
        until = (await state_of(tx, place)).resume_at
        # A longer pause nobody would have made: the clock was set back.
        if until is not None and now < until <= now + LONGEST_PAUSE:
            return until
    return None


def paused(state: ChannelState, now: datetime, pause: timedelta) -> ChannelState:
    """Return a place to which nothing is to be posted for a while."""
    return replace(state, resume_at=now + min(pause, LONGEST_PAUSE))


async def park(
    tx: Tx, state: ChannelState, error: str, now: datetime, *, refused: Delivery
) -> None:
    """Park a channel, and tell the owners of its watches, unless they know."""
    since = state.parked_at or now
    parked = replace(state, parked=error, parked_at=since, told=True)
    await tx.channels.save(paused(parked, now, PROBE_CHANNEL))
    if not state.told:
        advice = f"{ADVICE.get(error, OTHER_ADVICE)} {KEPT_ADVICE}"
        why = words.refusal(error)
        said = Said(
            what=f"Slack takes no alerts for a channel of yours ({why})",
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
    state = await state_of(tx, channel)
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


async def _tell_owners(
    tx: Tx, channel: str, said: Said, now: datetime, about: Delivery
) -> None:
    owners = {watch.owner for watch in await tx.watches.in_channel(channel)}
    await tx.outbox.add(
        Delivery(
            key=key_of("owner", owner, str(said.is_over), about.key, str(about.tries)),
            channel=owner,
            kind=DeliveryKind.NOTICE,
            payload=pack(said),
            created_at=now,
        )
        for owner in sorted(owners - {"", channel})
    )
