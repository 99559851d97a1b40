"""The poster: one call is one call, and its outcome is told exactly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import Channel, LocalSlack
from bot.render.message import Message, lines, plain
from bot.slack.outcomes import WORDS
from bot.slack.poster import MOST_PAGES, PAGE, SlackPoster, open_poster
from bot.watch.posting import REQUEST, SETTLE, Outcome, Result, mark
from tests.bot.slack.conftest import TOKEN

MESSAGE = Message.of("release #12 failed", [lines([[plain("release #12 failed")]])])
LONG_AGO = "0"


@pytest.fixture
def ops(slack: LocalSlack) -> Channel:
    return slack.add_channel("ops", slack.add_user("ann"))


@pytest.fixture
async def poster(slack: LocalSlack) -> AsyncIterator[SlackPoster]:
    async with open_poster(TOKEN, base_url=slack.api_url) as poster:
        yield poster


@pytest.fixture
async def hasty(slack: LocalSlack) -> AsyncIterator[SlackPoster]:
    """A poster that waits for an answer for a moment only."""
    timeout = aiohttp.ClientTimeout(total=0.3)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield SlackPoster(
            AsyncWebClient(
                TOKEN, base_url=slack.api_url, session=session, retry_handlers=[]
            )
        )


async def post(poster: SlackPoster, channel: str, key: str = "k1", **more: Any) -> Any:
    given = {"key": key, "thread": None, "with_metadata": True, **more}
    return await poster.post(channel, MESSAGE, **given)


async def find(
    poster: SlackPoster, channel: str, *keys: str, thread: str | None = None
) -> Any:
    return await poster.find(channel, keys, oldest=LONG_AGO, thread=thread)


async def test_a_message_is_posted_with_its_key_unseen(
    slack: LocalSlack, poster: SlackPoster, ops: Channel
) -> None:
    outcome = await post(poster, ops.id)

    [message] = slack.messages(ops)
    assert outcome == Outcome(result=Result.SENT, ts=message.ts)
    assert message.text == "release #12 failed"
    assert message.metadata == {
        "event_type": "watch_alert",
        "event_payload": {"k": "k1"},
    }
    [call] = slack.called("chat.postMessage")
    assert call.args["unfurl_links"] is False


async def test_the_same_key_gives_the_same_client_msg_id(
    slack: LocalSlack, poster: SlackPoster, ops: Channel
) -> None:
    for key in ("k1", "k1", "k2"):
        await post(poster, ops.id, key)

    one, same, other = (
        call.args["client_msg_id"] for call in slack.called("chat.postMessage")
    )
    assert one == same != other


async def test_what_metadata_was_refused_for_is_posted_without(
    slack: LocalSlack, poster: SlackPoster, ops: Channel
) -> None:
    await post(poster, ops.id, with_metadata=False)

    assert slack.messages(ops)[0].metadata is None


async def test_plain_text_is_posted_without_blocks(
    slack: LocalSlack, poster: SlackPoster, ops: Channel
) -> None:
    sent = await poster.post(
        ops.id, Message("text", ()), key="k", thread=None, with_metadata=False
    )
    before = await post(poster, ops.id)
    await poster.update(ops.id, before.ts, Message("plain", ()))

    first, second = slack.messages(ops)
    assert sent.result is Result.SENT
    assert (first.text, first.blocks) == ("text", [])
    assert (second.text, second.blocks) == ("plain", [])


async def test_an_edit_keeps_the_key(
    slack: LocalSlack, poster: SlackPoster, ops: Channel
) -> None:
    posted = await post(poster, ops.id)

    outcome = await poster.update(ops.id, posted.ts, Message.of("fixed", []))

    assert outcome == Outcome(result=Result.SENT, ts=posted.ts)
    assert slack.messages(ops)[0].text == "fixed"
    assert (await find(poster, ops.id, "k1")).ts == {"k1": posted.ts}


# --- What an outcome is taken for -------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "is_there"),
    [("drop_after_accept", True), ("fail_after_accept", True), (500, False)],
)
async def test_a_lost_answer_is_unknown_and_one_call_stays_one_post(
    slack: LocalSlack,
    poster: SlackPoster,
    ops: Channel,
    fault: str | int,
    is_there: bool,  # noqa: FBT001 - a column of the table
) -> None:
    slack.fail_next("chat.postMessage", fault)

    outcome = await post(poster, ops.id)

    assert outcome.result is Result.UNKNOWN
    assert len(slack.messages(ops)) == is_there
    found = await find(poster, ops.id, "k1")
    assert found.trouble is None
    assert ("k1" in found.ts) == is_there


@pytest.mark.parametrize(
    ("fault", "is_there"), [("hang", False), ("hang_after_accept", True)]
)
async def test_no_answer_in_time_is_unknown(
    slack: LocalSlack,
    hasty: SlackPoster,
    ops: Channel,
    fault: str,
    is_there: bool,  # noqa: FBT001 - a column of the table
) -> None:
    slack.fail_next("chat.postMessage", fault)

    outcome = await post(hasty, ops.id)

    assert outcome == Outcome(result=Result.UNKNOWN, error="TimeoutError")
    assert len(slack.messages(ops)) == is_there


async def test_no_call_takes_longer_than_what_is_waited_for_before_a_look() -> None:
    async with open_poster(TOKEN) as poster:
        session, handlers = poster._client.session, poster._client.retry_handlers

    assert handlers == []
    assert session is not None
    assert session.timeout.total == REQUEST.total_seconds()
    assert REQUEST < SETTLE


async def test_where_nobody_listens_nothing_was_sent() -> None:
    async with open_poster(TOKEN, base_url="http://127.0.0.1:9/") as poster:
        outcome = await post(poster, "C1")

    assert outcome == Outcome(result=Result.NOT_SENT, error="ClientConnectorError")


async def test_slack_says_how_long_to_wait(
    slack: LocalSlack, poster: SlackPoster, ops: Channel
) -> None:
    slack.fail_next("chat.postMessage", "ratelimited", retry_after=30)
    slack.fail_next("chat.postMessage", 429)

    first, second = await post(poster, ops.id), await post(poster, ops.id)

    assert first.result is second.result is Result.NOT_SENT
    assert first.retry_after == timedelta(seconds=30)
    assert second.retry_after is None
    assert slack.messages(ops) == []


@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("rate_limited", Result.NOT_SENT),
        ("message_limit_exceeded", Result.NOT_SENT),
        ("external_channel_migrating", Result.NOT_SENT),
        ("internal_error", Result.UNKNOWN),
        ("fatal_error", Result.UNKNOWN),
        ("duplicate_message_not_found", Result.UNKNOWN),
        ("invalid_blocks", Result.BAD_MESSAGE),
        ("msg_too_long", Result.BAD_MESSAGE),
        ("metadata_too_large", Result.BAD_MESSAGE),
        ("a_word_nobody_has_seen", Result.BAD_MESSAGE),
        ("is_archived", Result.BAD_PLACE),
        ("not_in_channel", Result.BAD_PLACE),
        ("restricted_action_read_only_channel", Result.BAD_PLACE),
        ("token_revoked", Result.BAD_INSTALL),
        ("missing_scope", Result.BAD_INSTALL),
        ("thread_not_found", Result.GONE),
        ("cannot_reply_to_message", Result.BAD_THREAD),
        ("restricted_action_thread_locked", Result.BAD_THREAD),
        ("restricted_action_non_threadable_channel", Result.BAD_THREAD),
        ("update_failed", Result.UNKNOWN),
        ("team_not_found", Result.BAD_INSTALL),
    ],
)
async def test_each_word_of_slacks_means_one_thing(
    slack: LocalSlack, poster: SlackPoster, ops: Channel, word: str, result: Result
) -> None:
    slack.fail_next("chat.postMessage", word)

    outcome = await post(poster, ops.id)

    assert (outcome.result, outcome.error) == (result, word)


def test_no_word_means_that_a_message_was_sent() -> None:
    assert Result.SENT not in WORDS.values()


async def test_a_deleted_message_cannot_be_edited(
    poster: SlackPoster, ops: Channel
) -> None:
    outcome = await poster.update(ops.id, "1.000001", MESSAGE)

    assert (outcome.result, outcome.error) == (Result.GONE, "message_not_found")


BODIES: list[tuple[int, str, str]] = [
    (200, "text/html", "<html>maintenance</html>"),
    (200, "text/plain", "ok"),
    (200, "application/json", "{"),
    (200, "application/json", "[]"),
    (200, "application/json", "null"),
    (200, "application/json", '{"ok": true}'),
    (200, "application/json", '{"ok": true, "ts": 7}'),
    (200, "application/json", '{"ok": false}'),
    (200, "application/json", '{"ok": false, "error": {}}'),
    (403, "text/html", "a proxy says no"),
    (502, "application/json", '{"ok": false, "error": "invalid_blocks"}'),
    (503, "text/html", "<html>"),
    (200, "application/gzip", "x"),
]


@pytest.mark.parametrize(("status", "kind", "body"), BODIES)
async def test_an_answer_that_says_nothing_is_unknown(
    status: int, kind: str, body: str
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, content_type=kind, text=body)

    async with odd_slack(answer) as url, open_poster(TOKEN, base_url=url) as poster:
        outcome = await post(poster, "C1")

    assert outcome.result is Result.UNKNOWN
    assert outcome.error
    assert TOKEN not in outcome.error


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("later", None), ("-1", None), ("9" * 40, None)],
)
async def test_a_wait_without_sense_is_no_wait(
    header: str, seconds: int | None
) -> None:
    async def refuse(_: web.Request) -> web.Response:
        wait = {"Retry-After": header}
        return web.json_response({"ok": False}, status=429, headers=wait)

    async with odd_slack(refuse) as url, open_poster(TOKEN, base_url=url) as poster:
        outcome = await post(poster, "C1")

    wait = None if seconds is None else timedelta(seconds=seconds)
    assert (outcome.result, outcome.retry_after) == (Result.NOT_SENT, wait)


# --- Looking ----------------------------------------------------------------------


async def test_a_key_is_found_among_what_people_say(
    slack: LocalSlack, poster: SlackPoster, ops: Channel
) -> None:
    first, second = await post(poster, ops.id, "k1"), await post(poster, ops.id, "k2")
    for n in range(PAGE + 10):
        slack._state.say(ops, ops.members[0], f"message {n}")

    found = await find(poster, ops.id, "k1", "k2", "k3")

    assert found.ts == {"k1": first.ts, "k2": second.ts}
    assert found.trouble is None
    assert len(slack.called("conversations.history")) == 2


async def test_what_is_older_is_not_looked_at(
    poster: SlackPoster, ops: Channel
) -> None:
    first = await post(poster, ops.id, "k1")

    found = await poster.find(ops.id, ["k1"], oldest=first.ts, thread=None)

    assert found.ts == {}


async def test_a_reply_is_found_in_its_thread(
    slack: LocalSlack, poster: SlackPoster, ops: Channel
) -> None:
    card = await post(poster, ops.id, "card")
    reply = await post(poster, ops.id, "reply", thread=card.ts)

    assert (await find(poster, ops.id, "reply")).ts == {}
    found = await find(poster, ops.id, "reply", thread=card.ts)

    assert found.ts == {"reply": reply.ts}


async def test_without_metadata_a_message_is_known_by_the_mark_in_its_text(
    slack: LocalSlack, poster: SlackPoster, ops: Channel
) -> None:
    text = f"release failed ({mark('k1')})"
    slack._state.say(ops, ops.members[0], text)  # somebody quotes it: that is not ours

    assert (await find(poster, ops.id, "k1")).ts == {}
    sent = await poster.post(
        ops.id, Message(text, ()), key="k1", thread=None, with_metadata=False
    )
    assert (await find(poster, ops.id, "k1")).ts == {"k1": sent.ts}


async def test_a_look_that_slack_does_not_allow_says_so(
    slack: LocalSlack, poster: SlackPoster, ops: Channel
) -> None:
    slack.fail_next("conversations.history", "missing_scope")

    found = await find(poster, ops.id, "k1")

    assert found.trouble == Outcome(result=Result.BAD_INSTALL, error="missing_scope")


async def test_a_look_that_never_ends_is_given_up_and_says_so() -> None:
    pages = []

    async def page(_: web.Request) -> web.Response:
        pages.append(1)
        more = {"response_metadata": {"next_cursor": "more"}}
        return web.json_response({"ok": True, "messages": [], **more})

    async with odd_slack(page) as url, open_poster(TOKEN, base_url=url) as poster:
        found = await find(poster, "C1", "k1")

    assert len(pages) == MOST_PAGES
    assert found.trouble is not None
    assert found.trouble.error == "too_many_messages"


async def test_odd_messages_in_a_channel_are_no_trouble() -> None:
    odd: list[Any] = [
        None,
        7,
        {},
        {"ts": 7, "metadata": {"event_payload": {"k": "k1"}}},
        {"ts": "1.1", "metadata": []},
        {"ts": "1.2", "metadata": {"event_payload": []}},
        {"ts": "1.3", "metadata": {"event_payload": {"k": ["k1"]}}, "text": None},
        {"ts": "1.5", "metadata": {"event_payload": {"k": "k1"}}},
        {"ts": "1.4", "metadata": {"event_payload": {"k": "k1"}}},
    ]

    async def page(_: web.Request) -> web.Response:
        return web.json_response(
            {"ok": True, "messages": odd, "response_metadata": "?"}
        )

    async with odd_slack(page) as url, open_poster(TOKEN, base_url=url) as poster:
        found = await find(poster, "C1", "k1")

    assert found.ts == {"k1": "1.4"}


# --- People -----------------------------------------------------------------------


async def test_a_persons_messages_are_edited_and_found_in_their_own_room(
    slack: LocalSlack, poster: SlackPoster
) -> None:
    ann = slack.add_user("ann")
    posted = await post(poster, ann.id)

    edited = await poster.update(ann.id, posted.ts, Message.of("fixed", []))

    assert edited.result is Result.SENT
    assert (await find(poster, ann.id, "k1")).ts == {"k1": posted.ts}
    assert slack.called("conversations.open") == []  # the post's answer told it


async def test_after_a_restart_a_persons_room_is_asked_for_once(
    slack: LocalSlack, poster: SlackPoster
) -> None:
    ann = slack.add_user("ann")
    slack.fail_next("chat.postMessage", "drop_after_accept")
    await post(poster, ann.id)

    for _ in range(2):
        assert "k1" in (await find(poster, ann.id, "k1")).ts

    assert len(slack.called("conversations.open")) == 1


async def test_a_room_that_cannot_be_opened_is_trouble(
    slack: LocalSlack, poster: SlackPoster
) -> None:
    ann = slack.add_user("ann")
    slack.fail_next("conversations.open", "missing_scope", times=2)

    edited = await poster.update(ann.id, "1.1", MESSAGE)
    found = await find(poster, ann.id, "k1")

    assert edited.result is Result.BAD_INSTALL
    assert found.trouble == edited


async def test_a_room_without_an_id_is_trouble() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "channel": "D1"})

    async with odd_slack(answer) as url, open_poster(TOKEN, base_url=url) as poster:
        edited = await poster.update("U0ANN", "1.1", MESSAGE)

    assert edited.result is Result.UNKNOWN


class odd_slack:  # noqa: N801 - used as a function
    """A server that answers every call the same way; its address."""

    def __init__(self, answer: Any) -> None:
        app = web.Application()
        app.router.add_route("*", "/{method}", answer)
        self._runner = web.AppRunner(app, access_log=None)

    async def __aenter__(self) -> str:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
