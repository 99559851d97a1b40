"""The web application of HTTP mode: `/slack/events`, `/healthz` and `/readyz`.

`/healthz` says that the process lives, `/readyz` that it can take questions. A provider
that is down makes neither of them red: the bot's answers say so instead.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

Handle = Callable[["Request"], Awaitable[Response]]
IsGenuine = Callable[[bytes, Mapping[str, str]], bool]

LARGEST_BODY = 1024 * 1024
"""Slack's own payloads stay far below this."""


def application(
    *, slack: Handle | None, is_genuine: IsGenuine, is_ready: Callable[[], bool]
) -> Starlette:
    """Return the web application.

    Args:
        slack: handles Slack's requests; `None` where they come another way.
        is_genuine: whether a body with these headers is Slack's.
        is_ready: whether questions can be taken.

    """

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        ready = is_ready()
        return JSONResponse({"ready": ready}, 200 if ready else 503)

    routes = [Route("/healthz", healthz), Route("/readyz", readyz)]
    if slack is not None:
        routes.append(
            Route("/slack/events", _guarded(slack, is_genuine), methods=["POST"])
        )
    return Starlette(routes=routes)


def _guarded(slack: Handle, is_genuine: IsGenuine) -> Handle:
    """Refuse, before anything parses it, what Slack never sent."""

    async def handle(request: Request) -> Response:
        size = request.headers.get("content-length", "")
        if not size.isdecimal() or int(size) > LARGEST_BODY:
            return PlainTextResponse("too large\n", 413)
        if not is_genuine(await request.body(), request.headers):
            return PlainTextResponse("invalid request\n", 401)
        return await slack(request)

    return handle
