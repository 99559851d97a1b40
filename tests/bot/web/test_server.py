"""What is asked of the bot's own address."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.web.server import Incoming, application
from bot.web.serving import Serving, url_of

SIGNED = {"x-slack-signature": "right"}


def is_genuine(body: bytes, headers: Mapping[str, str]) -> bool:
    return body == b"x=1" and headers.get("x-slack-signature") == "right"


class Slack:
    """Notes that a request came through."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def handle(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        return PlainTextResponse("taken")


@pytest.fixture
def slack() -> Slack:
    return Slack()


@pytest.fixture
async def client(slack: Slack) -> AsyncIterator[httpx.AsyncClient]:
    app = application(slack=Incoming(slack.handle, is_genuine), is_ready=lambda: True)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        yield client


async def test_a_request_of_slack_is_handed_on(
    client: httpx.AsyncClient, slack: Slack
) -> None:
    response = await client.post("/slack/events", content=b"x=1", headers=SIGNED)

    assert response.text == "taken"
    assert slack.bodies == [b"x=1"]


async def test_what_slack_did_not_sign_is_refused_before_anything_reads_it(
    client: httpx.AsyncClient, slack: Slack
) -> None:
    for body, headers in ((b"x=1", {}), (b"x=2", SIGNED)):
        response = await client.post("/slack/events", content=body, headers=headers)
        assert response.status_code == 401

    assert slack.bodies == []


@pytest.mark.parametrize("size", ["9999999", "many"])
async def test_a_body_that_is_far_too_large_is_refused(
    client: httpx.AsyncClient, slack: Slack, size: str
) -> None:
    response = await client.post(
        "/slack/events", content=b"x", headers={**SIGNED, "content-length": size}
    )

    assert response.status_code == 413
    assert slack.bodies == []


async def test_only_posts_are_taken(client: httpx.AsyncClient) -> None:
    assert (await client.get("/slack/events", headers=SIGNED)).status_code == 405


async def test_health_and_readiness_are_told_apart() -> None:
    app = application(slack=None, is_ready=lambda: False)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.post("/slack/events")).status_code == 404


class FakeVitals:
    """Is as it is told to be."""

    why: str | None = None

    async def health(self) -> Mapping[str, Any]:
        return {"trouble": self.why, "blind": [{"connection": "shop"}]}

    async def trouble(self) -> str | None:
        return self.why

    async def metrics(self) -> bytes:
        return b"runbell_looks_total 7.0\n"


@pytest.fixture
def vitals() -> FakeVitals:
    return FakeVitals()


@pytest.fixture
async def watching(vitals: FakeVitals) -> AsyncIterator[httpx.AsyncClient]:
    app = application(slack=None, is_ready=lambda: True, vitals=vitals)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        yield client


async def test_health_names_what_is_wrong_and_is_no_reason_to_start_again(
    watching: httpx.AsyncClient, vitals: FakeVitals
) -> None:
    vitals.why = "no database"
    response = await watching.get("/healthz")

    assert response.status_code == 200
    assert response.json() == {
        "alive": True,
        "trouble": "no database",
        "blind": [{"connection": "shop"}],
    }


async def test_a_process_that_cannot_watch_is_not_ready_and_says_why(
    watching: httpx.AsyncClient, vitals: FakeVitals
) -> None:
    assert (await watching.get("/readyz")).json() == {"ready": True}
    vitals.why = "the watch stands still"
    response = await watching.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"ready": False, "why": "the watch stands still"}


async def test_figures_are_in_the_format_of_prometheus(
    watching: httpx.AsyncClient,
) -> None:
    response = await watching.get("/metrics")

    assert response.text == "runbell_looks_total 7.0\n"
    kind, *parameters = response.headers["content-type"].split("; ")
    assert kind == "text/plain"
    assert any(parameter.startswith("version=") for parameter in parameters)


async def test_where_nothing_is_watched_there_are_no_figures(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.get("/metrics")).status_code == 404
    assert (await client.get("/healthz")).json() == {"alive": True}


async def test_a_port_that_is_taken_is_an_error_at_once() -> None:
    app = application(slack=None, is_ready=lambda: True)
    async with Serving(app, host="127.0.0.1", port=0) as first:
        port = int(first.url.rpartition(":")[2])

        with pytest.raises(OSError, match="in use"):
            await Serving(app, host="127.0.0.1", port=port).__aenter__()


async def test_it_serves_until_the_context_ends() -> None:
    app = application(slack=None, is_ready=lambda: True)
    async with Serving(app, host="127.0.0.1", port=0) as serving:
        async with httpx.AsyncClient(trust_env=False) as client:
            response = await client.get(f"{serving.url}/readyz")
        assert response.json() == {"ready": True}
        assert "server" not in response.headers
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{serving.url}/readyz")


def has_ipv6() -> bool:
    with (
        contextlib.suppress(OSError),
        socket.create_server(("::1", 0), family=socket.AF_INET6),
    ):
        return True
    return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
@pytest.mark.allow_hosts(["::1", "127.0.0.1"])
@pytest.mark.parametrize(
    ("host", "callers"), [("::1", ["[::1]"]), ("::", ["[::1]", "127.0.0.1"])]
)
async def test_it_listens_on_addresses_of_ipv6_too(
    host: str, callers: list[str]
) -> None:
    app = application(slack=None, is_ready=lambda: True)
    async with Serving(app, host=host, port=0) as serving:
        assert serving.url.startswith(f"http://[{host}]:")
        port = serving.url.rpartition(":")[2]
        async with httpx.AsyncClient(trust_env=False) as client:
            for caller in callers:
                response = await client.get(f"http://{caller}:{port}/healthz")
                assert response.status_code == 200


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:3000"), ("::1", "http://[::1]:3000")],
)
def test_an_address_of_ipv6_stands_in_brackets(host: str, url: str) -> None:
    assert url_of(host, 3000) == url
