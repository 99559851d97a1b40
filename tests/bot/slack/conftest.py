"""A local Slack for whoever talks to Slack."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest

from bot.demo.slack import LocalSlack
from tests.fakes.clock import FakeClock

TOKEN = "xoxb-not-a-real-token"


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack(
        FakeClock(),
        random.Random(1),  # noqa: S311 - repeatable on purpose
        signing_secret="not-a-real-signing-secret",
        bot_token=TOKEN,
        app_token="xapp-not-a-real-token",
    ) as slack:
        yield slack
