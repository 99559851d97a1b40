"""What the line does when a vendor is slow, rude, far away or somebody else."""

from __future__ import annotations

import asyncio
import gzip
import socket
import traceback
from collections.abc import Generator
from datetime import timedelta

import httpx
import pytest
from typing_extensions import override

from providers.answer import AuthFailed, Fault
from providers.auth.token import HeaderToken
from providers.errors import (
    BadAnswer,
    ProviderError,
    Refused,
    Unauthorized,
    Unavailable,
)
from providers.http import Http
from providers.http.line import REDIRECTS, Line, Request
from providers.http.patience import ATTEMPTS
from providers.masking import Secrets
from tests.fakes.cloud import Reply, ScriptedCloud
from tests.fakes.door import ONCE, READ, TOKEN, door, open_network
from tests.fakes.wire import Received, Wire, cut, drip, hang, hang_up, said

QUICK = 0.15


# --- time -------------------------------------------------------------------------


@pytest.mark.parametrize("play", [hang, drip], ids=["hangs", "drips"])
async def test_a_vendor_that_never_ends_is_left_at_the_time_out(play: object) -> None:
    async with Wire(play) as wire:  # type: ignore[arg-type]
        network = open_network()
        http = door(network, wire.url, timeout=QUICK)

        async with asyncio.timeout(10 * QUICK):
            with pytest.raises(Unavailable, match=r"no answer within 0\.15 s"):
                await http.send(ONCE)
        await network.close()

    assert len(wire.requests) == 1


async def test_the_time_out_covers_all_redirects_together() -> None:
    async with Wire(_moved("/else"), hang) as wire:
        network = open_network()

        with pytest.raises(Unavailable, match="no answer within"):
            await door(network, wire.url, timeout=QUICK).send(
                Request(operation="x", method="GET", target="/")
            )
        await network.close()

    assert [r.target for r in wire.requests] == ["/", "/else"]


# --- broken lines -----------------------------------------------------------------


async def test_a_refused_connection_is_unavailable_and_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        network = open_network()

        with pytest.raises(Unavailable, match="ConnectError"):
            await door(network, f"http://127.0.0.1:{port}").send(READ)
        await network.close()

    assert len(network.clock.slept) == ATTEMPTS - 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("play", [cut, hang_up], ids=["in the body", "at once"])
async def test_a_line_cut_short_is_unavailable_never_half_an_answer(
    play: object,
) -> None:
    async with Wire(play) as wire:  # type: ignore[arg-type]
        network = open_network()

        with pytest.raises(Unavailable, match="RemoteProtocolError"):
            await door(network, wire.url).send(READ)
        await network.close()

    assert len(wire.requests) == ATTEMPTS


async def test_what_is_read_is_tried_again_after_a_cut_line() -> None:
    async with Wire(cut, hang_up, said(b"[1]")) as wire:
        network = open_network()

        answer = await door(network, wire.url).send(READ)
        await network.close()

    assert answer.json() == [1]


async def test_an_answer_that_is_not_http_is_unavailable() -> None:
    async with Wire(b"220 smtp.example.com ESMTP\r\n\r\n") as wire:
        network = open_network()

        with pytest.raises(Unavailable, match="RemoteProtocolError"):
            await door(network, wire.url).send(ONCE)
        await network.close()


# --- size -------------------------------------------------------------------------


async def test_an_answer_that_is_too_long_is_not_read() -> None:
    async with Wire(said(b" " * 2048)) as wire:
        network = open_network()

        with pytest.raises(BadAnswer, match="more than 1024 bytes") as caught:
            await door(network, wire.url, max_answer_bytes=1024).send(READ)
        await network.close()

    assert "max_answer_bytes" in caught.value.advice
    assert len(wire.requests) == 1


async def test_an_answer_of_just_the_size_is_read() -> None:
    async with Wire(said(b"1" * 1024)) as wire:
        network = open_network()

        answer = await door(network, wire.url, max_answer_bytes=1024).send(READ)
        await network.close()

    assert answer.body == b"1" * 1024


