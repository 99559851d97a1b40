"""Answers reach Slack once: only what Slack surely did not take is sent again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.render.message import Message, lines, plain
from bot.slack.sender import Sender
from bot.web.serving import Serving
from tests.fakes.clock import FakeClock

MESSAGE = Message.of("2 failed", [lines([[plain("2 failed")]])])


class Hook:
    """A response_url that answers in turn, and the sender that posts to it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.clock = FakeClock()
        self.sender = Sender(session, self.clock)
        self.answers: list[Response] = []
        self.bodies: list[dict[str, object]] = []


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async def take(request: Request) -> Response:
        found.bodies.append(await request.json())
        return found.answers.pop(0) if found.answers else PlainTextResponse("ok")

    app = Starlette(routes=[Route("/hook", take, methods=["POST"])])
    async with (
        Serving(app, host="127.0.0.1", port=0) as serving,
        aiohttp.ClientSession() as session,
    ):
        found = Hook(f"{serving.url}/hook", session)
        yield found


async def test_an_answer_is_for_the_one_who_asked(hook: Hook) -> None:
    assert await hook.sender.answer(hook.url, MESSAGE)

    [body] = hook.bodies
    assert body["response_type"] == "ephemeral"
    assert body["text"] == "2 failed"
    assert body["blocks"] == list(MESSAGE.blocks)


async def test_when_slack_took_nothing_it_is_sent_again_when_slack_says(
    hook: Hook,
) -> None:
    hook.answers = [PlainTextResponse("slow", 429, {"Retry-After": "7"})]

    assert await hook.sender.answer(hook.url, MESSAGE)

    assert len(hook.bodies) == 2
    assert hook.clock.slept == [timedelta(seconds=7)]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [({}, 1), ({"Retry-After": "later"}, 1), ({"Retry-After": "9999"}, 60)],
)
async def test_a_wait_without_sense_is_kept_in_bounds(
    hook: Hook, header: dict[str, str], seconds: int
) -> None:
    hook.answers = [PlainTextResponse("slow", 429, header)]

    assert await hook.sender.answer(hook.url, MESSAGE)

    assert hook.clock.slept == [timedelta(seconds=seconds)]


async def test_it_does_not_insist(hook: Hook) -> None:
    hook.answers = [PlainTextResponse("slow", 429)] * 2

    assert not await hook.sender.answer(hook.url, MESSAGE)

    assert len(hook.bodies) == 2


@pytest.mark.parametrize("status", [400, 404, 500, 503])
async def test_a_refusal_is_logged_and_not_repeated(
    hook: Hook, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    hook.answers = [PlainTextResponse("used_url", status)]

    assert not await hook.sender.answer(hook.url, MESSAGE)

    assert len(hook.bodies) == 1
    shown = capsys.readouterr()
    assert "used_url" in shown.out + shown.err
    assert hook.url not in shown.out + shown.err


async def test_after_a_broken_line_nothing_is_sent_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with aiohttp.ClientSession() as session:
        sender = Sender(session, FakeClock())

        assert not await sender.answer("http://127.0.0.1:9/secret-hook", MESSAGE)

    shown = capsys.readouterr()
    assert "may not have reached" in shown.out + shown.err
    assert "secret-hook" not in shown.out + shown.err
