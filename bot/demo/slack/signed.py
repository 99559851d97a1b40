"""HTTP delivery: signed requests to the app's request URL.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.demo.slack.delivery import Envelope, Reply
from providers.clock import Clock

REDIRECTS = 2
"""https://docs.slack.dev/apis/events-api/#errors"""

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the `X-Slack-Signature` of a request."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def write(envelope: Envelope) -> tuple[str, bytes]:
    """Return the content type and the body an app receives."""
    if envelope.kind == "events_api":
        return JSON, json.dumps(envelope.payload).encode()
    fields: Mapping[str, Any] = envelope.payload
    if envelope.kind == "interactive":
        fields = {"payload": json.dumps(envelope.payload)}
    return FORM, urlencode(fields).encode()


class SignedRequests:
    """The way to an app that gave Slack an address of its own."""

    def __init__(
        self,
        url: str,
        *,
        signing_secret: str,
        clock: Clock,
        session: aiohttp.ClientSession,
    ) -> None:
        self._url = url
        self._secret = signing_secret
        self._clock = clock
        self._session = session

    async def send(self, envelope: Envelope) -> Reply:
        """Send one request and return what came back."""
        content_type, body = write(envelope)
        try:
            async with self._session.post(
                self._url,
                data=body,
                headers=self._headers(envelope, content_type, body),
                # aiohttp counts the answer that would be one too many.
                max_redirects=REDIRECTS + 1,
            ) as response:
                return Reply(
                    body=_read(response.content_type, await response.text()),
                    status=response.status,
                    failure=None if response.ok else "http_error",
                    wants_no_retry=response.headers.get("x-slack-no-retry") == "1",
                )
        except aiohttp.TooManyRedirects:
            return Reply(failure="too_many_redirects")
        except aiohttp.ClientSSLError:
            return Reply(failure="ssl_error")
        except aiohttp.ClientConnectionError:
            return Reply(failure="connection_failed")
        except aiohttp.ClientError:
            return Reply(failure="unknown_error")

    def _headers(
        self, envelope: Envelope, content_type: str, body: bytes
    ) -> dict[str, str]:
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._secret, timestamp, body),
        }
        if envelope.retry_num:
            headers["x-slack-retry-num"] = str(envelope.retry_num)
            headers["x-slack-retry-reason"] = envelope.retry_reason
        return headers


def _read(content_type: str, text: str) -> Any:
    """Return an answer's body: JSON where it says so, or else its text, or None."""
    if not text:
        return None
    if content_type != JSON:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
