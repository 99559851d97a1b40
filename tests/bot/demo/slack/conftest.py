"""A local Slack, an ordinary Slack client, and an ordinary Bolt app, on loopback."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import SystemClock
from bot.demo.slack import Channel, LocalSlack, User
from tests.fakes.clock import FakeClock

SIGNING_SECRET = "not-a-real-signing-secret"
BOT_TOKEN = "xoxb-not-a-real-token"
APP_TOKEN = "xapp-not-a-real-token"


def a_slack(clock: FakeClock) -> LocalSlack:
    return LocalSlack(
        clock,
        random.Random(1),  # noqa: S311 - repeatable on purpose
        signing_secret=SIGNING_SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
    )


@pytest.fixture
def clock() -> FakeClock:
    # Bolt compares the time of a signed request with the machine's own.
    return FakeClock(SystemClock().now())


@pytest.fixture
async def slack(clock: FakeClock) -> AsyncIterator[LocalSlack]:
    async with a_slack(clock) as slack:
        yield slack


@pytest.fixture
def ann(slack: LocalSlack) -> User:
    return slack.add_user("ann", tz="Europe/Berlin")


@pytest.fixture
def bob(slack: LocalSlack) -> User:
    return slack.add_user("bob")


@pytest.fixture
def ops(slack: LocalSlack, ann: User, bob: User) -> Channel:
    return slack.add_channel("ops", ann, bob)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def client(slack: LocalSlack, session: aiohttp.ClientSession) -> AsyncWebClient:
    return AsyncWebClient(
        BOT_TOKEN, base_url=slack.api_url, session=session, retry_handlers=[]
    )


def an_app(client: AsyncWebClient) -> AsyncApp:
    return AsyncApp(
        client=client, signing_secret=SIGNING_SECRET, process_before_response=True
    )


@dataclass
class Bolt:
    """A Bolt app, and the address it listens on, if it has one."""

    app: AsyncApp
    url: str | None = None


async def _by_sockets(app: AsyncApp, slack: LocalSlack) -> AsyncIterator[Bolt]:
    handler = AsyncSocketModeHandler(app, APP_TOKEN)
    await handler.connect_async()
    await slack.wait_until_connected()
    yield Bolt(app)
    await handler.close_async()


async def _by_http(app: AsyncApp, slack: LocalSlack) -> AsyncIterator[Bolt]:
    runner = web.AppRunner(app.web_app("/slack/events"), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    slack.request_url = url
    yield Bolt(app, url)
    await runner.cleanup()


WAYS = {"sockets": _by_sockets, "http": _by_http}


@pytest.fixture(params=WAYS)
async def bolt(
    request: pytest.FixtureRequest, slack: LocalSlack, client: AsyncWebClient
) -> AsyncIterator[Bolt]:
    """Reached through its sockets in one run, through signed requests in the other."""
    async for bolt in WAYS[request.param](an_app(client), slack):
        yield bolt


@pytest.fixture
async def bolt_by_http(
    slack: LocalSlack, client: AsyncWebClient
) -> AsyncIterator[Bolt]:
    async for bolt in _by_http(an_app(client), slack):
        yield bolt


@pytest.fixture
async def bolt_by_sockets(
    slack: LocalSlack, client: AsyncWebClient
) -> AsyncIterator[Bolt]:
    async for bolt in _by_sockets(an_app(client), slack):
        yield bolt
