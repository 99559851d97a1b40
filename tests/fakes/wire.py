"""A vendor on a real loopback socket: it notes every byte and answers from a script.

What a client library does to a request between our call and the wire is seen only here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Received:
    """One request, as it came."""

    line: bytes
    """The request line, without its line end."""
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def method(self) -> str:
        return self.line.split(b" ")[0].decode("ascii")

    @property
    def target(self) -> str:
        return self.line.split(b" ")[1].decode("ascii")

    def header(self, name: str) -> str | None:
        wanted = name.lower().encode()
        found = [value for key, value in self.headers if key.lower() == wanted]
        return found[0].decode("latin-1") if found else None


class Exit(Exception):
    """The vendor ends the connection without another word."""


Play = Callable[[Received, "Wire", asyncio.StreamWriter], Awaitable[None]]
Script = bytes | Play | Callable[[Received], bytes]


def said(
    body: bytes = b"{}", status: int = 200, headers: Mapping[str, str] | None = None
) -> bytes:
    """Return the bytes of a whole answer."""
    fields = {"Content-Length": str(len(body)), **(headers or {})}
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{k}: {v}" for k, v in fields.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


async def hang(_: Received, wire: Wire, __: asyncio.StreamWriter) -> None:
    """Take the request and say nothing, until the wire is taken down."""
    await wire.down.wait()


async def drip(_: Received, wire: Wire, writer: asyncio.StreamWriter) -> None:
    """Answer one byte at a time, slowly and for ever."""
    writer.write(said(headers={"Content-Length": "1000000"})[:-2])
    while not wire.down.is_set():
        writer.write(b" ")
        await writer.drain()
        with suppress(TimeoutError):
            await asyncio.wait_for(wire.down.wait(), timeout=0.02)


async def cut(_: Received, __: Wire, writer: asyncio.StreamWriter) -> None:
    """Promise a hundred bytes, send some, and hang up."""
    writer.write(said(b'{"half": ', headers={"Content-Length": "100"}))
    await writer.drain()
    raise Exit


async def hang_up(_: Received, __: Wire, ___: asyncio.StreamWriter) -> None:
    """Take the request and end the connection without an answer."""
    raise Exit


class Wire:
    """Listens while it is entered; answers each request with the next of its script.

    The last entry of the script answers all that come after it.
    """

    def __init__(self, *script: Script) -> None:
        self.script = script or (said(),)
        self.requests: list[Received] = []
        self.port = 0
        """Known once it listens."""
        self.down = asyncio.Event()
        self.open = 0
        """Connections that are open now."""
        self.most_open = 0
        self.under_way = 0
        """Requests that were taken and not answered yet."""
        self.most_under_way = 0
        self._arrivals: dict[int, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self.down.set()
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def arrived(self, count: int) -> None:
        """Return once so many requests have come in."""
        if len(self.requests) < count:
            await self._arrivals.setdefault(count, asyncio.Event()).wait()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            with suppress(Exit, ConnectionError, asyncio.IncompleteReadError):
                while True:
                    await self._answer(await _read(reader), writer)
        except asyncio.CancelledError:
            pass  # the wire is taken down; asyncio's server would log it as an error
        finally:
            self.open -= 1
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, received: Received, writer: asyncio.StreamWriter) -> None:
        turn = len(self.requests)
        self.requests.append(received)
        if arrival := self._arrivals.get(len(self.requests)):
            arrival.set()
        play = self.script[min(turn, len(self.script) - 1)]
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if isinstance(play, bytes):
                writer.write(play)
            elif asyncio.iscoroutinefunction(play):
                await play(received, self, writer)
            else:
                writer.write(play(received))  # type: ignore[call-arg,arg-type]
            await writer.drain()
        finally:
            self.under_way -= 1


async def _read(reader: asyncio.StreamReader) -> Received:
    head = await reader.readuntil(b"\r\n\r\n")
    line, *rest = head[:-4].split(b"\r\n")
    pairs = (field.partition(b":") for field in rest)
    headers = tuple((name, value.strip()) for name, _, value in pairs)
    length = {n.lower(): v for n, v in headers}.get(b"content-length", b"0")
    return Received(line, headers, await reader.readexactly(int(length)))
