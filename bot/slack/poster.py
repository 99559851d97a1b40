"""Alerts to Slack: each call is made once, and its outcome is told exactly.

The client has no retries of its own: the default ones post again after a dropped
connection, and so twice where the first one had arrived. Nor does it keep connections:
one that Slack has closed in the meantime would look like a message of unknown outcome.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.render.message import Message
from bot.slack.outcomes import Body, ask
from bot.watch.posting import REQUEST, Found, Outcome, Result, mark

METADATA_EVENT = "watch_alert"
NAMESPACE = UUID("5b0c1e0e-6d1c-4b53-9d0c-0c7a3f2f4a11")
"""Of the `client_msg_id`: sent, since it may help, and never relied on."""

CONNECT = timedelta(seconds=5)
PAGE = 200
MOST_PAGES = 10
"""How far a look goes back: 2,000 messages."""


@asynccontextmanager
async def open_poster(
    token: str, *, base_url: str = AsyncWebClient.BASE_URL
) -> AsyncIterator[SlackPoster]:
    """Yield a poster with a session of its own, closed at the end."""
    timeout = aiohttp.ClientTimeout(
        total=REQUEST.total_seconds(),
        connect=CONNECT.total_seconds(),
        sock_connect=CONNECT.total_seconds(),
    )
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        client = AsyncWebClient(
            token, base_url=base_url, session=session, retry_handlers=[]
        )
        yield SlackPoster(client)


class SlackPoster:
    """Satisfies `bot.watch.posting.Poster`; make one with `open_poster`."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._rooms: dict[str, str] = {}

    async def post(
        self,
        channel: str,
        message: Message,
        *,
        key: str,
        thread: str | None,
        with_metadata: bool,
    ) -> Outcome:
        """Post a message; see the port.

        https://docs.slack.dev/reference/methods/chat.postMessage
        """
        metadata = {"event_type": METADATA_EVENT, "event_payload": {"k": key}}
        answer = await ask(
            self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=list(message.blocks) or None,
                thread_ts=thread,
                metadata=metadata if with_metadata else None,
                client_msg_id=str(uuid5(NAMESPACE, key)),
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        if isinstance(answer, Outcome):
            return answer
        room = answer.get("channel")
        if isinstance(room, str) and room != channel:
            self._rooms[channel] = room
        return _sent(answer)

    async def update(self, channel: str, ts: str, message: Message) -> Outcome:
        """Edit a message; see the port.

        https://docs.slack.dev/reference/methods/chat.update
        """
        room = await self._room(channel)
        if isinstance(room, Outcome):
            return room
        answer = await ask(
            self._client.chat_update(
                channel=room, ts=ts, text=message.text, blocks=list(message.blocks)
            )
        )
        return answer if isinstance(answer, Outcome) else _sent(answer)

    async def find(
        self,
        channel: str,
        keys: Collection[str],
        *,
        oldest: str,
        thread: str | None,
    ) -> Found:
        """Look for messages; see the port.

        A channel's history has no replies, so a thread is looked through by itself:
        https://docs.slack.dev/reference/methods/conversations.history
        https://docs.slack.dev/reference/methods/conversations.replies
        """
        room = await self._room(channel)
        if isinstance(room, Outcome):
            return Found(ts={}, trouble=room)
        found: dict[str, str] = {}
        where: dict[str, Any] = {"channel": room, "oldest": oldest, "limit": PAGE}
        cursor = ""
        for _ in range(MOST_PAGES):
            page = {**where, "include_all_metadata": True, "cursor": cursor or None}
            answer = await ask(
                self._client.conversations_replies(ts=thread, **page)
                if thread
                else self._client.conversations_history(**page)
            )
            if isinstance(answer, Outcome):
                return Found(ts=found, trouble=answer)
            found |= _known(answer, keys)
            more = answer.get("response_metadata")
            cursor = (more.get("next_cursor") if isinstance(more, dict) else "") or ""
            if len(found) == len(set(keys)) or not cursor:
                return Found(ts=found)
        trouble = Outcome(result=Result.BAD_PLACE, error="too_many_messages")
        return Found(ts=found, trouble=trouble)

    async def _room(self, channel: str) -> str | Outcome:
        """Return the id to read and edit by: a person's direct messages have their own.

        https://docs.slack.dev/reference/methods/conversations.open
        """
        if channel[:1] not in {"U", "W"} or channel in self._rooms:
            return self._rooms.get(channel, channel)
        answer = await ask(self._client.conversations_open(users=[channel]))
        if isinstance(answer, Outcome):
            return answer
        room = answer.get("channel")
        ident = room.get("id") if isinstance(room, dict) else None
        if not isinstance(ident, str):
            return Outcome(result=Result.UNKNOWN, error="no_channel")
        return self._rooms.setdefault(channel, ident)


def _sent(answer: Body) -> Outcome:
    ts = answer.get("ts")
    if not isinstance(ts, str) or not ts:
        return Outcome(result=Result.UNKNOWN, error="no_ts")
    return Outcome(result=Result.SENT, ts=ts)


def _known(answer: Body, keys: Collection[str]) -> dict[str, str]:
    """Return the messages of ours in a page, by key."""
    messages = answer.get("messages")
    found: dict[str, str] = {}
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict) and isinstance(ts := message.get("ts"), str):
            for key in _keys_of(message, keys):
                # Slack's oldest counts, whichever way the page is sorted.
                found[key] = min(ts, found.get(key, ts))
    return found


def _keys_of(message: Mapping[str, Any], keys: Collection[str]) -> Iterator[str]:
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    said = payload.get("k") if isinstance(payload, dict) else None
    text = str(message.get("text", "")) if message.get("bot_id") else ""
    for key in keys:
        if key == said or f"({mark(key)})" in text:
            yield key
