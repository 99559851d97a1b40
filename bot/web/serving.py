"""Running an ASGI app on a port for as long as a context lasts."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Self

import uvicorn
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

GRACE = 2
"""Seconds that requests under way get when the server closes."""


def url_of(host: str, port: int) -> str:
    """Return the address of what listens there; one of IPv6 stands in brackets.

    https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2
    """
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens; on `::`, to callers by IPv4 as well."""
    is_six = ":" in host
    return socket.create_server(
        (host, port),
        family=socket.AF_INET6 if is_six else socket.AF_INET,
        backlog=128,
        dualstack_ipv6=is_six and socket.has_dualstack_ipv6(),
    )


class _Quiet(uvicorn.Server):
    """A server that leaves signals to the process, and waits instead of ticking."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Begin to close."""
        self.should_exit = True
        self._stop.set()

    @override
    async def main_loop(self) -> None:
        # uvicorn's own wakes ten times a second, for a date header we do not send.
        await self._stop.wait()

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Serving:
    """An ASGI app on a port; port 0 takes a free one, and `url` says which."""

    def __init__(self, app: ASGIApp, *, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._server: _Quiet | None = None
        self._task: asyncio.Task[None] | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        # The socket listens before the server runs: nobody has to wait for its start,
        # and a port that is taken is an error here and now.
        listener = _listener(self._host, self._port)
        self.url = url_of(self._host, listener.getsockname()[1])
        config = uvicorn.Config(
            self._app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=GRACE,
        )
        self._server = _Quiet(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None and self._task is not None:
            self._server.stop()
            await self._task
