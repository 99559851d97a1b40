"""Sending answers to Slack.

An answer goes to the `response_url` of the command it answers, privately, or into the
thread or direct message in which it was asked. Nothing here is ever sent twice blindly:
only a 429, by which Slack says that it took nothing, is tried again, once, when Slack
says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

if TYPE_CHECKING:
    from slack_sdk.webhook import WebhookResponse

    from bot.render.message import Message
    from providers.clock import Clock

log = structlog.get_logger(__name__)

LONGEST_WAIT = timedelta(seconds=60)
TOO_MANY = 429


class Sender:
    """Sends messages with one shared session."""

    def __init__(
        self, session: aiohttp.ClientSession, client: AsyncWebClient, clock: Clock
    ) -> None:
        self._session = session
        self._client = client
        self._clock = clock

    async def answer(self, response_url: str, message: Message) -> bool:
        """Answer a command, visible only to the one who asked.

        Returns whether Slack took the message; when it did not, the log says why.
        https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
        """
        response = await self._post(response_url, message)
        if response is not None and response.status_code == TOO_MANY:
            await self._clock.sleep(_wait(response.headers))
            response = await self._post(response_url, message)
        if response is None:
            return False
        if response.status_code != 200:  # noqa: PLR2004 - the one success
            log.error(
                "slack refused an answer",
                status=response.status_code,
                body=str(response.body)[:200],
            )
            return False
        return True

    async def say(self, channel: str, message: Message, *, thread: str | None) -> bool:
        """Say something in a channel or thread, for everybody there to see.

        Returns whether Slack took the message; when it did not, the log says why.
        https://docs.slack.dev/reference/methods/chat.postMessage
        """
        for _ in range(2):
            try:
                await self._client.chat_postMessage(
                    channel=channel,
                    text=message.text,
                    blocks=list(message.blocks),
                    thread_ts=thread,
                    unfurl_links=False,
                    unfurl_media=False,
                )
            except SlackApiError as error:
                if error.response.status_code != TOO_MANY:
                    log.error("slack refused a message", error=error.response["error"])  # noqa: TRY400 - the traceback says no more
                    return False
                await self._clock.sleep(_wait(error.response.headers))
            except (aiohttp.ClientError, TimeoutError) as error:
                # It may or may not have arrived: sending again could show it twice.
                log.error("a message may not have reached slack", error=repr(error))  # noqa: TRY400 - as above
                return False
            else:
                return True
        return False

    async def _post(self, url: str, message: Message) -> WebhookResponse | None:
        client = AsyncWebhookClient(url, session=self._session, retry_handlers=[])
        try:
            return await client.send(
                text=message.text,
                blocks=list(message.blocks),
                response_type="ephemeral",
                replace_original=False,
            )
        except (aiohttp.ClientError, TimeoutError, SlackRequestError) as error:
            # It may or may not have arrived: sending again could show it twice.
            log.error("an answer may not have reached slack", error=repr(error))  # noqa: TRY400 - the url in the traceback is a secret
            return None


def _wait(headers: Mapping[str, Any]) -> timedelta:
    """Return how long Slack asks to wait: whole seconds, at most a minute."""
    text = next((v for k, v in headers.items() if k.lower() == "retry-after"), "1")
    value = text[0] if isinstance(text, list) else text
    seconds = int(value) if str(value).isdecimal() else 1
    return min(timedelta(seconds=seconds), LONGEST_WAIT)
