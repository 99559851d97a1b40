"""The real bot between simulated clouds and a local Slack, over real sockets."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.demo.stage import Stage, open_stage
from bot.settings import Mode
from tests.fakes.clock import FakeClock

PATIENT = timedelta(minutes=1)
"""No machine is so slow that an answer would come in two parts."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=list(Mode), ids=str)
async def stage(
    request: pytest.FixtureRequest, clock: FakeClock
) -> AsyncIterator[Stage]:
    """A stage for each way in which Slack's requests arrive."""
    async with open_stage(
        clock,
        random.Random(7),  # noqa: S311 - repeatable on purpose
        mode=request.param,
        haste=PATIENT,
    ) as stage:
        yield stage
        assert stage.slack.refused == [], "Slack refused something the bot sent"


@pytest.fixture
async def socket_stage(clock: FakeClock) -> AsyncIterator[Stage]:
    async with open_stage(
        clock,
        random.Random(7),  # noqa: S311 - as above
        haste=PATIENT,
    ) as stage:
        yield stage


@pytest.fixture
async def http_stage(clock: FakeClock) -> AsyncIterator[Stage]:
    async with open_stage(
        clock,
        random.Random(7),  # noqa: S311 - as above
        mode=Mode.HTTP,
        haste=PATIENT,
    ) as stage:
        yield stage
