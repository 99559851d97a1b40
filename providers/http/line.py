"""One request out, one answer in: signed, within time and size, on one host only."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import httpx

from providers.answer import Answer, Fault, NoAnswer, clip
from providers.errors import BadAnswer, Refused, Unavailable
from providers.http.unpacking import MOST_BYTES, AnswerTooLong

if TYPE_CHECKING:
    from collections.abc import Callable

REDIRECTS = 3
REDIRECTING = frozenset({301, 302, 303, 307, 308})
DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be sent, byte for byte."""

    operation: str
    """The provider's method this is for, such as `list_runs`: the word in errors."""
    method: str
    target: str
    """Path and query as they go on the wire."""
    content: bytes = field(default=b"", repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    repeatable: bool = False
    """Whether sending it twice does no more than sending it once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How one connection's requests reach its vendor."""

    client: httpx.AsyncClient = field(repr=False)
    connection: str
    base_url: str
    auth: httpx.Auth = field(repr=False)
    timeout: float
    """Seconds for all of it: token, redirects, the last byte of the body."""
    most_bytes: int
    """The largest answer that is read, after decompression."""
    mask: Callable[[str], str] = field(repr=False)

    async def ask(self, request: Request) -> Answer:
        """Send one request, following redirects on the same host only.

        Raises:
            NoAnswer: none came, or none that could be read.

        """
        try:
            async with asyncio.timeout(self.timeout):
                return await self._follow(request)
        except (OSError, UnicodeError, httpx.HTTPError, httpx.InvalidURL) as error:
            # The libraries' errors carry the request and its credential with them.
            raise NoAnswer(self._fault(error)) from None

    async def _follow(self, request: Request) -> Answer:
        url = self.base_url + request.target
        for _ in range(REDIRECTS + 1):
            answer = await self._send(request, url)
            location = answer.headers.get("location")
            if answer.status not in REDIRECTING or not location:
                return answer
            url = self._next(request, answer, url, location)
        raise NoAnswer(Fault(kind=BadAnswer, detail="the server redirects in a circle"))

    async def _send(self, request: Request, url: str) -> Answer:
        async with self.client.stream(
            request.method,
            url,
            content=request.content or None,
            headers=request.headers,
            auth=self.auth,
            timeout=self.timeout,
            extensions={MOST_BYTES: self.most_bytes},
        ) as response:
            return Answer(
                connection=self.connection,
                operation=request.operation,
                status=response.status_code,
                headers={k.lower(): v for k, v in response.headers.items()},
                body=await response.aread(),
                mask=self.mask,
            )

    def _next(self, request: Request, answer: Answer, url: str, location: str) -> str:
        """Return where to go on; a credential never leaves the host it is for."""
        there, host, is_home = "", None, False
        with suppress(ValueError):  # no address at all
            there = urljoin(url, location)
            host = urlsplit(there).hostname
            is_home = _origin(there) == _origin(self.base_url)
        if is_home and request.method == "GET":
            return there
        raise NoAnswer(
            Fault(
                kind=BadAnswer,
                detail=f"HTTP {answer.status}: redirected to {clip(host or '?')}",
                advice="Write the provider's present address in the connection's "
                "settings; credentials are not sent to another host.",
            )
        )

    def _fault(self, error: Exception) -> Fault:
        """Return what a failure of the line means; never quotes the request."""
        name = type(error).__name__
        match error:
            case TimeoutError() | httpx.TimeoutException():
                detail = f"no answer within {self.timeout:g} s"
                return Fault(kind=Unavailable, detail=detail)
            case AnswerTooLong():
                advice = "Ask for less, or raise max_answer_bytes."
                return Fault(kind=BadAnswer, detail=str(error), advice=advice)
            case httpx.DecodingError():
                return Fault(kind=BadAnswer, detail=f"the answer's body: {error}")
            case httpx.InvalidURL():
                # Ours, or that of a redirect: httpx reads it even where it is not to
                # be followed.
                detail = "an address that is none, in the settings or a redirect"
                return Fault(kind=BadAnswer, detail=detail)
            case (
                UnicodeError()
                | httpx.LocalProtocolError()
                | httpx.UnsupportedProtocol()
            ):
                # The error's own text would show the header or address in question.
                advice = (
                    "Check this connection's address and credential for line breaks "
                    "and other characters that do not belong there."
                )
                detail = f"the request cannot be written: {name}"
                return Fault(kind=Refused, detail=detail, advice=advice)
            case _:
                detail = f"{name}: {clip(str(error)) or 'no details'}"
                return Fault(kind=Unavailable, detail=detail)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    return parts.scheme, parts.hostname, port
