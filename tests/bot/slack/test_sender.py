"""Answers reach Slack once: only what Slack surely did not take is sent again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.render.message import Message, lines, plain
from bot.slack.sender import Sender
from bot.web.serving import Serving
from tests.fakes.clock import FakeClock

MESSAGE = Message.of("2 failed", [lines([[plain("2 failed")]])])


class Hook:
    """A response_url that answers in turn, and the sender that posts to it."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self.url = f"{base}hook"
        self.clock = FakeClock()
        self.client = AsyncWebClient(
            token="xoxb-fake", base_url=base, session=session, retry_handlers=[]
        )
        self.sender = Sender(session, self.client, self.clock)
        self.answers: list[Response] = []
        self.bodies: list[dict[str, object]] = []


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async def take(request: Request) -> Response:
        found.bodies.append(await request.json())
        if found.answers:
            return found.answers.pop(0)
        is_hook = request.url.path == "/hook"
        return PlainTextResponse("ok") if is_hook else JSONResponse({"ok": True})

    paths = ("/hook", "/chat.postMessage")
    app = Starlette(routes=[Route(path, take, methods=["POST"]) for path in paths])
    async with (
        Serving(app, host="127.0.0.1", port=0) as serving,
        aiohttp.ClientSession() as session,
    ):
        found = Hook(f"{serving.url}/", session)
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
        base = "http://127.0.0.1:9/"
        client = AsyncWebClient(
            token="xoxb-fake", base_url=base, session=session, retry_handlers=[]
        )
        sender = Sender(session, client, FakeClock())

        assert not await sender.answer(f"{base}secret-hook", MESSAGE)
        assert not await sender.say("C1", MESSAGE, thread=None)

    shown = capsys.readouterr()
    assert "may not have reached" in shown.out + shown.err
    assert "secret-hook" not in shown.out + shown.err


async def test_what_is_said_goes_to_its_channel_and_thread(hook: Hook) -> None:
    assert await hook.sender.say("C1", MESSAGE, thread="1.2")

    [body] = hook.bodies
    assert body["channel"] == "C1"
    assert body["thread_ts"] == "1.2"
    assert body["text"] == "2 failed"
    assert body["unfurl_links"] is False


async def test_what_slack_did_not_take_is_said_once_more(hook: Hook) -> None:
    slow = JSONResponse(
        {"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "3"}
    )
    hook.answers = [slow]

    assert await hook.sender.say("C1", MESSAGE, thread=None)

    assert len(hook.bodies) == 2
    assert hook.clock.slept == [timedelta(seconds=3)]


async def test_it_does_not_insist_on_being_heard(hook: Hook) -> None:
    hook.answers = [JSONResponse({"ok": False, "error": "ratelimited"}, 429)] * 2

    assert not await hook.sender.say("C1", MESSAGE, thread=None)

    assert len(hook.bodies) == 2


async def test_a_channel_it_is_not_in_is_logged(
    hook: Hook, capsys: pytest.CaptureFixture[str]
) -> None:
    hook.answers = [JSONResponse({"ok": False, "error": "not_in_channel"})]

    assert not await hook.sender.say("C1", MESSAGE, thread=None)

    assert len(hook.bodies) == 1
    shown = capsys.readouterr()
    assert "not_in_channel" in shown.out + shown.err