async def test_a_gzip_bomb_is_a_bad_answer() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    async with Wire(said(bomb, headers={"Content-Encoding": "gzip"})) as wire:
        network = open_network()

        with pytest.raises(BadAnswer, match="more than 1024 bytes"):
            await door(network, wire.url, max_answer_bytes=1024).send(READ)
        await network.close()


async def test_a_packed_answer_that_cannot_be_unpacked_is_a_bad_answer() -> None:
    async with Wire(said(b"not gzip", headers={"Content-Encoding": "gzip"})) as wire:
        network = open_network()

        with pytest.raises(BadAnswer, match="the answer's body"):
            await door(network, wire.url).send(READ)
        await network.close()


# --- redirects --------------------------------------------------------------------


def _moved(where: str, status: int = 302) -> bytes:
    return said(b"", status, {"Location": where})


class CountingAuth(httpx.Auth):
    """Signs each request with another number."""

    def __init__(self) -> None:
        self.count = 0

    @override
    def auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        self.count += 1
        request.headers["Authorization"] = f"{self.count} {request.url.raw_path!r}"
        yield request


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_on_the_same_host_is_followed_and_signed_anew(
    status: int,
) -> None:
    async with Wire(_moved("/there?a=b%2Fc", status), said(b"[]")) as wire:
        network = open_network()

        answer = await door(network, wire.url, auth=CountingAuth()).send(READ)
        await network.close()

    assert answer.body == b"[]"
    assert [r.header("Authorization") for r in wire.requests] == [
        "1 b'/runs'",
        "2 b'/there?a=b%2Fc'",
    ]


async def test_a_redirect_to_another_host_never_carries_the_credential() -> None:
    async with Wire() as other, Wire(_moved(f"{other.url}/runs")) as wire:
        network = open_network()

        # Another port is another host: somebody else may listen there.
        with pytest.raises(BadAnswer, match=r"redirected to 127\.0\.0\.1") as caught:
            await door(network, wire.url).send(READ)
        await network.close()

    assert other.requests == []
    assert "not sent to another host" in caught.value.advice


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example.com/runs",
        "//evil.example.com/runs",
        "http://vendor.test:81/runs",
        "https://vendor.test/runs",
        "http://vendor.test@evil.example.com/",
        "http://vendor.test.evil.example.com/",
        "javascript:alert(1)",
        "http://[not-an-address",
        "http://vendor.test:99999/",
    ],
)
async def test_a_redirect_away_from_the_host_is_not_followed(location: str) -> None:
    cloud = ScriptedCloud({"*": Reply(b"", 302, {"location": location})})

    with pytest.raises(BadAnswer, match="redirect"):
        await door(open_network(cloud)).send(READ)

    assert cloud.asked == ["GET /runs"]


async def test_the_same_host_may_be_written_in_other_words() -> None:
    cloud = ScriptedCloud(
        {
            "GET /runs": Reply(b"", 302, {"location": "http://VENDOR.test:80/there"}),
            "GET /there": b"[]",
        }
    )

    answer = await door(open_network(cloud)).send(READ)

    assert answer.body == b"[]"


async def test_redirects_in_a_circle_end() -> None:
    async with Wire(_moved("/runs")) as wire:
        network = open_network()

        with pytest.raises(BadAnswer, match="in a circle"):
            await door(network, wire.url).send(READ)
        await network.close()

    assert len(wire.requests) == REDIRECTS + 1


async def test_what_acts_is_never_sent_to_where_a_redirect_points() -> None:
    async with Wire(_moved("/elsewhere", 307)) as wire:
        network = open_network()

        with pytest.raises(BadAnswer, match="HTTP 307"):
            await door(network, wire.url).send(ONCE)
        await network.close()

    assert len(wire.requests) == 1


