"""What the app can call: the Web API, response URLs, and the socket.

https://docs.slack.dev/apis/web-api
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.demo.slack import answers
from bot.demo.slack.arguments import Args
from bot.demo.slack.errors import ApiError
from bot.demo.slack.faults import (
    DROP_AFTER_ACCEPT,
    FAIL_AFTER_ACCEPT,
    HANG,
    HANG_AFTER_ACCEPT,
    RESPONSE_URL,
    Fault,
)
from bot.demo.slack.methods.table import CONNECT, carry_out
from bot.demo.slack.sockets import SocketMode
from bot.demo.slack.state import SECRET_ARGUMENTS, Call, State

LOOPBACK = "127.0.0.1"
GRACE = 1.0
"""Seconds that requests under way get when the server closes."""

Carry = Callable[[Args], dict[str, Any]]
GONE = frozenset({"invalid_url", "expired_url", "used_url"})


class Server:
    """The HTTP side, on a port of the loopback address."""

    def __init__(self, state: State, sockets: SocketMode, *, port: int) -> None:
        self._state = state
        self._sockets = sockets
        self._wanted_port = port
        self._closing = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._call)
        app.router.add_post("/{kind:commands|actions}/{team}/{secret}", self._answer)
        app.router.add_get("/link/", sockets.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE)
        self.base_url = ""
        self.port = 0

    async def start(self) -> None:
        """Begin to listen; `base_url` and `port` then say where."""
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._wanted_port).start()
        self.port = self._runner.addresses[0][1]
        self.base_url = f"http://{LOOPBACK}:{self.port}"

    async def close(self) -> None:
        """Let go of what hangs, and stop listening."""
        self._closing.set()
        await self._sockets.close()
        await self._runner.cleanup()

    async def _call(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]

        def carry(args: Args) -> dict[str, Any]:
            self._authorize(name, request, args)
            if name == CONNECT:
                return {"ok": True, "url": self._sockets.new_address(self.base_url)}
            return carry_out(self._state, name, args)

        response = await self._carried(request, name, carry)
        response.headers["x-oauth-scopes"] = ",".join(sorted(self._state.scopes))
        return response

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        def carry(args: Args) -> dict[str, Any]:
            answers.answer(self._state, request.path, args)
            return {"ok": True}

        return await self._carried(request, RESPONSE_URL, carry)

    async def _carried(
        self, request: web.Request, name: str, carry: Carry
    ) -> web.StreamResponse:
        """Carry a call out with the fault that waits for it, and note it down."""
        fault = self._state.faults.take(name)
        if fault is not None and fault.what == HANG:
            await self._closing.wait()
            return web.Response(status=503)
        args = Args({})
        try:
            args = await _read(request)
            if fault is not None and isinstance(fault.what, int):
                self._note(name, args, f"http_{fault.what}")
                return _broken(fault, fault.what)
            if fault is not None:
                fault.refuse()
            body = carry(args)
        except ApiError as refusal:
            self._note(name, args, refusal.error)
            status = _status(name, refusal)
            return web.json_response(
                refusal.body, status=status, headers=refusal.headers
            )
        self._note(name, args, None)
        return await self._lost(request, fault) or web.json_response(body)

    async def _lost(
        self, request: web.Request, fault: Fault | None
    ) -> web.Response | None:
        """Return what comes instead of the answer to a call that was carried out."""
        if fault is None:
            return None
        if fault.what == FAIL_AFTER_ACCEPT:
            return _broken(fault, 500)
        if fault.what == HANG_AFTER_ACCEPT:
            await self._closing.wait()
        if fault.what == DROP_AFTER_ACCEPT and request.transport:
            request.transport.abort()
        return None

    def _note(self, name: str, args: Args, error: str | None) -> None:
        shown = {k: v for k, v in args.given.items() if k not in SECRET_ARGUMENTS}
        self._state.ledger.note(Call(name, shown, self._state.clock.now(), error))
        self._state.changes.announce()

    def _authorize(self, name: str, request: web.Request, args: Args) -> None:
        """Refuse a call without the token its method takes."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        given = token if scheme.lower() == "bearer" else args.text("token")
        tokens = self._state.tokens
        wanted, other = tokens.bot_token, tokens.app_token
        if name == CONNECT:
            wanted, other = other, wanted
        if not given:
            raise ApiError("not_authed")
        if given == other:
            raise ApiError("not_allowed_token_type")
        if given != wanted:
            raise ApiError("invalid_auth")


def _status(name: str, refusal: ApiError) -> int:
    """Return the status of a refusal; response URLs say it in HTTP's own way."""
    if name != RESPONSE_URL or refusal.error == "ratelimited":
        return refusal.status
    return 404 if refusal.error in GONE else 400


def _broken(fault: Fault, status: int) -> web.Response:
    headers = (
        {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after}"}
    )
    return web.Response(status=status, text="Slack is in trouble", headers=headers)


async def _read(request: web.Request) -> Args:
    """Return the arguments from the query, a form or a JSON body.

    Raises:
        ApiError: `invalid_json` or `json_not_object`.

    """
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise ApiError("invalid_json") from None
        if not isinstance(body, dict):
            raise ApiError("json_not_object")
        return Args(given | body)
    return Args(given | dict(await request.post()))
