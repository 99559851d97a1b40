"""What is signed is byte for byte what is sent, seen on a real socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers import target
from providers.auth import acs3, huawei, ncp
from providers.http import Http
from tests.fakes.clock import FakeClock
from tests.fakes.door import door, open_network
from tests.fakes.wire import Received, Wire, said

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)

IDS = [
    "group/project",
    "a%2Fb",
    "~tilde~",
    "a+b",
    "two words",
    "中文/流水线",
    "ünïcödé",
    "a&b=c?d#e",
    "semi;colon,comma",
    "quote'\"`<>{}|\\^",
    "100%",
    "[brackets]",
    ":@!$*()",
    "👋",
]


@pytest.mark.parametrize("ident", IDS)
async def test_ncp_signs_the_target_that_goes_on_the_wire(ident: str) -> None:
    auth = ncp.NcpSignature(
        access_key="ak", secret_key="sk", api_key="api", now=lambda: NOW
    )
    received = await _ask(auth, ident)

    expected = ncp.signature(
        received.method,
        received.target,
        timestamp=received.header("x-ncp-apigw-timestamp") or "",
        access_key="ak",
        secret_key="sk",
    )
    assert received.header("x-ncp-apigw-signature-v2") == expected


@pytest.mark.parametrize("ident", IDS)
async def test_huawei_signs_the_target_and_the_body_that_go_on_the_wire(
    ident: str,
) -> None:
    auth = huawei.HuaweiSignature(access_key="ak", secret_key="sk", now=lambda: NOW)
    received = await _ask(auth, ident, json={"name": ident})

    names = ("Host", "Content-Type", "X-Sdk-Date")
    expected = huawei.authorization(
        received.method,
        received.target,
        {name: received.header(name) or "" for name in names},
        received.body,
        access_key="ak",
        secret_key="sk",
    )
    assert received.header("Authorization") == expected
    assert json.loads(received.body) == {"name": ident}


@pytest.mark.parametrize("ident", IDS)
async def test_acs3_signs_the_target_and_the_headers_that_go_on_the_wire(
    ident: str,
) -> None:
    auth = acs3.Acs3Signature(
        access_key_id="ak",
        access_key_secret="sk",
        version="2021-06-25",
        now=lambda: NOW,
        nonce=lambda: "nonce-1",
    )
    received = await _ask(auth, ident)

    headers = {k.decode(): v.decode() for k, v in received.headers}
    canonical = acs3.canonical_request(
        received.method,
        received.target,
        headers={k: v for k, v in headers.items() if acs3.is_signed(k)},
        content_sha256=received.header("x-acs-content-sha256") or "",
    )
    sent = received.header("Authorization") or ""
    assert sent.endswith(f"Signature={acs3.signature(canonical, secret_key='sk')}")


@settings(max_examples=60, deadline=None)
@given(
    part=st.text(min_size=1).filter(lambda text: text not in {".", ".."}),
    value=st.text(),
)
async def test_every_path_and_query_arrives_as_it_was_written(
    part: str, value: str
) -> None:
    async with Wire() as wire:
        network = open_network()
        http = door(network, f"{wire.url}/v1")

        await http.get("list_runs", "/p/{}/x", part, query={"q": value, "page": 2})
        await network.close()

    assert wire.requests[0].target == (
        f"/v1/p/{target.escape(part)}/x?q={target.escape(value)}&page=2"
    )


async def test_the_request_line_is_what_rfc_3986_makes_of_the_id() -> None:
    async with Wire() as wire:
        network = open_network()
        http = door(network, f"{wire.url}/v1")

        await http.get("get_run", "/p/{}/r/{}", "a/b~c+d e", 7, query={"q": "ü /+~"})
        await network.close()

    assert wire.requests[0].line == (
        b"GET /v1/p/a%2Fb~c%2Bd%20e/r/7?q=%C3%BC%20%2F%2B~ HTTP/1.1"
    )


async def test_every_retry_is_signed_anew() -> None:
    clock = FakeClock(NOW)
    nonces = iter(["nonce-1", "nonce-2", "nonce-3"])
    auth = acs3.Acs3Signature(
        access_key_id="ak",
        access_key_secret="sk",
        version="2021-06-25",
        now=clock.now,
        nonce=lambda: next(nonces),
    )
    async with Wire(said(status=503), said(status=503), said()) as wire:
        network = open_network(clock=clock)

        await door(network, wire.url, auth=auth).get("list_runs", "/runs")
        await network.close()

    used = [r.header("x-acs-signature-nonce") for r in wire.requests]
    assert used == ["nonce-1", "nonce-2", "nonce-3"]
    assert len({r.header("x-acs-date") for r in wire.requests}) > 1
    assert len({r.header("Authorization") for r in wire.requests}) == 3


async def test_a_body_is_sent_as_it_was_signed_and_an_absent_one_not_at_all() -> None:
    async with Wire() as wire:
        network = open_network()
        http = door(network, wire.url)

        await http.post("a", "/x", json={"name": "中 文", "n": [1]}, repeatable=True)
        await http.post("b", "/x", repeatable=True)
        await network.close()

    with_body, without = wire.requests
    assert with_body.body == '{"name":"中 文","n":[1]}'.encode()
    assert with_body.header("Content-Type") == "application/json;charset=utf-8"
    assert without.body == b""
    assert without.header("Content-Length") == "0"
    assert without.header("Content-Type") is None


async def test_nothing_but_these_headers_is_sent() -> None:
    async with Wire() as wire:
        network = open_network()

        await door(network, wire.url).get("list_runs", "/runs")
        await network.close()

    [received] = wire.requests
    assert {name.lower() for name, _ in received.headers} == {
        b"host",
        b"accept",
        b"accept-encoding",
        b"connection",
        b"user-agent",
        b"authorization",
    }
    assert received.header("Accept-Encoding") == "gzip"
    assert received.header("User-Agent") == "runbell"


async def _ask(auth: httpx.Auth, ident: str, json: object = None) -> Received:
    async with Wire() as wire:
        network = open_network(clock=FakeClock(NOW))
        http: Http = door(network, f"{wire.url}/base", auth=auth)
        path = "/p/{}/runs"
        query: target.Query = {"search": ident, "exact": True}
        if json is None:
            await http.get("list_runs", path, ident, query=query)
        else:
            await http.post(
                "list_runs", path, ident, query=query, json=json, repeatable=True
            )
        await network.close()
    return wire.requests[0]
