"""What the simulated clouds have in common."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from bot.demo.clouds.northflank import NorthflankCloud
from bot.demo.clouds.server import LoopbackServer
from bot.demo.clouds.world import World
from tests.fakes.clock import FakeClock

CUT_SHORT = b"POST /v1/projects HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhal"
WHOLE = b"GET /v1/projects HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


async def test_a_client_that_dies_in_the_middle_of_a_request_is_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cloud = NorthflankCloud(World(FakeClock()), token="nf-token")
    async with LoopbackServer(cloud.app()) as server:
        address = urlsplit(server.url)
        _, dying = await asyncio.open_connection(address.hostname, address.port)
        dying.write(CUT_SHORT)
        await dying.drain()
        dying.transport.abort()
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(WHOLE)
        answer = await reader.read()
        writer.close()

    assert b"401" in answer.splitlines()[0]
    assert [record.message for record in caplog.records] == []
