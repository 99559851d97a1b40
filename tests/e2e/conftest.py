"""The real bot between simulated clouds and a local Slack, over real sockets."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest

from bot.demo.stage import Stage, open_stage
from bot.settings import Mode
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=list(Mode), ids=str)
async def stage(
    request: pytest.FixtureRequest, clock: FakeClock
) -> AsyncIterator[Stage]:
    """A stage for each way in which Slack's requests arrive."""
    async with open_stage(clock, random.Random(7), mode=request.param) as stage:  # noqa: S311 - repeatable on purpose
        yield stage
        assert stage.slack.refused == [], "Slack refused something the bot sent"


@pytest.fixture
async def socket_stage(clock: FakeClock) -> AsyncIterator[Stage]:
    async with open_stage(clock, random.Random(7)) as stage:  # noqa: S311 - as above
        yield stage


@pytest.fixture
async def http_stage(clock: FakeClock) -> AsyncIterator[Stage]:
    async with open_stage(clock, random.Random(7), mode=Mode.HTTP) as stage:  # noqa: S311 - as above
        yield stage
