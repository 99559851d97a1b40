"""The local Slack as one object: opened, used, closed."""

from __future__ import annotations

from collections.abc import Collection
from random import Random
from typing import Self

import aiohttp
from typing_extensions import override

from bot.demo.slack.acting import Acting
from bot.demo.slack.delivery import Way
from bot.demo.slack.methods.table import ALL_SCOPES
from bot.demo.slack.server import Server
from bot.demo.slack.signed import SignedRequests
from bot.demo.slack.sockets import SocketMode
from bot.demo.slack.state import Tokens
from providers.clock import Clock


class LocalSlack(Acting):
    """A workspace with one app in it, on a loopback port while the context lasts.

    The app is reached through its sockets, or, once `request_url` is set, by signed
    requests. Waits between retries, expiries and rate limits go by the clock handed
    in; how long an acknowledgement takes is measured by the event loop, because the
    app on the other side runs in real time.
    """

    def __init__(
        self,
        clock: Clock,
        random: Random,
        *,
        signing_secret: str,
        bot_token: str,
        app_token: str,
        scopes: Collection[str] = ALL_SCOPES,
        should_escape: bool = True,
        request_url: str | None = None,
        port: int = 0,
    ) -> None:
        tokens = Tokens(signing_secret, bot_token, app_token)
        super().__init__(clock, random, tokens, scopes)
        self.should_escape = should_escape
        self.request_url = request_url
        self._sockets = SocketMode(self._state)
        self._server = Server(self._state, self._sockets, port=port)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        await self._server.start()
        self.base_url = self._server.base_url
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._courier.close()
        if self._session is not None:
            await self._session.close()
        await self._server.close()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    @property
    def api_url(self) -> str:
        """The base URL to give to a Slack client."""
        return f"{self.base_url}/api/"

    @property
    def ack_patience(self) -> float:
        """Seconds the app has to acknowledge; Slack gives three."""
        return self._courier.patience

    @ack_patience.setter
    def ack_patience(self, seconds: float) -> None:
        self._courier.patience = seconds

    @property
    def connected(self) -> int:
        """How many sockets of the app are open."""
        return self._sockets.connected

    async def wait_until_connected(self, count: int = 1) -> None:
        """Return once the app has so many sockets open."""
        await self.wait_for(lambda: self.connected >= count)

    async def ask_to_reconnect(self, reason: str = "refresh_requested") -> None:
        """Tell the app's sockets to go: `warning`, `refresh_requested` and so on."""
        await self._sockets.ask_to_reconnect(reason)

    async def drop_connections(self) -> None:
        """Close the app's sockets without a warning."""
        await self._sockets.close()

    @override
    def _way(self) -> Way:
        if self.request_url is None or self._session is None:
            return self._sockets
        return SignedRequests(
            self.request_url,
            signing_secret=self._state.tokens.signing_secret,
            clock=self._state.clock,
            session=self._session,
        )
