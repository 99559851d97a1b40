"""Who may talk to the page: a browser on this machine that opened this very page.

A port on loopback is within reach of every website open in the same browser. Its
scripts carry an `Origin` of their own, and one that lets its name point here
(DNS rebinding) a `Host` of its own; both are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
LARGEST_BODY = 1024 * 1024

# Nothing is loaded from anywhere else, whatever a message asks for. The styles that
# React sets on elements do not fall under `style-src`; those of a message's HTML would.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


class Guard:
    """An ASGI app behind the question who asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what this page asks, and refuse everything else."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        if scope["type"] != "http":
            return
        refused = _refused(scope)
        answer = self._app if refused is None else refused
        await answer(scope, receive, send_with_headers)


def _refused(scope: Scope) -> PlainTextResponse | None:
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if host.rpartition(":")[0] not in LOCAL_NAMES:
        return PlainTextResponse("This page is only for this machine.\n", 403)
    if headers.get("origin", f"http://{host}") != f"http://{host}":
        return PlainTextResponse("Another site may not use this page.\n", 403)
    if scope["method"] != "POST":
        return None
    # A form of another site cannot send JSON.
    if headers.get("content-type", "").partition(";")[0] != "application/json":
        return PlainTextResponse("JSON, please.\n", 415)
    size = headers.get("content-length", "")
    if not size.isdecimal() or int(size) > LARGEST_BODY:
        return PlainTextResponse("Too large.\n", 413)
    return None
