"""Sending to Slack.

To the `response_url` of a command or press, or by the Web API. Nothing is ever sent
twice blindly: only what Slack surely did not take is tried again, once. That is after a
429, when Slack says so, and as plain text where Slack did not take the blocks.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

if TYPE_CHECKING:
    from slack_sdk.webhook import WebhookResponse

    from bot.render.message import Message
    from providers.clock import Clock

log = structlog.get_logger(__name__)

LONGEST_WAIT = timedelta(seconds=60)
OK, BAD, TOO_MANY, IN_TROUBLE = 200, 400, 429, 500

# What Slack says of the content, and not of the place or of us.
# https://docs.slack.dev/reference/methods/chat.postMessage#errors
OF_THE_CONTENT = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
    }
)

# After these, Slack says, some of it may have been done.
MAYBE_DONE = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
)

# A response_url that is over; no other text would change that.
OVER = frozenset({"used_url", "expired_url", "invalid_url", "message_not_found"})


class Outcome(Enum):
    """What became of something that was sent."""

    TAKEN = "taken"
    TOO_SOON = "too soon"
    """Slack took nothing, and said when to come back."""
    MALFORMED = "malformed"
    """Slack took nothing, because of what was in it."""
    REFUSED = "refused"
    """Slack took nothing, and would not take anything else either."""
    UNKNOWN = "unknown"
    """It may have arrived or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of something that was sent, and where it stands."""

    outcome: Outcome
    ts: str | None = None
    """Of a message in a channel: what it can be changed by."""
    why: str = ""
    wait: timedelta = timedelta()

    def __bool__(self) -> bool:
        return self.outcome is Outcome.TAKEN

    @property
    def is_lost(self) -> bool:
        """Whether it surely did not arrive, so that something else may be sent."""
        return self.outcome not in {Outcome.TAKEN, Outcome.UNKNOWN}


Post = Callable[["Message"], Awaitable[Sent]]


class Sender:
    """Sends messages with one shared session."""

    def __init__(
        self, session: aiohttp.ClientSession, client: AsyncWebClient, clock: Clock
    ) -> None:
        self._session = session
        self._client = client
        self._clock = clock

    async def answer(
        self,
        response_url: str,
        message: Message,
        *,
        replace: bool = False,
        is_public: bool = False,
        thread: str | None = None,
    ) -> Sent:
        """Answer a command or a press by its `response_url`.

        Args:
            response_url: good for half an hour and five answers.
            message: what to say.
            replace: in the place of the message that was pressed. After a command,
                whose answer was nothing to press, Slack may post it as a new message:
                https://github.com/slackapi/bolt-python/issues/1268
            is_public: for everybody there; else for the one who asked.
            thread: the thread it belongs into.

        Returns what became of it; when it was not taken, the log says why.
        https://docs.slack.dev/interactivity/handling-user-interaction#message_responses

        """

        async def post(said: Message) -> Sent:
            body = {
                "text": said.text,
                "blocks": list(said.blocks) or None,
                "response_type": "in_channel" if is_public else "ephemeral",
                "replace_original": replace,
                "thread_ts": thread,
            }
            return await self._by_url(response_url, body)

        return await self._send(post, message)

    async def retract(self, response_url: str) -> Sent:
        """Take away the message that was pressed."""
        sent = await self._by_url(response_url, {"delete_original": True})
        return _noted(sent, "slack did not take a message away")

    async def say(self, channel: str, message: Message, *, thread: str | None) -> Sent:
        """Say something in a channel or thread, for everybody there to see.

        Returns what became of it; when it was not taken, the log says why.
        https://docs.slack.dev/reference/methods/chat.postMessage
        """

        async def post(said: Message) -> Sent:
            call = self._client.chat_postMessage(
                channel=channel,
                text=said.text,
                blocks=list(said.blocks) or None,
                thread_ts=thread,
                unfurl_links=False,
                unfurl_media=False,
            )
            return await _by_method(call)

        return await self._send(post, message)

    async def change(self, channel: str, ts: str, message: Message) -> Sent:
        """Put something else in the place of what was said.

        Returns what became of it; when it was not taken, the log says why. The text
        may have 4,000 characters, and blocks that are not given stay.
        https://docs.slack.dev/reference/methods/chat.update
        """

        async def post(said: Message) -> Sent:
            call = self._client.chat_update(
                channel=channel, ts=ts, text=said.text, blocks=list(said.blocks)
            )
            return await _by_method(call)

        return await self._send(post, message)

    async def _send(self, post: Post, message: Message) -> Sent:
        sent = await post(message)
        if sent.outcome is Outcome.TOO_SOON:
            await self._clock.sleep(sent.wait)
            sent = await post(message)
        if sent.outcome is Outcome.MALFORMED:
            log.error("slack did not take the blocks of a message", why=sent.why)
            sent = await post(message.plainly())
        return _noted(sent, "slack refused a message")

    async def _by_url(self, url: str, body: dict[str, Any]) -> Sent:
        client = AsyncWebhookClient(url, session=self._session, retry_handlers=[])
        try:
            response = await client.send_dict(
                {name: value for name, value in body.items() if value is not None}
            )
        except Exception as error:  # noqa: BLE001 - whatever it was, it may have arrived
            # The address is a secret, and stands in the words of some errors.
            return Sent(outcome=Outcome.UNKNOWN, why=type(error).__name__)
        return _of_response(response)


def _of_response(response: WebhookResponse) -> Sent:
    why = _word(response.body) or str(response.body)[:200]
    status = response.status_code
    if status == OK and not _is_refusal(response.body):
        return Sent(outcome=Outcome.TAKEN)
    if status == TOO_MANY:
        return Sent(outcome=Outcome.TOO_SOON, why=why, wait=_wait(response.headers))
    if status >= IN_TROUBLE:
        return Sent(outcome=Outcome.UNKNOWN, why=f"HTTP {status}: {why}")
    outcome = Outcome.REFUSED if why in OVER else Outcome.MALFORMED
    return Sent(outcome=outcome, why=f"HTTP {status}: {why}")


async def _by_method(call: Awaitable[Any]) -> Sent:
    try:
        response = await call
    except SlackApiError as error:
        return _of_error(error)
    except Exception as error:  # noqa: BLE001 - whatever it was, it may have arrived
        return Sent(outcome=Outcome.UNKNOWN, why=repr(error))
    return Sent(outcome=Outcome.TAKEN, ts=response.get("ts"))


def _of_error(error: SlackApiError) -> Sent:
    data = getattr(error.response, "data", error.response)
    word = str(data.get("error", "")) if isinstance(data, dict) else ""
    status = getattr(error.response, "status_code", OK)
    is_garbled = not word and status < BAD
    if status == TOO_MANY or word == "ratelimited":
        headers = getattr(error.response, "headers", {})
        return Sent(outcome=Outcome.TOO_SOON, why=word, wait=_wait(headers))
    if is_garbled or status >= IN_TROUBLE or word in MAYBE_DONE:
        return Sent(outcome=Outcome.UNKNOWN, why=f"HTTP {status}: {word}")
    if status >= BAD or word in OF_THE_CONTENT:
        return Sent(outcome=Outcome.MALFORMED, why=word)
    return Sent(outcome=Outcome.REFUSED, why=word)


def _noted(sent: Sent, what: str) -> Sent:
    if sent.outcome is Outcome.UNKNOWN:
        # Sending again could show it twice.
        log.error("a message may not have reached slack", why=sent.why)
    elif not sent:
        log.error(what, why=sent.why)
    return sent


def _json(body: object) -> dict[str, Any]:
    try:
        found = json.loads(body) if isinstance(body, str) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_refusal(body: object) -> bool:
    return _json(body).get("ok") is False


def _word(body: object) -> str:
    """Return Slack's word for what is wrong, where the body holds one."""
    said = _json(body).get("error")
    if isinstance(said, str):
        return said
    return body.strip() if isinstance(body, str) and body.strip() in OVER else ""


def _wait(headers: Mapping[str, Any]) -> timedelta:
    """Return how long Slack asks to wait: whole seconds, at most a minute."""
    text = next((v for k, v in headers.items() if k.lower() == "retry-after"), "1")
    value = text[0] if isinstance(text, list) else text
    seconds = int(value) if str(value).isdecimal() else 1
    return min(timedelta(seconds=seconds), LONGEST_WAIT)
