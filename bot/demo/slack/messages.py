"""Messages: who said what where, who may see it, and what it said before."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.demo.slack.workspace import Channel, User

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says."""

    text: str = ""
    blocks: list[JSON] = field(default_factory=list)
    attachments: list[JSON] = field(default_factory=list)
    metadata: JSON | None = None


@dataclass(eq=False, slots=True)
class Message:
    """One message; `edited` holds what it said before, oldest first."""

    channel: Channel
    ts: str
    user: User
    content: Content
    bot_id: str | None = None
    app_id: str | None = None
    thread_ts: str | None = None
    shown_to: User | None = None
    """For an ephemeral message: the only one who sees it."""
    is_broadcast: bool = False
    """A reply that the channel shows as well."""
    edited: list[Content] = field(default_factory=list)
    edited_ts: str | None = None
    reactions: dict[str, list[User]] = field(default_factory=dict)
    deleted: bool = False

    @property
    def text(self) -> str:
        """The text, as mrkdwn; beside blocks it is only the notification."""
        return self.content.text

    @property
    def blocks(self) -> list[JSON]:
        """The blocks, with the ids Slack made up."""
        return self.content.blocks

    @property
    def metadata(self) -> JSON | None:
        """What the app hung on to it, unseen."""
        return self.content.metadata

    @property
    def is_ephemeral(self) -> bool:
        """Whether only one person sees it, until they reload."""
        return self.shown_to is not None

    @property
    def is_reply(self) -> bool:
        """Whether it is in a thread, below another message."""
        return self.thread_ts not in (None, self.ts)

    def is_visible_to(self, viewer: User | None) -> bool:
        """Return whether this person sees it; None is everybody at once."""
        return self.shown_to is None or self.shown_to is viewer

    def rewrite(self, content: Content, edited_ts: str | None) -> None:
        """Say something else; `edited_ts` is given when Slack marks it as edited."""
        self.edited.append(self.content)
        self.content = content
        self.edited_ts = edited_ts or self.edited_ts

    def wire(self, *, with_metadata: bool = True) -> JSON:
        """Return the message as the Web API and the payloads show it."""
        body: JSON = {
            "type": "message",
            "user": self.user.id,
            "ts": self.ts,
            "text": self.text,
        }
        optional: JSON = {
            "bot_id": self.bot_id,
            "app_id": self.app_id,
            "thread_ts": self.thread_ts,
            "blocks": copy.deepcopy(self.blocks),
            "attachments": copy.deepcopy(self.content.attachments),
            "reactions": [
                {"name": name, "count": len(users), "users": [u.id for u in users]}
                for name, users in self.reactions.items()
            ],
        }
        body |= {key: value for key, value in optional.items() if value}
        if self.edited_ts:
            body["edited"] = {"user": self.user.id, "ts": self.edited_ts}
        if self.metadata is not None and with_metadata:
            body["metadata"] = copy.deepcopy(self.metadata)
        return body


class Messages:
    """All messages, in the order they were said."""

    def __init__(self) -> None:
        self._said: list[Message] = []

    def add(self, message: Message) -> Message:
        """Keep a message; its parent now leads a thread."""
        self._said.append(message)
        parent = self.find(message.channel, message.thread_ts)
        if parent is not None and not message.is_ephemeral:
            parent.thread_ts = parent.ts
        return message

    def find(self, channel: Channel, ts: str | None) -> Message | None:
        """Return a message by its stamp, unless it was deleted."""
        for message in self._in(channel):
            if message.ts == ts:
                return message
        return None

    def in_channel(self, channel: Channel, viewer: User | None) -> list[Message]:
        """Return what the channel shows, oldest first: no replies but broadcasts."""
        return [
            message
            for message in self._in(channel)
            if message.is_visible_to(viewer)
            and (not message.is_reply or message.is_broadcast)
        ]

    def in_thread(
        self, channel: Channel, thread_ts: str, viewer: User | None
    ) -> list[Message]:
        """Return a thread, its parent first."""
        return [
            message
            for message in self._in(channel)
            if message.is_visible_to(viewer)
            and thread_ts in (message.ts, message.thread_ts)
        ]

    def everywhere_in(self, channel: Channel, viewer: User | None) -> list[Message]:
        """Return the channel's messages and all replies, oldest first."""
        return [m for m in self._in(channel) if m.is_visible_to(viewer)]

    def _in(self, channel: Channel) -> Iterator[Message]:
        return (m for m in self._said if m.channel is channel and not m.deleted)
