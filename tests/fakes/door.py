"""A connection's door to a vendor of the test's own making."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import httpx

from providers.answer import ReadFault, ReadQuota, fault_of_status
from providers.auth.token import HeaderToken
from providers.http import Http, Request
from providers.http.network import Exchange, Network
from providers.masking import Secrets
from providers.settings import ConnectionSettings
from tests.fakes.clock import FakeClock

TOKEN = "CANARY-token"
USUAL = {"kind": "test", "allow_http": True, "timeout": 5}
READ = Request(operation="list_runs", method="GET", target="/runs", repeatable=True)
ONCE = Request(operation="start", method="POST", target="/start", content=b"{}")


def open_network(
    transport: httpx.AsyncBaseTransport | None = None,
    clock: FakeClock | None = None,
    observe: Callable[[Exchange], None] = lambda _: None,
) -> Network:
    """Return a network on real sockets, or on a transport, with chance that repeats."""
    return Network(
        clock=clock or FakeClock(),
        random=random.Random(1),  # noqa: S311 - repeatable on purpose
        observe=observe,
        transport=transport,
    )


def door(
    network: Network,
    url: str = "http://vendor.test",
    *,
    connection: str = "main",
    auth: httpx.Auth | None = None,
    secrets: Secrets | None = None,
    read_fault: ReadFault = fault_of_status,
    read_quota: ReadQuota = lambda _: None,
    **settings: Any,
) -> Http:
    """Return the door of a connection; settings are the connection's."""
    return Http(
        network,
        connection=connection,
        base_url=url,
        settings=ConnectionSettings(**{**USUAL, **settings}),
        auth=auth or HeaderToken.bearer(TOKEN),
        secrets=secrets or Secrets([TOKEN]),
        read_fault=read_fault,
        read_quota=read_quota,
    )
