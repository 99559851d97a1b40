"""The one client of the process: few lines, no cookies, nothing of the environment."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import httpx
import pytest
from typing_extensions import override

from providers.auth.token import HeaderToken
from providers.http.network import CONNECTIONS_PER_HOST, HostPools
from tests.fakes.cloud import ScriptedCloud
from tests.fakes.door import READ, door, open_network
from tests.fakes.wire import Wire, hang, said


async def test_at_most_eight_lines_go_to_one_host() -> None:
    async with Wire(said(b"[]")) as wire:
        network = open_network()
        doors = [
            door(network, wire.url, connection=str(n), concurrency=8) for n in range(4)
        ]
        for one in doors:
            await one.send(READ)

        await asyncio.gather(*(one.send(READ) for one in doors for _ in range(20)))
        await network.close()

    assert wire.most_open == CONNECTIONS_PER_HOST == 8


async def test_a_line_is_used_again() -> None:
    async with Wire() as wire:
        network = open_network()
        http = door(network, wire.url)

        for _ in range(5):
            await http.send(READ)
        await network.close()

    assert wire.most_open == 1


async def test_a_host_that_hangs_takes_no_line_of_another() -> None:
    async with Wire(said(), hang) as slow, Wire() as quick:
        network = open_network()
        stuck = door(network, slow.url, concurrency=8)
        await stuck.send(READ)
        tasks = [asyncio.create_task(stuck.send(READ)) for _ in range(8)]
        await slow.arrived(9)

        async with asyncio.timeout(2):
            await door(network, quick.url).send(READ)

        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await network.close()

    assert len(quick.requests) == 1


async def test_closing_it_closes_every_line() -> None:
    async with Wire() as wire:
        network = open_network()
        await door(network, wire.url).send(READ)
        assert wire.open == 1

        await network.close()
        with pytest.raises(RuntimeError, match="closed"):
            await door(network, wire.url).send(READ)


async def test_cookies_are_neither_kept_nor_sent() -> None:
    cookie = {"Set-Cookie": "session=of-one; Path=/"}
    async with Wire(said(headers=cookie)) as wire:
        network = open_network()
        one = door(network, wire.url)
        other = door(network, wire.url, connection="other")

        for http in (one, one, other):
            await http.send(READ)
        await network.close()

    assert len(wire.requests) == 3
    assert [r.header("Cookie") for r in wire.requests] == [None] * 3


async def test_each_connection_sends_its_own_credential() -> None:
    async with Wire() as wire:
        network = open_network()
        for name in ("one", "other"):
            auth = HeaderToken.bearer(name)
            await door(network, wire.url, connection=name, auth=auth).send(READ)
        await network.close()

    sent = [r.header("Authorization") for r in wire.requests]
    assert sent == ["Bearer one", "Bearer other"]


async def test_proxies_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Wire() as proxy, Wire() as wire:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        network = open_network()
        await door(network, wire.url).send(READ)
        await network.close()

    assert proxy.requests == []
    assert len(wire.requests) == 1


class NoCredential(httpx.Auth):
    """Leaves the request alone, as the client itself would."""


async def test_passwords_of_a_netrc_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password CANARY\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with Wire() as wire:
        network = open_network()
        await door(network, wire.url, auth=NoCredential()).send(READ)
        await network.client.get(wire.url)
        await network.close()

    assert [r.header("Authorization") for r in wire.requests] == [None, None]


async def test_the_library_below_logs_no_address_and_no_header(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Left alone it logs every URL, and at DEBUG the headers that carry tokens."""
    answer = said(headers={"X-Subject-Token": "CANARY-1"})
    async with Wire(answer) as wire:
        network = open_network()
        with caplog.at_level(logging.DEBUG):
            await door(network, wire.url).get("x", "/x", query={"token": "CANARY-2"})
        await network.close()

    assert [r for r in caplog.records if r.name.startswith("http")] == []
    assert "CANARY" not in caplog.text


def test_a_nonce_is_never_used_twice() -> None:
    network = open_network(ScriptedCloud({}))

    nonces = [network.nonce() for _ in range(1000)]

    assert len(set(nonces)) == 1000
    assert all(len(n) == 32 and int(n, 16) >= 0 for n in nonces)


async def test_a_pool_is_made_once_for_each_host_scheme_and_port() -> None:
    class Counted(HostPools):
        @override
        async def aclose(self) -> None:
            self.made = list(self._pools)
            await super().aclose()

    pools = Counted()
    async with Wire() as one, Wire() as other:
        network = open_network(pools)
        for wire in (one, one, other):
            await door(network, wire.url).send(READ)
        await network.close()

    assert pools.made == [
        ("http", "127.0.0.1", one.port),
        ("http", "127.0.0.1", other.port),
    ]
