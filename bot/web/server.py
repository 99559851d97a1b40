"""What Runbell answers over HTTP: Slack's requests, and those who look after it.

| path | |
|---|---|
| `POST /slack/events` | Slack's requests, in HTTP mode |
| `GET /healthz` | that the process lives, and what is wrong nevertheless |
| `GET /readyz` | whether it can take questions and watch |
| `GET /metrics` | figures for Prometheus |

A provider that is down, or a channel that cannot be posted to, makes neither of the
middle two red: to start again would not help.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from starlette.requests import Request

Handle = Callable[["Request"], Awaitable[Response]]
IsGenuine = Callable[[bytes, Mapping[str, str]], bool]

LARGEST_BODY = 1024 * 1024
"""Slack's own payloads stay far below this."""


class Vitals(Protocol):
    """How the watching is; `bot.watch.vitals` says it. Nothing of it is raised."""

    async def health(self) -> Mapping[str, Any]:
        """Return what is not as it should be, as JSON has it."""

    async def trouble(self) -> str | None:
        """Return why nothing can be watched just now; `None` while it can."""

    async def metrics(self) -> bytes:
        """Return the figures, in Prometheus' format."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What becomes of Slack's requests."""

    handle: Handle
    is_genuine: IsGenuine
    """Whether a body with these headers is Slack's; nothing else is handled."""


def application(
    *,
    slack: Incoming | None,
    is_ready: Callable[[], bool],
    vitals: Vitals | None = None,
) -> Starlette:
    """Return the web application.

    Args:
        slack: what becomes of Slack's requests; `None` where they come another way.
        is_ready: whether questions can be taken.
        vitals: how the watching is; `None` where nothing is watched.

    """
    routes = [
        Route("/healthz", _healthz(vitals)),
        Route("/readyz", _readyz(is_ready, vitals)),
    ]
    if vitals is not None:
        routes.append(Route("/metrics", _metrics(vitals)))
    if slack is not None:
        routes.append(Route("/slack/events", _guarded(slack), methods=["POST"]))
    return Starlette(routes=routes)


def _healthz(vitals: Vitals | None) -> Handle:
    async def healthz(_: Request) -> Response:
        found = {} if vitals is None else await vitals.health()
        return JSONResponse({"alive": True, **found})

    return healthz


def _readyz(is_ready: Callable[[], bool], vitals: Vitals | None) -> Handle:
    async def readyz(_: Request) -> Response:
        if not is_ready():
            return JSONResponse(
                {"ready": False, "why": "it is starting or ending"}, 503
            )
        trouble = None if vitals is None else await vitals.trouble()
        if trouble is not None:
            return JSONResponse({"ready": False, "why": trouble}, 503)
        return JSONResponse({"ready": True})

    return readyz


def _metrics(vitals: Vitals) -> Handle:
    async def metrics(_: Request) -> Response:
        # The type says the version of the format, which Starlette's own would lose.
        return Response(await vitals.metrics(), headers={"content-type": CONTENT_TYPE})

    return metrics


def _guarded(slack: Incoming) -> Handle:
    """Refuse, before anything parses it, what Slack never sent."""

    async def handle(request: Request) -> Response:
        size = request.headers.get("content-length", "")
        if not size.isdecimal() or int(size) > LARGEST_BODY:
            return PlainTextResponse("too large\n", 413)
        if not slack.is_genuine(await request.body(), request.headers):
            return PlainTextResponse("invalid request\n", 401)
        return await slack.handle(request)

    return handle
