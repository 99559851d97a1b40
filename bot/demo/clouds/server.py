"""Serving a simulated cloud on loopback, with trouble on demand."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute

from bot.web.serving import Serving

if TYPE_CHECKING:
    from datetime import timedelta

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from bot.demo.clouds.world import World

LOOPBACK = "127.0.0.1"


class LoopbackServer(Serving):
    """An ASGI app on a loopback port, for as long as the context lasts."""

    def __init__(self, app: ASGIApp, *, port: int = 0) -> None:
        super().__init__(app, host=LOOPBACK, port=port)


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived, byte for byte."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Trouble:
    """What is wrong with the cloud right now; each for so many requests, -1 for ever.

    `down` answers as a vendor in trouble does, `throttled` as one that is asked too
    much, `refused` as to a wrong credential, `garbled` with a proxy's HTML page.
    """

    down: int = 0
    throttled: int = 0
    refused: int = 0
    garbled: int = 0
    retry_after: timedelta | None = None
    """What `throttled` asks for, in the vendor's own way of saying it."""
    hangs_until: asyncio.Event | None = None
    """No request is answered before this is set."""

    def take(self, name: str) -> bool:
        """Return whether this trouble meets the present request, and count it."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left != 0


@dataclass(slots=True)
class Desk:
    """What a cloud keeps besides the world: its trouble and a list of requests."""

    trouble: Trouble = field(default_factory=Trouble)
    seen: list[Seen] = field(default_factory=list)


class Cloud(ABC):
    """One vendor's API over the world.

    A subclass gives the routes and says how this vendor refuses a request, is down and
    throttles. Every request is authenticated over the raw bytes that arrived.
    """

    tells_failures: ClassVar[bool] = True
    """Whether its API says of a run that ended whether it failed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.desk = Desk()

    @property
    def trouble(self) -> Trouble:
        """The switchboard of what is to go wrong."""
        return self.desk.trouble

    @property
    def seen(self) -> list[Seen]:
        """Every request so far."""
        return self.desk.seen

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """Return the vendor's paths."""

    @abstractmethod
    def refuses(self, seen: Seen) -> Response | None:
        """Return the vendor's 401 where the credential or signature is not right."""

    @abstractmethod
    def unauthorized(self) -> Response:
        """Return what this vendor says to a wrong credential."""

    @abstractmethod
    def down(self) -> Response:
        """Return what this vendor says when it is in trouble."""

    @abstractmethod
    def throttled(self) -> Response:
        """Return what this vendor says to too many requests."""

    @abstractmethod
    def not_found(self) -> Response:
        """Return what this vendor says where nothing is."""

    def app(self) -> ASGIApp:
        """Return the API as an ASGI app."""
        from starlette.middleware.base import (  # noqa: PLC0415 - only servers need it
            BaseHTTPMiddleware,
            RequestResponseEndpoint,
        )
        from starlette.requests import ClientDisconnect  # noqa: PLC0415 - as above

        async def guard(request: Request, call: RequestResponseEndpoint) -> Response:
            try:
                seen = await _seen(request)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody is there to read it
            self.seen.append(seen)
            if self.trouble.hangs_until is not None:
                await self.trouble.hangs_until.wait()
            return self._in_trouble() or self.refuses(seen) or await call(request)

        async def nothing(_: Request, __: Exception) -> Response:
            return self.not_found()

        app = Starlette(
            routes=list(self.routes()),
            exception_handlers={404: nothing, 405: nothing},
        )
        app.add_middleware(BaseHTTPMiddleware, dispatch=guard)
        return app

    def _in_trouble(self) -> Response | None:
        if self.trouble.take("down"):
            return self.down()
        if self.trouble.take("throttled"):
            return self.throttled()
        if self.trouble.take("refused"):
            return self.unauthorized()
        if self.trouble.take("garbled"):
            page = "<html><head><title>502 Bad Gateway</title></head></html>"
            return Response(page, 502, media_type="text/html")
        return None


async def _seen(request: Request) -> Seen:
    raw: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    target = raw.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
    return Seen(
        method=request.method,
        target=target,
        headers={k.lower(): v for k, v in request.headers.items()},
        body=await request.body(),
    )
