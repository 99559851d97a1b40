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
from bot.slack.sender import OF_THE_CONTENT, OVER, Outcome, Sender
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

    paths = ("/hook", "/chat.postMessage", "/chat.update")
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


@pytest.mark.parametrize("word", sorted(OVER))
async def test_an_address_that_is_over_is_logged_and_not_tried_again(
    hook: Hook, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hook.answers = [JSONResponse({"ok": False, "error": word}, 404)]

    sent = await hook.sender.answer(hook.url, MESSAGE)

    assert sent.outcome is Outcome.REFUSED
    assert len(hook.bodies) == 1
    shown = capsys.readouterr()
    assert word in shown.out + shown.err
    assert hook.url not in shown.out + shown.err


@pytest.mark.parametrize(
    "refusal",
    [
        PlainTextResponse("invalid_blocks", 400),
        JSONResponse({"ok": False, "error": "invalid_blocks"}, 400),
        JSONResponse({"ok": False, "error": "invalid_blocks"}),
        PlainTextResponse("not found", 404),
    ],
)
async def test_blocks_that_slack_does_not_take_are_told_as_text_once(
    hook: Hook, refusal: Response
) -> None:
    hook.answers = [refusal]

    assert await hook.sender.answer(hook.url, MESSAGE)

    first, second = hook.bodies
    assert first["blocks"]
    assert "blocks" not in second
    assert str(second["text"]).startswith("2 failed\n(Slack did not take")


async def test_text_that_slack_does_not_take_either_is_given_up(hook: Hook) -> None:
    hook.answers = [PlainTextResponse("invalid_blocks", 400)] * 3

    sent = await hook.sender.answer(hook.url, MESSAGE)

    assert sent.is_lost
    assert len(hook.bodies) == 2


@pytest.mark.parametrize("status", [500, 503])
async def test_what_may_have_been_taken_is_not_sent_again(
    hook: Hook, status: int
) -> None:
    hook.answers = [PlainTextResponse("oops", status)]

    sent = await hook.sender.answer(hook.url, MESSAGE)

    assert sent.outcome is Outcome.UNKNOWN
    assert not sent.is_lost
    assert len(hook.bodies) == 1


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


async def test_what_was_said_is_replaced_where_it_stands(hook: Hook) -> None:
    hook.answers = [JSONResponse({"ok": True, "ts": "7.1"})]
    said = await hook.sender.say("C1", MESSAGE, thread=None)
    assert said.ts == "7.1"

    assert await hook.sender.change("C1", "7.1", MESSAGE)

    assert hook.bodies[1]["ts"] == "7.1"
    assert hook.bodies[1]["blocks"] == list(MESSAGE.blocks)


@pytest.mark.parametrize("word", sorted(OF_THE_CONTENT))
async def test_an_update_without_its_blocks_leaves_no_old_ones(
    hook: Hook, word: str
) -> None:
    hook.answers = [JSONResponse({"ok": False, "error": word})]

    assert await hook.sender.change("C1", "7.1", MESSAGE)

    assert len(hook.bodies) == 2
    assert hook.bodies[1]["blocks"] == []


@pytest.mark.parametrize(
    "trouble",
    [
        JSONResponse({"ok": False, "error": "internal_error"}),
        JSONResponse({"ok": False, "error": "fatal_error"}, 500),
        PlainTextResponse("upstream connect error", 503),
        Response(b"<html>", 502, media_type="text/html"),
        Response(b"{", 200, media_type="application/json"),
    ],
)
async def test_whatever_slack_answers_is_no_crash_and_nothing_is_said_twice(
    hook: Hook, trouble: Response
) -> None:
    hook.answers = [trouble]

    sent = await hook.sender.say("C1", MESSAGE, thread=None)

    assert sent.outcome is Outcome.UNKNOWN
    assert len(hook.bodies) == 1


async def test_a_message_is_taken_away_by_its_address(hook: Hook) -> None:
    assert await hook.sender.retract(hook.url)

    assert hook.bodies == [{"delete_original": True}]


async def test_an_answer_for_all_in_a_thread_and_one_in_place(hook: Hook) -> None:
    await hook.sender.answer(hook.url, MESSAGE, is_public=True, thread="1.2")
    await hook.sender.answer(hook.url, MESSAGE, replace=True)

    public, in_place = hook.bodies
    assert public["response_type"] == "in_channel"
    assert public["thread_ts"] == "1.2"
    assert public["replace_original"] is False
    assert in_place["replace_original"] is True
    assert "thread_ts" not in in_place
