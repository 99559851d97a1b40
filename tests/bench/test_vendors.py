"""The bench's connections: as many pipelines as may be watched are listed."""

from __future__ import annotations

import httpx
import pytest

from bot.clock import SystemClock
from providers.contract import Provider
from providers.registry import kinds
from tests.bench.vendors import ENVIRONMENT, cloud_of, vendor_of
from tests.fakes.door import open_network


def provider_of(connection: str, count: int) -> Provider:
    cloud = cloud_of(connection, count, SystemClock())
    said = {
        key: ENVIRONMENT[value[2:-1]] if str(value).startswith("${") else value
        for key, value in vendor_of(connection).said.items()
    }
    kind = kinds()[said["kind"]]
    base = f"http://cloud.test{vendor_of(connection).base}"
    settings = kind.settings.model_validate(
        {**said, "base_url": base, "allow_http": True}
    )
    network = open_network(httpx.ASGITransport(app=cloud.app()))
    network.clock = SystemClock()
    return kind.connect(connection, settings, network)


@pytest.mark.parametrize(
    ("connection", "usual"),
    [("nsml", 1000), ("flow", 1000), ("codearts", 2000), ("check", 2000)],
)
async def test_a_list_goes_as_far_as_it_is_asked_to(
    connection: str, usual: int
) -> None:
    """A question reads so many pages; the watch asks for all that there may be."""
    provider = provider_of(connection, usual + 1)

    page = await provider.list_pipelines(limit=20_000)

    assert len(page.items) == usual + 1
    assert page.next is None
