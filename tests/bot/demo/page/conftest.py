"""The page of a stage, and a client on this machine that looks at it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.demo.clouds.server import LoopbackServer
from bot.demo.page import Page, open_page
from bot.demo.stage import BOT_TOKEN, Stage, open_stage
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def stage(clock: FakeClock) -> AsyncIterator[Stage]:
    async with open_stage(clock, random.Random(7)) as stage:  # noqa: S311 - repeatable on purpose
        # Nobody listens to most of what is pressed here: say so at once.
        stage.slack.ack_patience = 0.2
        yield stage


@pytest.fixture
async def page(stage: Stage) -> AsyncIterator[Page]:
    async with open_page(stage, port=0) as page:
        yield page


@pytest.fixture
async def browser(page: Page) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=page.url, trust_env=False) as client:
        yield client


@pytest.fixture
def app(stage: Stage) -> AsyncWebClient:
    """The bot's own way to say something, beside the bot."""
    return AsyncWebClient(token=BOT_TOKEN, base_url=stage.slack.api_url)


@pytest.fixture
async def answers(stage: Stage) -> AsyncIterator[list[Any]]:
    """What the app answers to the next things it is told, instead of the real bot."""
    queued: list[Any] = []

    async def answer(_: Request) -> JSONResponse:
        return JSONResponse(queued.pop(0) if queued else {})

    app = Starlette(routes=[Route("/", answer, methods=["POST"])])
    async with LoopbackServer(app) as server:
        stage.slack.request_url = f"{server.url}/"
        yield queued
