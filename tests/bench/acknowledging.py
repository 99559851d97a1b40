"""How fast a signed slash command is acknowledged, over a real loopback socket."""

from __future__ import annotations

import asyncio
import random
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bot.clock import SystemClock
from bot.demo.slack import LocalSlack
from bot.demo.slack.signed import FORM, sign
from bot.demo.stage import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from tests.bench.ack_server import COMMAND
from tests.bench.figure import Figure
from tests.bench.machine import cpu_seconds
from tests.bench.sampling import Ratio, Samples, in_turn, ms

ROOT = Path(__file__).parent.parent.parent
OURS, THEIRS = "runbell", "bolt"
MOST = 1.3
PATIENCE = 10
"""Seconds without a byte after which the measuring gives up."""


@dataclass(slots=True)
class Client:
    """One keep-alive connection to one server; as little work as a client can do."""

    url: str
    process: Process
    numbers: count[int] = field(default_factory=count)
    cpu: list[float] = field(default_factory=list)
    """Processor seconds the server used for each request, a value a round."""
    line: socket.socket | None = None

    async def measure(self, times: int) -> Sequence[float]:
        """Send so many commands, one after the other, and time each."""
        requests = [self._request() for _ in range(times)]
        before = cpu_seconds(self.process.pid)
        took = await asyncio.to_thread(self._send_all, requests)
        after = cpu_seconds(self.process.pid)
        if before is not None and after is not None:
            self.cpu.append((after - before) / times)
        return took

    def close(self) -> None:
        """Hang up."""
        if self.line is not None:
            self.line.close()

    def _send_all(self, requests: list[bytes]) -> list[float]:
        if self.line is None:
            where = urlsplit(self.url)
            address = (where.hostname or "", where.port or 0)
            self.line = socket.create_connection(address, timeout=PATIENCE)
            self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return [_exchange(self.line, request) for request in requests]

    def _request(self) -> bytes:
        """Return a command nobody typed before, signed now."""
        number = next(self.numbers)
        form = {
            "token": "out-of-date",
            "team_id": "T0BENCH",
            "team_domain": "bench",
            "channel_id": "C0BENCH",
            "channel_name": "deploys",
            "user_id": "U0BENCH",
            "user_name": "kim",
            "command": COMMAND,
            "text": "help",
            "api_app_id": "A0BENCH",
            "is_enterprise_install": "false",
            "response_url": "http://127.0.0.1:9/commands/T0BENCH/secret",
            "trigger_id": f"1.{number}.bench",
        }
        body = urlencode(form).encode()
        stamp = str(int(SystemClock().now().timestamp()))
        where = urlsplit(self.url)
        head = (
            f"POST {where.path} HTTP/1.1",
            f"Host: {where.netloc}",
            "User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)",
            f"Content-Type: {FORM}",
            f"Content-Length: {len(body)}",
            f"X-Slack-Request-Timestamp: {stamp}",
            f"X-Slack-Signature: {sign(SIGNING_SECRET, stamp, body)}",
        )
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def _exchange(line: socket.socket, request: bytes) -> float:
    """Send a request and return how long it took to the end of a good answer."""
    begin = time.perf_counter()
    line.sendall(request)
    received = line.recv(65536)
    while not _is_whole(received):
        more = line.recv(65536)
        if not more:
            raise ConnectionError("the server hung up in the middle of an answer")
        received += more
    took = time.perf_counter() - begin
    if not received.startswith(b"HTTP/1.1 200 "):
        msg = f"not acknowledged: {received[:200]!r}"
        raise ConnectionError(msg)
    return took


def _is_whole(received: bytes) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return bool(end) and len(body) >= (int(rest.split(b"\r\n")[0]) if found else 0)


@asynccontextmanager
async def _client(which: str, slack: LocalSlack) -> AsyncIterator[Client]:
    """Start a server in a process of its own, with a client to it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.ack_server", which, slack.api_url),
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        if not url:
            msg = f"python -m tests.bench.ack_server {which} does not start"
            raise RuntimeError(msg)
        client = Client(url, process)
        try:
            yield client
        finally:
            client.close()
    finally:
        process.stdin.close()
        await process.wait()


async def acknowledging(*, rounds: int = 60, times: int = 150) -> Figure:
    """Return how long an acknowledgement takes, against a bare Bolt app's."""
    slack = LocalSlack(
        SystemClock(),
        random.Random(1),  # noqa: S311 - repeatable on purpose
        signing_secret=SIGNING_SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(slack)
        clients = {
            name: await stack.enter_async_context(_client(name, slack))
            for name in (OURS, THEIRS)
        }
        found = await in_turn(
            {name: client.measure for name, client in clients.items()},
            rounds=rounds,
            times=times,
        )
    ratio = Ratio.of(found[OURS], found[THEIRS])
    details = [(name, _told(found[name], clients[name].cpu[1:])) for name in clients]
    return Figure(
        title="Acknowledging a signed slash command",
        goal=f"p50 at most {MOST} × that of a bare Bolt app",
        measured=str(ratio),
        is_met=ratio.median <= MOST,
        how=(
            "The whole bot in HTTP mode against the local Slack, beside an `AsyncApp` "
            "with `process_before_response=True`, Bolt's own request verification, the "
            "Starlette adapter and a handler that only acknowledges; both on the same "
            "uvicorn settings, each in a process of its own. One keep-alive connection "
            f"sends signed `{COMMAND} help` commands, one after the other, {times} in "
            f"each of {rounds} rounds. What the bot does after the acknowledgement is "
            "an empty errand here. CPU is the server's, user and system."
        ),
        details=tuple(details),
    )


def _told(samples: Samples, cpu: list[float]) -> str:
    used = f"{sum(cpu) / len(cpu) * 1e6:.0f} µs" if cpu else "unknown"
    p99 = ms(samples.percentile(99))
    return f"p50 {ms(samples.p50)}, p99 {p99}, CPU per request {used}"
