"""A vendor played from a script: what is asked is noted, what is answered is given."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx
from typing_extensions import override

from providers.http.network import Network
from tests.fakes.clock import FakeClock


@dataclass(frozen=True, slots=True)
class Reply:
    """What the vendor says."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Answering = Reply | bytes | Exception | Callable[[httpx.Request], "Reply | bytes"]
Script = Mapping[str, Answering | Sequence[Answering]]
"""
`METHOD path` → what is answered. The path may carry a query (`GET /runs?page=2`), which
wins over the one without; a list is answered in turn, its last entry for ever. The key
`*` answers whatever nothing else does.
"""


class ScriptedCloud(httpx.AsyncBaseTransport):
    """Answers from a script; a request the script does not know gets a 599."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[httpx.Request] = []
        self.unknown: list[str] = []
        """What was asked that the script does not know."""
        self._turns: dict[str, int] = {}

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        key = self._key(request)
        if key is None:
            self.unknown.append(self.asked[-1])
        said = self._next(key) if key else Reply(b"not in the script", 599)
        if isinstance(said, Exception):
            raise said
        if callable(said):
            said = said(request)
        reply = Reply(said) if isinstance(said, bytes) else said
        return httpx.Response(
            reply.status, content=reply.body, headers=dict(reply.headers)
        )

    @property
    def asked(self) -> list[str]:
        """What was asked, as `METHOD target`."""
        return [f"{r.method} {r.url.raw_path.decode()}" for r in self.requests]

    def _key(self, request: httpx.Request) -> str | None:
        target = request.url.raw_path.decode()
        for key in (target, target.partition("?")[0]):
            if f"{request.method} {key}" in self.script:
                return f"{request.method} {key}"
        return "*" if "*" in self.script else None

    def _next(self, key: str) -> Answering:
        answers = self.script[key]
        if not isinstance(answers, Sequence) or isinstance(answers, bytes):
            return answers
        turn = self._turns.get(key, 0)
        self._turns[key] = turn + 1
        return answers[min(turn, len(answers) - 1)]


def network(cloud: httpx.AsyncBaseTransport, clock: FakeClock | None = None) -> Network:
    """Return a network whose only host is this cloud, with chance that repeats."""
    return Network(
        clock=clock or FakeClock(),
        random=random.Random(1),  # noqa: S311 - repeatable on purpose
        transport=cloud,
    )