@pytest.mark.parametrize("status", [300, 302, 304])
async def test_a_redirect_to_nowhere_is_a_bad_answer(status: int) -> None:
    cloud = ScriptedCloud({"*": Reply(b"", status)})

    with pytest.raises(BadAnswer, match=f"HTTP {status}"):
        await door(open_network(cloud)).send(READ)


# --- what must never be shown -----------------------------------------------------


@pytest.mark.parametrize("token", [f"{TOKEN}\nX-Evil: 1", f"{TOKEN}\r", f"{TOKEN}\0"])
async def test_a_credential_that_is_no_header_is_refused_and_not_shown(
    token: str,
) -> None:
    """The libraries below quote the whole header in such an error."""
    async with Wire() as wire:
        network = open_network()
        http = door(
            network,
            wire.url,
            auth=HeaderToken.bearer(token),
            secrets=Secrets(),  # not even the masking is needed
        )

        with pytest.raises(Refused, match="cannot be written") as caught:
            await http.send(READ)
        await network.close()

    assert TOKEN not in _shown(caught.value)
    assert "line breaks" in caught.value.advice
    assert wire.requests == []


async def test_an_address_that_cannot_be_asked_is_refused() -> None:
    for url in ("http://xn--a", f"http://{'a' * 70}.example.com", "gopher://x"):
        network = open_network()

        with pytest.raises((BadAnswer, Refused, Unavailable)):
            await door(network, url).send(ONCE)
        await network.close()


async def test_no_error_drags_along_one_that_holds_the_request() -> None:
    failures = [httpx.ConnectError("no"), httpx.ReadTimeout("slow")]
    for failure in failures:
        cloud = ScriptedCloud({"*": failure})

        with pytest.raises(ProviderError) as caught:
            await door(open_network(cloud)).send(ONCE)

        seen: BaseException | None = caught.value
        while seen is not None:
            assert not isinstance(seen, httpx.HTTPError)
            seen = seen.__context__


async def test_a_credential_that_gives_no_token_says_so() -> None:
    class NoToken(httpx.Auth):
        @override
        def auth_flow(
            self, request: httpx.Request
        ) -> Generator[httpx.Request, httpx.Response, None]:
            detail = f"IAM login: wrong password {TOKEN}"
            raise AuthFailed(
                Fault(kind=Unauthorized, detail=detail, code="401", request_id=TOKEN)
            )
            yield request

    cloud = ScriptedCloud({"*": b"{}"})

    with pytest.raises(Unauthorized, match="IAM login: wrong password •••") as caught:
        await door(open_network(cloud), auth=NoToken()).send(READ)

    assert caught.value.code == "401"
    assert cloud.requests == []
    assert TOKEN not in _shown(caught.value)


def test_reprs_hold_no_secret() -> None:
    request = Request(
        operation="start",
        method="POST",
        target="/x",
        content=TOKEN.encode(),
        headers={"x-secret": TOKEN},
    )
    http: Http = door(open_network(ScriptedCloud({})))
    line: Line = http._line

    assert TOKEN not in repr(request)
    assert TOKEN not in repr(line)
    assert TOKEN not in repr(http)


async def test_an_echo_of_the_credential_is_masked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def echo(received: Received) -> bytes:
        return said((received.header("Authorization") or "").encode(), 400)

    async with Wire(echo) as wire:
        network = open_network()

        with caplog.at_level(0), pytest.raises(Refused, match="Bearer •••") as caught:
            await door(network, wire.url).send(READ)
        await network.close()

    assert TOKEN not in _shown(caught.value)
    assert TOKEN not in caplog.text


def _shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(vars(error))


async def test_time_waits_for_nobody_here() -> None:
    """Only the pauses between attempts go through the clock."""
    async with Wire(said(status=500), said()) as wire:
        network = open_network()
        await door(network, wire.url).send(READ)
        await network.close()

    [slept] = network.clock.slept  # type: ignore[attr-defined]
    assert timedelta(seconds=0.25) <= slept <= timedelta(seconds=0.75)
