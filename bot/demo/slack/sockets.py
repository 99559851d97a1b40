"""Socket Mode: the app calls us, and we tell it through its connections.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.demo.slack.delivery import Envelope, Reply
from bot.demo.slack.state import State

MOST_CONNECTIONS = 10
LIFE = 18_060
"""Seconds a connection is said to last."""
GOODBYE = 1.0
"""Seconds an app gets to say goodbye too."""


@dataclass(eq=False, slots=True)
class Connection:
    """One WebSocket of the app, and the envelopes it has not acknowledged yet."""

    socket: web.WebSocketResponse
    waiting: dict[str, asyncio.Future[Reply]] = field(default_factory=dict)
    is_leaving: bool = False
    """It was told to go: it may still acknowledge, but is told nothing new."""


class SocketMode:
    """The way to an app that has no address."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._tickets: set[str] = set()
        self._connections: list[Connection] = []

    @property
    def connected(self) -> int:
        """How many connections would be told the next thing."""
        return len(self._live())

    def new_address(self, base_url: str) -> str:
        """Return a WebSocket address, good for one connection."""
        ticket = f"{self._state.random.getrandbits(96):024x}"
        self._tickets.add(ticket)
        base = base_url.replace("http://", "ws://", 1)
        return f"{base}/link/?ticket={ticket}&app_id={self._state.workspace.app_id}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Keep one connection until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="unknown ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(timeout=GOODBYE)
        await socket.prepare(request)
        if len(self._live()) >= MOST_CONNECTIONS:
            await socket.send_json(_goodbye("too_many_websockets"))
            await socket.close()
            return socket
        connection = Connection(socket)
        self._connections.append(connection)
        try:
            await socket.send_json(self._hello())
            self._state.changes.announce()
            await self._listen(connection)
        finally:
            self._forget(connection)
        return socket

    async def send(self, envelope: Envelope) -> Reply:
        """Tell one of the connections, any one, and wait for its acknowledgement."""
        live = self._live()
        if not live:
            return Reply(failure="connection_failed")
        connection = self._state.random.choice(live)
        envelope_id = str(uuid.UUID(int=self._state.random.getrandbits(128)))
        loop = asyncio.get_running_loop()
        acknowledged: asyncio.Future[Reply] = loop.create_future()
        connection.waiting[envelope_id] = acknowledged
        try:
            await connection.socket.send_json(_wrap(envelope, envelope_id))
            return await acknowledged
        except ConnectionError:
            return Reply(failure="connection_failed")
        finally:
            connection.waiting.pop(envelope_id, None)

    async def ask_to_reconnect(self, reason: str) -> None:
        """Tell every connection to go; the app is expected to open new ones."""
        for connection in self._live():
            connection.is_leaving = True
            await connection.socket.send_json(_goodbye(reason))
        self._state.changes.announce()

    async def close(self) -> None:
        """Close every connection, without a word of warning."""
        for connection in list(self._connections):
            await connection.socket.close()

    def _live(self) -> list[Connection]:
        return [
            connection
            for connection in self._connections
            if not connection.is_leaving and not connection.socket.closed
        ]

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._live()),
            "connection_info": {"app_id": self._state.workspace.app_id},
            "debug_info": {"host": "local", "approximate_connection_time": LIFE},
        }

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            said = json.loads(message.data)
            waiting = connection.waiting.get(said.get("envelope_id"))
            if waiting is not None and not waiting.done():
                waiting.set_result(Reply(body=said.get("payload") or None))

    def _forget(self, connection: Connection) -> None:
        self._connections.remove(connection)
        for waiting in connection.waiting.values():
            if not waiting.done():
                waiting.set_result(Reply(failure="connection_failed"))
        self._state.changes.announce()


def _goodbye(reason: str) -> dict[str, Any]:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}}


def _wrap(envelope: Envelope, envelope_id: str) -> dict[str, Any]:
    wrapped: dict[str, Any] = {
        "envelope_id": envelope_id,
        "type": envelope.kind,
        "accepts_response_payload": envelope.kind != "events_api",
        "payload": envelope.payload,
    }
    if envelope.kind == "events_api":
        wrapped["retry_attempt"] = envelope.retry_num
        wrapped["retry_reason"] = envelope.retry_reason
    return wrapped
