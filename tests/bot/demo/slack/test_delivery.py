"""Signed requests, their retries, and sockets that come and go."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from typing_extensions import override

from bot.demo.slack import Channel, LocalSlack, User
from bot.demo.slack.signed import sign
from tests.bot.demo.slack.conftest import APP_TOKEN, SIGNING_SECRET, a_slack, an_app
from tests.fakes.clock import FakeClock


def test_the_signature_is_the_one_of_slacks_own_example() -> None:
    # https://docs.slack.dev/authentication/verifying-requests-from-slack
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA"
        b"&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J"
        b"%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    secret = "8f742231b10e8888abcd99yyyzzz85a5"

    assert sign(secret, "1531420618", body) == (
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    )


class Listener:
    """An address that notes what it is sent and answers from a list."""

    def __init__(self) -> None:
        self.answers: list[Callable[[], web.Response]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []

    async def take(self, request: web.Request) -> web.Response:
        self.headers.append({k.lower(): v for k, v in request.headers.items()})
        self.bodies.append(await request.read())
        return self.answers.pop(0)() if self.answers else web.Response()


@pytest.fixture
async def listener(slack: LocalSlack) -> AsyncIterator[Listener]:
    listener = Listener()
    app = web.Application()
    app.router.add_route("*", "/slack", listener.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack"
    yield listener
    await runner.cleanup()


async def test_a_command_is_a_signed_form(
    slack: LocalSlack, listener: Listener, ann: User, ops: Channel, clock: FakeClock
) -> None:
    await slack.slash(ann, ops, "/runs", "list släck & more")

    [headers], [body] = listener.headers, listener.bodies
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert headers["x-slack-request-timestamp"] == str(int(clock.now().timestamp()))
    assert SignatureVerifier(SIGNING_SECRET).is_valid_request(body, headers)
    form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
    assert form["command"] == "/runs"
    assert form["text"] == "list släck &amp; more"
    assert (form["user_id"], form["channel_name"]) == (ann.id, "ops")
    assert form["response_url"].startswith(f"{slack.base_url}/commands/")
    assert set(form) >= {"token", "team_id", "team_domain", "api_app_id", "trigger_id"}


async def test_a_private_channel_keeps_its_name(
    slack: LocalSlack, listener: Listener, ann: User
) -> None:
    inside = slack.add_channel("inside", ann, private=True)
    slack.should_escape = False
    await slack.slash(ann, inside, "/runs", "@ann & #inside")

    form = parse_qs(listener.bodies[0].decode())
    assert form["channel_name"] == ["privategroup"]
    assert form["text"] == ["@ann & #inside"]


async def test_an_interaction_is_json_in_a_form(
    slack: LocalSlack, listener: Listener, client: AsyncWebClient, ann: User
) -> None:
    button = {
        "type": "button",
        "action_id": "go",
        "text": {"type": "plain_text", "text": "Go"},
    }
    blocks = [{"type": "actions", "elements": [button]}]
    ops = slack.add_channel("ops", ann)
    parent = await client.chat_postMessage(channel=ops.id, text="x")
    await client.chat_postMessage(
        channel=ops.id, text="x", blocks=blocks, thread_ts=parent["ts"]
    )
    reply = slack.messages(ops, parent["ts"])[1]
    await slack.press(ann, reply, "go")

    payload = json.loads(parse_qs(listener.bodies[0].decode())["payload"][0])
    assert payload["type"] == "block_actions"
    assert payload["container"]["thread_ts"] == parent["ts"]
    assert payload["message"]["ts"] == reply.ts
    assert payload["actions"][0]["action_id"] == "go"


def failing(status: int, **headers: str) -> Callable[[], web.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.Response(status=status, headers=named)


async def test_an_event_that_is_not_taken_is_sent_three_times_more(
    slack: LocalSlack, listener: Listener, ann: User, ops: Channel, clock: FakeClock
) -> None:
    listener.answers = [failing(500)] * 4
    await slack.mention(ann, ops, "hello")
    await slack.wait_for(lambda: len(slack.deliveries) == 4)

    assert clock.slept == [timedelta(), timedelta(minutes=1), timedelta(minutes=5)]
    assert {json.loads(body)["event_id"] for body in listener.bodies} == {
        slack.deliveries[0].payload["event_id"]
    }
    assert [headers.get("x-slack-retry-num") for headers in listener.headers] == [
        None,
        "1",
        "2",
        "3",
    ]
    assert listener.headers[1]["x-slack-retry-reason"] == "http_error"
    assert listener.headers[0]["content-type"] == "application/json"


async def test_a_retry_that_is_taken_is_the_last(
    slack: LocalSlack, listener: Listener, ann: User
) -> None:
    listener.answers = [failing(503)]
    await slack.dm(ann, "hello")
    await slack.wait_for(lambda: len(slack.deliveries) == 2)

    first, second = slack.deliveries
    assert (first.failure, first.status) == ("http_error", 503)
    assert (second.failure, second.status) == (None, 200)


async def test_the_app_can_ask_for_no_retry(
    slack: LocalSlack, listener: Listener, ann: User, clock: FakeClock
) -> None:
    listener.answers = [failing(500, x_slack_no_retry="1")]
    ack = await slack.dm(ann, "hello")

    assert ack.failure == "http_error"
    assert clock.slept == []


async def test_the_same_event_can_be_delivered_twice(
    slack: LocalSlack, listener: Listener, ann: User
) -> None:
    again = await slack.redeliver(await slack.dm(ann, "hello"))

    assert listener.bodies[0] == listener.bodies[1]
    assert again.envelope.retry_reason == "http_timeout"
    assert listener.headers[1]["x-slack-retry-num"] == "1"


async def test_a_command_is_sent_once_whatever_comes_of_it(
    slack: LocalSlack, listener: Listener, ann: User, ops: Channel
) -> None:
    listener.answers = [failing(500)]
    ack = await slack.slash(ann, ops, "/runs")

    assert ack.error == "dispatch_failed"
    assert len(listener.bodies) == 1


async def _slashed(slack: LocalSlack, ann: User, ops: Channel) -> str | None:
    return (await slack.slash(ann, ops, "/runs")).failure


async def test_at_most_two_redirects_are_followed(
    slack: LocalSlack, listener: Listener, ann: User, ops: Channel
) -> None:
    on = failing(307, location="/slack")
    listener.answers = [on] * 2
    assert await _slashed(slack, ann, ops) is None
    listener.answers = [on] * 3

    assert await _slashed(slack, ann, ops) == "too_many_redirects"


async def test_an_app_that_is_down_cannot_be_reached(
    slack: LocalSlack, ann: User, ops: Channel
) -> None:
    slack.request_url = "http://127.0.0.1:9/slack"
    assert await _slashed(slack, ann, ops) == "connection_failed"

    slack.request_url = f"https://127.0.0.1:{slack.port}/slack"
    assert await _slashed(slack, ann, ops) == "ssl_error"


async def test_an_answer_that_only_says_it_is_json_is_read_as_text(
    slack: LocalSlack, listener: Listener, ann: User, ops: Channel
) -> None:
    listener.answers = [
        lambda: web.Response(text="{broken", content_type="application/json")
    ]
    ack = await slack.slash(ann, ops, "/runs")

    assert ack.body == "{broken"


async def test_bolt_refuses_what_slack_did_not_sign(
    slack: LocalSlack,
    bolt_by_http: Any,
    session: aiohttp.ClientSession,
    ann: User,
    ops: Channel,
    clock: FakeClock,
) -> None:
    taken: list[str] = []

    @bolt_by_http.app.command("/runs")
    async def runs(ack: Any, command: Any) -> None:
        taken.append(command["text"])
        await ack()

    ack = await slack.slash(ann, ops, "/runs", "signed")
    timestamp = str(int(clock.now().timestamp()))
    body = b"command=%2Fruns&text=forged"
    base = b"v0:" + timestamp.encode() + b":" + body
    forged = hmac.new(b"a guess", base, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={forged}",
    }
    async with session.post(bolt_by_http.url, data=body, headers=headers) as response:
        assert response.status == 401
    clock.move(timedelta(minutes=6))
    late = await slack.slash(ann, ops, "/runs", "from the future")

    assert (ack.status, late.status) == (200, 401)
    assert taken == ["signed"]


async def test_bolt_is_told_of_a_retry_either_way(
    slack: LocalSlack, bolt: Any, ann: User
) -> None:
    seen: list[Any] = []

    @bolt.app.event("message")
    async def message(body: Any, request: Any) -> None:
        seen.append((body["event_id"], request.headers.get("x-slack-retry-num")))

    ack = await slack.dm(ann, "hello")
    await slack.redeliver(ack)
    await slack.wait_for(lambda: len(seen) == 2)

    event_id = ack.payload["event_id"]
    # Socket Mode counts from nought, in a header as well; signed requests say nothing.
    assert [identity for identity, _ in seen] == [event_id, event_id]
    assert seen[0][1] in (None, ["0"])
    assert seen[1][1] == ["1"]


async def test_without_a_socket_nothing_arrives(
    slack: LocalSlack, ann: User, ops: Channel
) -> None:
    ack = await slack.slash(ann, ops, "/runs")

    assert (ack.error, ack.failure) == ("dispatch_failed", "connection_failed")


async def test_an_app_that_is_asked_to_reconnect_does(
    slack: LocalSlack, bolt_by_sockets: Any, ann: User, ops: Channel
) -> None:
    @bolt_by_sockets.app.command("/runs")
    async def runs(ack: Any) -> None:
        await ack()

    await slack.ask_to_reconnect()
    assert slack.connected == 0
    await slack.wait_until_connected()

    assert (await slack.slash(ann, ops, "/runs")).error is None
    assert len(slack.called("apps.connections.open")) == 2


async def test_every_envelope_goes_to_one_of_the_sockets(
    slack: LocalSlack,
    bolt_by_sockets: Any,
    client: AsyncWebClient,
    ann: User,
    ops: Channel,
) -> None:
    taken: list[str] = []

    def listen(app: Any, name: str) -> None:
        @app.command("/runs")
        async def runs(ack: Any) -> None:
            taken.append(name)
            await ack()

    other = an_app(client)
    listen(bolt_by_sockets.app, "first")
    listen(other, "second")
    handler = AsyncSocketModeHandler(other, APP_TOKEN)
    await handler.connect_async()
    await slack.wait_until_connected(2)
    for _ in range(12):
        await slack.slash(ann, ops, "/runs")
    await handler.close_async()

    assert len(taken) == 12
    assert set(taken) == {"first", "second"}


Connect = Callable[[], Awaitable[aiohttp.ClientWebSocketResponse]]


@pytest.fixture
async def connect(
    slack: LocalSlack, client: AsyncWebClient, session: aiohttp.ClientSession
) -> AsyncIterator[Connect]:
    """Open plain sockets, which acknowledge nothing by themselves."""
    opened: list[aiohttp.ClientWebSocketResponse] = []

    async def connect() -> aiohttp.ClientWebSocketResponse:
        answer = await client.apps_connections_open(app_token=APP_TOKEN)
        opened.append(await session.ws_connect(answer["url"]))
        return opened[-1]

    yield connect
    for socket in opened:
        await socket.close()


async def test_a_socket_is_greeted_and_an_eleventh_is_sent_away(
    slack: LocalSlack, connect: Connect
) -> None:
    sockets = [await connect() for _ in range(11)]
    greetings = [await socket.receive_json() for socket in sockets]

    assert [g["type"] for g in greetings] == ["hello"] * 10 + ["disconnect"]
    assert [g["num_connections"] for g in greetings[:10]] == list(range(1, 11))
    assert greetings[10]["reason"] == "too_many_websockets"
    assert slack.connected == 10


async def test_a_socket_needs_a_ticket_of_its_own(
    slack: LocalSlack, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    answer = await client.apps_connections_open(app_token=APP_TOKEN)
    async with session.ws_connect(answer["url"]) as socket:
        await socket.receive_json()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(answer["url"])


async def test_an_event_whose_socket_dies_is_repeated(
    slack: LocalSlack, connect: Connect, ann: User
) -> None:
    socket = await connect()
    await socket.receive_json()

    async def die() -> dict[str, Any]:
        envelope: dict[str, Any] = await socket.receive_json()
        # Nonsense and pings in between must not disturb anything.
        await socket.send_json({"envelope_id": "nobody's"})
        await socket.send_bytes(b"x")
        await socket.close()
        return envelope

    dying = asyncio.create_task(die())
    ack = await slack.dm(ann, "hello")
    envelope = await dying

    assert envelope["type"] == "events_api"
    assert envelope["accepts_response_payload"] is False
    assert ack.failure == "connection_failed"
    await slack.wait_for(lambda: len(slack.deliveries) == 4)
    assert slack.connected == 0


async def test_slack_can_go_away_without_a_word(
    slack: LocalSlack, connect: Connect
) -> None:
    socket = await connect()
    await socket.receive_json()
    await slack.drop_connections()

    assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
    await slack.wait_for(lambda: slack.connected == 0)


async def test_what_is_still_to_be_repeated_is_given_up_at_the_end(
    clock: FakeClock,
) -> None:
    never = NeverClock(clock.now())
    async with a_slack(never) as slack:
        await slack.dm(slack.add_user("ann"), "hello")

    assert len(slack.deliveries) == 1


class NeverClock(FakeClock):
    """A clock on which a sleep does not end."""

    @override
    async def sleep(self, duration: timedelta) -> None:
        self.slept.append(duration)
        await asyncio.Event().wait()


async def test_waiting_ends_with_an_error_when_nothing_comes(
    slack: LocalSlack, ops: Channel
) -> None:
    with pytest.raises(TimeoutError):
        await slack.next_message(ops, patience=0.01)


async def test_people_and_places_go_by_name_or_id(
    slack: LocalSlack, ann: User, ops: Channel
) -> None:
    assert slack.messages("#ops") == slack.messages(ops.id) == []
    assert slack.open_dm("ann") is slack.open_dm(ann.id)
    assert slack.view("ann") is None
    for look in (lambda: slack.messages("nowhere"), lambda: slack.view("nobody")):
        with pytest.raises(LookupError):
            look()
