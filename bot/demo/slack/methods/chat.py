"""chat.*, reactions.*: saying something, changing it, taking it back.

https://docs.slack.dev/reference/methods?family=chat
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.demo.slack.arguments import Args
from bot.demo.slack.content import (
    LONGEST_UPDATE,
    read_attachments,
    read_blocks,
    read_content,
    read_metadata,
    read_text,
)
from bot.demo.slack.errors import ApiError
from bot.demo.slack.messages import Content, Message
from bot.demo.slack.state import State
from bot.demo.slack.workspace import Channel

JSON = dict[str, Any]


def post_message(state: State, args: Args) -> JSON:
    """chat.postMessage: a message everybody in the channel sees."""
    channel = _open_channel(state, args)
    content = read_content(args, state.random)
    may_write_anywhere = "chat:write.public" in state.scopes and not channel.is_private
    if state.workspace.bot not in channel.members and not may_write_anywhere:
        raise ApiError("not_in_channel")
    state.limits.count_post(channel.id)
    message = state.say_as_app(
        channel,
        content,
        thread_ts=args.text("thread_ts"),
        is_broadcast=bool(args.flag("reply_broadcast")),
    )
    return {"channel": channel.id, "ts": message.ts, "message": message.wire()}


def post_ephemeral(state: State, args: Args) -> JSON:
    """chat.postEphemeral: a message one person sees, until they reload."""
    channel = _open_channel(state, args)
    user = state.workspace.users.get(args.need("user"))
    content = read_content(args, state.random)
    if state.workspace.bot not in channel.members:
        raise ApiError("not_in_channel")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    message = state.say_as_app(
        channel, content, thread_ts=args.text("thread_ts"), shown_to=user
    )
    return {"message_ts": message.ts}


def update(state: State, args: Args) -> JSON:
    """chat.update: something else in the place of what the app said.

    Blocks stay only when neither text nor blocks are given; the mark `edited` is only
    set when the text alone changes; metadata stays unless `{}` removes it.
    https://docs.slack.dev/reference/methods/chat.update
    """
    message = _own_message(state, args, refusal="cant_update_message")
    content = _changed(state, args, message.content)
    state.limits.count_post(message.channel.id)
    is_marked = not content.blocks
    message.rewrite(content, state.workspace.stamp() if is_marked else None)
    state.changes.announce()
    return {
        "channel": message.channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": message.wire(),
    }


def _changed(state: State, args: Args, before: Content) -> Content:
    text = read_text(args, longest=LONGEST_UPDATE)
    blocks = read_blocks(args, state.random)
    attachments = read_attachments(args)
    if text is None and blocks is None and attachments is None:
        raise ApiError("no_text")
    if blocks is None:
        blocks = before.blocks if text is None else []
    if attachments is None:
        attachments = before.attachments
    if not (text or blocks or attachments):
        raise ApiError("no_text")
    metadata = read_metadata(args) if "metadata" in args else before.metadata
    return replace(
        before,
        text=before.text if text is None else text,
        blocks=blocks,
        attachments=attachments,
        metadata=metadata,
    )


def delete(state: State, args: Args) -> JSON:
    """chat.delete: what the app said is gone."""
    message = _own_message(state, args, refusal="cant_delete_message")
    message.deleted = True
    state.changes.announce()
    return {"channel": message.channel.id, "ts": message.ts}


def get_permalink(state: State, args: Args) -> JSON:
    """chat.getPermalink: the address of a message."""
    channel = state.workspace.seen_by_bot(args.need("channel"))
    message = _message(state, channel, args.need("message_ts"))
    link = state.workspace.permalink(channel, message.ts, message.thread_ts)
    return {"channel": channel.id, "permalink": link}


def add_reaction(state: State, args: Args) -> JSON:
    """reactions.add: an emoji below a message."""
    channel = state.workspace.seen_by_bot(args.need("channel"))
    name = args.need("name").strip(":")
    message = _message(state, channel, args.need("timestamp"))
    users = message.reactions.setdefault(name, [])
    if state.workspace.bot in users:
        raise ApiError("already_reacted")
    users.append(state.workspace.bot)
    state.changes.announce()
    return {}


def _open_channel(state: State, args: Args) -> Channel:
    channel = state.workspace.seen_by_bot(args.need("channel"))
    if channel.is_archived:
        raise ApiError("is_archived")
    return channel


def _message(state: State, channel: Channel, ts: str) -> Message:
    message = state.messages.find(channel, ts)
    if message is None or message.is_ephemeral:
        raise ApiError("message_not_found")
    return message


def _own_message(state: State, args: Args, *, refusal: str) -> Message:
    channel = state.workspace.channels.get(args.need("channel"))
    if channel is None:
        # Unlike posting, changing takes the id of the channel and nothing else.
        raise ApiError("channel_not_found")
    message = _message(state, channel, args.need("ts"))
    if message.bot_id != state.workspace.bot_id:
        raise ApiError(refusal)
    return message
