"""conversations.*: places, who is in them, and what was said there.

https://docs.slack.dev/reference/methods?family=conversations
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.demo.slack.arguments import Args
from bot.demo.slack.errors import ApiError
from bot.demo.slack.messages import Message
from bot.demo.slack.methods.paging import page
from bot.demo.slack.state import State
from bot.demo.slack.workspace import Channel

JSON = dict[str, Any]

MOST_MESSAGES = 999


def info(state: State, args: Args) -> JSON:
    """conversations.info: one place."""
    channel = state.workspace.seen_by_bot(args.need("channel"))
    return {"channel": state.workspace.describe_channel(channel)}


def list_all(state: State, args: Args) -> JSON:
    """conversations.list: the places the app may know of."""
    bot = state.workspace.bot
    visible = [
        channel
        for channel in state.workspace.channels.values()
        if not channel.is_private or bot in channel.members
    ]
    return _listed(state, args, visible)


def of_bot(state: State, args: Args) -> JSON:
    """users.conversations: the places the app is in, or a person and the app are."""
    user_id = args.text("user")
    bot = state.workspace.bot
    user = state.workspace.known_user(user_id) if user_id else bot
    mine = [
        channel
        for channel in state.workspace.channels.values()
        if user in channel.members
        and (not channel.is_private or bot in channel.members)
    ]
    return _listed(state, args, mine)


def _listed(state: State, args: Args, channels: Sequence[Channel]) -> JSON:
    wanted = (args.text("types") or "public_channel").replace(" ", "").split(",")
    without_archived = args.flag("exclude_archived")
    chosen = [
        channel
        for channel in channels
        if _type(channel) in wanted and not (without_archived and channel.is_archived)
    ]
    some, more = page(args, chosen)
    return {"channels": [state.workspace.describe_channel(c) for c in some], **more}


def _type(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    return "private_channel" if channel.is_private else "public_channel"


def members(state: State, args: Args) -> JSON:
    """conversations.members: who is in a place."""
    channel = state.workspace.seen_by_bot(args.need("channel"))
    some, more = page(args, channel.members)
    return {"members": [user.id for user in some], **more}


def history(state: State, args: Args) -> JSON:
    """conversations.history: what a place shows, newest first, without replies."""
    channel = _readable(state, args)
    said = state.messages.in_channel(channel, None)
    return _read(args, [*reversed(_between(args, said))])


def replies(state: State, args: Args) -> JSON:
    """conversations.replies: a thread, its parent first."""
    channel = _readable(state, args)
    parent = state.messages.find(channel, args.need("ts"))
    if parent is None or parent.is_ephemeral:
        raise ApiError("thread_not_found")
    thread_ts = parent.thread_ts or parent.ts
    said = state.messages.in_thread(channel, thread_ts, None)
    return _read(args, _between(args, said))


def _readable(state: State, args: Args) -> Channel:
    channel = state.workspace.seen_by_bot(args.need("channel"))
    if state.workspace.bot not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _between(args: Args, said: Sequence[Message]) -> list[Message]:
    """Stamps have one length, so that as texts they sort as numbers do."""
    oldest, latest = args.text("oldest") or "0", args.text("latest") or "9"
    inclusive = bool(args.flag("inclusive"))
    edges = {oldest, latest}
    return [
        message
        for message in said
        if (oldest < message.ts < latest) or (inclusive and message.ts in edges)
    ]


def _read(args: Args, said: Sequence[Message]) -> JSON:
    some, more = page(args, said, most=MOST_MESSAGES)
    shown = bool(args.flag("include_all_metadata"))
    return {
        "messages": [message.wire(with_metadata=shown) for message in some],
        "has_more": bool(more["response_metadata"]["next_cursor"]),
        **more,
    }


def open_dm(state: State, args: Args) -> JSON:
    """conversations.open: the room of a person and the app."""
    if "channel" in args:
        channel = state.workspace.seen_by_bot(args.text("channel"))
    else:
        channel = state.workspace.open_dm(
            state.workspace.known_user(args.need("users"))
        )
    return {"channel": {"id": channel.id}}


def join(state: State, args: Args) -> JSON:
    """conversations.join: the app enters a public channel."""
    channel = state.workspace.seen_by_bot(args.need("channel"))
    if channel.is_archived:
        raise ApiError("is_archived")
    if channel.is_im or channel.is_private:
        raise ApiError("method_not_supported_for_channel_type")
    answer: JSON = {"channel": state.workspace.describe_channel(channel)}
    if state.workspace.bot in channel.members:
        return {**answer, "warning": "already_in_channel"}
    channel.members.append(state.workspace.bot)
    state.changes.announce()
    return {"channel": state.workspace.describe_channel(channel)}
